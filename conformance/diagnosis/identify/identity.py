"""All findings about a black box: its step in every format and position of the reset gate, and the conventions around
it.

It may run in a separate process, where it may crash or hang. A question that ends the process counts as refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from conformance.adapters import load_apart
from conformance.adapters.worker import STARTING, Gone, Worker
from conformance.diagnosis.identify.around import around
from conformance.diagnosis.identify.asking import REFUSED, Asking
from conformance.diagnosis.identify.hypotheses import TRAITS, UNKNOWN, classes
from conformance.diagnosis.identify.precision import precision
from conformance.diagnosis.identify.step import Step, step
from conformance.interface.adapter import RESETS, UsageError
from conformance.interface.case import DTYPES


@dataclass
class Identity:
    """The convention vector.

    Attributes:
        formats: The accepted formats.
        steps: The step for each format and requested position of the reset gate.
        asked_with: The step with which the questions of `around` were asked.
        around: Everything else, by question; empty if no step is known.
        refusals: The refused questions with their reasons.
    """

    formats: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list[Step])
    asked_with: str | None = None
    around: dict[str, str] = field(default_factory=dict[str, str])
    refusals: dict[str, str] = field(default_factory=dict[str, str])

    def step(self, dtype: str, asked: str) -> Step:
        """The step in one format, requested with one position of the reset gate."""
        return next(step for step in self.steps if (step.dtype, step.asked) == (dtype, asked))

    def to_json(self) -> dict[str, Any]:
        """The findings as JSON values."""
        return {
            "formats": list(self.formats),
            "steps": [step.to_json() for step in self.steps],
            "asked with": self.asked_with,
            "around": self.around,
            "refusals": self.refusals,
        }


def identify(gru: Any, tell: Callable[[str], None] = lambda what: None, skip: dict[str, str] | None = None) -> Identity:
    """Identify the conventions of any object with run(case) -> Outputs, whatever it declares.

    Args:
        gru: The object.
        tell: Called with each question's name before the question.
        skip: Questions that count as refused, with the reasons.

    Returns:
        The findings.
    """
    asking = Asking(gru, tell, skip or {})
    found = Identity(refusals=asking.refusals)
    for dtype in reversed(DTYPES):
        steps = [_graded(asking, step(asking, dtype, reset)) for reset in RESETS]
        found.steps += steps
        if any(one.traits["reset"] != REFUSED for one in steps):
            found.formats += (dtype,)
    known = next((one for one in found.steps if one.known), None)
    if known is not None:
        found.asked_with = f"{known.dtype}, reset {known.asked}"
        found.around = around(asking, known)
    return found


def _graded(asking: Asking, found: Step) -> Step:
    """A step with its precision. A reading that fits only in an arithmetic narrower than the format must also meet
    some class of it by proven bounds, because the running bound of a narrow format is wide enough for other functions.
    """
    if found.traits["reset"] != REFUSED:
        grade = precision(asking, found)
        if grade == UNKNOWN and found.claim is not None and found.claim != classes(found.dtype)[0]:
            found = Step(found.dtype, found.asked, dict.fromkeys(TRAITS, UNKNOWN))
        found.traits["precision"] = grade
    return found


class Unidentified(RuntimeError):
    """There is no subject, or its process ended before the first question."""


def identify_in_a_process(name: str, time_limit: float, tell: Callable[[str], None] = lambda what: None) -> Identity:
    """Identify the conventions of a registered name or module:attribute in a separate process.

    Args:
        name: The name.
        time_limit: Seconds for one question, after which the process is stopped.
        tell: As for `identify`.

    Returns:
        The findings.

    Raises:
        Unidentified: If no question can be asked, or the search itself fails.
    """
    skip: dict[str, str] = {}
    while True:
        worker = Worker(_work, name, skip)
        last, seconds = None, max(time_limit, STARTING)
        try:
            while True:
                kind, content = worker.hear(seconds)
                if kind == "found":
                    return content
                if kind == "failed":
                    raise Unidentified(content)
                last, seconds = content, time_limit
                tell(content)
        except Gone as gone:
            if last is None or last in skip:
                raise Unidentified(str(gone)) from gone
            skip[last] = str(gone)
        finally:
            worker.end()


def _work(name: str, skip: dict[str, str], pipe: Connection) -> None:
    """Send each question's name before the question, then all findings, in the subject's process."""
    try:
        gru = load_apart(name, declares=False)
    except UsageError as error:
        pipe.send(("failed", str(error)))
        return
    try:
        pipe.send(("found", identify(gru, lambda what: pipe.send(("asked", what)), skip)))
    except Exception as error:  # the subject's exceptions are refusals, so this one comes from the search itself
        pipe.send(("failed", f"identify itself failed: {type(error).__name__}: {error}"))

"""All that is found about a black box: its step in every format and place of the reset gate, and what is around it.

It may be asked in a process of its own, where it may crash or hang: a question that ended it counts as refused.
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

    formats: the formats that are taken. steps: what a step is, for each format and place of the reset gate that was
    asked for. around: everything else, by question, asked with the step of `asked_with`; empty where no step is known.
    refusals: what was refused and why.
    """

    formats: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list[Step])
    asked_with: str | None = None
    around: dict[str, str] = field(default_factory=dict[str, str])
    refusals: dict[str, str] = field(default_factory=dict[str, str])

    def step(self, dtype: str, asked: str) -> Step:
        """What a step is in one format, asked with one place of the reset gate."""
        return next(step for step in self.steps if (step.dtype, step.asked) == (dtype, asked))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "formats": list(self.formats),
            "steps": [step.to_json() for step in self.steps],
            "asked with": self.asked_with,
            "around": self.around,
            "refusals": self.refusals,
        }


def identify(gru: Any, tell: Callable[[str], None] = lambda what: None, skip: dict[str, str] | None = None) -> Identity:
    """The conventions of anything with run(case) -> Outputs, whatever it declares.

    tell is called with each question's name before it is asked; skip: questions that are taken for refused, and why.
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
    """A step with its precision. What fits only in an arithmetic narrower than the format has to meet some class of it
    by proven bounds too: the running bound of a narrow format is wide enough for other functions.
    """
    if found.traits["reset"] != REFUSED:
        grade = precision(asking, found)
        if grade == UNKNOWN and found.claim is not None and found.claim != classes(found.dtype)[0]:
            found = Step(found.dtype, found.asked, dict.fromkeys(TRAITS, UNKNOWN))
        found.traits["precision"] = grade
    return found


class Unidentified(RuntimeError):
    """There is no subject to ask, or its process ended before the first question."""


def identify_in_a_process(name: str, time_limit: float, tell: Callable[[str], None] = lambda what: None) -> Identity:
    """The conventions of a registered name or module:attribute.

    time_limit: seconds for one question, after which the process is stopped. tell: as for identify.
    Raises Unidentified where nothing can be asked, and where the search itself fails.
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
    """In the subject's process: send each question's name before it is asked, then all that is found."""
    try:
        gru = load_apart(name, declares=False)
    except UsageError as error:
        pipe.send(("failed", str(error)))
        return
    try:
        pipe.send(("found", identify(gru, lambda what: pipe.send(("asked", what)), skip)))
    except Exception as error:  # what the subject raises is a refusal: this is our own, and no answer of the subject
        pipe.send(("failed", f"identify itself failed: {type(error).__name__}: {error}"))

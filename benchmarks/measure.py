"""One row: every subject is built, judged, then timed in turns; or its memory is measured in a separate process."""

from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import verify
from benchmarks.children import Child, ChildError
from benchmarks.peers import absent, family
from benchmarks.problem import problem
from benchmarks.rows import SUBJECTS, Row, refusal
from benchmarks.schedule import Effort, interleaved

CALLS = 3
"""Training steps before memory is measured: the first one compiles, the others run with everything that stays."""


class Children:
    """The started processes. Each starts at its first question."""

    def __init__(self, start: Callable[[str], Child] = Child):
        self._start, self._running = start, {}

    def ask(self, subject: str, question: str, *arguments: Any) -> Any:
        """Send a question to the process of a subject; before the first one, run something small."""
        name = family(subject)
        if name not in self._running:
            self._running[name] = self._start(name)
            if question == "make":
                self._running[name].ask("start", subject, arguments[0])
        return self._running[name].ask(question, subject, *arguments)

    def forget(self) -> None:
        """Drop the programs of a finished row."""
        for child in self._running.values():
            child.ask("forget")

    def drop(self, subject: str) -> None:
        """End the process of a subject. The next question starts another one."""
        child = self._running.pop(family(subject), None)
        if child is not None:
            child.close()

    def close(self) -> None:
        """End all processes."""
        while self._running:
            self._running.popitem()[1].close()


def measure(row: Row, effort: Effort, children: Children, peers: Iterable[str] | None = None) -> dict[str, Any]:
    """The row's part of a record: the measurements of each subject, or the reason why there are none.

    peers: the subjects beside ours; None means all. If a subject fails or computes something wrong, the row has an
    error in place of every time: nothing is compared with a wrong result, and no wrong result is called fast.
    """
    chosen = [name for name in SUBJECTS[row.section] if peers is None or name == row.ours or name in peers]
    refused = {name: why for name in chosen if (why := absent(name) or refusal(name, row))}
    asked = [name for name in chosen if name not in refused]
    found: dict[str, Any] = {name: {"refused": why} for name, why in refused.items()}
    try:
        measured = _memory(row, asked) if row.section == "memory" else _times(row, asked, effort, children)
    except _Stopped as stopped:
        return {"error": str(stopped), "subjects": found}
    return {"error": None, "subjects": {name: (found | measured)[name] for name in chosen}}


class _Stopped(Exception):
    """Ends a row before it is timed."""


def _times(row: Row, subjects: list[str], effort: Effort, children: Children) -> dict[str, Any]:
    found = {}
    for subject in subjects:
        try:
            found[subject] = _judged(row, subject, children)
        except (ChildError, verify.WrongResult) as error:
            children.drop(subject)
            children.forget()
            raise _Stopped(f"{subject}: {error}") from error
    try:
        times = interleaved(subjects, effort, lambda subject, count: children.ask(subject, "times", count))
        children.forget()
    except ChildError as error:
        children.close()
        raise _Stopped(str(error)) from error
    return {subject: {**found[subject], "seconds": times[subject]} for subject in subjects}


def _judged(row: Row, subject: str, children: Children) -> dict[str, Any]:
    """The facts about a program before it is timed. Raises WrongResult."""
    made = children.ask(subject, "make", row)
    known = {"first": made["first"], "threads": made["threads"]}
    if not made["answers"]:
        return known
    outputs = children.ask(subject, "outputs")
    known["margin"] = verify.judge_outputs(row, outputs, made["claim"])
    known["distance"] = verify.distance(row, outputs)
    if row.step == "training":
        few = children.ask(subject, "gradients", verify.slice_cotangents(row))
        known["gradient_margin"] = verify.judge_gradients(row, few, made["claim"])
        all_of_them = children.ask(subject, "gradients", problem(row).cotangents)
        known["gradient_distance"] = verify.gradient_distance(row, all_of_them)
    return known


def _memory(row: Row, subjects: list[str]) -> dict[str, Any]:
    """Measure each subject in a process that does nothing else. The same programs are judged where they are timed."""
    found = {}
    for subject in subjects:
        child = Child(family(subject))
        try:
            found[subject] = child.ask("memory", subject, row, CALLS)
        except ChildError as error:
            raise _Stopped(f"{subject}: {error}") from error
        finally:
            child.close()
    return found

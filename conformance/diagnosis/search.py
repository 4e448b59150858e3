"""The search: which of the known deviations, alone or two at a time, would explain every answer of a subject.

A hypothesis explains only if every number of every answer lies within the bound of the claimed arithmetic about what
the hypothesis itself answers (near.py). No distance is ranked, so nothing is explained by being nearest. Where several
explain all answers they are all said; those that cannot be told apart on any question are one explanation with several
names. Where none does, that is what is said; what the numbers are then consistent with is the grade's to say.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from conformance.adapter import GRU, SubjectError, ask
from conformance.arithmetic import Arithmetic
from conformance.case import Case, Outputs
from conformance.diagnosis.deviation import Deviation
from conformance.diagnosis.near import Near
from conformance.diagnosis.questions import questions
from conformance.diagnosis.result import Diagnosis, Part
from conformance.diagnosis.specified import Specified
from conformance.diagnosis.step_deviations import DEVIATIONS as OF_STEPS
from conformance.diagnosis.time_deviations import DEVIATIONS as OF_TIME
from conformance.grades import grade

DEVIATIONS: tuple[type[Deviation], ...] = (*OF_STEPS, *OF_TIME)
"""Everything that is known."""

AT_ONCE = 2
"""So many deviations at a time are tried."""

FORMATS_ASKED = ("float64", "float32", "float16")
"""The first in which something is wrong is diagnosed: the more precise, the more is told apart."""


Answer = tuple[np.ndarray, ...]


def diagnose(gru: GRU) -> Diagnosis | None:
    """What would explain the subject's answers; None where all of them are as specified.

    Formats and places of the reset gate are asked one after the other; the first with a wrong answer is diagnosed.
    """
    can = gru.capabilities
    for dtype in (name for name in FORMATS_ASKED if name in can.arithmetic):
        for reset in can.resets:
            catalogue = Catalogue(can.arithmetic[dtype], questions(can, dtype, reset))
            answers = asked(gru, catalogue.cases)
            wrong = catalogue.wrong(answers)
            if not wrong:
                continue
            found = catalogue.explanations(answers)
            plain = next(iter(answers))
            return Diagnosis(
                reset, dtype, len(answers), len(wrong), len(catalogue.cases) - len(answers),
                [[Part(d.__name__, d.sentence(), d.fix, d.link) for d in parts] for parts in found],
                _consistent(gru, dtype) if not found and plain in wrong else None,
            )  # fmt: skip
    return None


def asked(gru: GRU, cases: Sequence[Case]) -> dict[int, Answer]:
    """The answers to the questions that are answered, by their numbers."""
    answers = {}
    for number, case in enumerate(cases):
        try:
            answers[number] = flat(ask(gru, case))
        except SubjectError:
            continue
    return answers


def flat(answer: Outputs) -> Answer:
    """The arrays of an answer in order; without the outputs where none are given."""

    def arrays(part: Any) -> Iterator[np.ndarray]:
        if isinstance(part, np.ndarray):
            yield part
        elif part is not None:
            for inner in part:
                yield from arrays(inner)

    return tuple(arrays(tuple(answer)))


class Catalogue:
    """What each hypothesis answers to each question, computed when it is wanted and kept."""

    def __init__(self, claim: Arithmetic, cases: Sequence[Case]) -> None:
        self.claim, self.cases = claim, cases
        self._known: dict[tuple[int, tuple[type[Deviation], ...]], tuple[Near, ...] | None] = {}

    def answer(self, question: int, parts: tuple[type[Deviation], ...]) -> tuple[Near, ...] | None:
        """The arrays of an answer, or None where the deviations cannot stand together or have nothing to deviate in."""
        key = question, parts
        if key not in self._known:
            try:
                with np.errstate(all="ignore"):
                    self._known[key] = composed(parts)(self.claim).answer(self.cases[question])
            except (TypeError, IndexError, ValueError, AttributeError):
                self._known[key] = None
        return self._known[key]

    def allows(self, question: int, parts: tuple[type[Deviation], ...], given: Answer) -> bool:
        """Whether an answer is within the bound about the hypothesis's."""
        arrays = self.answer(question, parts)
        if arrays is None:
            return False
        arrays = arrays[-len(given) :]  # a subject that gives no outputs gives final states alone
        return len(arrays) == len(given) and all(near.contains(a) for near, a in zip(arrays, given, strict=True))

    def wrong(self, answers: Mapping[int, Answer]) -> list[int]:
        """The questions that were not answered as specified."""
        return [question for question, given in answers.items() if not self.allows(question, (), given)]

    def explanations(self, answers: Mapping[int, Answer]) -> list[tuple[type[Deviation], ...]]:
        """The smallest sets of deviations that explain all answers: single ones, or where there is none, pairs.

        The shortest question comes first, then the wrong answers, since they refute most.
        """
        first = [*list(answers)[:1], *self.wrong(answers)]
        order = list(dict.fromkeys([*first, *answers]))
        for size in range(1, AT_ONCE + 1):
            found = [
                parts
                for parts in combinations(DEVIATIONS, size)
                if all(self.allows(question, parts, answers[question]) for question in order)
            ]
            if found:
                return found
        return []


@cache
def composed(parts: tuple[type[Deviation], ...]) -> type[Specified]:
    """The specification with these deviations."""
    return type("_".join(part.__name__ for part in parts) or "Specified", (*parts, Specified), {})


def _consistent(gru: GRU, dtype: str) -> str | None:
    try:
        return grade(gru, dtype).met
    except SubjectError:
        return None

"""The search for known deviations, alone or two at a time, that would explain every answer of a subject.

A hypothesis explains only if every number of every answer lies within the bound of the claimed arithmetic around the
hypothesis' own answer (known/running_error.py). Distances are not ranked, so nothing is explained by being nearest. If
several hypotheses explain all answers, all are reported. If none does, weaker arithmetics are tried (precision.py),
alone and with one deviation each.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from conformance.checks.verdict import Part
from conformance.diagnosis.catalogue import MISTAKES
from conformance.diagnosis.known.activations import DEVIATIONS as OF_ACTIVATIONS
from conformance.diagnosis.known.axes import DEVIATIONS as OF_AXES
from conformance.diagnosis.known.blends import DEVIATIONS as OF_BLENDS
from conformance.diagnosis.known.blends import reset_places_are_exchanged
from conformance.diagnosis.known.blocks import DEVIATIONS as OF_BLOCKS
from conformance.diagnosis.known.deviation import Deviation
from conformance.diagnosis.known.direction import DEVIATIONS as OF_DIRECTIONS
from conformance.diagnosis.known.gru import Specified
from conformance.diagnosis.known.padding import DEVIATIONS as OF_PADDING
from conformance.diagnosis.known.running_error import Near, Rounded
from conformance.diagnosis.known.state import DEVIATIONS as OF_STATES
from conformance.diagnosis.known.step import DEVIATIONS as OF_STEPS
from conformance.diagnosis.known.step import OF_SOME
from conformance.diagnosis.precision import strictest, telling, weaker, weaker_parts
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs

DEVIATIONS: tuple[type[Deviation], ...] = (*OF_STEPS, *OF_STATES, *OF_PADDING, *OF_DIRECTIONS)
"""Deviations that are tried alone and in pairs."""

ALONE: tuple[type[Deviation], ...] = (*OF_SOME, *OF_BLOCKS, *OF_ACTIVATIONS, *OF_BLENDS, *OF_AXES)
"""Deviations that are tried only alone, because with them there would be twenty times as many pairs."""

ACROSS: tuple[type[Deviation], ...] = (reset_places_are_exchanged,)
"""Deviations that only questions for two positions of the reset gate show."""

AT_ONCE = 2
"""The largest number of deviations in one explanation."""


Answer = tuple[np.ndarray, ...]
Parts = tuple[type[Deviation], ...]


class Explanation(NamedTuple):
    """Deviations that explain all answers, and the weaker classes in which they do; none if the claim holds."""

    parts: Parts
    arithmetic: tuple[Arithmetic, ...]


def in_words(found: Explanation, claim: Arithmetic) -> list[Part]:
    """The parts of an explanation as a report contains them."""
    parts = [part(deviation.__name__) for deviation in found.parts]
    if found.arithmetic:
        beside = "with that, " if found.parts else ""
        sentence = f"{beside}the numbers are consistent with {classes(found, claim)}, not with what is claimed."
        parts.append(Part("arithmetic", sentence, f"compute as claimed ({claim}), or claim what is computed", ""))
    return parts


def part(name: str) -> Part:
    """A known mistake as a part of an explanation."""
    known = MISTAKES[name]
    return Part(name, known.sentence[0].lower() + known.sentence[1:], known.fix, known.link)


def classes(found: Explanation, claim: Arithmetic) -> str:
    """The weaker classes of an explanation, in words."""
    return ", or with ".join(weaker_parts(claim, weak) for weak in found.arithmetic)


def answers_to(gru: GRU, cases: Sequence[Case]) -> dict[int, Answer]:
    """The answers to the answered questions, by their numbers."""
    return questioned(gru, cases)[0]


def questioned(gru: GRU, cases: Sequence[Case]) -> tuple[dict[int, Answer], dict[int, str]]:
    """The answers, and the reasons for missing ones, by the numbers of the questions."""
    answers: dict[int, Answer] = {}
    refused: dict[int, str] = {}
    for number, case in enumerate(cases):
        try:
            answers[number] = flat(ask(gru, case))
        except SubjectError as error:
            refused[number] = str(error)
    return answers, refused


def flat(answer: Outputs) -> Answer:
    """The arrays of an answer in order, without the outputs if there are none."""

    def arrays(part: Any) -> Iterator[np.ndarray]:
        if isinstance(part, np.ndarray):
            yield part
        elif part is not None:
            for inner in part:
                yield from arrays(inner)

    return tuple(arrays(tuple(answer)))


class Hypotheses:
    """The answer of each hypothesis to each question, computed when it is needed and stored.

    Attributes:
        claim: The arithmetic to try.
        ours: The hypotheses of an arithmetic that float64 meets, if it does not meet the claim; their errors are the
            errors of the suite's own values.
    """

    def __init__(self, claim: Arithmetic, cases: Sequence[Case], ours: "Hypotheses | None" = None) -> None:
        self.claim, self.cases, self._ours = claim, cases, ours or self
        self._ops = Rounded(claim)
        self._taken: dict[Any, Any] = {}
        self._stacks: dict[Any, tuple[list[Parts], np.ndarray, np.ndarray]] = {}
        self._known: dict[tuple[int, Parts], tuple[Near, ...] | None] = {}

    def answer(self, question: int, parts: Parts) -> tuple[Near, ...] | None:
        """The arrays of an answer, or None if the deviations exclude each other or have no effect here."""
        key = question, parts
        if key not in self._known:
            try:
                with np.errstate(all="ignore"):
                    self._known[key] = composed(parts)(self._ops, self._taken).answer(self.cases[question])
            except (TypeError, IndexError, ValueError, AttributeError):
                self._known[key] = None
        return self._known[key]

    def allows(self, question: int, parts: Parts, given: Answer) -> bool:
        """True if an answer is within the bound around the hypothesis's answer."""
        arrays, ours = self.answer(question, parts), self._ours.answer(question, parts)
        if arrays is None or ours is None:
            return False
        shown = slice(-len(given), None)  # a subject without outputs returns final states only
        return len(arrays[shown]) == len(given) and all(
            near.contains(computed, own.error)
            for near, own, computed in zip(arrays[shown], ours[shown], given, strict=True)
        )

    def wrong(self, answers: Mapping[int, Answer]) -> list[int]:
        """The questions whose answers do not follow the specification."""
        return [question for question, given in answers.items() if not self.allows(question, (), given)]

    def explanations(self, answers: Mapping[int, Answer], at_once: int, *, alone: bool = True) -> list[Parts]:
        """The smallest sets of deviations that explain all answers: single ones or, if there are none, pairs.

        The shortest question comes first, then the wrong answers, because they exclude most.
        """
        order = list(dict.fromkeys([*list(answers)[:1], *self.wrong(answers), *answers]))
        for size in range(1, at_once + 1):
            found = [
                parts
                for parts in self.screened(order[0], size, answers[order[0]], alone=alone)
                if all(self.allows(question, parts, answers[question]) for question in order)
            ]
            if found:
                return found
        return []

    def screened(self, question: int, size: int, given: Answer, *, alone: bool = False) -> list[Parts]:
        """The sets of deviations that allow one answer, all compared at once, with the same numbers as in `allows`."""
        key = question, size, len(given), alone
        if key not in self._stacks:
            known: list[Parts] = []
            values: list[np.ndarray] = []
            bounds: list[np.ndarray] = []
            for parts in combinations((*DEVIATIONS, *ALONE) if alone and size == 1 else DEVIATIONS, size):
                arrays, ours = self.answer(question, parts), self._ours.answer(question, parts)
                if arrays is None or ours is None:
                    continue
                pairs = list(zip(arrays[-len(given) :], ours[-len(given) :], strict=True))
                known.append(parts)
                values.append(np.concatenate([near.value.ravel() for near, _ in pairs]))
                bounds.append(np.concatenate([(near.error + own.error).ravel() for near, own in pairs]))
            width = sum(array.size for array in given)
            self._stacks[key] = known, np.reshape(values, (-1, width)), np.reshape(bounds, (-1, width))
        sets, value, bound = self._stacks[key]
        computed = np.concatenate([array.ravel().astype(np.float64) for array in given])
        with np.errstate(invalid="ignore"):
            inside = np.all(np.abs(computed - value) <= bound, axis=1)
        return [sets[place] for place in np.flatnonzero(inside)]


class Search:
    """Explanations of answers to the questions of one format and one position of the reset gate, in every
    arithmetic.
    """

    def __init__(self, claim: Arithmetic, cases: Sequence[Case]) -> None:
        self.claimed = Hypotheses(claim, cases)
        self.weaker = [Hypotheses(weak, cases, ours=self.claimed) for weak in weaker(claim)]

    def found(self, answers: Mapping[int, Answer]) -> list[Explanation]:
        """The explanations of all answers: deviations, or a weaker arithmetic, or one deviation in a weaker arithmetic.

        A weaker arithmetic counts as one deviation. It is tried alone before any deviation in it, because a wide bound
        explains much: if arithmetic alone may explain everything, nothing else is reported.
        """
        if found := self.claimed.explanations(answers, AT_ONCE):
            return [Explanation(parts, ()) for parts in found]
        alone = strictest([weak.claim for weak in self.weaker if not weak.wrong(answers)])
        if alone or AT_ONCE < 2:
            return [Explanation((), tuple(alone))] if alone else []
        tried = [weak for weak in self.weaker if telling(self.claimed.claim, weak.claim)]
        single = {weak.claim: weak.explanations(answers, AT_ONCE - 1, alone=False) for weak in tried}
        best = strictest([claim for claim, found in single.items() if found])
        every = dict.fromkeys(parts for claim in best for parts in single[claim])
        return [Explanation(parts, tuple(claim for claim in best if parts in single[claim])) for parts in every]


@cache
def composed(parts: Parts) -> type[Specified]:
    """The specification with these deviations."""
    return type("_".join(part.__name__ for part in parts) or "Specified", (*parts, Specified), {})

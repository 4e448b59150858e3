"""From an answer to findings: each step held against its one-step bound, from the state the subject itself had."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from conformance.arithmetic import Arithmetic
from conformance.bounds import OneStep, OutsideDomain, StepSet
from conformance.case import Case
from reference import Parameters


@dataclass(frozen=True)
class Finding:
    """One deviation: what is wrong, and where the first one is, as numbers. margin: how many bounds it is off."""

    message: str
    where: str = ""
    computed: float | None = None
    exact: float | None = None
    bound: float | None = None
    margin: float | None = None

    def __str__(self) -> str:
        if self.computed is None:
            return self.message
        off = "" if self.margin is None else f", bound {self.bound:.3g}: off by {self.margin:.3g} bounds"
        return f"{self.message}: {self.where} = {self.computed!r}, exact {self.exact!r}{off}"


@dataclass
class Judgement:
    """What one check says of one case: how many numbers it judged, the worst margin, and the findings.

    ulps: the largest distance from certified truth at the end of any step, in units in the last place of 1: for
    information, since it grows with time as honest rounding does.
    """

    judged: int = 0
    margin: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    ulps: float = 0.0

    def add(self, other: "Judgement") -> "Judgement":
        """Both judgements as one."""
        return Judgement(
            self.judged + other.judged,
            max(self.margin, other.margin),
            [*self.findings, *other.findings],
            max(self.ulps, other.ulps),
        )

    def require(self, fact: bool, message: str) -> None:
        """One thing that is not arithmetic: it holds or it does not."""
        self.judged += 1
        if not fact:
            self.findings.append(Finding(message))

    def same(self, computed: np.ndarray, exact: np.ndarray, message: str, name: str) -> None:
        """Numbers that must be equal: copies, not arithmetic. Signs of zero are not judged."""
        self.judged += computed.size
        wrong = np.argwhere(~(computed == exact))
        if len(wrong):
            index = tuple(int(i) for i in wrong[0])
            self.findings.append(Finding(message, f"{name}{list(index)}", float(computed[index]), float(exact[index])))


def judge_steps(
    case: Case, outputs: np.ndarray, arithmetic: Arithmetic, *, direction: int = 0, name: str = "outputs"
) -> tuple[Judgement, np.ndarray]:
    """Each valid step of one direction against its bound; and the state the subject ends with, from its own outputs.

    A step outside the domain of its bound is not judged, and not counted.
    outputs: (batch, time, units) of that direction, aligned with the inputs' time.
    """
    judgement = Judgement()
    bound = one_step(case.parameters[direction], arithmetic)
    state = case.starts[direction].copy()
    for t in steps(case, direction):
        rows = np.flatnonzero(case.valid[:, t])
        if not len(rows):
            continue
        computed = outputs[rows, t]
        try:
            allowed = bound(case.inputs[rows, t], state[rows])
        except OutsideDomain:
            state[rows] = computed
            continue
        message = f"step {t} is not within the one-step bound of {arithmetic}"
        judgement = judgement.add(judge_set(allowed, computed, message, f"rows {rows.tolist()} at time {t}, {name}"))
        if judgement.findings:
            return judgement, state
        state[rows] = computed
    return judgement, state


def judge_set(allowed: StepSet, computed: np.ndarray, message: str, name: str) -> Judgement:
    """Numbers against the set they must lie in; the finding shows the first that does not."""
    margins = allowed.margins(computed)
    judgement = Judgement(computed.size, float(margins.max(initial=0)))
    if judgement.margin > 1:
        index = tuple(int(i) for i in np.argwhere(margins > 1)[0])
        numbers = (float(values[index]) for values in (computed, allowed.exact, allowed.bound, margins))
        judgement.findings.append(Finding(message, f"{name}{list(index)}", *numbers))
    return judgement


def steps(case: Case, direction: int = 0) -> Iterator[int]:
    """The times of a direction in the order in which it processes them."""
    order = range(case.time)
    return reversed(order) if case.reverse or direction == 1 else iter(order)


def masked_outputs(case: Case, states: np.ndarray, direction: int, policy: str) -> np.ndarray:
    """What a policy gives at every step, from the states at the valid ones: (batch, time, units)."""
    expected = states.copy()
    reached = case.starts[direction].copy()
    seen = np.zeros(case.batch, bool)
    for t in steps(case, direction):
        valid = case.valid[:, t]
        reached[valid] = states[valid, t]
        seen |= valid
        for row in np.flatnonzero(~valid):
            zero = policy == "zero" or (policy == "zero-before-first" and not seen[row])
            expected[row, t] = 0 if zero else reached[row]
    return expected


def one_direction(case: Case, direction: int) -> Case:
    """The run of one direction of a bidirectional case, by itself."""
    states = None if case.initial_state is None else (case.initial_state[direction],)
    return replace(
        case, parameters=(case.parameters[direction],), initial_state=states, reverse=direction == 1, merge=None
    )


@lru_cache(maxsize=64)
def one_step(parameters: Parameters, arithmetic: Arithmetic) -> OneStep:
    """The bound of these parameters, prepared once: parameters do not change and compare by identity."""
    return OneStep(parameters, arithmetic)

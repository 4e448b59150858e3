"""From an answer to findings: compare each step with its one-step bound, from the subject's own previous state."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from conformance.bounds import OneStep, OutsideDomain, StepSet
from conformance.checks.judgement import Finding, Growth, Judgement, WrongSteps
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case
from reference import Parameters


def judge_steps(
    case: Case, outputs: np.ndarray, arithmetic: Arithmetic, *, direction: int = 0, name: str = "outputs"
) -> tuple[Judgement, np.ndarray]:
    """Judge each valid step of one direction, and return the final state according to the subject's own outputs.

    A step outside the domain of its bound is neither judged nor counted. The same applies to a step from a state that
    is not finite; the step that computed this state is judged.

    Args:
        case: The case.
        outputs: The direction's outputs, (batch, time, units), aligned with the inputs' time.
        arithmetic: The claimed arithmetic.
        direction: 0 for forward, 1 for backward.
        name: The name of the outputs in findings.

    Returns:
        The judgement, and the state after the last valid step, (batch, units).
    """
    judgement = Judgement()
    taken = _taken(case, outputs, direction)
    for part, allowed in _allowed(one_step(case.parameters[direction], arithmetic), taken):
        judgement = judgement.add(_judge_part(case, part, allowed, arithmetic, direction, name))
    judgement.findings.sort(key=lambda finding: finding.order)
    return judgement, taken.reached


class Taken(NamedTuple):
    """The valid steps of a run in processing order, one row each, and the final state.

    Attributes:
        row: The row in the batch, (steps,).
        time: The time, (steps,).
        x: The inputs, (steps, input_dim).
        before: The returned states before each step, (steps, units).
        after: The returned states after each step, (steps, units).
        reached: The final state, (batch, units).
    """

    row: np.ndarray
    time: np.ndarray
    x: np.ndarray
    before: np.ndarray
    after: np.ndarray
    reached: np.ndarray

    def part(self, index: Any) -> "Taken":
        """Some of the steps."""
        return Taken(*(array[index] for array in self[:5]), reached=self.reached)


def _taken(case: Case, outputs: np.ndarray, direction: int) -> Taken:
    reached = case.starts[direction].copy()
    before = np.empty_like(outputs)
    for t in steps(case, direction):
        before[:, t] = reached
        valid = case.valid[:, t]
        reached[valid] = outputs[valid, t]
    row, time = (np.array(index, int) for index in np.nonzero(case.valid))
    order = np.lexsort((row, -time if backwards(case, direction) else time))
    row, time = row[order], time[order]
    return Taken(row, time, case.inputs[row, time], before[row, time], outputs[row, time], reached)


def _allowed(bound: OneStep, taken: Taken) -> Iterator[tuple[Taken, StepSet]]:
    """Yield the sets of all steps at once, or, if some are outside the domain, of each step inside it."""
    taken = taken.part(np.isfinite(taken.before).all(axis=1))
    if not len(taken.row):
        return
    try:
        yield taken, bound(taken.x, taken.before)
        return
    except OutsideDomain:
        if len(taken.row) == 1:
            return
    half = len(taken.row) // 2
    for part in (taken.part(slice(half)), taken.part(slice(half, None))):
        yield from _allowed(bound, part)


def _judge_part(
    case: Case, taken: Taken, allowed: StepSet, arithmetic: Arithmetic, direction: int, name: str
) -> Judgement:
    margins = allowed.margins(taken.after)
    judgement = Judgement(margins.size, float(margins.max(initial=0)))
    place = case.time - 1 - taken.time if backwards(case, direction) else taken.time
    judgement.growth = Growth(margins=_by_step(margins.max(axis=1, initial=0), place))
    wrong = np.argwhere(margins > 1)
    if len(wrong):
        step, unit = (int(i) for i in wrong[0])
        row, time = int(taken.row[step]), int(taken.time[step])
        numbers = (float(values[step, unit]) for values in (taken.after, allowed.exact, allowed.bound, margins))
        message = f"row {row}, step {time}, unit {unit} is not within the one-step bound of {arithmetic}"
        order = (case.time - time if backwards(case, direction) else time, row)
        judgement.findings.append(Finding(message, f"{name}{[row, time, unit]}", *numbers, order=order))
        out = margins > 1
        at = out.any(axis=1)
        judgement.wrong.append(
            WrongSteps(case.parameters[direction], arithmetic, taken.x[at], taken.before[at], taken.after[at], out[at])
        )
    return judgement


def _by_step(margins: np.ndarray, place: np.ndarray) -> tuple[float, ...]:
    """The worst margin at each place in processing order, with NaN as infinity."""
    worst = np.zeros(int(place.max(initial=-1)) + 1)
    np.maximum.at(worst, place, np.nan_to_num(margins.astype(np.float64), nan=np.inf, posinf=np.inf))
    return tuple(worst.tolist())


def judge_set(allowed: StepSet, computed: np.ndarray, message: str, name: str) -> Judgement:
    """Compare numbers with the set that must contain them. The finding shows the first number outside."""
    margins = allowed.margins(computed)
    judgement = Judgement(computed.size, float(margins.max(initial=0)))
    if judgement.margin > 1:
        index = tuple(int(i) for i in np.argwhere(margins > 1)[0])
        got, exact, bound, margin = (float(v[index]) for v in (computed, allowed.exact, allowed.bound, margins))
        judgement.findings.append(Finding(message, f"{name}{list(index)}", got, exact, bound, margin))
    return judgement


def steps(case: Case, direction: int = 0) -> Iterator[int]:
    """The times of a direction in processing order. The oracle has separate code for this order, in
    truth/forward.py.
    """
    order = range(case.time)
    return reversed(order) if backwards(case, direction) else iter(order)


def backwards(case: Case, direction: int = 0) -> bool:
    """True if a direction starts at the last time."""
    return case.reverse or direction == 1


def masked_outputs(case: Case, states: np.ndarray, direction: int, policy: str, start: np.ndarray) -> np.ndarray:
    """The outputs under a policy, (batch, time, units), from the initial state and the states at valid steps."""
    expected = states.copy()
    reached = start.copy()
    seen = np.zeros(case.batch, bool)
    for t in steps(case, direction):
        valid = case.valid[:, t]
        reached[valid] = states[valid, t]
        seen |= valid
        for row in np.flatnonzero(~valid):
            zero = policy == "zero" or (policy == "zero-before-first" and not seen[row])
            expected[row, t] = 0 if zero else reached[row]
    return expected


@lru_cache(maxsize=64)
def one_step(parameters: Parameters, arithmetic: Arithmetic) -> OneStep:
    """The bound of these parameters, computed once. Parameters are immutable and compare by identity."""
    return OneStep(parameters, arithmetic)

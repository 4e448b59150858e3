"""Bounds of whole runs: the distance of states and gradients from the exact ones, for GRUs that do not return each
state.

Forward. Let e be the error of a state. The next error is J e, where J is the Jacobian somewhere between the exact and
the computed state, plus the step's own error, bounded for every state in between. J is evaluated on this whole set, so
second-order effects are included: the bound is proven, not first-order. Backward, the cotangent of the state passes
through the transposed Jacobians in the same way. Each step adds its own rounding, and the change of its Jacobian by the
forward error.

Errors from different steps add through true products of Jacobians (spread.py), so the bound does not grow where the GRU
forgets. A bound that exceeds the range of its numbers is refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar, cast

import numpy as np
from flint import arb

from conformance.bounds.derivative import BackWeights, Cotangents, back_step, maps
from conformance.bounds.elementwise import covers, exactly, nothing, radius, spread, up
from conformance.bounds.proven import NOTHING_PROVEN, Computed, Later, OutsideDomain, Proven, around
from conformance.bounds.spread import Spread, floats_above, near
from conformance.bounds.step import Parts, StepWeights, step_parts
from conformance.truth.balls import Balls, precision
from reference import Parameters

T = TypeVar("T")
LAST_BITS = 4096
THIN = arb(2) ** -64
"""The largest radius of an exact number, as a part of the array's largest number: far below any float64 rounding."""


class Thick(ArithmeticError):
    """The balls of exact numbers have become too thick, as they do with every step; more bits are needed."""


def at_enough_bits(evaluate: Callable[[], T], bits: int) -> T:
    """Evaluate at the first precision, doubled from `bits` on, at which the balls of exact numbers are thin.

    Raises:
        OutsideDomain: If LAST_BITS bits do not suffice.
    """
    while bits <= LAST_BITS:
        with precision(bits):
            try:
                return evaluate()
            except Thick:
                bits *= 2
    raise OutsideDomain(f"the exact numbers need more than {LAST_BITS} bits, so nothing is proven")


def require_thin(exact: Balls) -> None:
    """Raise Thick if the balls of exact numbers are too wide."""
    if exact.size and not max(radius(exact).flat) <= THIN * max(up(exact).flat):
        raise Thick


class Visit(NamedTuple):
    """One valid step of some rows: its place, and its parts at the exact states and over all possible states."""

    time: int
    rows: np.ndarray
    x: Computed
    h: Computed
    exact: Parts
    over: Parts


@dataclass
class BoundedRun:
    """One direction's run: all times in processing order, the valid steps, and the state at each time.

    Attributes:
        ops: Operations that carry their errors.
        reset: The position of the reset gate.
        back: The kernels for the derivative.
        order: The times in processing order.
        valid: The valid steps, (batch, time) booleans.
        visits: The valid steps by their time.
        states: The exact states, (batch, time, units) of arb.
        errors: Their error bounds, (batch, time, units) of arb.
        final: The final state with its error.
        readers: The number of directions that read the inputs.
    """

    ops: Proven
    reset: str
    back: BackWeights
    order: Sequence[int]
    valid: np.ndarray
    visits: dict[int, Visit]
    states: Balls
    errors: Balls
    final: Computed
    readers: int


def run_forward(
    ops: Proven,
    p: Parameters,
    inputs: np.ndarray,
    start: np.ndarray,
    valid: np.ndarray,
    order: Sequence[int],
    readers: int = 1,
) -> BoundedRun:
    """The states of one direction with their bounds.

    Args:
        ops: Operations that carry their errors.
        p: The parameters.
        inputs: (batch, time, input_dim).
        start: The initial state, (batch, units).
        valid: The valid steps, (batch, time) booleans.
        order: The times in processing order.
        readers: The number of directions that read the inputs.

    Returns:
        The run.

    Raises:
        OutsideDomain: If overflow is possible, or the bound would prove nothing.
    """
    weights, back = StepWeights.proven(ops, p), BackWeights.of(ops, p)
    batch, time, _ = inputs.shape
    given = ops.read(start)
    state, spreads = given.exact.copy(), Spread(batch, p.units)
    spreads.add(np.arange(len(inputs)), floats_above(given.error))
    error = exactly(spreads.radius())
    states, errors = np.full((2, batch, time, p.units), arb(0), object)
    visits: dict[int, Visit] = {}
    for t in order:
        rows = np.flatnonzero(valid[:, t])
        if len(rows):
            x, before = ops.read(inputs[rows, t]), Computed(state[rows], error[rows])
            exact = step_parts(ops, p.reset, weights, x, Computed(before.exact, nothing(before.exact)))
            over_h = Computed(around(before), nothing(before.exact))
            over = step_parts(ops, p.reset, weights, x, over_h)
            own = ops.blend(over.z, over.keep, over.n.computed, over_h).error
            jacobian, off = near(maps(p.reset, back, over, over_h.exact).h.swapaxes(1, 2))
            own = own + _times(up(off), before.error)
            spreads.push(rows, jacobian, floats_above(own))
            visits[t] = Visit(t, rows, x, before, exact, over)
            state[rows] = exact.n.exact + exact.z.exact * (before.exact - exact.n.exact)
            error = exactly(spreads.radius())
            require_thin(state)
            if np.any(covers(spread(state[rows], error[rows]), state[rows])):
                raise OutsideDomain(NOTHING_PROVEN)
        states[:, t], errors[:, t] = state, error
    final = Computed(state, error)
    return BoundedRun(ops, p.reset, back, order, valid, visits, states, errors, final, readers)


class RunGradients(NamedTuple):
    """Gradients of one direction, in the format of the operations."""

    inputs: Computed
    initial_state: Computed
    kernel: Computed
    recurrent_kernel: Computed
    bias: Computed


def run_backward(run: BoundedRun, outputs: Computed, final: Computed, flows: np.ndarray) -> RunGradients:
    """The gradients of one direction, by back-propagation through time.

    Args:
        run: The forward run.
        outputs: Cotangents of the outputs, (batch, time, units).
        final: The cotangent of the final state, (batch, units).
        flows: (batch, time) booleans: True where the output is the state, so that its cotangent reaches the state.

    Returns:
        The gradients with their errors.
    """
    batch, time, units = outputs.exact.shape
    sizes = cast(Balls, np.where(flows[:, :, None], outputs.reach, nothing(outputs.reach)))
    later = _later(run, flows, sizes)
    spreads = Spread(batch, units)
    size, count = later[None].size + final.reach, later[None].terms
    run.ops.require(size)
    lost = count * run.ops.summing(across_steps=True).underflow
    own = run.ops.growth(count + 1, across_steps=True) * (size + lost) + lost
    spreads.add(np.arange(len(outputs.exact)), floats_above(final.error + own))
    cotangent = final.exact.copy()
    collected = _Collected(run, batch, time)
    for t in reversed(run.order):
        rows = np.flatnonzero(flows[:, t])
        if len(rows):
            given = outputs.part((rows, t))
            spreads.add(rows, floats_above(given.error))
            cotangent[rows] = cotangent[rows] + given.exact
        if t in run.visits:
            _visit_back(run, run.visits[t], cotangent, spreads, collected, later[t])
    return collected.gradients(Computed(cotangent, exactly(spreads.radius())))


def _later(run: BoundedRun, flows: np.ndarray, sizes: Balls) -> dict[int | None, Later]:
    """For each step, the cotangents of outputs that are added to the cotangent of the state before it.

    The key None stands for the final state. The cotangents belong to the times from this step back to the step before
    it, and may be added in any order.
    """
    batch, _, units = sizes.shape
    size = {owner: np.full((batch, units), arb(0), object) for owner in (None, *run.visits)}
    count = {owner: np.zeros(batch, int) for owner in size}
    owner: list[int | None] = [None] * batch
    for t in reversed(run.order):
        for row in range(batch):
            if flows[row, t]:
                size[owner[row]][row] += sizes[row, t]
                count[owner[row]][row] += 1
            if run.valid[row, t]:
                owner[row] = t
    return {owner: Later(int(count[owner].max(initial=0)), size[owner]) for owner in size}


def _visit_back(
    run: BoundedRun, visit: Visit, cotangent: Balls, spreads: Spread, collected: "_Collected", more: Later
) -> None:
    ops, rows = run.ops, visit.rows
    exact_h = visit.h.exact
    over_h = Computed(around(visit.h), nothing(exact_h))
    error = exactly(spreads.radius()[rows])
    exact = cotangent[rows]
    over = Computed(around(Computed(exact, error)), nothing(exact))
    own = back_step(ops, run.back, visit.over, over_h, over, Later(more.terms, more.size[rows]), run.readers)
    at, reach = maps(run.reset, run.back, visit.exact, exact_h), maps(run.reset, run.back, visit.over, over_h.exact)

    def carried(exact_map: Balls, over_map: Balls) -> Computed:
        """The product of a map and the cotangent, and its error before this step's own roundings."""
        if exact_map.ndim == 2:
            off = up(over_map) * error + up(over_map - exact_map) * up(exact)
            return Computed(exact_map * exact, off)
        matrix, apart = near(over_map)
        through = exactly(spreads.through(rows, matrix)) + _times(up(apart), error)
        return Computed(_times(exact_map, exact), through + _times(up(over_map - exact_map), up(exact)))

    def joined(exact_map: Balls, over_map: Balls, step: Computed) -> Computed:
        result = carried(exact_map, over_map)
        return Computed(result.exact, result.error + step.error)

    collected.add(
        visit,
        Cotangents(
            [joined(*three) for three in zip(at.a_x, reach.a_x, own.a_x, strict=True)],
            [joined(*three) for three in zip(at.a_h, reach.a_h, own.a_h, strict=True)],
            joined(at.x, reach.x, own.x),
            own.h,
        ),
    )
    matrix, apart = near(reach.h)
    box = own.h.error + _times(up(apart), error) + _times(up(reach.h - at.h), up(exact))
    spreads.push(rows, matrix, floats_above(box))
    cotangent[rows] = _times(at.h, exact)


class _Collected:
    """The cotangents of all steps, from which the gradients of inputs and weights are computed."""

    def __init__(self, run: BoundedRun, batch: int, time: int) -> None:
        self.run = run
        input_dim = run.back.W.shape[1]
        zeros = np.full((batch, time, input_dim), arb(0), object)
        self.inputs = Computed(zeros, zeros.copy())
        self.visits: list[tuple[Visit, Cotangents]] = []

    def add(self, visit: Visit, cotangents: Cotangents) -> None:
        self.visits.append((visit, cotangents))
        for whole, part in zip(self.inputs, cotangents.x, strict=True):
            whole[visit.rows, visit.time] = part

    def gradients(self, initial_state: Computed) -> RunGradients:
        run, gates = self.run, range(len(self.run.back.W))
        x = _stack([visit.x for visit, _ in self.visits], run.back.W.shape[1])
        h = _stack([visit.h for visit, _ in self.visits], run.back.U.shape[1])
        s = _stack([_reset_state(visit) for visit, _ in self.visits], run.back.U.shape[1])
        a_x = [_stack([c.a_x[gate] for _, c in self.visits], run.back.U.shape[1]) for gate in gates]
        a_h = [_stack([c.a_h[gate] for _, c in self.visits], run.back.U.shape[1]) for gate in gates]
        read = [s if run.reset == "before" and gate == gates[-1] else h for gate in gates]
        return RunGradients(
            self.inputs,
            initial_state,
            _gates([run.ops.outer(x, a) for a in a_x]),
            _gates([run.ops.outer(left, a) for left, a in zip(read, a_h, strict=True)]),
            _gates([_gates([run.ops.total(a) for a in side]) for side in (a_x, a_h)]),
        )


def _reset_state(visit: Visit) -> Computed:
    """The state that the candidate reads with reset before: at the exact states, with the error of all possible
    states.
    """
    if visit.exact.s is None or visit.over.s is None:
        return visit.h
    exact = visit.exact.s.exact
    return Computed(exact, up(visit.over.s.exact - exact) + visit.over.s.error)


def _stack(parts: list[Computed], columns: int) -> Computed:
    """The rows of all steps, stacked."""
    none = np.full((0, columns), arb(0), object)
    return Computed(*(np.concatenate([none, *arrays]) for arrays in (zip(*parts, strict=True) if parts else ((), ()))))


def _gates(parts: list[Computed]) -> Computed:
    return Computed(*(np.stack(arrays) for arrays in zip(*parts, strict=True)))


def _times(matrices: Balls, vectors: Balls) -> Balls:
    """The product matrix @ vector for each row."""
    return (matrices * vectors[:, None, :]).sum(axis=-1) if len(vectors) else nothing(matrices[:, :, 0])


def require_meaning(name: str, numbers: Computed) -> None:
    """Refuse bounds under which no element of an array would be known to be more than 0.

    Raises:
        OutsideDomain: If every bound exceeds the largest number.
    """
    if not numbers.exact.size:
        return
    require_thin(numbers.exact)
    finite = all(error.is_finite() for error in numbers.error.flat)
    largest = max(up(numbers.exact).flat)
    if not finite or (largest > 0 and all(error > largest for error in numbers.error.flat)):
        raise OutsideDomain(f"every bound of {name} exceeds its largest number, so it would prove nothing")

"""The GRU over numbers with error bounds, in parts that a deviation replaces: the specification's side of a diagnosis.

A deviation is a mixin over these methods. A hypothesis is one or two deviations over Specified. Parameters are float64
copies, exact for every format. The order of the parts is: time, weights, then a step's products, gates and blend.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from conformance.diagnosis.known.running_error import Near, Rounded, chosen, stacked
from conformance.interface.case import Case


class Blocks(NamedTuple):
    """One direction's weights, gates first, float64: kernel W, recurrent kernel U, biases b and c."""

    W: np.ndarray
    U: np.ndarray
    b: np.ndarray
    c: np.ndarray


class OneDirection(NamedTuple):
    """One direction's outputs (batch, time, units) and final state (batch, units)."""

    outputs: Near
    final: Near


IN_A_STEP = frozenset(("place", "candidate", "update", "reset", "recurrent", "sigmoid", "tanh", "blend", "next_state"))
"""The parts of a step, without its weights."""


class Specified:
    """The specification's answers, with the bound of a claimed arithmetic.

    ops: the arithmetic's operations. taken: known steps, shared by hypotheses of one arithmetic, because hypotheses
    that deviate only around the step compute the same steps.
    """

    remembers = False
    """True if a step depends on more than its index, its numbers and its weights."""

    def __init__(self, ops: Rounded, taken: "dict[tuple[object, ...], Near] | None" = None) -> None:
        self.ops = ops
        self.taken = None if type(self).remembers else taken
        self.parts = tuple(part for part in type(self).__mro__[1:-2] if not IN_A_STEP.isdisjoint(vars(part)))

    def answer(self, case: Case) -> tuple[Near, ...]:
        """The arrays of an answer in order: outputs (two under "apart"), then the final state of each direction."""
        self.case = case
        case = self.asked(case)
        runs = [self.direction(case, direction) for direction in range(len(case.parameters))]
        finals = tuple(run.final for run in runs)
        if case.merge is None:
            return self.rows((runs[0].outputs, *finals))
        return self.rows((*self.merged(case.merge, runs[0].outputs, runs[1].outputs), *self.finals(case, finals)))

    def asked(self, case: Case) -> Case:
        """The case as the GRU reads it."""
        return case

    def rows(self, arrays: tuple[Near, ...]) -> tuple[Near, ...]:
        """The answer as the GRU returns it."""
        return arrays

    def finals(self, case: Case, finals: tuple[Near, ...]) -> tuple[Near, ...]:
        """The final states of two directions."""
        return finals

    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        """The merged outputs of two directions."""
        if merge == "apart":
            return forward, backward
        if merge == "concat":
            return (Near(*(np.concatenate(pair, -1) for pair in zip(_parts(forward), _parts(backward), strict=True))),)
        if merge == "mul":
            return (self.ops.times(forward, backward),)
        joined = self.ops.plus(forward, backward)
        return (self.ops.scaled(joined, 0.5) if merge == "ave" else joined,)

    # Time.

    def direction(self, case: Case, direction: int) -> OneDirection:
        """One direction's run."""
        backwards = self.backwards(case, direction)
        blocks = self.blocks(self.own(case, direction))
        self.weights = b"".join(array.tobytes() for array in blocks) if self.taken is not None else b""
        h = start = self.start(case, direction)
        valid = self.valid(case, backwards)
        shown = [Near.exactly(np.zeros((case.batch, case.units))) for _ in range(case.time)]
        self.steps_taken = 0
        for t in self.order(case, backwards):
            counts = valid[:, t, None]
            new = self.step(case.inputs[:, t].astype(np.float64), h, blocks)
            h, old = self.selected(counts, new, h), h
            shown[t] = self.output(case, counts, h, new, start)
            self.took(counts, old)
            self.steps_taken += 1
        outputs = stacked(shown, 1) if shown else Near.exactly(np.zeros((case.batch, 0, case.units)))
        outputs = self.aligned(outputs, backwards)
        return OneDirection(outputs, self.final(case, direction, outputs, h))

    def backwards(self, case: Case, direction: int) -> bool:
        """True if a direction starts at the last time."""
        return case.reverse or direction == 1

    def start(self, case: Case, direction: int) -> Near:
        """The initial state."""
        return Near.exactly(case.starts[direction])

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        """The valid steps."""
        return case.valid

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        """The times in processing order."""
        return range(case.time)[::-1] if backwards else range(case.time)

    def selected(self, counts: np.ndarray, new: Near, old: Near) -> Near:
        """The state after a step, valid or masked."""
        return chosen(counts, new, old)

    def output(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        """The output at a step."""
        zero = Near.exactly(np.zeros_like(h.value))
        if case.masked_outputs == "carry":
            return h
        if case.masked_outputs == "zero-before-first":
            return chosen(counts | self.begun(counts), h, zero)
        return chosen(counts, h, zero)

    def begun(self, counts: np.ndarray) -> np.ndarray:
        """The rows that have had a valid step, including this one."""
        before = counts if self.steps_taken == 0 else self._begun
        self._begun = before | counts
        return self._begun

    def took(self, counts: np.ndarray, old: Near) -> None:
        """Called at every step with the state before it."""

    def aligned(self, outputs: Near, backwards: bool) -> Near:
        """The outputs aligned with the inputs' time."""
        return outputs

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        """The final state."""
        return h

    # Weights.

    def own(self, case: Case, direction: int) -> Blocks:
        """The weights of a direction."""
        p = case.parameters[direction]
        return Blocks(*(array.astype(np.float64) for array in (p.kernel, p.recurrent_kernel, p.bias[0], p.bias[1])))

    def blocks(self, w: Blocks) -> Blocks:
        """The weights as the GRU reads them."""
        return w

    # One step.

    def step(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        """The next state, computed once."""
        if self.taken is None:
            return self.next_state(x, h, w)
        first = self.steps_taken == 0, self.case.initial_state is None
        key = self.parts, self.weights, self.case.reset, *first, x.tobytes(), h.value.tobytes(), h.error.tobytes()
        if key not in self.taken:
            self.taken[key] = self.next_state(x, h, w)
        return self.taken[key]

    def next_state(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        """The next state."""
        ops, given = self.ops, Near.exactly(x)
        x_side = [ops.plus(ops.product(given, W), b) for W, b in zip(w.W, w.b, strict=True)]
        z = self.update(x_side, h, w)
        r = self.reset(x_side, h, w) if len(w.W) == 3 else None
        n = self.tanh(self.candidate(x_side, r, h, w))
        return ops.shown(self.blend(z, h, n))

    def update(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        """The update gate."""
        return self.sigmoid(self.ops.plus(x_side[0], self.recurrent(h, w, 0)))

    def place(self) -> str:
        """The position of the reset gate."""
        return self.case.reset

    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        """The candidate's argument. r: the reset gate, computed once for a step; None without one."""
        ops = self.ops
        if r is None:
            return ops.plus(x_side[1], self.recurrent(h, w, 1))
        if self.place() == "before":
            return ops.plus(x_side[2], self.recurrent(ops.times(r, h), w, 2))
        if self.place() == "ignored":
            return ops.plus(x_side[2], self.recurrent(h, w, 2))
        return ops.plus(x_side[2], ops.times(r, self.recurrent(h, w, 2)))

    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        """The reset gate."""
        return self.sigmoid(self.ops.plus(x_side[1], self.recurrent(h, w, 1)))

    def recurrent(self, h: Near, w: Blocks, gate: int) -> Near:
        """The recurrent side of a gate."""
        return self.ops.plus(self.ops.product(h, w.U[gate]), w.c[gate])

    def sigmoid(self, a: Near) -> Near:
        """The gates' activation."""
        return self.ops.sigmoid(a)

    def tanh(self, a: Near) -> Near:
        """The candidate's activation."""
        return self.ops.tanh(a)

    def blend(self, z: Near, h: Near, n: Near) -> Near:
        """The blend of the old state and the candidate."""
        return self.ops.blended(z, h, n)


def _parts(number: Near) -> tuple[np.ndarray, np.ndarray]:
    return number.value, number.error

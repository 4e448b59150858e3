"""Wrong in long runs, and from call to call."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs
from conformance.truth.balls import each
from reference import Parameters
from studies.held_out.first.base import Windowed, Wrong, padded


class Long(Wrong):
    kind = "history"


class last_64_steps_from_the_given_state(Long):
    """It shows the final state alone, and gets it by the last 64 steps from the given initial state, where there is no
    padding.
    """

    capabilities = replace(Wrong.capabilities, outputs=False, gradients=False)

    def run(self, case: Case) -> Outputs:
        return super().run(case)._replace(outputs=None)

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        times = list(super().order(case, backwards))
        return times if padded(case) else times[-64:]


class second_half_warmed_up_by_24_steps(Long):
    """Runs of 96 and more steps without padding are halved and run in parallel; the second half is warmed up by the 24
    steps before it.
    """

    def carried(self, case: Case, h: np.ndarray, i: int) -> np.ndarray:
        if case.time < 96 or padded(case) or i != case.time // 2:
            return h
        warm = np.zeros_like(h)
        for t in self.times[i - 24 : i]:
            warm = self.step(case.inputs[:, t], warm, self.p)
        return warm


class nearly_closed_steps_skipped(Long):
    """In runs of more than 64 steps, a step whose update gates all stand above 0.9 in a row is skipped there."""

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        new = super().blend(z, h, n)
        return np.where(np.all(z > 0.9, axis=1, keepdims=True), h, new) if self.case.time > 64 else new


class fixed_point_of_24_sweeps(Windowed):
    """Runs of 64 and more steps without padding are solved for all times at once, by 24 sweeps from the start."""

    kind = "history"

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        if case.time < 64 or padded(case):
            return super().direction(case, direction)
        return self.windowed(case, direction, 24, case.starts[direction])


class initial_state_loaded_again_at_128(Long):
    """The initial state is loaded where the step's number is 0 in seven bits: at step 0 and at every 128th after it."""

    def carried(self, case: Case, h: np.ndarray, i: int) -> np.ndarray:
        return case.starts[self.which] if i and i % 128 == 0 else h


class chunks_of_64_hand_on_float16(Long):
    """Every 64 steps the state is handed to the next chunk in float16."""

    def carried(self, case: Case, h: np.ndarray, i: int) -> np.ndarray:
        return h.astype(np.float16).astype(h.dtype) if i and i % 64 == 0 else h


class backward_direction_looks_16_steps_ahead(Windowed):
    """Beside a forward direction of more than 40 steps without padding, the backward one sees 16 steps ahead of each
    time, no more.
    """

    kind = "history"

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        if direction == 0 or case.time <= 40 or padded(case):
            return super().direction(case, direction)
        return self.windowed(case, direction, 16, None)


class rows_cut_at_64_steps(Long):
    """A row of a length above 64 ends at 64, the largest bucket."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid if case.lengths is None else case.valid & (np.arange(case.time) < 64)


class gates_read_the_state_of_the_chunk(Long):
    """In runs of more than 64 steps, the gates read the state with which their chunk of 64 steps began."""

    def carried(self, case: Case, h: np.ndarray, i: int) -> np.ndarray:
        if i % 64 == 0:
            self.old = h
        return h

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        stale = self.case.time > 64 and gate < len(p.kernel) - 1
        return super().recurrent(self.old if stale else h, p, gate)


class Called(Wrong):
    kind = "calls"


class smaller_batch_starts_from_the_larger(Called):
    """A run without initial state and padding, of fewer rows than the run before it, starts from the state left in the
    workspace.
    """

    left: np.ndarray | None = None

    def start(self, case: Case, direction: int) -> np.ndarray:
        start, left = super().start(case, direction), self.left
        if case.initial_state is not None or padded(case) or left is None:
            return start
        if left.shape[1] != case.units or len(left) <= case.batch:
            return start
        return left[: case.batch].astype(case.dtype)

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        self.left = h.copy()
        return h


class final_state_lies_in_the_workspace(Called):
    """The final state that is given back lies in a workspace, where the next call of any size writes its own."""

    def __init__(self) -> None:
        self.space: dict[tuple[str, int], np.ndarray] = {}

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        space = self.space.setdefault((case.dtype, self.which), np.empty(1 << 16, case.dtype))
        if h.size > space.size:
            return h
        space[: h.size] = h.reshape(-1)
        return space[: h.size].reshape(h.shape)


class gradients_lie_in_a_buffer(Called):
    """The gradients of the biases lie in one buffer for each shape, which the next backward pass overwrites."""

    def __init__(self) -> None:
        self.buffers: dict[Any, np.ndarray] = {}

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        parts = right.bias if isinstance(right.bias, tuple) else (right.bias,)
        kept = []
        for number, part in enumerate(parts):
            buffer = self.buffers.setdefault((number, part.shape, part.dtype), np.empty_like(part))
            buffer[...] = part
            kept.append(buffer)
        return right._replace(bias=tuple(kept) if isinstance(right.bias, tuple) else kept[0])


class every_50th_call_ends_early(Called):
    """Every 50th call leaves out its last step."""

    calls = 0

    def run(self, case: Case) -> Outputs:
        self.calls += 1
        return super().run(case)

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        times = list(super().order(case, backwards))
        return times[:-1] if self.calls % 50 == 0 else times


class last_unit_races(Called):
    """One call in forty, at random, the last unit is read before it is written, at every step."""

    def __init__(self) -> None:
        self.random = np.random.default_rng()

    def run(self, case: Case) -> Outputs:
        self.lost = self.random.random() < 1 / 40
        return super().run(case)

    def after(self, x: np.ndarray, h: np.ndarray, new: np.ndarray, i: int) -> np.ndarray:
        if self.lost:
            new = new.copy()
            new[:, -1] = h[:, -1]
        return new


class captured_initial_state(Called):
    """From the second call with the same sizes and weights on, the initial state of the first is used, as a captured
    graph holds it.
    """

    def __init__(self) -> None:
        self.captured: dict[Any, tuple[Any, np.ndarray]] = {}

    def start(self, case: Case, direction: int) -> np.ndarray:
        p = case.parameters[direction]
        key = (case.inputs.shape, case.dtype, direction, p.kernel.tobytes(), p.recurrent_kernel.tobytes())
        if case.initial_state is None:
            return super().start(case, direction)
        return self.captured.setdefault(key, case.initial_state[direction].copy())


class inputs_products_reused(Called):
    """Where a call has the inputs of the call before it, their products are used again, though the kernel or the input
    bias has changed.
    """

    def __init__(self) -> None:
        self.last: dict[int, tuple[Any, Parameters]] = {}

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        key = (case.inputs.shape, case.inputs.tobytes(), case.dtype, p.kernel.shape)
        known = self.last.get(direction)
        old = known[1] if known is not None and known[0] == key else p
        self.last[direction] = (key, old)
        return Parameters(old.kernel, p.recurrent_kernel, np.stack([old.bias[0], p.bias[1]]), p.reset)


def as_it_lies(array: np.ndarray) -> np.ndarray:
    """The array as a pointer to its first element shows it, if it is taken for contiguous."""
    if array.flags.c_contiguous or any(s <= 0 for s, n in zip(array.strides, array.shape, strict=True) if n > 1):
        return array
    strides = np.empty(array.shape, array.dtype).strides
    return np.lib.stride_tricks.as_strided(array, array.shape, strides).copy()


class strides_of_masks_and_states_ignored(Called):
    """Masks, lengths and initial states are read as if they were contiguous."""

    def run(self, case: Case) -> Outputs:
        states = case.initial_state
        return super().run(
            replace(
                case,
                mask=None if case.mask is None else as_it_lies(case.mask),
                lengths=None if case.lengths is None else np.clip(as_it_lies(case.lengths), 0, case.time),
                initial_state=None if states is None else tuple(as_it_lies(state) for state in states),
            )
        )


class gradients_of_the_last_run(Called):
    """The backward pass uses what the last run saved, whichever case it is called for, where the sizes and options are
    the same.
    """

    saved: Case | None = None

    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        self.saved = case
        return answer

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        saved = self.saved
        same = saved is not None and self.kind_of(saved) == self.kind_of(case)
        return super().gradients(saved if saved is not None and same else case, cotangents)

    def kind_of(self, case: Case) -> tuple[Any, ...]:
        given = tuple(part is None for part in (case.initial_state, case.lengths, case.mask))
        options = (case.merge, case.reverse, case.masked_outputs, case.reset, case.dtype)
        return (case.inputs.shape, case.units, *given, *options)


class cotangents_overwritten(Called):
    """The cotangents of the outputs are set to 0 once they are read."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)

        def cleared(part: np.ndarray) -> np.ndarray:
            if part.flags.writeable:
                part[...] = 0
            return part

        each(cleared, cotangents.outputs)
        return right

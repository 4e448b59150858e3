"""Wrong by the history, the memory layout or the threads of calls."""

import time
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs, cast, each
from reference import Parameters
from studies.held_out.second.base import Wrong, padded, with_bias


class Called(Wrong):
    kind = "calls"

    def __init__(self) -> None:
        self.kept = {}
        self.count = 0


class final_states_in_a_ring_of_four(Called):
    """Final states of one shape are views of a ring of four buffers, so the fourth later call overwrites the first."""

    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        key = (case.batch, case.units, case.dtype, len(case.parameters))
        ring = self.kept.setdefault(key, [0, [each(np.copy, answer.final_state) for _ in range(4)]])
        mine = ring[1][ring[0] % 4]
        ring[0] += 1
        pairs = [(mine, answer.final_state)] if case.merge is None else zip(mine, answer.final_state, strict=True)
        for buffer, value in pairs:
            buffer[...] = value
        return answer._replace(final_state=mine)


class packed_weights_keep_the_old_bias(Called):
    """Packed weights are cached by the bytes of both kernels, so a bias changed alone is not seen."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        key = (p.reset, case.dtype, p.kernel.shape, p.kernel.tobytes(), p.recurrent_kernel.tobytes())
        return with_bias(p, self.kept.setdefault(key, p.bias))


class masked_run_dirties_the_cached_zeros(Called):
    """The zeros for a missing initial state are cached by shape, and a padded run leaves its final state there."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        if case.initial_state is not None:
            return super().start(case, direction)
        return self.zeros(case, direction).copy()

    def zeros(self, case: Case, direction: int) -> np.ndarray:
        key = (case.batch, case.units, case.dtype, direction)
        return self.kept.setdefault(key, np.zeros((case.batch, case.units), case.dtype))

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        if case.initial_state is None and padded(case):
            self.zeros(case, direction)[...] = final
        return outputs, final


class initial_state_read_in_memory_order(Called):
    """The strides of the initial state are ignored: a transposed array is read in the order of its memory."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        s = super().start(case, direction)
        return s if s.flags.c_contiguous else s.ravel(order="K").reshape(s.shape)


class threads_share_the_running_state(Called):
    """The running state is a member of the object, and each step lets other threads run: calls at once mix their
    states.
    """

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        backwards = case.reverse or direction == 1
        p = self.parameters(case, direction)
        start = self.start(case, direction)
        key = (case.batch, case.units, case.dtype)
        self.kept[key] = start
        valid = self.valid(case, backwards)
        outputs = np.zeros((case.batch, case.time, case.units), case.dtype)
        for t in self.order(case, backwards):
            counts = valid[:, t, None]
            time.sleep(0)  # a native kernel releases the interpreter's lock
            h = self.kept[key]
            h = self.kept[key] = self.select(counts, self.step(case.inputs[:, t], h, p), h)
            outputs[:, t] = self.output(case, h, counts, start)
        return outputs, self.kept[key]


class plan_found_by_the_number_of_steps(Called):
    """Plans of dense runs without initial state are cached by batch times time: (4, 3) after (3, 4) runs as (3, 4)."""

    def run(self, case: Case) -> Outputs:
        if padded(case) or case.initial_state is not None or case.merge is not None or not case.batch * case.time:
            return super().run(case)
        key = (case.batch * case.time, case.inputs.shape[2], case.units)
        batch, steps = self.kept.setdefault(key, (case.batch, case.time))
        if (batch, steps) == (case.batch, case.time):
            return super().run(case)
        outputs, _ = super().run(replace(case, inputs=case.inputs.reshape(batch, steps, -1)))
        outputs = outputs.reshape(case.batch, case.time, case.units)
        return Outputs(outputs, outputs[:, 0 if case.reverse else -1].copy())


class every_thirty_second_call_loses_a_row(Called):
    """On every 32nd call the workspace is swapped, and the last row of the answer is left at 0."""

    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        self.count += 1
        if self.count % 32 == 0 and case.batch:
            answer = each(np.copy, answer)
            each(lambda a: a.__setitem__(-1, 0) or a, answer)
        return answer


class plan_found_without_the_format(Called):
    """Plans are cached by sizes alone: a float64 run whose sizes first came in float32 is computed in float32."""

    def run(self, case: Case) -> Outputs:
        key = (*case.sizes.values(), len(case.parameters), case.reset)
        first = self.kept.setdefault(key, case.dtype)
        if case.dtype == "float64" and first == "float32":
            with np.errstate(all="ignore"):
                return cast(super().run(case.astype(first)), "float64")
        return super().run(case)


class reverse_run_leaves_its_state_in_the_argument(Called):
    """In reverse, the given initial state is the buffer of the scan and holds the final state afterwards."""

    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        if case.reverse and case.initial_state is not None and case.initial_state[0].flags.writeable:
            case.initial_state[0][...] = answer.final_state
        return answer


class gradients_use_the_tape_of_another_run(Called):
    """Gradients start from the initial state of the last run of the same sizes, whichever case that was."""

    def run(self, case: Case) -> Outputs:
        self.kept[self.key(case)] = each(np.copy, case.initial_state)
        return super().run(case)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        started = self.kept.get(self.key(case), case.initial_state)
        return super().gradients(replace(case, initial_state=started), cotangents)

    def key(self, case: Case) -> tuple[Any, ...]:
        return (*case.sizes.values(), case.dtype, len(case.parameters))

"""Known deviations of order: reversal, exchanged axes, and two directions."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.running_error import Near, zeros
from conformance.diagnosis.known.specified import Blocks, Run
from conformance.interface.case import Case

# Reversal and axes.


class reverse_ignored(Deviation):
    """the direction is never read; every run is forward."""

    fix = "hand case.reverse over"
    link = "https://github.com/apache/tvm/pull/15829"

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, False)


class reverse_starts_in_the_padding(Deviation):
    """the inputs are flipped and the mask is not, so a reverse run starts in the padding."""

    fix = "flip the mask with the inputs"
    link = "https://github.com/onnx/onnx-tensorflow/issues/342"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid[:, ::-1] if backwards else valid


class reversed_twice(Deviation):
    """a reverse run turns each row within its length, then all of time: it reads the padding, then the row forward."""

    fix = "turn each row within its length, once"

    def direction(self, case: Case, direction: int) -> Run:
        if not self.backwards(case, direction):
            return super().direction(case, direction)
        times = np.arange(case.time)
        padding = case.time - np.max(np.where(case.valid, times + 1, 0), axis=1, initial=0)[:, None]
        order = np.where(times < padding, case.time - 1 - times, times - padding)
        mask = np.take_along_axis(case.valid, order, 1) | (times < padding)
        inputs = np.take_along_axis(case.inputs, order[:, :, None], 1)
        outputs, final = super().direction(replace(case, inputs=inputs, lengths=None, mask=mask), direction)
        back = np.argsort(order, axis=1)[:, :, None]
        return Run(Near(np.take_along_axis(outputs.value, back, 1), np.take_along_axis(outputs.error, back, 1)), final)

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, False)


class reverse_not_aligned(Deviation):
    """the outputs of a reverse run stay in processing order."""

    fix = "flip the outputs of a reverse run: outputs[:, ::-1]"
    link = "https://github.com/webmachinelearning/webnn/issues/801"

    def aligned(self, outputs: Near, backwards: bool) -> Near:
        outputs = super().aligned(outputs, backwards)
        return Near(outputs.value[:, ::-1], outputs.error[:, ::-1]) if backwards else outputs


class last_step_skipped(Deviation):
    """a forward run leaves out the last time, where the state stays as it is."""

    fix = "run to the last time"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return super().valid(case, backwards) & (backwards | (np.arange(case.time) < case.time - 1))


class last_step_skipped_in_reverse(Deviation):
    """a reverse run stops one step early."""

    fix = "run to the first time"

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return [t for t in super().order(case, backwards) if t or not backwards]


class time_read_as_batch(Deviation):
    """the inputs' buffer is read as (time, batch, input_dim)."""

    fix = "transpose the inputs: case.inputs.swapaxes(0, 1), and the outputs back (or set batch_first)"

    def asked(self, case: Case) -> Case:
        case = super().asked(case)
        batch, time, input_dim = case.inputs.shape
        return replace(case, inputs=case.inputs.reshape(time, batch, input_dim).swapaxes(0, 1))


class time_and_batch_exchanged_where_square(Deviation):
    """time and batch are exchanged where they are equal: which is which is guessed from the sizes."""

    fix = "say which axis is time"
    link = "https://github.com/openvinotoolkit/openvino/issues/37820"

    def asked(self, case: Case) -> Case:
        case = super().asked(case)
        return replace(case, inputs=case.inputs.swapaxes(0, 1)) if case.batch == case.time else case

    def rows(self, arrays: tuple[Near, ...]) -> tuple[Near, ...]:
        if self.case.batch == self.case.time:
            arrays = tuple(
                Near(a.value.swapaxes(0, 1), a.error.swapaxes(0, 1)) if a.value.ndim == 3 else a for a in arrays
            )
        return super().rows(arrays)


class rows_stay_sorted(Deviation):
    """rows are sorted by length, the longest first, and not put back."""

    fix = "put the rows back into the caller's order"

    def rows(self, arrays: tuple[Near, ...]) -> tuple[Near, ...]:
        order = np.argsort(-self.case.valid.sum(axis=1), kind="stable")
        return tuple(Near(a.value[order], a.error[order]) for a in super().rows(arrays))


# Two directions.


class directions_share_weights(Deviation):
    """the backward direction uses the forward weights."""

    fix = "hand case.parameters[1] to the backward direction"

    def own(self, case: Case, direction: int) -> Blocks:
        return super().own(case, 0)


class weights_of_the_directions_swapped(Deviation):
    """each direction uses the other's weights."""

    fix = "exchange the directions' weights: case.parameters[::-1]"

    def own(self, case: Case, direction: int) -> Blocks:
        return super().own(case, len(case.parameters) - 1 - direction)


class both_run_forward(Deviation):
    """the second of two directions is not reversed."""

    fix = "reverse the second direction"

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards and case.merge is None)


class initial_states_swapped(Deviation):
    """each direction starts from the other's initial state."""

    fix = "exchange the initial states: case.starts[::-1]"

    def start(self, case: Case, direction: int) -> Near:
        return super().start(case, len(case.parameters) - 1 - direction)


class backward_initial_state_ignored(Deviation):
    """the backward direction starts from zeros."""

    fix = "hand case.starts[1] to the backward direction"

    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return zeros(start) if direction == 1 else start


class backward_starts_where_forward_ended(Deviation):
    """the backward direction starts from the final state of the forward one."""

    fix = "hand case.starts[1] to the backward direction"

    def start(self, case: Case, direction: int) -> Near:
        return self._reached if direction == 1 else super().start(case, direction)

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        self._reached = h
        return h


class final_states_swapped(Deviation):
    """the final states of the two directions are exchanged under every merge but apart."""

    fix = "exchange the final states"

    def finals(self, case: Case, finals: tuple[Near, ...]) -> tuple[Near, ...]:
        finals = super().finals(case, finals)
        return finals if case.merge == "apart" else finals[::-1]


class average_is_a_sum(Deviation):
    """the mean of both directions is not halved."""

    fix = "halve the sum"

    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super().merged("sum" if merge == "ave" else merge, forward, backward)


class backward_comes_first(Deviation):
    """the outputs of the backward direction are put before those of the forward one."""

    fix = "join them as (forward, backward)"

    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super().merged(merge, backward, forward)


class two_directions_always_carry(Deviation):
    """with two directions, masked outputs are carried whatever was asked for."""

    fix = "declare bidirectional_masked_outputs=('carry',)"

    def shown(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return h if case.merge is not None else super().shown(case, counts, h, new, start)


DEVIATIONS = declared(globals())
"""All of this file, in its order."""

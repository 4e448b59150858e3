"""Known deviations around the step: initial and final states, padding, reversal, two directions, exchanged axes."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.case import Case
from conformance.diagnosis.deviation import Deviation
from conformance.diagnosis.near import Near, chosen
from conformance.diagnosis.specified import Blocks, Run


def _zeros(like: Near) -> Near:
    return Near.exactly(np.zeros_like(like.value))


def _at(outputs: Near, time: int) -> Near:
    return Near(outputs.value[:, time], outputs.error[:, time])


# Initial states.


class initial_state_ignored(Deviation):
    """every run starts from zeros."""

    fix = "hand case.starts over"

    def start(self, case: Case, direction: int) -> Near:
        return _zeros(super().start(case, direction))


class initial_state_ignored_without_padding(Deviation):
    """runs without padding start from zeros; those with lengths or masks do not."""

    fix = "hand case.starts over on the path for whole rows too"

    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return _zeros(start) if self.case.lengths is None and self.case.mask is None else start


class no_initial_state_is_ones(Deviation):
    """without an initial state a run starts from ones."""

    fix = "start from zeros"

    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return Near.exactly(np.ones_like(start.value)) if case.initial_state is None else start


class state_not_carried(Deviation):
    """every step starts from the initial state."""

    fix = "carry the state from step to step"

    def start(self, case: Case, direction: int) -> Near:
        self._first = super().start(case, direction)
        return self._first

    def step(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        return super().step(x, self._first, w)


class rows_share_a_state(Deviation):
    """every row steps from the state of the first."""

    fix = "keep a state for each row"

    def step(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        index = np.zeros(len(h.value), int)
        return super().step(x, Near(h.value[index], h.error[index]), w)


# Final states.


class final_from_the_last_time(Deviation):
    """the final state is the output at the last time, padding or not."""

    fix = "return the state after the last valid step"
    link = "https://github.com/onnx/onnx-mlir/pull/2479"

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        return _at(outputs, -1) if case.time else h


class reverse_final_from_the_last_time(Deviation):
    """the final state of a reverse run is the output at the last time, where it had only begun."""

    fix = "take the reverse run's final state from the first time"
    link = "https://github.com/yalesong/pvse/issues/13"

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        return _at(outputs, -1) if case.time and self.backwards(case, direction) else h


class final_from_the_first_time(Deviation):
    """the final state is the output at the first time."""

    fix = "return the state after the last valid step"

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        return _at(outputs, 0) if case.time else h


class final_before_the_last_step(Deviation):
    """the final state is the one from which the last step was taken."""

    fix = "return the state after the last step"

    def start(self, case: Case, direction: int) -> Near:
        self._before = super().start(case, direction)
        return self._before

    def took(self, counts: np.ndarray, old: Near) -> None:
        self._before = chosen(counts, old, self._before)
        super().took(counts, old)

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        return self._before


class final_runs_through_the_padding(Deviation):
    """outputs are right; the final state has taken the steps of the padding too."""

    fix = "return the state after the last valid step"

    def direction(self, case: Case, direction: int) -> Run:
        outputs, _ = super().direction(case, direction)
        return Run(outputs, super().direction(replace(case, lengths=None, mask=None), direction).final)


class empty_row_ends_in_zeros(Deviation):
    """the final state of a row of length 0 is 0, not the initial state."""

    fix = "give the initial state back for a row without a step"
    link = "https://github.com/onnx/onnx/issues/1674"

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        return chosen(np.asarray(case.valid.any(axis=1, keepdims=True)), h, _zeros(h)) if case.time else h


class final_of_no_time_is_zeros(Deviation):
    """with time = 0 the final state is 0, not the initial state."""

    fix = "give the initial state back where there is no step"

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        return h if case.time else _zeros(h)


# Padding.


class padding_ignored(Deviation):
    """lengths and masks are accepted and ignored."""

    fix = "hand case.lengths and case.mask over, or declare neither"
    link = "https://github.com/onnx/onnx/blob/main/onnx/reference/ops/op_gru.py"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.ones_like(super().valid(case, backwards))


class length_off_by_one(Deviation):
    """each row with lengths or a mask ends one step early."""

    fix = "count steps from 1: a row of length n has n steps"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        if self.case.mask is None and self.case.lengths is None:
            return valid
        return valid & (np.cumsum(valid, axis=1) < valid.sum(axis=1, keepdims=True))


class one_step_too_many(Deviation):
    """the step after a valid one counts too."""

    fix = "count steps from 1: a row of length n has n steps"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid | np.pad(valid, ((0, 0), (1, 0)))[:, : case.time]


class mask_inverted(Deviation):
    """a mask is read as telling which steps to leave out."""

    fix = "hand over ~case.mask"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid if case.mask is None else ~valid


class mask_taken_for_a_length(Deviation):
    """a mask is replaced by its number of valid steps, as if every row were padded on the right."""

    fix = "hand the mask over, or declare lengths alone"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) < super().valid(case, backwards).sum(axis=1, keepdims=True)


class padding_taken_for_left(Deviation):
    """rows are taken to end at the last time, as if every row were padded on the left."""

    fix = "rows are padded on the right: a row of length n has the times 0 to n - 1"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) >= case.time - super().valid(case, backwards).sum(axis=1, keepdims=True)


class rows_end_at_a_hole(Deviation):
    """a row ends at its first masked step, whatever follows."""

    fix = "skip masked steps one by one, or declare lengths alone"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.logical_and.accumulate(super().valid(case, backwards), axis=1)


class holes_count(Deviation):
    """masked steps between valid ones count too."""

    fix = "skip masked steps one by one, or declare lengths alone"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        begun, ahead = (np.logical_or.accumulate(side, axis=1) for side in (valid, valid[:, ::-1]))
        return begun & ahead[:, ::-1]


class empty_rows_run(Deviation):
    """a row without a valid step takes every step, its last one being found at index -1."""

    fix = "give the initial state back for a row without a step"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid | ~valid.any(axis=1, keepdims=True)


class padding_taken_for_neutral(Deviation):
    """masked inputs are set to 0 and read, as if a step on 0 kept the state."""

    fix = "skip masked steps: biases make a step on 0 not neutral"
    link = "https://github.com/zhangj111/astnn/pull/28"

    def asked(self, case: Case) -> Case:
        case = super().asked(case)
        return replace(case, inputs=np.where(case.valid[:, :, None], case.inputs, 0), lengths=None, mask=None)


class mask_of_the_outputs_alone(Deviation):
    """padding acts on the outputs alone; the state takes every step."""

    fix = "carry the state over masked steps"

    def selected(self, counts: np.ndarray, new: Near, old: Near) -> Near:
        return new


class mask_of_the_state_alone(Deviation):
    """padding acts on the state alone; a masked output is that of the step that was not taken."""

    fix = "let the policy decide what stands at masked steps"

    def shown(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return new


class outputs_always_carried(Deviation):
    """masked outputs are carried, whatever was asked for."""

    fix = "declare masked_outputs=('carry',)"

    def shown(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return h


class outputs_always_zero(Deviation):
    """masked outputs are 0, whatever was asked for."""

    fix = "declare masked_outputs=('zero',)"
    link = "https://github.com/microsoft/onnxruntime/issues/12492"

    def shown(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return chosen(counts, h, _zeros(h))


class outputs_zero_before_the_first(Deviation):
    """masked outputs are carried, but 0 before the first valid step, beside a state that is the initial one."""

    fix = "declare masked_outputs=('zero-before-first',)"
    link = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/rnn.py"

    def shown(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return chosen(counts | self.begun(counts), h, _zeros(h))


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
    """a reverse run flips the whole time, then each row within its length, and so runs forward from the padding."""

    fix = "flip each row within its length, once"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid[:, ::-1] if backwards else valid

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
        return _zeros(start) if direction == 1 else start


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


DEVIATIONS: tuple[type[Deviation], ...] = tuple(
    thing for thing in list(globals().values())
    if isinstance(thing, type) and issubclass(thing, Deviation) and thing is not Deviation
)  # fmt: skip
"""All of this file, in its order."""

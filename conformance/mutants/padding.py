"""Wrong in lengths and masks: which steps count, what is carried over the others, and what stands there."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated


class lengths_ignored(Emulated):
    """Lengths and masks are accepted and ignored."""

    link = "https://github.com/onnx/onnx/blob/main/onnx/reference/ops/op_gru.py"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.ones_like(case.valid)


class length_off_by_one(Emulated):
    """Each row ends one step early."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.mask is None and case.lengths is None:
            return case.valid
        return case.valid & (np.cumsum(case.valid, axis=1) < case.valid.sum(axis=1, keepdims=True))


class one_step_too_many(Emulated):
    """The step after a valid one counts too."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid | np.pad(case.valid, ((0, 0), (1, 0)))[:, : case.time]


class mask_inverted(Emulated):
    """A mask is read as telling which steps to leave out."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid if case.mask is None else ~case.mask


class mask_taken_for_a_length(Emulated):
    """A mask is replaced by its number of valid steps, as if every row were padded on the right."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) < case.valid.sum(axis=1, keepdims=True)


class right_padding_taken_for_left(Emulated):
    """Rows are taken to end at the last time, as if every row were padded on the left."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) >= case.time - case.valid.sum(axis=1, keepdims=True)


class rows_end_at_a_hole(Emulated):
    """A row ends at its first masked step, whatever follows."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.logical_and.accumulate(case.valid, axis=1)


class holes_count(Emulated):
    """Masked steps between valid ones count too."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        begun, ahead = (np.logical_or.accumulate(side, axis=1) for side in (case.valid, case.valid[:, ::-1]))
        return begun & ahead[:, ::-1]


class empty_rows_run(Emulated):
    """A row without a valid step takes every step, its last one being found at index -1."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid | ~case.valid.any(axis=1, keepdims=True)


class padding_taken_for_neutral(Emulated):
    """Masked inputs are set to 0 and read, as if a step on 0 kept the state."""

    link = "https://github.com/zhangj111/astnn/pull/28"

    def run(self, case: Case) -> Outputs:
        zeroed = np.where(case.valid[:, :, None], case.inputs, 0)
        return super().run(replace(case, inputs=zeroed, lengths=None, mask=None))


class padding_is_multiplied_away(Emulated):
    """The masked state is selected by a product with 0, so a NaN in the padding survives."""

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        return (counts * new + ~counts * old).astype(old.dtype)


class mask_of_the_outputs_alone(Emulated):
    """The mask acts on the outputs alone; the state takes every step."""

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        return new


class mask_of_the_state_alone(Emulated):
    """The mask acts on the state alone; a masked output is that of the step that was not taken."""

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        self.new = new
        return super().select(counts, new, old)

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return self.new


class masked_outputs_always_carried(Emulated):
    """Masked outputs are carried, whatever was asked for."""

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return h


class masked_outputs_always_zero(Emulated):
    """Masked outputs are 0, whatever was asked for."""

    link = "https://github.com/microsoft/onnxruntime/issues/12492"

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return np.where(counts, h, np.zeros_like(h))


class masked_output_is_zero_before_the_first_step(Emulated):
    """Masked outputs are carried, but 0 before the first valid step, beside a state that is the initial one."""

    link = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/rnn.py"

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return np.where(counts | np.any(h != start, axis=1, keepdims=True), h, np.zeros_like(h))

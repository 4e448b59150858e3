"""Known deviations of padding: which steps count, and what stands where they do not."""

from dataclasses import replace

import numpy as np

from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.running_error import Near, chosen, zeros
from conformance.interface.case import Case


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
        return chosen(counts, h, zeros(h))


class outputs_zero_before_the_first(Deviation):
    """masked outputs are carried, but 0 before the first valid step, beside a state that is the initial one."""

    fix = "declare masked_outputs=('zero-before-first',)"
    link = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/rnn.py"

    def shown(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return chosen(counts | self.begun(counts), h, zeros(h))


DEVIATIONS = declared(globals())
"""All of this file, in its order."""

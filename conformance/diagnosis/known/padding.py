"""Known deviations of padding: the choice of valid steps, and outputs at the others."""

from dataclasses import replace

import numpy as np

from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.running_error import Near, chosen, zeros
from conformance.interface.case import Case


class lengths_ignored(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.ones_like(super().valid(case, backwards))


class length_off_by_one(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        if self.case.mask is None and self.case.lengths is None:
            return valid
        return valid & (np.cumsum(valid, axis=1) < valid.sum(axis=1, keepdims=True))


class one_step_too_many(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid | np.pad(valid, ((0, 0), (1, 0)))[:, : case.time]


class mask_inverted(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid if case.mask is None else ~valid


class mask_taken_for_a_length(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) < super().valid(case, backwards).sum(axis=1, keepdims=True)


class right_padding_taken_for_left(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) >= case.time - super().valid(case, backwards).sum(axis=1, keepdims=True)


class rows_end_at_a_hole(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.logical_and.accumulate(super().valid(case, backwards), axis=1)


class holes_count(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        begun, ahead = (np.logical_or.accumulate(side, axis=1) for side in (valid, valid[:, ::-1]))
        return begun & ahead[:, ::-1]


class empty_rows_run(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid | ~valid.any(axis=1, keepdims=True)


class padding_taken_for_neutral(Deviation):
    def asked(self, case: Case) -> Case:
        case = super().asked(case)
        return replace(case, inputs=np.where(case.valid[:, :, None], case.inputs, 0), lengths=None, mask=None)


class mask_of_the_outputs_alone(Deviation):
    def selected(self, counts: np.ndarray, new: Near, old: Near) -> Near:
        return new


class mask_of_the_state_alone(Deviation):
    def output(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return new


class masked_outputs_always_carried(Deviation):
    def output(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return h


class masked_outputs_always_zero(Deviation):
    def output(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return chosen(counts, h, zeros(h))


class masked_output_is_zero_before_the_first_step(Deviation):
    def output(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return chosen(counts | self.begun(counts), h, zeros(h))


DEVIATIONS = declared(globals())
"""All deviations of this file, in order."""

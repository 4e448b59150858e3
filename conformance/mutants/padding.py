"""Mutants with wrong lengths and masks: the choice of valid steps, the state carried over the others, and outputs
there.
"""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated


class lengths_ignored(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.ones_like(case.valid)


class length_off_by_one(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.mask is None and case.lengths is None:
            return case.valid
        return case.valid & (np.cumsum(case.valid, axis=1) < case.valid.sum(axis=1, keepdims=True))


class one_step_too_many(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid | np.pad(case.valid, ((0, 0), (1, 0)))[:, : case.time]


class mask_inverted(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid if case.mask is None else ~case.mask


class mask_taken_for_a_length(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) < case.valid.sum(axis=1, keepdims=True)


class right_padding_taken_for_left(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) >= case.time - case.valid.sum(axis=1, keepdims=True)


class rows_end_at_a_hole(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.logical_and.accumulate(case.valid, axis=1)


class holes_count(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        begun, ahead = (np.logical_or.accumulate(side, axis=1) for side in (case.valid, case.valid[:, ::-1]))
        return begun & ahead[:, ::-1]


class empty_rows_run(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid | ~case.valid.any(axis=1, keepdims=True)


class padding_taken_for_neutral(Emulated):
    def run(self, case: Case) -> Outputs:
        zeroed = np.where(case.valid[:, :, None], case.inputs, 0)
        return super().run(replace(case, inputs=zeroed, lengths=None, mask=None))


class padding_is_multiplied_away(Emulated):
    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        return (counts * new + ~counts * old).astype(old.dtype)


class mask_of_the_outputs_alone(Emulated):
    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        return new


class mask_of_the_state_alone(Emulated):
    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        self.new = new
        return super().select(counts, new, old)

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return self.new


class masked_outputs_always_carried(Emulated):
    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return h


class masked_outputs_always_zero(Emulated):
    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return np.where(counts, h, np.zeros_like(h))


class masked_output_is_zero_before_the_first_step(Emulated):
    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return np.where(counts | np.any(h != start, axis=1, keepdims=True), h, np.zeros_like(h))

"""Mutants that are wrong under some options together: padding without initial state, joined directions, some masks."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class mask_ignored_without_initial_state(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid if case.mask is None or case.initial_state is not None else np.ones_like(case.mask)


class reverse_starts_in_the_padding_without_initial_state(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid[:, ::-1] if case.reverse and case.initial_state is None else case.valid


class backward_final_state_from_the_last_time_without_initial_state(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        whole = case.lengths is None and case.mask is None
        off = direction == 1 and case.initial_state is None and not whole and case.time > 0
        return outputs, outputs[:, -1].copy() if off else final


class merged_backward_direction_reads_lengths_as_time(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        joined = backwards and case.merge in ("sum", "mul", "ave") and case.lengths is not None
        return np.ones_like(case.valid) if joined else case.valid


class product_of_directions_is_carried(Emulated):
    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return h if case.merge == "mul" else super().output(case, h, counts, start)


class average_of_directions_resets_after(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        return replace(p, reset="after") if case.merge == "ave" and p.reset == "before" else p


class full_mask_taken_for_an_empty_one(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.mask is None or not case.mask.all():
            return case.valid
        first_hole = np.argmin(case.mask, axis=1) if case.time else np.zeros(case.batch)
        return np.arange(case.time) < first_hole[:, None]


class equal_lengths_taken_for_none(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        equal = case.lengths is not None and len(np.unique(case.lengths)) == 1
        return np.ones_like(case.valid) if equal else case.valid


class zeros_after_the_longest_row(Emulated):
    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        if case.lengths is not None:
            outputs[:, np.max(case.lengths, initial=0) :] = 0
        return outputs


class batch_of_empty_rows_ends_in_zeros(Emulated):
    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return h if case.time == 0 or case.valid.any() else np.zeros_like(h)


class no_time_with_padding_raises(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.lengths is None and case.mask is None:
            return case.valid
        last = np.cumsum(case.valid, axis=1)[:, -1]
        return case.valid & (last > 0)[:, None]

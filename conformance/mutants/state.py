"""Mutants with a wrong state: its start, the way it is carried from step to step, and its return."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class initial_state_ignored(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        return np.zeros_like(case.starts[direction])


class initial_state_ignored_without_padding(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        return np.zeros_like(start) if case.lengths is None and case.mask is None else start


class no_initial_state_is_ones(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        return np.ones_like(start) if case.initial_state is None else start


class state_not_carried(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        self.first = super().start(case, direction)
        return self.first

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        return super().step(x, self.first, p)


class time_runs_in_chunks(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        self.count = 0
        return super().direction(case, direction)

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        self.count += 1
        return super().step(x, 0 * h if self.count % 16 == 0 else h, p)


class rows_share_a_state(Emulated):
    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        return super().step(x, np.broadcast_to(h[:1], h.shape), p)


class state_kept_between_calls(Emulated):
    kept: np.ndarray | None = None

    def start(self, case: Case, direction: int) -> np.ndarray:
        start, kept = case.starts[direction], self.kept
        if case.initial_state is not None or kept is None or kept.shape != start.shape:
            return start
        return kept.astype(case.dtype)

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        self.kept = h
        return h


class final_state_from_the_last_time(Emulated):
    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return outputs[:, -1] if case.time else h


class reverse_final_state_from_the_last_time(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        return outputs, outputs[:, -1] if case.time and (case.reverse or direction == 1) else final


class final_state_from_the_first_time(Emulated):
    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return outputs[:, 0] if case.time else h


class final_state_before_the_last_step(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        self.before = super().start(case, direction)
        return self.before

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        self.before = np.where(counts, old, self.before)
        return super().select(counts, new, old)

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return self.before


class final_state_runs_through_the_padding(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, _ = super().direction(case, direction)
        return outputs, super().direction(replace(case, lengths=None, mask=None), direction)[1]


class empty_row_ends_in_zeros(Emulated):
    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return np.where(case.valid.any(axis=1, keepdims=True) | (case.time == 0), h, np.zeros_like(h))


class final_state_of_no_time_is_zeros(Emulated):
    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return h if case.time else np.zeros_like(h)

"""Mutants that are wrong for some numbers only: zeros, large states, NaN at a valid step."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.biases import recurrent_bias_skipped_without_initial_state
from conformance.mutants.emulated import Emulated
from reference import Parameters


class zero_input_taken_for_padding(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid & case.inputs.any(axis=2)


class given_zeros_taken_for_no_state(recurrent_bias_skipped_without_initial_state):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        given = case.initial_state is not None
        dropped = given and not any(state.any() for state in case.starts)
        return super().direction(replace(case, initial_state=None if dropped else case.starts), direction)


class initial_state_clipped_at_5(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[direction].clip(-5, 5)


class nan_read_as_zero(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        return super().direction(replace(case, inputs=np.where(np.isnan(case.inputs), 0, case.inputs)), direction)


class nan_spreads_over_the_batch(Emulated):
    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        return super().step(x, h + 0 * h.sum(axis=0), p)

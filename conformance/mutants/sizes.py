"""Mutants that are wrong at some sizes only: whole vectors, remainders, thresholds in units, rows, inputs and time."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class recurrent_bias_dropped_for_whole_vectors(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        return p if p.units % 8 else replace(p, bias=np.stack([p.bias[0], np.zeros_like(p.bias[1])]))


class gates_exchanged_past_64_units(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        if p.units <= 64 or p.reset == "none":
            return p
        order = [1, 0, 2]
        return Parameters(p.kernel[order], p.recurrent_kernel[order], p.bias[:, order], p.reset)


class units_after_the_last_vector_of_16_kept(Emulated):
    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        whole = p.units // 16 * 16 if p.units > 48 else p.units
        return np.concatenate([super().step(x, h, p)[:, :whole], h[:, whole:]], axis=1)


class inputs_past_64_meet_the_first_weights(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        return replace(p, kernel=p.kernel[:, np.arange(p.input_dim) % 64])


class rows_past_16_share_an_initial_state(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[direction][np.minimum(np.arange(case.batch), 15)]


class a_single_row_reads_its_padding(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.ones_like(case.valid) if case.batch == 1 else case.valid


class outputs_after_40_steps_are_zeros(Emulated):
    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        outputs[:, 40:] = 0
        return outputs


class long_reverse_runs_are_forward(Emulated):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards and case.time <= 16)


class masks_start_again_after_16_steps(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid if case.mask is None else case.mask[:, np.arange(case.time) % 16]


class last_part_of_a_chunk_reads_the_chunk_before(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        times = np.arange(case.time)
        begun = case.time // 32 * 32
        stale = np.where((times >= begun) & (begun > 0), times - 32, times)
        return super().direction(replace(case, inputs=case.inputs[:, stale]), direction)

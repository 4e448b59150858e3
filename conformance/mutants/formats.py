"""Mutants that are wrong in formats of 16 bits only, or compute with less precision at some sizes only."""

from dataclasses import replace

import ml_dtypes
import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class bfloat16_products_in_large_runs(Emulated):
    large = False

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        self.large = case.batch * case.time >= 64
        return super().direction(case, direction)

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if not self.large:
            return a @ b
        return a.astype(ml_dtypes.bfloat16).astype(a.dtype) @ b.astype(ml_dtypes.bfloat16).astype(b.dtype)


class state_of_many_units_in_float16(Emulated):
    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        rounded = new.astype(np.float16).astype(new.dtype) if new.shape[1] > 40 else new
        return super().select(counts, rounded, old)


class recurrent_candidate_bias_missing_in_16_bits(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        bias = p.bias.copy()
        bias[1, -1] *= p.dtype.itemsize > 2
        return replace(p, bias=bias)


class hard_sigmoid_in_16_bits(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a) if a.dtype.itemsize > 2 else (a / 4 + 0.5).clip(0, 1)

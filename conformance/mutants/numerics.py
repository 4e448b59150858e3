"""Mutants that are right in real numbers and wrong in the claimed arithmetic: precision, activations, clipping,
overflow.

All of them claim NumPy's arithmetic: the case's own format throughout, sigma and tanh within 8 ULP, subnormals kept.
"""

from typing import Any

import ml_dtypes
import numpy as np

from conformance.mutants.emulated import Emulated
from reference import Parameters


class tf32_products(Emulated):
    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _tf32(a) @ _tf32(b)


class bfloat16_products(Emulated):
    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _through(ml_dtypes.bfloat16, a) @ _through(ml_dtypes.bfloat16, b)


class float16_products(Emulated):
    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _through(np.float16, a) @ _through(np.float16, b)


class bfloat16_sums(Emulated):
    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _summed(ml_dtypes.bfloat16, a, b)


class float16_sums(Emulated):
    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _summed(np.float16, a, b)


class state_in_bfloat16(Emulated):
    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        return super().select(counts, _through(ml_dtypes.bfloat16, new), old)


class state_in_float16(Emulated):
    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        return super().select(counts, _through(np.float16, new), old)


class float32_under_float64(Emulated):
    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.dtype != np.float64:
            return super().step(x, h, p)
        x, h, W, U, b = (array.astype(np.float32) for array in (x, h, *p.weights))
        return super().step(x, h, Parameters(W, U, b, p.reset)).astype(np.float64)


class one_minus_z_in_float16(Emulated):
    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return z * h + _through(np.float16, 1 - z) * n


class flushed_to_zero(Emulated):
    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        state = super().blend(z, h, n)
        return np.where(np.abs(state) < np.finfo(state.dtype).tiny, np.zeros_like(state), state)


class inputs_clipped(Emulated):
    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        return super().step(np.clip(x, -5, 5), h, p)


def _through(format: Any, a: np.ndarray) -> np.ndarray:
    """Numbers rounded to a format, in their original dtype."""
    return a.astype(format).astype(a.dtype)


def _summed(format: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product a @ b, with one term added after another, and each sum rounded to a format."""
    total = np.zeros((len(a), b.shape[1]), a.dtype)
    for column, row in zip(a.T, b, strict=True):
        total = _through(format, total + np.outer(column, row))
    return total


def _tf32(a: np.ndarray) -> np.ndarray:
    """Round to nearest, ties to even, at the 10th fractional bit. float64 stays unchanged."""
    if a.dtype != np.float32:
        return a
    bits = np.ascontiguousarray(a).view(np.uint32)
    return ((bits + 0x0FFF + ((bits >> 13) & 1)) & np.uint32(0xFFFFE000)).view(np.float32)

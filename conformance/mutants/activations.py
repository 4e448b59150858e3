"""Rough sigma and tanh, at several levels, under a claim of 8 ULP: by few terms, clipped, cancelling, overflowing."""

import numpy as np

from conformance.mutants.emulated import Emulated


class rough_tanh(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return _rational(a)


class tanh_off_by_2_to_the_minus_11(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) * (1 - 2**-11)


class tanh_off_by_2_to_the_minus_14(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) * (1 - 2**-14)


class tanh_off_by_32_ulps(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) - 32 * np.spacing(np.tanh(a))


class tanh_off_by_16_ulps(Emulated):
    # A step may be off by 8 ULP in tanh and by 8 in 1 - z: only sums without error show it.
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) - 16 * np.spacing(np.tanh(a))


class tanh_clipped_at_4(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(np.clip(a, -4, 4))


class tanh_clipped_at_3(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(np.clip(a, -3, 3))


class tanh_cancels(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return 1 - 2 / (np.exp(2 * a) + 1)


class rough_sigmoid(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (_rational(a / 2) + 1) / 2


class sigmoid_off_by_2_to_the_minus_11(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a) * (1 - 2**-11)


class sigmoid_off_by_2_to_the_minus_14(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a) * (1 - 2**-14)


class sigmoid_off_by_16_ulps(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a) - 16 * np.spacing(super().sigmoid(a))


class overflowing_sigmoid(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        e = np.exp(a)
        return e / (1 + e)


def _rational(a: np.ndarray) -> np.ndarray:
    """A short fraction for tanh."""
    c = np.clip(a, -3, 3)
    return c * (27 + c * c) / (27 + 9 * c * c)

"""Rough sigma and tanh, at several levels, under a claim of 8 ULP: by few terms, clipped, cancelling, overflowing."""

import numpy as np

from conformance.mutants.emulated import Emulated


class rough_tanh(Emulated):
    """tanh is a rational approximation, up to 2.4 per cent off."""

    link = "https://github.com/tensorflow/tensorflow/issues/55390"

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return _rational(a)


class tanh_off_by_2_to_the_minus_11(Emulated):
    """tanh is too small by 2^-11 of itself."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) * (1 - 2**-11)


class tanh_off_by_2_to_the_minus_14(Emulated):
    """tanh is too small by 2^-14 of itself."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) * (1 - 2**-14)


class tanh_off_by_32_ulps(Emulated):
    """tanh is too small by 32 units in the last place."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) - 32 * np.spacing(np.tanh(a))


class tanh_clipped_at_4(Emulated):
    """The argument of tanh is clipped to 4 in magnitude, where tanh is not yet 1."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(np.clip(a, -4, 4))


class tanh_clipped_at_3(Emulated):
    """The argument of tanh is clipped to 3 in magnitude."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(np.clip(a, -3, 3))


class tanh_cancels(Emulated):
    """tanh is written 1 - 2 / (exp(2 a) + 1), which cancels where it is small."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return 1 - 2 / (np.exp(2 * a) + 1)


class rough_sigmoid(Emulated):
    """The logistic function is made of a rational tanh, up to 1.2 per cent off."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (_rational(a / 2) + 1) / 2


class sigmoid_off_by_2_to_the_minus_11(Emulated):
    """The logistic function is too small by 2^-11 of itself."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a) * (1 - 2**-11)


class sigmoid_off_by_2_to_the_minus_14(Emulated):
    """The logistic function is too small by 2^-14 of itself."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a) * (1 - 2**-14)


class sigmoid_off_by_16_ulps(Emulated):
    """The logistic function is too small by 16 units in the last place."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a) - 16 * np.spacing(super().sigmoid(a))


class overflowing_sigmoid(Emulated):
    """The logistic function is written e / (1 + e), and infinity over infinity is NaN."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        e = np.exp(a)
        return e / (1 + e)


def _rational(a: np.ndarray) -> np.ndarray:
    """A short fraction for tanh."""
    c = np.clip(a, -3, 3)
    return c * (27 + c * c) / (27 + 9 * c * c)

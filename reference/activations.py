"""The two nonlinearities and their slopes.

A slope is a function of the nonlinearity's own value, because the backward pass has this value.

Left out: every other activation. A GRU with another one is another function.
"""

import numpy as np


def sigmoid(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a)), without overflow and accurate in both tails."""
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def sigmoid_slope(s: np.ndarray) -> np.ndarray:
    """The derivative of sigmoid where its value is s."""
    return s * (1 - s)


def tanh(a: np.ndarray) -> np.ndarray:
    """The hyperbolic tangent."""
    return np.tanh(a)


def tanh_slope(t: np.ndarray) -> np.ndarray:
    """The derivative of tanh where its value is t; as a product, since 1 - t*t cancels near saturation."""
    return (1 - t) * (1 + t)

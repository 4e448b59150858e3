"""The gradients of a framework's weights by gate, for any layout of its arrays."""

from collections.abc import Callable, Sequence

import numpy as np

from reference import Parameters

Layout = Callable[[Parameters], Sequence[np.ndarray]]
"""A function from one direction's parameters to a framework's arrays."""


def by_gate(layout: Layout, p: Parameters, gradients: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The gradients of kernel, recurrent kernel and bias, from the gradients of the framework's arrays in their order.

    The layout of parameters that contain their own places, counted from 1, shows the place and the sign of each number.
    If the framework adds a recurrent bias to the input bias, both have the same gradient, because only their sum
    counts.
    """
    ends = np.cumsum([array.size for array in p.weights])
    places = np.split(np.arange(1, 1 + ends[-1]).astype(np.float64), ends[:-1])
    kernel, recurrent_kernel, bias = (
        place.reshape(array.shape) for place, array in zip(places, p.weights, strict=True)
    )
    kept = _kept(layout, p)
    bias[1, ~kept] = 0
    found = np.zeros(ends[-1], p.dtype)
    arrays = layout(Parameters(kernel, recurrent_kernel, bias, p.reset))
    for place, gradient in zip(arrays, gradients, strict=True):
        found[np.abs(place).astype(int) - 1] = np.sign(place).astype(p.dtype) * gradient
    parts = zip(np.split(found, ends[:-1]), p.weights, strict=True)
    of_kernel, of_recurrent_kernel, of_bias = (part.reshape(array.shape) for part, array in parts)
    of_bias[1, ~kept] = of_bias[0, ~kept]
    return of_kernel, of_recurrent_kernel, of_bias


def _kept(layout: Layout, p: Parameters) -> np.ndarray:
    """The gates whose recurrent bias the framework holds: a 2 beside an input bias of 1 is still a 2."""
    kept = np.zeros(len(p.gates), bool)
    for gate in range(len(p.gates)):
        bias = np.zeros(p.bias.shape)
        bias[:, gate] = [[1], [2]]
        arrays = layout(Parameters(np.zeros(p.kernel.shape), np.zeros(p.recurrent_kernel.shape), bias, p.reset))
        kept[gate] = any((np.abs(array) == 2).any() for array in arrays)
    return kept

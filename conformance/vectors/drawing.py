"""The numbers of vectors: few bits, no two alike, and the same on every machine and in every version of Python.

They come from `random.Random(seed).random()`. Python's documentation promises the same sequence in every version. NumPy
promises this for no distribution of its generators, so this module uses none.
"""

from math import prod
from random import Random
from typing import cast

import numpy as np

from reference import Parameters
from reference.parameters import Reset


class Numbers:
    """Draws multiples of 2**-bits, never 0, from a seed.

    Attributes:
        dtype: The format in which the numbers are exact.
        bits: The number of fractional bits. Up to 12 bits, a value repeats only after all others have occurred; 23 bits
            fill a float32.
        gain: A factor of weights.
    """

    def __init__(self, seed: int, *, dtype: str = "float32", bits: int = 3, gain: float = 1.0) -> None:
        self._random, self.dtype, self.bits, self.gain = Random(seed), dtype, bits, gain

    def inputs(self, shape: tuple[int, ...]) -> np.ndarray:
        """Inputs, below 2 in magnitude."""
        return self.draw(shape, 2.0, self.bits)

    def states(self, shape: tuple[int, ...]) -> np.ndarray:
        """Initial states, below 1 in magnitude."""
        return self.draw(shape, 1.0, self.bits + 1)

    def parameters(self, input_dim: int, units: int, reset: str) -> Parameters:
        """One direction's parameters. Biases always have few bits, so that the sum of two is exact."""
        gates = 2 if reset == "none" else 3
        return Parameters(
            self.draw((gates, input_dim, units), 2.0, self.bits) * self._cast(self.gain),
            self.draw((gates, units, units), 2.0, self.bits) * self._cast(self.gain),
            self.draw((2, gates, units), 1.0, 4),
            cast(Reset, reset),
        )

    def cotangents(self, shape: tuple[int, ...]) -> np.ndarray:
        """Cotangents, below 2 in magnitude, of few bits."""
        return self.draw(shape, 2.0, 2)

    def draw(self, shape: tuple[int, ...], limit: float, bits: int) -> np.ndarray:
        """Multiples of 2**-bits between -limit and limit, both excluded."""
        highest = int(limit * 2**bits)
        pool: list[int] = []
        values: list[int] = []
        for _ in range(prod(shape)):
            if bits > 12:
                # With so many values hardly any occurs twice. They are odd, so that the last bit is used.
                values.append(2 * int(self._random.random() * highest) + 1 - highest)
                continue
            if not pool:
                pool = [value for value in range(-highest + 1, highest) if value]
            values.append(pool.pop(int(self._random.random() * len(pool))))
        return (np.array(values, np.float64) / 2**bits).astype(self.dtype).reshape(shape)

    def _cast(self, factor: float) -> np.generic:
        return np.dtype(self.dtype).type(factor)

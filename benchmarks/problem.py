"""The numbers of a row: equal in every process, and for every row of one shape and reset."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from benchmarks.rows import Row
from reference import Parameters


class Problem(NamedTuple):
    """The numbers of a row.

    Attributes:
        inputs: (batch, time, input_dim).
        parameters: A GRU for each direction.
        lengths: (batch,) or None.
        cotangents: Cotangents of the outputs, (batch, time, directions * units); 0 at masked steps, whose outputs
            differ between frameworks.
    """

    inputs: np.ndarray
    parameters: tuple[Parameters, ...]
    lengths: np.ndarray | None
    cotangents: np.ndarray

    @property
    def valid(self) -> np.ndarray:
        """The valid steps, (batch, time) booleans."""
        batch, time, _ = self.inputs.shape
        return np.ones((batch, time), bool) if self.lengths is None else np.arange(time) < self.lengths[:, None]

    @property
    def units(self) -> int:
        """The width of one direction's state."""
        return self.parameters[0].units


@lru_cache(maxsize=2)
def problem(row: Row) -> Problem:
    """The numbers of a row, in float32."""
    batch, time, input_dim, units = row.shape
    random = np.random.default_rng([batch, time, input_dim, units])
    inputs = _normal(random, batch, time, input_dim)
    cotangents = _normal(random, batch, time, row.directions * units)
    lengths = None
    if row.masked:
        lengths = random.permutation(np.array(row.lengths, np.int32))
    gates = tuple(parameters(row.reset, input_dim, units, direction) for direction in range(row.directions))
    made = Problem(inputs, gates, lengths, cotangents)
    cotangents *= made.valid[:, :, None]
    return made


@cache
def parameters(reset: str, input_dim: int, units: int, direction: int) -> Parameters:
    """Weights with the scale of usual initial values. Reset before has one bias, as in Keras. Biases have few bits, so
    that a framework with one bias for both sides of a gate adds them exactly.
    """
    random = np.random.default_rng([input_dim, units, direction])
    bias = np.round(_normal(random, 2, 3, units) * 32) / 256
    if reset == "before":
        bias[1] = 0
    kernel = _normal(random, 3, input_dim, units) / np.float32(input_dim) ** 0.5
    recurrent_kernel = _normal(random, 3, units, units) / np.float32(units) ** 0.5
    return Parameters(kernel.astype(np.float32), recurrent_kernel.astype(np.float32), bias, reset)


def _normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.standard_normal(shape, np.float32)

"""Mutants whose error is smaller than the bound of a step: no clause detects them, but the probe refutes their claims.

The bound of a step adds up all errors that its arithmetic allows, and these mutants use only a part of it. The probe
measures sigma and tanh alone.
"""

import numpy as np

from conformance.mutants.emulated import Emulated


class tanh_off_by_16_ulps(Emulated):
    """A step may be off by 8 ULP in tanh and by 8 in 1 - z, which may be computed as sigma of the opposite argument."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) - 16 * np.spacing(np.tanh(a))


class sigmoid_from_tanh(Emulated):
    """The error is a unit roundoff, as large as the rounding of 1 - z, and only a candidate of 0 shows it."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (np.tanh(a / 2) + 1) / 2

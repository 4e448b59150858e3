"""A mutant whose error is smaller than the bound of a step: no clause detects it, but the probe refutes its claim.

The bound of a step adds up all errors that its arithmetic allows, and this mutant uses only a part of it. The probe
measures sigma and tanh alone.
"""

import numpy as np

from conformance.mutants.emulated import Emulated


class sigmoid_from_tanh(Emulated):
    """The error is a unit roundoff, as large as the rounding of 1 - z, and only a candidate of 0 shows it."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (np.tanh(a / 2) + 1) / 2

"""Wrong by less than the bound of a step has room for: no clause tells, and the probe refutes their claims.

What a step may be off adds up all that its arithmetic may do, and these use a part of it alone. The probe looks at
sigma and tanh by themselves.
"""

import numpy as np

from conformance.mutants.emulated import Emulated


class tanh_off_by_16_ulps(Emulated):
    """A step may be off by 8 ULP in tanh and by 8 in 1 - z, which may be computed as sigma of the opposite argument."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a) - 16 * np.spacing(np.tanh(a))


class sigmoid_from_tanh(Emulated):
    """The error is a unit roundoff there, as much as 1 - z is rounded by, and only a candidate of 0 shows it."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (np.tanh(a / 2) + 1) / 2

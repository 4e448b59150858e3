"""Statistical rules beside the proven bound: they detect errors that are systematic, or too large as a whole.

The proven bound of a sum grows with its n terms, honest errors with sqrt(n). At large sizes a wrong arithmetic can
therefore stay within the bound. There are two rules. Each has a false alarm probability of at most FALSE_ALARM under
the model of bounds/expected.py. An alarm is a separate verdict: the claimed class is not met, statistically.

Spread: for independent errors with variance proxy 1, P(sum X^2 > N + 2 sqrt(N t) + 2 t) <= exp(-t) (Hsu, Kakade & Zhang
2012, "A tail inequality for quadratic forms of subgaussian random vectors"). Drift: P(|sum w X| > t) <= 2 exp(-t^2 / (2
sum w^2 s^2)) (Hoeffding 1963).
"""

from math import log, sqrt
from typing import NamedTuple

import numpy as np

FALSE_ALARM = 2.0**-40
"""The false alarm probability of each rule in each verdict. It is a policy, not a tolerance: at 10,000 verdicts a
day, one false alarm in 300,000 years.
"""


class Sample(NamedTuple):
    """Statistics of a set of errors. Samples of independent errors add.

    Attributes:
        size: The number of errors.
        squares: The sum of (error beyond the claim / noise)^2.
        drift: The weighted sum of errors.
        claimed: The same weighted sum of the claimed errors.
        variance: The variance of drift.
    """

    size: int = 0
    squares: float = 0.0
    drift: float = 0.0
    claimed: float = 0.0
    variance: float = 0.0

    @staticmethod
    def of(error: np.ndarray, claimed: np.ndarray, noise: np.ndarray) -> "Sample":
        """Make a sample from errors, the errors that a claim allows, and the standard deviation of the rest.

        An error that is not finite is outside every bound and is left out here.
        """
        used = (noise > 0) & np.isfinite(error)
        error, claimed, noise = error[used], claimed[used], noise[used]
        beyond = np.maximum(np.abs(error) - claimed, 0) / noise
        scale = noise + claimed
        # A number of which the claim allows more than rounding makes carries little information, and gets little
        # weight.
        telling = noise / scale
        return Sample(
            error.size,
            float(np.sum(beyond**2)),
            float(np.sum(telling * (error / scale))),
            float(np.sum(telling * (claimed / scale))),
            float(np.sum(telling**4)),
        )

    def __add__(self, other: tuple[float, ...]) -> "Sample":  # pyright: ignore[reportIncompatibleMethodOverride]
        return Sample(*(a + b for a, b in zip(self, other, strict=True)))  # pyright: ignore[reportArgumentType]

    @property
    def spread(self) -> float:
        """The size of the errors beyond the claim, relative to the rule's limit; above 1 it is an alarm."""
        t = -log(FALSE_ALARM)
        allowed = self.size + 2 * sqrt(self.size * t) + 2 * t
        return sqrt(self.squares / allowed)

    @property
    def leaning(self) -> float:
        """The drift of the errors to one side, relative to the rule's limit; above 1 it is an alarm."""
        allowed = self.claimed + sqrt(2 * log(2 / FALSE_ALARM) * self.variance)
        return abs(self.drift) / allowed if allowed else 0.0

    @property
    def alarm(self) -> str | None:
        """The message of the rules, or None."""
        worst = max(self.spread, self.leaning)
        if not worst > 1:
            return None
        what = "are too large as a whole" if self.spread >= self.leaning else "lean to one side"
        return (
            f"the errors of {self.size} numbers {what}, by {worst:.3g} times what independent roundings would: "
            f"claimed class not met (statistical, p < 2^{log(FALSE_ALARM) / log(2):.0f})"
        )


class Scale(NamedTuple):
    """The statistic that detects gradients that are all too large or too small by one factor.

    It is a weighted sum of errors in proportion to their numbers; the errors are bounded. Gradients that share a factor
    share its rounding: the gradients of one gate and unit to all inputs, or of one row and time. Each such group counts
    as one error, as large as all its bounds together; the arrays of one case also count as one. If groups are
    independent, have mean 0 and stay within their bounds, the sum exceeds t sqrt(squares) with a probability of at most
    2 exp(-t^2 / 2) (Hoeffding 1963).
    """

    size: int = 0
    drift: float = 0.0
    squares: float = 0.0

    @staticmethod
    def of(error: np.ndarray, exact: np.ndarray, bound: np.ndarray, shared: int | None = None) -> "Scale":
        """Make the statistic from errors, exact numbers and bounds. shared: the axis along which roundings are
        shared.
        """
        used = (bound > 0) & np.isfinite(bound) & np.isfinite(error)
        safe = np.where(used, bound, 1)
        part, off = np.where(used, exact / safe, 0), np.where(used, error / safe, 0)
        reach = np.abs(part) if shared is None else np.abs(part).sum(axis=shared)
        return Scale(int(used.sum()), float(np.sum(part * off)), float(np.sum(reach**2)))

    @staticmethod
    def together(scales: "list[Scale]") -> "Scale":
        """Join arrays whose errors may have everything in common: their reaches add, not the squares of these."""
        reach = sum(sqrt(scale.squares) for scale in scales)
        return Scale(sum(scale.size for scale in scales), sum(scale.drift for scale in scales), reach**2)

    def __add__(self, other: tuple[float, ...]) -> "Scale":  # pyright: ignore[reportIncompatibleMethodOverride]
        return Scale(*(a + b for a, b in zip(self, other, strict=True)))  # pyright: ignore[reportArgumentType]

    @property
    def leaning(self) -> float:
        """The scaling of the numbers, relative to the rule's limit; above 1 it is an alarm."""
        allowed = sqrt(2 * log(2 / FALSE_ALARM) * self.squares)
        return abs(self.drift) / allowed if allowed else 0.0

    @property
    def alarm(self) -> str | None:
        """The message of the rule, or None."""
        if not self.leaning > 1:
            return None
        way = "large" if self.drift > 0 else "small"
        return (
            f"{self.size} numbers are too {way} by one factor, {self.leaning:.3g} times what independent errors "
            f"within their bounds would be: claimed class not met (statistical, p < 2^{log(FALSE_ALARM) / log(2):.0f})"
        )


NO_SAMPLE = Sample()
NO_SCALE = Scale()
"""The statistics of no errors."""

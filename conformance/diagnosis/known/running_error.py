"""Numbers with a running error bound: an interval for the result of any implementation in a claimed arithmetic.

A Near has float64 values and, for each, a bound on the distance of a computation in the claimed arithmetic from the
exact value. Each operation adds its own rounding to the errors of its operands (Wilkinson's running error analysis).
NumPy in float64 is such a computation too, so an honest answer is within *twice* the error of these values: once for
itself, once for NumPy. The bound belongs to a whole run. It is wider than the bound of one step, and far narrower than
the difference between two conventions.

Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, 3.1 and 3.3.
"""

from dataclasses import dataclass

import numpy as np

from conformance.interface.arithmetic import Arithmetic

ADDED = 6
"""The number of roundings of a term of a pre-activation besides its product's: biases and the other side."""


@dataclass(frozen=True, eq=False)
class Near:
    """Values and their errors, float64 arrays of one shape."""

    value: np.ndarray
    error: np.ndarray

    @staticmethod
    def exactly(value: np.ndarray) -> "Near":
        """Machine numbers without an error."""
        wide = value.astype(np.float64)
        return Near(wide, np.zeros_like(wide))

    @property
    def size(self) -> np.ndarray:
        """The largest magnitude that the number may have."""
        return np.abs(self.value) + self.error

    def contains(self, computed: np.ndarray, ours: np.ndarray) -> bool:
        """True if every computed number may be this one, with `ours` as the error of these values. NaN and
        infinities may not.
        """
        with np.errstate(invalid="ignore"):
            return bool(np.all(np.abs(computed.astype(np.float64) - self.value) <= self.error + ours))


class Rounded:
    """The operations of one claimed arithmetic on Near numbers."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        formats = (arithmetic.format, arithmetic.operands, arithmetic.sums, arithmetic.output_format)
        self.unit, self.operand, self.sums, self.output = (
            max(float(arithmetic.unit(format)), float(np.finfo(np.float64).eps)) for format in formats
        )
        self.least = max(float(arithmetic.underflow(format)) for format in formats)
        accuracy = arithmetic.accuracy
        self.relative = 2 * float(accuracy.ulps) * self.unit
        self.absolute = accuracy.floor * self.unit + float(accuracy.absolute) + self.least

    def product(self, a: Near, matrix: np.ndarray) -> Near:
        """The product a @ matrix, to be added to other terms in any order."""
        weights, count = np.abs(matrix), len(matrix) + ADDED
        each = 2 * self.operand + self.operand**2 + count * self.sums / (1 - count * self.sums)
        return Near(a.value @ matrix, a.error @ weights + each * (a.size @ weights) + count * self.least)

    def plus(self, a: Near, b: Near | np.ndarray) -> Near:
        """A sum whose terms may have been added in another order."""
        b = b if isinstance(b, Near) else Near(b, np.zeros_like(b))
        rounded = ADDED * max(self.unit, self.sums) * (a.size + b.size)
        return Near(a.value + b.value, a.error + b.error + rounded)

    def times(self, a: Near, b: Near) -> Near:
        """A product of numbers."""
        error = a.size * b.error + a.error * np.abs(b.value) + self.unit * a.size * b.size + self.least
        return Near(a.value * b.value, error)

    def one_minus(self, a: Near) -> Near:
        """The difference 1 - a."""
        return Near(1 - a.value, a.error + self.unit * (1 + a.size))

    def scaled(self, a: Near, factor: float, shift: float = 0.0) -> Near:
        """factor a + shift."""
        size = np.abs(factor) * a.size + np.abs(shift)
        return Near(factor * a.value + shift, np.abs(factor) * a.error + ADDED * self.unit * size + self.least)

    def clipped(self, a: Near, low: float, high: float) -> Near:
        """a, clipped to an interval."""
        return Near(np.clip(a.value, low, high), a.error)

    def tanh(self, a: Near) -> Near:
        """tanh, whose slope is at most 1."""
        value = np.tanh(a.value)
        return Near(value, a.error + self.relative * (np.abs(value) + a.error) + self.absolute)

    def sigmoid(self, a: Near) -> Near:
        """The logistic function, whose slope is at most 1/4."""
        e = np.exp(-np.abs(a.value))
        value = np.where(a.value >= 0, 1, e) / (1 + e)
        return Near(value, a.error / 4 + self.relative * (value + a.error) + self.absolute)

    def blended(self, z: Near, h: Near, n: Near) -> Near:
        """z h + (1 - z) n in any of its forms, each of which rounds less than ADDED times, on numbers no larger than
        `size`.
        """
        keep = 1 - z.value
        size = (z.size + np.abs(keep) + z.error) * (h.size + n.size)
        error = z.error * (np.abs(h.value - n.value) + h.error + n.error)
        error = error + np.abs(z.value) * h.error + np.abs(keep) * n.error + ADDED * self.unit * size + self.least
        return Near(z.value * h.value + keep * n.value, error)

    def shown(self, a: Near) -> Near:
        """A state, rounded to be carried and returned."""
        rounding = max(self.unit, self.output)
        return Near(a.value, a.error + rounding * a.size + self.least)


def chosen(where: np.ndarray, a: Near, b: Near) -> Near:
    """a where the condition holds, else b."""
    return Near(np.where(where, a.value, b.value), np.where(where, a.error, b.error))


def zeros(like: Near) -> Near:
    """Exact zeros of the same shape."""
    return Near.exactly(np.zeros_like(like.value))


def stacked(parts: list[Near], axis: int) -> Near:
    """Arrays joined along a new axis."""
    return Near(np.stack([part.value for part in parts], axis), np.stack([part.error for part in parts], axis))

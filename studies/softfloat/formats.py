"""Floating point in software: any binary format, every rounding, on NumPy arrays.

Numbers of a format are represented by the equal float64 numbers: at most 53 bits, and float64's exponents. An operation
is first exact, as an unevaluated sum of two numbers and a power of two, and is then rounded once. Subnormal numbers are
kept, or flushed to 0 as operands and as results.

Source: Knuth (the error of a sum) and Dekker 1971 (of a product); Boldo & Melquiond 2008, "Emulation of a FMA and
correctly rounded sums: proved algorithms using rounding to odd".

Left out: division, exceptions, signs of zero.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np

from conformance.interface.arithmetic import Format

MODES = ("nearest", "nearest away", "up", "down", "toward zero", "stochastic")
"""Ties to even or away from zero; directed; stochastic: up or down, the nearer side with higher probability."""

FAR = 200
"""If two terms of a sum are further apart than this many binary places, no rounding to 53 bits combines them. The
smaller only shows on which side of the larger the sum lies, wherever it is beyond this.
"""

NOTHING = -(1 << 20)
"""The exponent of 0: below the exponent of every other number."""


class Exact(NamedTuple):
    """Real numbers (high + low) 2^exponent, with low at most about half a unit in the last place of high.

    The number is exact, or on the same side as the exact number of everything that a rounding to 53 bits compares it
    with.
    """

    high: np.ndarray
    low: np.ndarray
    exponent: np.ndarray

    @property
    def place(self) -> np.ndarray:
        """The exponents of their binades, from 2^(place - 1) up to 2^place; for 0, far below every format."""
        mantissa, place = np.frexp(self.high)
        # A power of two minus something lies in the binade below.
        place = place - ((np.abs(mantissa) == 0.5) & (np.sign(self.low) == -np.sign(self.high)))
        return np.where(mantissa == 0, NOTHING, place + self.exponent)

    @staticmethod
    def of(high: np.ndarray, low: np.ndarray | float = 0.0) -> "Exact":
        """The sum of two float64 numbers of which the second is at most half a unit in the last place of the first."""
        high = np.asarray(high, np.float64)
        mantissa, exponent = np.frexp(high)
        return Exact(mantissa, np.ldexp(low, -exponent), exponent)

    @staticmethod
    def sum(a: np.ndarray | float, b: np.ndarray) -> "Exact":
        """a + b."""
        (a, of_a), (b, of_b) = _parts(a), _parts(b)
        exponent = np.maximum(of_a, of_b)
        return Exact(*_two_sum(_shifted(a, of_a - exponent), _shifted(b, of_b - exponent)), exponent)

    @staticmethod
    def product(a: np.ndarray, b: np.ndarray) -> "Exact":
        """a b."""
        (a, of_a), (b, of_b) = _parts(a), _parts(b)
        return Exact(*_two_product(a, b), of_a + of_b)

    @staticmethod
    def product_sum(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> "Exact":
        """a b + c."""
        high, low, of_product = Exact.product(a, b)
        c, of_c = _parts(c)
        exponent = np.maximum(of_product, of_c)
        high, low = (_shifted(part, of_product - exponent) for part in (high, low))
        middle = _shifted(c, of_c - exponent)
        for _ in range(3):  # each moves the rest of a cancellation up one place
            middle, low = _two_sum(middle, low)
            high, middle = _two_sum(high, middle)
        return Exact(high, _odd(*_two_sum(middle, low)), exponent)


@dataclass(frozen=True, eq=False)
class Soft:
    """The operations of one format in one rounding.

    Attributes:
        format: The format.
        rounding: One of MODES.
        flush: True reads subnormal operands as 0, and returns 0 for results whose exact value is below the normal
            range.
        rng: The random numbers of stochastic rounding.
    """

    format: Format
    rounding: str = "nearest"
    flush: bool = False
    rng: np.random.Generator | None = None

    def __post_init__(self) -> None:
        if self.rounding not in MODES:
            raise ValueError(f"rounding is {self.rounding!r}, but must be one of {', '.join(MODES)}")
        if self.rounding == "stochastic" and self.rng is None:
            raise ValueError("stochastic rounding draws numbers: give it rng, a numpy.random.Generator")
        p, low, high = self.format
        if p > 53 or low - p < -1022 - 53 or high > 1023 or p < 1:
            raise ValueError(f"{self.format} is not within float64, which carries its numbers: use fewer bits")

    @cached_property
    def largest(self) -> float:
        """The largest number."""
        return float(2 * self.format.half_largest)

    def read(self, numbers: np.ndarray | float) -> np.ndarray:
        """Numbers of the format as an operation reads them."""
        numbers = np.asarray(numbers, np.float64)
        return np.where(np.abs(numbers) < float(self.format.smallest_normal), 0.0, numbers) if self.flush else numbers

    def cast(self, numbers: np.ndarray) -> np.ndarray:
        """float64 numbers rounded to the format."""
        return self.round(Exact.of(numbers))

    def add(self, a: np.ndarray | float, b: np.ndarray) -> np.ndarray:
        """a + b, rounded."""
        return self.round(Exact.sum(self.read(a), self.read(b)))

    def subtract(self, a: np.ndarray | float, b: np.ndarray) -> np.ndarray:
        """a - b, rounded."""
        return self.add(a, np.negative(b))

    def multiply(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """a b, rounded."""
        return self.round(Exact.product(self.read(a), self.read(b)))

    def multiply_add(self, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        """a b + c, rounded once."""
        return self.round(Exact.product_sum(self.read(a), self.read(b), self.read(c)))

    def round(self, exact: Exact) -> np.ndarray:
        """Real numbers rounded to the format. NaN and infinities stay."""
        with np.errstate(all="ignore"):
            high, low, exponent = exact
            place = exact.place
            last = np.maximum(place, self.format.smallest + 1) - self.format.precision
            # Far below the last place, a number only shows its sign.
            shift = exponent - last + np.maximum(0, last - FAR - place)
            high, low = np.ldexp(high, shift), np.ldexp(low, shift)
            below = np.floor(high)
            below -= (high == below) & (low < 0)
            steps = self._steps(below, high - below, low)
            result = np.ldexp(below + steps, last)
            if self.flush:
                result = np.where(place <= self.format.smallest, 0.0, result)
            result = self._within_range(result)
            return np.where(np.isfinite(exact.high), result, exact.high)

    def _steps(self, below: np.ndarray, rest: np.ndarray, low: np.ndarray) -> np.ndarray:
        """True if below + rest + low, with the last two between 0 and 1, is rounded up from the integer below."""
        inexact = (rest != 0) | (low != 0)
        if self.rounding == "up":
            return inexact
        if self.rounding == "down":
            return np.zeros_like(inexact)
        if self.rounding == "toward zero":
            return inexact & (below < 0)
        if self.rounding == "stochastic":
            drawn = cast(np.random.Generator, self.rng).random(rest.shape)
            return inexact & (drawn < rest + low)
        half = (rest - 0.5) + low  # its sign is right even where it is rounded
        tie = below >= 0 if self.rounding == "nearest away" else np.fmod(below, 2) != 0
        return (half > 0) | ((half == 0) & tie)

    def _within_range(self, result: np.ndarray) -> np.ndarray:
        """Above the largest number: an infinity, or the largest number if the rounding leads back to it."""
        beyond = np.abs(result) > self.largest
        if not beyond.any():
            return result
        back = {
            "up": result < 0,
            "down": result > 0,
            "toward zero": True,
        }.get(self.rounding, False)
        return np.where(beyond, np.copysign(np.where(back, self.largest, np.inf), result), result)


def _parts(numbers: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Mantissas from 1/2 up to 1, and exponents."""
    mantissa, exponent = np.frexp(np.asarray(numbers, np.float64))
    return mantissa, np.where(mantissa == 0, NOTHING, exponent)


def _shifted(mantissa: np.ndarray, places: np.ndarray) -> np.ndarray:
    """mantissa 2^places, for places up to 0, limited to the range that a rounding can see."""
    return np.ldexp(mantissa, np.maximum(places, -FAR))


def _two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rounded sum and its error."""
    with np.errstate(all="ignore"):
        total = a + b
        other = total - a
        return total, (a - (total - other)) + (b - other)


def _two_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rounded product and its error, for mantissas."""
    with np.errstate(all="ignore"):
        product = a * b
        (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
        return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _halves(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two numbers of 26 bits whose sum is a."""
    scaled = a * (2.0**27 + 1)
    high = scaled - (scaled - a)
    return high, a - high


def _odd(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """high + low rounded to odd: to the neighbour whose last bit is set, unless it is exact."""
    even = np.asarray(high).view(np.int64) & 1 == 0
    moved = np.nextafter(high, np.copysign(np.inf, low))
    return np.where((low != 0) & even, moved, high)

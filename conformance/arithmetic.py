"""Arithmetic classes: what a GRU says of its own arithmetic, from which every accepted difference follows.

A class is a claim. The suite judges an implementation against the class it claims; a looser class is another name in
the report, never a wider tolerance.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Format(NamedTuple):
    """A binary floating-point format: its precision in bits and the exponents of its normal range (IEEE 754)."""

    precision: int
    smallest: int
    largest: int


FORMATS = {
    "float16": Format(11, -14, 15),
    "float32": Format(24, -126, 127),
    "float64": Format(53, -1022, 1023),
}

ACTIVATION_ULPS = (1, 4, 8)
ACTIVATION_FLOORS = (0, 1, 2)
"""The closed lists of what can be claimed: a rougher activation is a finding, not a claim."""


class InvalidClaim(ValueError):
    """A claim that is not of the closed list."""


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """Round to nearest in one format, each product and sum rounded or contracted, sums in any order.

    W x + b and U h + c are summed apart, then added; a gate's two biases may also be added beforehand.
    activation_ulps: sigma and tanh are within so many units in the last place of the exact value at their argument.
    activation_floor: ... and so many unit roundoffs (2**-precision) more: sigma computed through tanh has no relative
    accuracy where it is small. flush: subnormal inputs and results are replaced by 0 (a copy is not).
    source: where the claim comes from.
    """

    dtype: str
    activation_ulps: int
    activation_floor: int = 0
    flush: bool = False
    source: str

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("dtype", self.dtype, tuple(FORMATS)),
            ("activation_ulps", self.activation_ulps, ACTIVATION_ULPS),
            ("activation_floor", self.activation_floor, ACTIVATION_FLOORS),
            ("flush", self.flush, (False, True)),
        ):
            if not any(type(value) is type(choice) and value == choice for choice in allowed):
                raise InvalidClaim(f"{name} is {value!r}, but a claim is one of {', '.join(map(repr, allowed))}")

    @property
    def format(self) -> Format:
        """The format's precision and range."""
        return FORMATS[self.dtype]

    @property
    def unit_roundoff(self) -> Fraction:
        """u: the largest relative error of one rounding."""
        return Fraction(1, 2**self.format.precision)

    @property
    def smallest_normal(self) -> Fraction:
        """The smallest positive normal number."""
        return Fraction(2) ** self.format.smallest

    @property
    def spacing(self) -> Fraction:
        """The distance between subnormal numbers."""
        return self.smallest_normal * self.unit_roundoff * 2

    @property
    def underflow(self) -> Fraction:
        """The largest absolute error that one operation adds because its result is below the normal range."""
        return self.smallest_normal if self.flush else self.spacing / 2

    @property
    def half_largest(self) -> Fraction:
        """Half the largest number: past it, sums may overflow and nothing is claimed."""
        return (1 - self.unit_roundoff) * Fraction(2) ** self.format.largest

    def __str__(self) -> str:
        floor = f" above an absolute floor of {self.activation_floor} u" if self.activation_floor else ""
        subnormals = "flushed" if self.flush else "kept"
        return f"{self.dtype}, activations <= {self.activation_ulps} ULP{floor}, subnormals {subnormals}"

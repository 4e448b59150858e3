"""Arithmetic classes: what a GRU says of its own arithmetic, from which every accepted difference follows.

A class is a claim. The suite judges an implementation against the class it claims; a looser class is another name in
the report, never a wider tolerance.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

DTYPES = ("float16", "float32", "float64")
"""The formats in which numbers are handed over; TF32 and bfloat16 are none."""


class Format(NamedTuple):
    """A binary floating-point format: its precision in bits and the exponents of its normal range (IEEE 754)."""

    precision: int
    smallest: int
    largest: int

    @property
    def unit_roundoff(self) -> Fraction:
        """u: the largest relative error of one rounding to nearest."""
        return Fraction(1, 2**self.precision)

    @property
    def smallest_normal(self) -> Fraction:
        """The smallest positive normal number."""
        return Fraction(2) ** self.smallest

    @property
    def spacing(self) -> Fraction:
        """The distance between subnormal numbers."""
        return self.smallest_normal * self.unit_roundoff * 2

    @property
    def half_largest(self) -> Fraction:
        """Half the largest number: past it, sums may overflow and nothing is claimed."""
        return (1 - self.unit_roundoff) * Fraction(2) ** self.largest


def contains(wide: Format, narrow: Format) -> bool:
    """Whether every number of one format is a number of the other."""
    return (
        wide.precision >= narrow.precision
        and wide.largest >= narrow.largest
        and wide.smallest - wide.precision <= narrow.smallest - narrow.precision
    )


FORMATS = {
    "float64": Format(53, -1022, 1023),
    "float32": Format(24, -126, 127),
    "tf32": Format(11, -126, 127),
    "bfloat16": Format(8, -126, 127),
    "float16": Format(11, -14, 15),
}


class Activation(NamedTuple):
    """How far sigma and tanh may be from the exact value at their argument: all three parts added.

    ulps: units in the last place of that value. floor: unit roundoffs, whatever the value. absolute: a number.
    """

    ulps: Fraction
    floor: int = 0
    absolute: Fraction = Fraction(0)


ACTIVATIONS = {
    "correctly rounded": Activation(Fraction(1, 2)),
    "4 ULP": Activation(Fraction(4)),
    "8 ULP": Activation(Fraction(8)),
    "8 ULP above u": Activation(Fraction(8), floor=1),
    "8 ULP above 2u": Activation(Fraction(8), floor=2),
    "8 ULP above 4u": Activation(Fraction(8), floor=4),
    "2^-10": Activation(Fraction(1, 2), absolute=Fraction(1, 2**10)),
}
"""The closed list of what can be claimed: a rougher activation is a finding, not a claim. A floor is for a sigma that
is computed from tanh and so has no relative accuracy where it is small; 2^-10 for approximations by few terms."""

ROUNDINGS = ("nearest", "any")
SUMMATIONS = ("separate", "any order")


class InvalidClaim(ValueError):
    """A claim that is not of the closed list."""


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """Each operation rounded to its format, or contracted with the next; sums in any order.

    dtype: the format of the numbers that are handed over and returned.
    compute: the format of elementwise operations, of activations and of the carried state; None is dtype.
    products: the format to which the operands of matrix products are rounded first; None is compute.
    accumulator: the format in which products are summed; None is compute.
    output: the format to which states are rounded to be shown; None is compute, or dtype where that is the narrower.
    activation: how accurate sigma and tanh are, one of ACTIVATIONS.
    rounding: "nearest", or "any": directed, stochastic, truncating, as in tensor cores.
    summation: "separate": x W + b and h U + c are summed apart, then added (a gate's two biases may be added
    beforehand); "any order": all terms of a pre-activation in one sum.
    flush: subnormal operands and results are replaced by 0 (a copy is not).
    source: where the claim comes from.
    """

    dtype: str
    activation: str
    compute: str | None = None
    products: str | None = None
    accumulator: str | None = None
    output: str | None = None
    rounding: str = "nearest"
    summation: str = "separate"
    flush: bool = False
    source: str

    def __post_init__(self) -> None:
        carried = tuple(name for name in FORMATS if name != "tf32")
        for name, allowed in (
            ("dtype", DTYPES),
            ("activation", tuple(ACTIVATIONS)),
            ("compute", (None, *carried)),
            ("products", (None, *FORMATS)),
            ("accumulator", (None, *carried)),
            ("output", (None, *carried)),
            ("rounding", ROUNDINGS),
            ("summation", SUMMATIONS),
            ("flush", (False, True)),
        ):
            value = getattr(self, name)
            if not any(type(value) is type(choice) and value == choice for choice in allowed):
                raise InvalidClaim(f"{name} is {value!r}, but a claim is one of {', '.join(map(repr, allowed))}")
        if not contains(self.interface, self.output_format):
            raise InvalidClaim(
                f"output is {self.output!r}, whose numbers {self.dtype} cannot hold; name a narrower one"
            )

    @property
    def interface(self) -> Format:
        """The format of the numbers that are handed over."""
        return FORMATS[self.dtype]

    @property
    def format(self) -> Format:
        """The format of elementwise operations and of the carried state."""
        return FORMATS[self.compute or self.dtype]

    @property
    def operands(self) -> Format:
        """The format of the operands of products."""
        return FORMATS[self.products or self.compute or self.dtype]

    @property
    def sums(self) -> Format:
        """The format in which products are summed."""
        return FORMATS[self.accumulator or self.compute or self.dtype]

    @property
    def output_format(self) -> Format:
        """The format of the states that are shown."""
        usual = self.compute if contains(self.interface, self.format) else None
        return FORMATS[self.output or usual or self.dtype]

    @property
    def accuracy(self) -> Activation:
        """The parts of the activations' error."""
        return ACTIVATIONS[self.activation]

    @property
    def expects(self) -> bool:
        """Whether errors can be expected to first order: roundings to nearest, and activations no rougher than them.

        An activation off by 2^-10 leaves a second-order term that is larger than any rounding.
        """
        return self.rounding == "nearest" and not self.accuracy.absolute

    def unit(self, format: Format) -> Fraction:
        """The largest relative error of one rounding to a format: u to nearest, 2 u in any other way."""
        return format.unit_roundoff * (1 if self.rounding == "nearest" else 2)

    def underflow(self, format: Format) -> Fraction:
        """The largest absolute error that one rounding adds because its result is below the normal range."""
        if self.flush:
            return format.smallest_normal
        return format.spacing / (2 if self.rounding == "nearest" else 1)

    def __str__(self) -> str:
        activations = self.activation if self.activation == "correctly rounded" else f"within {self.activation}"
        parts = [f"{self.dtype}, activations {activations}", "subnormals flushed" if self.flush else ""]
        parts += [f"{value} {name}" for name, value in self._formats.items()]
        parts += ["rounded anyhow" if self.rounding == "any" else "", "" if self.summation == "separate" else "one sum"]
        return ", ".join(part for part in parts if part)

    @property
    def _formats(self) -> dict[str, str]:
        names = ("compute", "products", "accumulator", "output")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

"""Arithmetic classes: an implementation's claim about its own arithmetic. Every accepted difference follows from it.

The suite judges an implementation against the class that it claims. A looser class appears under another name in the
report; it is never a wider tolerance.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import ml_dtypes as ml_dtypes  # adds bfloat16 to NumPy

DTYPES = ("float16", "bfloat16", "float32", "float64")
"""The formats of a case's numbers. TF32 exists inside a computation only."""


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
        """Half the largest number. Above it sums may overflow, and no bound holds."""
        return (1 - self.unit_roundoff) * Fraction(2) ** self.largest


def contains(wide: Format, narrow: Format) -> bool:
    """True if every number of the narrow format is also a number of the wide one."""
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
    """The largest error of sigmoid and tanh at their argument: the sum of three parts.

    Attributes:
        ulps: Units in the last place of the exact value.
        floor: Unit roundoffs, independent of the value.
        absolute: An absolute error.
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
"""The closed list of possible claims. A rougher activation is a finding, not a claim. A floor serves a sigmoid computed
from tanh, which has no relative accuracy where it is small. 2^-10 serves approximations with few terms.
"""

ROUNDINGS = ("nearest", "any")
SUMMATIONS = ("separate", "any order")


class InvalidClaim(ValueError):
    """A claim with a value outside the closed lists."""


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """The arithmetic of an implementation. Each operation is rounded to its format or contracted with the next
    operation; sums have any order.

    Attributes:
        dtype: The format of inputs and outputs: "float16", "float32" or "float64".
        activation: The accuracy of sigmoid and tanh, a name in `ACTIVATIONS`.
        compute: The format of elementwise operations, activations and the carried state; None means dtype.
        products: The format to which the operands of matrix products are rounded first; None means compute.
        accumulator: The format in which products are summed; None means compute.
        output: The format to which returned states are rounded; None means the narrower of compute and dtype.
        rounding: "nearest", or "any" for directed, stochastic or truncating rounding, as in tensor cores.
        summation: "separate" if x W + b and h U + c are summed separately and then added (a gate's two biases may be
            added beforehand); "any order" if all terms of a pre-activation form one sum.
        flush: True if subnormal operands and results become 0. Copies keep them.
        source: The origin of the claim, such as a manual or a measurement.

    Raises:
        InvalidClaim: If a value is outside its closed list, or dtype cannot hold the numbers of the output format.

    Examples:
        >>> from conformance import Arithmetic
        >>> str(Arithmetic(dtype="float32", activation="4 ULP", source="a measurement"))
        'float32, activations within 4 ULP'
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
                raise InvalidClaim(f"{name} is {value!r}, but must be one of {', '.join(map(repr, allowed))}")
        if not contains(self.interface, self.output_format):
            raise InvalidClaim(
                f"output is {self.output!r}, but {self.dtype} cannot hold its numbers; choose a narrower format"
            )

    @property
    def interface(self) -> Format:
        """The format of inputs and outputs."""
        return FORMATS[self.dtype]

    @property
    def format(self) -> Format:
        """The format of elementwise operations and of the carried state."""
        return FORMATS[self.compute or self.dtype]

    @property
    def operands(self) -> Format:
        """The format of the operands of matrix products."""
        return FORMATS[self.products or self.compute or self.dtype]

    @property
    def sums(self) -> Format:
        """The format in which products are summed."""
        return FORMATS[self.accumulator or self.compute or self.dtype]

    @property
    def output_format(self) -> Format:
        """The format of the returned states."""
        usual = self.compute if contains(self.interface, self.format) else None
        return FORMATS[self.output or usual or self.dtype]

    @property
    def accuracy(self) -> Activation:
        """The parts of the activations' error."""
        return ACTIVATIONS[self.activation]

    def unit(self, format: Format) -> Fraction:
        """The largest relative error of one rounding to a format: u to nearest, 2 u otherwise."""
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

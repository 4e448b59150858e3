"""Formats small enough to try all their numbers, as classes of arithmetic; and how a search reports.

A toy is an Arithmetic in all but its formats, so it is judged by the very code that judges float32.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from conformance.bounds import Computed
from conformance.bounds.elementwise import exactly, nothing
from conformance.interface.arithmetic import Arithmetic, Format
from studies.softfloat.formats import Soft

FIVE_BITS = Format(3, 0, 2)
SIX_BITS = Format(3, -2, 4)
SEVEN_BITS = Format(4, -2, 4)
EIGHT_BITS = Format(4, -6, 8)
"""Sign, two, three, three and four bits of exponent, two, two, three and three of fraction; no infinities."""


@dataclass(frozen=True, kw_only=True)
class Toy(Arithmetic):
    """A class of arithmetic in a format of any size. seen: the format of the states that are shown, None is toy."""

    toy: Format
    seen: Format | None = None

    @property
    def interface(self) -> Format:
        """The format of the numbers that are handed over."""
        return self.toy

    @property
    def format(self) -> Format:
        """The format of elementwise operations and of the carried state."""
        return self.toy

    @property
    def operands(self) -> Format:
        """The format of the operands of products."""
        return self.toy

    @property
    def sums(self) -> Format:
        """The format in which products are summed."""
        return self.toy

    @property
    def output_format(self) -> Format:
        """The format of the states that are shown."""
        return self.seen or self.toy


def toy(
    format: Format,
    rounding: str = "nearest",
    *,
    flush: bool = False,
    activation: str = "correctly rounded",
    seen: Format | None = None,
) -> Toy:
    """A class of one format."""
    named = {"dtype": "float16", "source": "a toy"}
    return Toy(toy=format, seen=seen, rounding=rounding, flush=flush, activation=activation, **named)


def unbounded(format: Format) -> Format:
    """The same precision, with exponents that nothing here leaves."""
    return Format(format.precision, -60, 60)


def high(format: Format) -> Format:
    """The same format, with exponents above in which no sum of a few products overflows."""
    return format._replace(largest=2 * format.largest + 4)


def numbers(format: Format, *, least: float = -np.inf, most: float = np.inf) -> np.ndarray:
    """Every number of a format from least to most."""
    p, low, top = format
    sizes = [np.arange(2 ** (p - 1)) * 2.0 ** (low - p + 1)]
    sizes += [np.arange(2 ** (p - 1), 2**p) * 2.0 ** (e - p + 1) for e in range(low, top + 1)]
    found = np.unique(np.concatenate([sign * part for part in sizes for sign in (-1, 1)])) + 0.0
    return found[(found >= least) & (found <= most)]


def known(values: np.ndarray) -> Computed:
    """Numbers without an error."""
    balls = exactly(values)
    return Computed(balls, nothing(balls))


class Lookup:
    """A rounding of all multiples of 2^unit up to a size, as a table: what it rounds is counted in 2^unit."""

    def __init__(self, soft: Soft, unit: int, reach: int) -> None:
        # Negative counts index the table from its end.
        counts = np.concatenate([np.arange(reach + 1.0), np.arange(-float(reach), 0)])
        rounded = np.ldexp(soft.cast(np.ldexp(counts, unit)), -unit)
        if not np.isfinite(rounded).all() or not np.array_equal(rounded, np.round(rounded)):
            raise ValueError(f"not every multiple of 2^{unit} up to {reach} rounds to one in {soft.format}")
        self.table = rounded.astype(np.intp)

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        """Exact counts, rounded."""
        return np.take(self.table, counts)


class Ends(NamedTuple):
    """The least and the most that some ways of summing give, and how many ways there were."""

    least: np.ndarray
    most: np.ndarray
    ways: int

    @staticmethod
    def of(results: Iterator[np.ndarray]) -> "Ends":
        """The ends of what comes."""
        least = most = next(results)
        ways = 1
        for result in results:
            least, most, ways = np.minimum(least, result), np.maximum(most, result), ways + 1
        return Ends(least, most, ways)

    def share(self, exact: np.ndarray, bound: np.ndarray) -> np.ndarray:
        """The larger share of the bound that either end uses."""
        return share(np.maximum(self.most - exact, exact - self.least), bound)


@dataclass
class Search:
    """A lemma, how much was tried, and the largest share of its bound that was used.

    refused: how much was not tried, because the bound says that it proves nothing.
    """

    lemma: str
    claim: str
    tried: int = 0
    worst: float = 0.0
    at: str = ""
    refused: int = 0

    def add(self, used: np.ndarray, ways: int = 1, **operands: np.ndarray) -> None:
        """Shares of the bound, with the operands that they belong to. ways: how many each share is the largest of."""
        self.tried += used.size * ways
        used = np.nan_to_num(np.asarray(used, np.float64), nan=np.inf, posinf=np.inf)
        if used.size and used.max() > self.worst:
            self.worst = float(used.max())
            index = int(used.argmax())
            spread = {name: np.broadcast_to(values, used.shape).flat[index] for name, values in operands.items()}
            self.at = ", ".join(f"{name} = {value:g}" for name, value in spread.items())

    @property
    def holds(self) -> bool:
        """Whether nothing was found outside, and something was tried."""
        return self.tried > 0 and self.worst <= 1


def share(error: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """error / bound, 0 where there is no error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0, 0.0, np.abs(error) / bound)


def digits(used: float) -> str:
    """A share in four decimals, cut off: what is inside a bound never reads as 1 or more than it is."""
    return f"{np.floor(used * 10**4) / 10**4:.4f}"

"""Formats small enough to try all their numbers, as classes of arithmetic; and the report of a search.

A toy is an Arithmetic except for its formats, so the code that judges float32 also judges it.
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
    """A class of arithmetic in a format of any size. seen: the format of the returned states; None means toy."""

    toy: Format
    seen: Format | None = None

    @property
    def interface(self) -> Format:
        """The format of inputs and outputs."""
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
        """The format of the returned states."""
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
    """The same precision, with exponents that no computation here leaves."""
    return Format(format.precision, -60, 60)


def high(format: Format) -> Format:
    """The same format, with larger exponents, so that no sum of a few products overflows."""
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
    """A rounding of all multiples of 2^unit up to a size, as a table. It rounds counts of 2^unit."""

    def __init__(self, soft: Soft, unit: int, reach: int) -> None:
        # Negative counts index the table from its end.
        counts = np.concatenate([np.arange(reach + 1.0), np.arange(-float(reach), 0)])
        rounded = np.ldexp(soft.cast(np.ldexp(counts, unit)), -unit)
        if not np.isfinite(rounded).all() or not np.array_equal(rounded, np.round(rounded)):
            raise ValueError(f"not every multiple of 2^{unit} up to {reach} rounds to one in {soft.format}")
        self.table = rounded.astype(np.intp)

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        """Round exact counts."""
        return np.take(self.table, counts)


class Ends(NamedTuple):
    """The smallest and the largest result of several ways of summing, and the number of ways."""

    least: np.ndarray
    most: np.ndarray
    ways: int

    @staticmethod
    def of(results: Iterator[np.ndarray]) -> "Ends":
        """The ends of these results."""
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
    """A lemma, the number of cases, and the largest used share of its bound.

    refused: the number of cases for which the bound proves nothing.
    """

    lemma: str
    claim: str
    tried: int = 0
    worst: float = 0.0
    at: str = ""
    refused: int = 0

    def add(self, used: np.ndarray, ways: int = 1, **operands: np.ndarray) -> None:
        """Add shares of the bound, with their operands. ways: the number of ways of which each share is the largest."""
        self.tried += used.size * ways
        used = np.nan_to_num(np.asarray(used, np.float64), nan=np.inf, posinf=np.inf)
        if used.size and used.max() > self.worst:
            self.worst = float(used.max())
            index = int(used.argmax())
            spread = {name: np.broadcast_to(values, used.shape).flat[index] for name, values in operands.items()}
            self.at = ", ".join(f"{name} = {value:g}" for name, value in spread.items())

    @property
    def holds(self) -> bool:
        """True if nothing was outside, and something was tried."""
        return self.tried > 0 and self.worst <= 1


def share(error: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """error / bound, and 0 where there is no error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error == 0, 0.0, np.abs(error) / bound)


def digits(used: float) -> str:
    """A share in four decimals, truncated, so that a share below 1 never reads as 1."""
    return f"{np.floor(used * 10**4) / 10**4:.4f}"

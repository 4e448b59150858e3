"""Results that no rounding changes: machine numbers, and sums of few bits.

Lemma. Let all terms of a sum be multiples of q, a power of two, and let their magnitudes add up to at most 2^p q. Then
every partial sum, in any order and along any tree, is a multiple of q of at most 2^p q. If q is not below the smallest
number of a format with p bits, every one of these is a number of the format. No rounding changes such a number, so the
sum is exact in every rounding, with or without fused operations.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from flint import arb

from conformance.bounds.elementwise import up
from conformance.interface.arithmetic import Format
from conformance.truth.balls import Balls


def least_exponent(format: Format, *, flush: bool) -> int:
    """The exponent of the smallest positive number that an operation of the format returns."""
    return format.smallest if flush else format.smallest - format.precision + 1


def numbers_of(format: Format, exact: Balls, error: Balls, *, flush: bool) -> np.ndarray:
    """True where a number without an error is a number of the format, so that rounding to the format keeps it."""
    if not np.any(error == 0):
        return np.zeros(np.shape(exact), bool)
    small = up(exact) < float(format.half_largest)
    return np.asarray(small, bool) & summed_exactly(units(exact, error), up(exact), (format,), flush=flush)


def summed_exactly(lowest: np.ndarray, sizes: Balls, formats: Sequence[Format], *, flush: bool) -> np.ndarray:
    """True where a sum is exact by the lemma in each of the formats.

    Args:
        lowest: The exponent of q for each sum; -inf if a term has an error.
        sizes: Upper bounds of the sum of the terms' magnitudes.
        formats: The formats in which terms are added, or to which the sum is rounded.
        flush: True if subnormal results become 0.

    Returns:
        Booleans in the shape of the sums.
    """
    places = min(format.precision for format in formats)
    least = max(least_exponent(format, flush=flush) for format in formats)
    with np.errstate(over="ignore"):
        most = np.ldexp(1.0, _bounded(lowest) + places)
    above = np.nextafter(np.asarray(sizes, np.float64), np.inf)
    return (lowest >= least) & (above <= most)


def of_products(pairs: Iterable[tuple[np.ndarray, np.ndarray]], addends: Iterable[np.ndarray]) -> np.ndarray | float:
    """The exponents of q of sums of rows @ matrix, (rows, columns), from the exponents of rows and of columns."""
    found: np.ndarray | float = np.inf
    with np.errstate(invalid="ignore"):
        for rows, columns in pairs:
            found = np.minimum(found, rows[:, None] + columns)
    for addend in addends:
        found = np.minimum(found, addend)
    return np.where(np.isnan(found), -np.inf, found)


def units(exact: Balls, error: Balls) -> np.ndarray:
    """The exponent of the largest power of two of which a number is a multiple: inf for 0, -inf if it has an error."""
    if not np.any(error == 0):
        return np.full(np.shape(exact), -np.inf)
    return np.asarray(_unit(exact, error), np.float64)


def _unit_of(ball: arb, error: arb) -> float:
    if not ball.is_exact() or not error.is_zero():
        return -np.inf
    return float(int(ball.man_exp()[1])) if ball else np.inf


def _bounded(exponents: np.ndarray) -> np.ndarray:
    """Exponents as integers that ldexp takes; beyond them lie 0 and infinity."""
    return np.clip(exponents, -(1 << 15), 1 << 15).astype(int)


_unit = np.frompyfunc(_unit_of, 2, 1)

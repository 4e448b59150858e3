"""Balls: what certified numbers are made of, and Ziv's loop, which makes them.

A ball is a midpoint with a rigorous radius, and arithmetic on balls obeys the inclusion principle: for all x in X, f(x)
is in F(X). So the real-number value of a formula on these very machine numbers lies in its ball, and where every point
of a ball rounds to one float64, that float64 is correctly rounded, with proof. Precision is doubled until it is so.

Arrays of balls are object arrays of arb; None stands where there is no number. The elementary functions are NumPy's on
such arrays or those below. Source: Ziv 1991, "Fast evaluation of elementary mathematical functions with correctly
rounded last bit"; Johansson 2017, "Arb". Left out: directed rounding of the results, formats other than float64.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from flint import arb, arb_mat, ctx

FIRST_BITS, LAST_BITS = 64, 4096
TINY = 1 << 16
"""Exponents past this are cut to it: 2^-TINY is far below half the smallest float64, 2^TINY above the largest."""


class NotCertified(ArithmeticError):
    """No precision up to LAST_BITS decides how some number rounds, or it lies past the largest float64."""


class Undecided(ArithmeticError):
    """At this precision a ball reaches across a rounding boundary."""


T = TypeVar("T")

Balls = Any
"""An array of balls, of dtype object: NumPy's types know no arithmetic on arrays of anything but its own numbers."""


class Settled(NamedTuple, Generic[T]):
    """Correctly rounded float64 arrays, NaN where there was no ball, with their certificate.

    values: the arrays, in the tuples in which their balls came. bits: the precision that settled all of them.
    radius: the exponent of a power of two that no ball's radius exceeds; None where every ball is exact.
    """

    values: T
    bits: int
    radius: int | None


def settle(evaluate: Callable[[], T]) -> Settled[T]:
    """Ziv's loop: arrays of balls, evaluated at double the precision until every ball rounds to one float64.

    evaluate returns an array or a tuple of such, nested and named as one likes; None in it stays. Raises NotCertified
    where LAST_BITS bits do not settle the rounding, or where a number lies past the largest float64.
    """
    bits = FIRST_BITS
    while bits <= LAST_BITS:
        with precision(bits):
            found = evaluate()
        try:
            return Settled(each(round_balls, found), bits, radius_exponent(found))
        except Undecided:
            bits *= 2
    raise NotCertified(f"some number needs more than {LAST_BITS} bits to be rounded; there is no truth to cite")


def each(function: Callable[[np.ndarray], Any], arrays: Any) -> Any:
    """The function's result for every array in nested tuples, in the same tuples. None stays."""
    if arrays is None:
        return None
    if type(arrays) is np.ndarray:
        return function(arrays)
    parts = [each(function, part) for part in arrays]
    return type(arrays)(*parts) if hasattr(arrays, "_fields") else tuple(parts)


@contextmanager
def precision(bits: int) -> Generator[None, None, None]:
    """Arb's working precision inside the block."""
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


def balls(array: np.ndarray) -> Balls:
    """Machine numbers as balls of radius 0."""
    return _exact(array.astype(np.float64))


def zeros(shape: tuple[int, ...]) -> Balls:
    """Exact zeros."""
    return np.full(shape, arb(0), object)


def matrix(array: Balls) -> arb_mat:
    """A plane of balls as a matrix in Arb's own form, whose products run in C."""
    rows, columns = array.shape
    return arb_mat(rows, columns, array.ravel().tolist())


def times(rows: Balls, factor: arb_mat) -> Balls:
    """rows @ factor, as balls."""
    return np.array((matrix(rows) * factor).entries(), object).reshape(len(rows), factor.ncols())


def round_balls(array: Balls) -> np.ndarray:
    """The one float64 each ball rounds to, NaN for None.

    Raises Undecided where a ball reaches across a rounding boundary, NotCertified where it lies past the largest
    float64.
    """
    rounded = np.full(array.shape, np.nan)
    for index, ball in np.ndenumerate(array):
        if ball is None:
            continue
        if not ball.is_finite():
            raise Undecided
        low, high = _ends(ball)
        if low != high:
            raise Undecided
        if abs(low) == float("inf"):
            raise NotCertified("some number lies past the largest float64; there is no truth to cite")
        rounded[index] = low + 0.0  # no sign on a zero
    return rounded


def radius_exponent(arrays: Any) -> int | None:
    """The exponent of a power of two that no ball's radius exceeds; None where every ball is exact."""
    parts: list[tuple[int, int]] = []
    each(lambda array: parts.extend(_parts(ball.rad()) for ball in array.flat if ball is not None), arrays)
    return max((mantissa.bit_length() + exponent for mantissa, exponent in parts if mantissa), default=None)


def _ends(ball: arb) -> tuple[float, float]:
    """What the lowest and the highest point of a ball round to."""
    (middle, low), (radius, other) = _clamped(ball.mid()), _clamped(ball.rad())
    exponent = min(low, other)
    middle, radius = middle << (low - exponent), radius << (other - exponent)
    return _nearest(middle - radius, exponent), _nearest(middle + radius, exponent)


def _nearest(mantissa: int, exponent: int) -> float:
    """mantissa 2^exponent rounded to the nearest float64, ties to even; an infinity past the largest."""
    try:
        # Python's division of integers is rounded once, subnormal numbers too.
        return mantissa / (1 << -exponent) if exponent < 0 else float(mantissa << exponent)
    except OverflowError:
        return float("inf") if mantissa > 0 else -float("inf")


def _clamped(exact: arb) -> tuple[int, int]:
    """Mantissa and exponent of an exact ball, of a size that fits into memory.

    2^-1e30 is a legal number to Arb. Far below every float64, a larger one of the same sign rounds alike, and a larger
    radius keeps the proof; what is far above them stays there, and is never certified.
    """
    mantissa, exponent = _parts(exact)
    if not mantissa:
        return 0, 0
    if exponent > TINY:
        return mantissa, TINY
    return (mantissa, exponent) if mantissa.bit_length() + exponent > -TINY else (1 if mantissa > 0 else -1, -TINY)


def _parts(exact: arb) -> tuple[int, int]:
    mantissa, exponent = exact.man_exp()
    return int(mantissa), int(exponent)


# Elementwise on object arrays.


def _sigma_ball(a: arb) -> arb:
    """The logistic function from exp(-|a|), which cannot overflow."""
    if a < 0:
        e = a.exp()
        return e / (1 + e)
    return 1 / (1 + (-a).exp())


def _sigma_slope_ball(a: arb) -> arb:
    """sigma(a) sigma(-a) as e / (1 + e)^2 with e = exp(-|a|): no cancellation where a gate is saturated."""
    e = (-abs(a)).exp()
    return e / (1 + e) ** 2


_exact = np.frompyfunc(lambda value: arb(float(value)), 1, 1)
sigma = np.frompyfunc(_sigma_ball, 1, 1)
"""The logistic function. 1 - sigma(a) is sigma(-a)."""
sigma_slope = np.frompyfunc(_sigma_slope_ball, 1, 1)
"""The derivative of sigma."""
tanh_slope = np.frompyfunc(lambda a: 4 * _sigma_slope_ball(2 * a), 1, 1)
"""The derivative of tanh: sech(a)^2 is 4 sigma(2 a) sigma(-2 a)."""

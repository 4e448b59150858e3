"""Ball arithmetic and Ziv's loop, which certify the rounding of numbers.

A ball is a midpoint with a rigorous radius. Arithmetic on balls obeys the inclusion principle: for all x in X, f(x) is
in F(X). So the real-number value of a formula lies in its ball. If every point of a ball rounds to the same float64,
that float64 is proven to be correctly rounded. Ziv's loop doubles the precision until this holds.

Arrays of balls are object arrays of arb, with None where there is no number. The elementary functions are NumPy's on
such arrays, or those below.

Source: Ziv 1991, "Fast evaluation of elementary mathematical functions with correctly rounded last bit"; Johansson
2017, "Arb".

Left out: directed rounding of the results, formats other than float64.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from flint import arb, arb_mat, ctx

from conformance.interface.case import each

FIRST_BITS, LAST_BITS = 64, 1 << 16
QUICK_BITS = 4096
"""The limit where a certificate is not worth a long wait."""
TINY = 1 << 16
"""Exponents beyond this are cut to it: 2^-TINY is far below half the smallest float64, 2^TINY above the largest."""


class NotCertified(ArithmeticError):
    """The rounding of a number stays undecided at LAST_BITS, or the number lies above the largest float64."""


class Undecided(ArithmeticError):
    """At this precision a ball reaches across a rounding boundary."""


T = TypeVar("T")

Balls = Any
"""An array of balls, of dtype object; NumPy's types describe no arithmetic on object arrays."""


class Settled(NamedTuple, Generic[T]):
    """Correctly rounded float64 arrays, NaN where there was no ball, and their certificate.

    Attributes:
        values: The arrays, in the same nested tuples as their balls.
        bits: The precision that settled all of them.
        radius: The exponent of a power of two that bounds the radius of every ball; None if every ball is exact.
    """

    values: T
    bits: int
    radius: int | None


def settle(evaluate: Callable[[], T], *, every: bool = True, quick: bool = False) -> Settled[T]:
    """Ziv's loop: evaluate arrays of balls at doubled precision until every ball rounds to one float64.

    Args:
        evaluate: Returns an array of balls or nested tuples of arrays, named tuples included; None in them stays.
        every: True if every number must be certified. Otherwise a number without a certificate is NaN.
        quick: True ends the loop at QUICK_BITS.

    Returns:
        The rounded arrays with their certificate.

    Raises:
        NotCertified: If no precision settles the rounding of a number, or it lies above the largest float64, and
            `every` is True.
    """
    last = min(LAST_BITS, QUICK_BITS) if quick else LAST_BITS
    bits, found = FIRST_BITS, None
    while bits <= last:
        with precision(bits):
            found = evaluate()
        try:
            return Settled(each(round_balls, found), bits, radius_exponent(found))
        except Undecided:
            bits *= 2
        except NotCertified:
            if every:
                raise
            bits *= 2
    if every or found is None:
        raise NotCertified(f"a number needs more than {last} bits to be rounded, so it cannot be certified")
    found = each(_certified, found)
    return Settled(each(round_balls, found), bits // 2, radius_exponent(found))


@contextmanager
def precision(bits: int) -> Generator[None, None, None]:
    """Set Arb's working precision inside the block."""
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
    """A plane of balls as a matrix of Arb, whose products run in C."""
    rows, columns = array.shape
    return arb_mat(rows, columns, array.ravel().tolist())


def times(rows: Balls, factor: arb_mat) -> Balls:
    """The product rows @ factor, as balls."""
    return np.array((matrix(rows) * factor).entries(), object).reshape(len(rows), factor.ncols())


def round_balls(array: Balls) -> np.ndarray:
    """The float64 to which each ball rounds, NaN for None.

    Raises:
        Undecided: If a ball reaches across a rounding boundary.
        NotCertified: If a ball lies above the largest float64.
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
            raise NotCertified("a number lies above the largest float64, so it cannot be certified")
        rounded[index] = low + 0.0  # removes the sign of a zero
    return rounded


def _certified(array: Balls) -> Balls:
    """The balls that round to one float64; None in place of the others."""
    return np.array([_one_certified(ball) for ball in array.flat], object).reshape(array.shape)


def _one_certified(ball: Any) -> Any:
    try:
        round_balls(np.array([ball], object))
    except (Undecided, NotCertified):
        return None
    return ball


def radius_exponent(arrays: Any) -> int | None:
    """The exponent of a power of two that bounds the radius of every ball; None if every ball is exact."""
    parts: list[tuple[int, int]] = []
    each(lambda array: parts.extend(_parts(ball.rad()) for ball in array.flat if ball is not None), arrays)
    return max((mantissa.bit_length() + exponent for mantissa, exponent in parts if mantissa), default=None)


def _ends(ball: arb) -> tuple[float, float]:
    """The float64 numbers nearest to the lowest and the highest point of a ball."""
    (middle, low), (radius, other) = _clamped(ball.mid()), _clamped(ball.rad())
    exponent = min(low, other)
    middle, radius = middle << (low - exponent), radius << (other - exponent)
    return _nearest(middle - radius, exponent), _nearest(middle + radius, exponent)


def _nearest(mantissa: int, exponent: int) -> float:
    """The float64 nearest to mantissa 2^exponent, ties to even; an infinity above the largest."""
    try:
        # Python rounds a quotient of integers once, also when it is subnormal.
        return mantissa / (1 << -exponent) if exponent < 0 else float(mantissa << exponent)
    except OverflowError:
        return float("inf") if mantissa > 0 else -float("inf")


def _clamped(exact: arb) -> tuple[int, int]:
    """Mantissa and exponent of an exact ball, limited to a size that fits into memory.

    Arb allows exponents such as 2^-1e30. Far below every float64, a larger number of the same sign rounds alike, and a
    larger radius keeps the proof. A number far above them stays there and is never certified.
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
    """The slope sigma(a) sigma(-a) as e / (1 + e)^2 with e = exp(-|a|), without cancellation for a saturated gate."""
    e = (-abs(a)).exp()
    return e / (1 + e) ** 2


_exact = np.frompyfunc(lambda value: arb(float(value)), 1, 1)
sigma = np.frompyfunc(_sigma_ball, 1, 1)
"""The logistic function. 1 - sigma(a) is sigma(-a)."""
sigma_slope = np.frompyfunc(_sigma_slope_ball, 1, 1)
"""The derivative of sigma."""
tanh_slope = np.frompyfunc(lambda a: 4 * _sigma_slope_ball(2 * a), 1, 1)
"""The derivative of tanh: sech(a)^2 is 4 sigma(2 a) sigma(-2 a)."""

"""sigma and tanh in software: correctly rounded, or as inaccurate as a claim allows.

Values come from extended precision, as two float64 numbers with a bound of their error. If that does not decide a
rounding, or without extended precision, they come from ball arithmetic.

Left out: errors that depend on neighbouring arguments, as in real kernels; errors here are independent.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import arb

from conformance.interface.arithmetic import Activation, Format
from conformance.truth.balls import NotCertified, precision
from studies.softfloat.formats import Exact, Soft

EXTENDED = np.finfo(np.longdouble)
OFF = 16 * EXTENDED.eps
"""More than the relative error of exp, tanh and two operations on them."""
BITS = 256
TINY, SMALL, BELOW = 2.0**-200, 2.0**-32, -20000
"""A part that only shows its sign; arguments up to which one term of a series is enough; far below every format."""

SIGMA, TANH = "sigma", "tanh"


class Value(NamedTuple):
    """Real numbers, and a bound of their error in units of 2^exponent."""

    exact: Exact
    off: np.ndarray


def evaluate(function: str, a: np.ndarray) -> Value:
    """sigma or tanh of float64 numbers. Where a term of a series decides every rounding, only its side is right."""
    with np.errstate(all="ignore"):
        size = np.abs(a)
        high, low, exponent = _generic(function, a)
        off = np.full(a.shape, float(OFF))
        if function == SIGMA:
            # 1/2 + a/4, reduced a little: never on a rounding boundary where a/4 may be.
            quarter = Exact.sum(0.5, np.copysign(np.maximum(np.nextafter(size / 4, 0), TINY), a))
            ends = [
                (a > 40, 1.0, -np.maximum(np.exp(-size), TINY), 0),
                (size < SMALL, *quarter),
                (a == 0, 0.5, 0.0, 0),
            ]
        else:
            mantissa, place = np.frexp(a)
            ends = [
                (size > 20, np.sign(a), -np.sign(a) * np.maximum(2 * np.exp(-2 * size), TINY), 0),
                (size < SMALL, mantissa, -mantissa * np.maximum(a * a / 3, TINY), place),
                (a == 0, 0.0, 0.0, 0),
            ]
        for where, *parts in ends:
            high, low, exponent = (
                np.where(where, new, old) for new, old in zip(parts, (high, low, exponent), strict=True)
            )
            off = np.where(where, 0.0, off)
    value = Value(Exact(high, low, exponent), off)
    return value if EXTENDED.nmant > 60 else _sharpened(function, a, value, off > 0)


def correctly_rounded(function: str, a: np.ndarray, soft: Soft) -> np.ndarray:
    """The value rounded once, as an operation is."""
    value = evaluate(function, a)
    if soft.rounding != "stochastic":
        value = _sharpened(function, a, value, ~_decided(value, soft))
        if not _decided(value, soft).all():
            raise NotCertified(f"{BITS} bits do not decide how some {function} is rounded")
    return soft.round(value.exact)


def within(
    claim: Activation, function: str, a: np.ndarray, format: Format, skew: np.ndarray, *, flush: bool = False
) -> np.ndarray:
    """Numbers of the format as far from the value as the claim allows, times skew, from -1 to 1.

    The distance is an upper limit; if no number lies there, the nearest one counts. With `flush`, subnormal results are
    0.
    """
    value = evaluate(function, a)
    (high, low, exponent), off = value
    exact = np.ldexp(high.astype(np.longdouble) + low, exponent)
    place = np.maximum(value.exact.place, format.smallest + 1)
    last = np.ldexp(np.longdouble(1), place - format.precision)
    reach = float(claim.ulps) * last + float(claim.floor * format.unit_roundoff + claim.absolute)
    # Reduced by the error of the value, and by the rounding of these lines.
    reach = reach * (1 - 4 * EXTENDED.eps) - np.ldexp(off + np.abs(high) * EXTENDED.eps, exponent)
    target = _exact(exact + skew * reach)
    above, below = (Soft(format, mode).round(target) for mode in ("up", "down"))
    nearest = Soft(format).round(value.exact)
    chosen = nearest
    for candidate in (np.where(skew > 0, below, above), np.where(skew > 0, above, below)):
        chosen = np.where(np.abs(candidate - exact) <= reach, candidate, chosen)
    return np.where(np.abs(chosen) < float(format.smallest_normal), 0.0, chosen) if flush else chosen


def _generic(function: str, a: np.ndarray) -> Exact:
    wide = a.astype(np.longdouble)
    if function == TANH:
        return _exact(np.tanh(wide))
    e = np.exp(-np.abs(wide))
    high, low, exponent = _exact(np.where(wide >= 0, np.longdouble(1), e) / (1 + e))
    lost = high == 0
    return Exact(np.where(lost, 0.5, high), np.where(lost, 0.0, low), np.where(lost, BELOW, exponent))


def _exact(wide: np.ndarray) -> Exact:
    mantissa, exponent = np.frexp(wide)
    high = mantissa.astype(np.float64)
    return Exact(high, (mantissa - high).astype(np.float64), exponent)


def _decided(value: Value, soft: Soft) -> np.ndarray:
    """True where both ends of a value's interval round alike."""
    (high, low, exponent), off = value
    ends = (soft.round(Exact(high, low + sign * off, exponent)) for sign in (-1, 1))
    return np.equal(*ends) | ~np.isfinite(high)


def _sharpened(function: str, a: np.ndarray, value: Value, where: np.ndarray) -> Value:
    """The value, with ball arithmetic where it is needed."""
    if not where.any():
        return value
    (high, low, exponent), off = (*map(np.array, value.exact),), np.array(value.off)
    for index in zip(*np.nonzero(where), strict=True):
        high[index], low[index], exponent[index], off[index] = _by_balls(function, float(a[index]))
    return Value(Exact(high, low, exponent), off)


def _by_balls(function: str, a: float) -> tuple[float, float, int, float]:
    """High and low part, exponent, and a bound of the error."""
    with precision(BITS):
        ball = arb(a).tanh() if function == TANH else 1 / (1 + (-arb(a)).exp())
        mantissa, place = (int(part) for part in ball.mid().man_exp())
        exponent = mantissa.bit_length() + place
        radius = float((ball.rad() * arb(2) ** -exponent).upper())
    scaled = Fraction(mantissa) / 2 ** mantissa.bit_length()
    high = float(scaled)
    rest = scaled - Fraction(high)
    low = float(rest)
    return high, low, exponent, radius + abs(float(rest - Fraction(low)))

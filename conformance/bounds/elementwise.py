"""Elementwise operations on balls in NumPy object arrays, which the bounds use.

Arb (python-flint) rounds every radius outwards, so every result here encloses the real-number result.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from conformance.truth.balls import Balls, balls

FAR = 1 << 20
"""Above this, exp would have an exponent too large to hold; there sigma is below every format's smallest number."""
WIDE = arb(2) ** -10
"""The radius from which a ball is evaluated at its two ends."""

Elementwise = Callable[..., Any]
"""The result of np.frompyfunc: a function of single balls or of arrays of balls, with a result of the same shape."""


def constant(value: Fraction | int) -> arb:
    """A power of two, or a number of few bits, as an exact ball."""
    value = Fraction(value)
    return arb(value.numerator) / arb(value.denominator)


def exactly(numbers: np.ndarray) -> Balls:
    """Machine numbers as balls of radius 0. Balls raise TypeError, because their radii would be lost."""
    if np.asarray(numbers).dtype == object:
        raise TypeError("got an array of objects, expected machine numbers; pass a set of states as a Computed")
    return balls(np.asarray(numbers))


def nothing(like: Balls) -> Balls:
    """Zeros of the same shape."""
    return np.full(like.shape, arb(0), object)


def nothing_where(condition: np.ndarray, balls: Balls) -> Balls:
    """The balls, with zeros where the condition holds."""
    kept = balls.copy()
    kept[condition] = arb(0)
    return kept


def _over(function: Callable[[arb], arb], low: arb, high: arb) -> arb:
    """A monotone function over an interval. For a wide ball, the formulas below would return far too wide a ball."""
    return function(low).union(function(high))


def _sigma(a: arb) -> arb:
    if a.rad() > WIDE:
        return _over(_sigma, a.lower(), a.upper())
    if abs(a) < FAR:
        return 1 / (1 + (-a).exp())
    tiny = arb(0, (-arb(FAR)).exp())
    if a <= -FAR:
        return tiny
    return 1 - tiny if a >= FAR else arb(0.5, 0.5)  # a ball that contains FAR may lie on both sides of it


def _sigma_slope(a: arb) -> arb:
    """sigma(a) sigma(-a), which keeps its digits where sigma is close to 1. It decreases with |a|."""
    if a.rad() > WIDE:
        return _over(_sigma_slope, a.abs_lower(), a.abs_upper())
    size = abs(a)
    if size < FAR:
        e = (-size).exp()
        return e / (1 + e) ** 2
    return arb(0, (-arb(FAR)).exp()) if size >= FAR else arb(0.125, 0.125)


def _tanh(a: arb) -> arb:
    return _over(arb.tanh, a.lower(), a.upper()) if a.rad() > WIDE else a.tanh()


def _flush(value: arb, smallest: arb) -> arb:
    """The distance from a number to the 0 that flushing may put in its place."""
    return abs(value).upper() if abs(value) < smallest else arb(0)


def _covers(ball: arb, state: arb) -> bool:
    """True if a ball contains every possible blend of the state with a candidate in [-1, 1]."""
    return bool(ball.contains(state.union(arb(-1)).union(arb(1))))


def _margin(computed: float, exact: arb, bound: arb) -> float:
    distance = abs(arb(computed) - exact)
    if not distance.is_finite():
        return float("inf")
    if bound.is_zero():
        return 0.0 if distance.is_zero() else float("inf")
    return float(distance / bound)


up: Elementwise = np.frompyfunc(lambda ball: ball.abs_upper(), 1, 1)
middle: Elementwise = np.frompyfunc(lambda ball: ball.mid(), 1, 1)
radius: Elementwise = np.frompyfunc(lambda ball: ball.rad(), 1, 1)
spread: Elementwise = np.frompyfunc(lambda ball, distance: arb(ball, distance), 2, 1)
larger: Elementwise = np.frompyfunc(lambda a, b: a.max(b), 2, 1)
smaller: Elementwise = np.frompyfunc(lambda a, b: a.min(b), 2, 1)
sigma: Elementwise = np.frompyfunc(_sigma, 1, 1)
sigma_slope: Elementwise = np.frompyfunc(_sigma_slope, 1, 1)
tanh: Elementwise = np.frompyfunc(_tanh, 1, 1)
flushed: Elementwise = np.frompyfunc(_flush, 2, 1)
covers: Elementwise = np.frompyfunc(_covers, 2, 1)
margin: Elementwise = np.frompyfunc(_margin, 3, 1)

"""Balls in NumPy object arrays: the elementwise operations that the bounds are made of.

Arb rounds every radius outwards, so whatever is computed here encloses the real-number result (python-flint).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from conformance.truth.balls import Balls, balls

FAR = 1 << 20
"""Past this, exp would have an exponent too large to hold; there sigma is below every format's smallest number."""
WIDE = arb(2) ** -10
"""From this radius on, a ball is seen by its ends."""

Elementwise = Callable[..., Any]
"""What np.frompyfunc makes: a function of arrays of balls, or of single ones, in their shape."""


def constant(value: Fraction | int) -> arb:
    """A power of two, or a number of few bits, exactly."""
    value = Fraction(value)
    return arb(value.numerator) / arb(value.denominator)


def exactly(numbers: np.ndarray) -> Balls:
    """Machine numbers as balls of radius 0. Balls are refused: their radii would be lost."""
    if np.asarray(numbers).dtype == object:
        raise TypeError("machine numbers are wanted here, got objects; a set of states is a Computed")
    return balls(np.asarray(numbers))


def nothing(like: Balls) -> Balls:
    """Zeros of the same shape."""
    return np.full(like.shape, arb(0), object)


def _over(function: Callable[[arb], arb], low: arb, high: arb) -> arb:
    """A monotone function of all between two numbers: from a wide ball, the formulas below give far too much."""
    return function(low).union(function(high))


def _sigma(a: arb) -> arb:
    if a.rad() > WIDE:
        return _over(_sigma, a.lower(), a.upper())
    if abs(a) < FAR:
        return 1 / (1 + (-a).exp())
    tiny = arb(0, (-arb(FAR)).exp())
    if a <= -FAR:
        return tiny
    return 1 - tiny if a >= FAR else arb(0.5, 0.5)  # a ball across FAR may lie on both sides of it


def _sigma_slope(a: arb) -> arb:
    """sigma(a) sigma(-a), which loses no digits where sigma is close to 1; it falls with |a|."""
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
    """How far from a number the 0 is that may be read in its place."""
    return abs(value).upper() if abs(value) < smallest else arb(0)


def _covers(ball: arb, state: arb) -> bool:
    """Whether a ball holds all that any blend of the state with a candidate in [-1, 1] could be."""
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

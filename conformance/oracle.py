"""Certified truth: the GRU evaluated in ball arithmetic until every output is a correctly rounded float64.

Contract (the inclusion principle): for all x in X, f(x) is in F(X). A ball is a midpoint with a rigorous radius, so the
real-number value of the equations on these very machine inputs lies inside it. Precision is doubled until each ball
rounds to one float64 whichever of its points is taken (Ziv's loop): that float64 is correctly rounded, with proof.

Written from the equations over Arb matrices (python-flint); shares no code with reference or tf_gru.
Source: Cho et al. 2014, arXiv:1406.1078 (v1: reset after the product; v3: before); Johansson 2017, "Arb".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import arb, arb_mat, ctx

from conformance.case import Case

FIRST_BITS, LAST_BITS = 64, 4096


class NotCertified(ArithmeticError):
    """No precision up to LAST_BITS decides how some output rounds."""


class Certified(NamedTuple):
    """Correctly rounded float64 outputs and final states of each direction, with their certificate.

    outputs: one (batch, time, units) array a direction, the state after each valid step and NaN at masked ones.
    final_state: one (batch, units) array a direction. bits: the precision used. radius: a power of two that no ball's
    radius exceeds, as its exponent (None where every ball is exact).
    """

    outputs: tuple[np.ndarray, ...]
    final_state: tuple[np.ndarray, ...]
    bits: int
    radius: int | None


def certify(case: Case) -> Certified:
    """The truth for a case. Raises NotCertified where LAST_BITS bits do not settle it."""
    bits = FIRST_BITS
    while bits <= LAST_BITS:
        with precision(bits):
            runs = [_scan(case, direction) for direction in range(len(case.parameters))]
        rounded = [(_round(states), _round(final)) for states, final in runs]
        if all(part is not None for pair in rounded for part in pair):
            balls = [ball for run in runs for part in run for ball in part.ravel() if ball is not None]
            return Certified(
                tuple(states for states, _ in rounded), tuple(final for _, final in rounded), bits, _radius(balls)
            )
        bits *= 2
    raise NotCertified(f"some output needs more than {LAST_BITS} bits to be rounded; it is not judged")


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Arb's working precision inside the block."""
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


def _scan(case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
    """The states of one direction as balls: (batch, time, units), None at masked steps, and (batch, units)."""
    p = case.parameters[direction]
    W, U, (b, c) = _blocks(p.kernel), _blocks(p.recurrent_kernel), p.bias
    step = {"after": _after, "before": _before, "none": _none}[p.reset]
    h = [_balls(row) for row in case.starts[direction]]
    states = np.full((case.batch, case.time, case.units), None, object)
    order = range(case.time)
    for t in reversed(order) if case.reverse or direction == 1 else order:
        for row in np.flatnonzero(case.valid[:, t]):
            h[row] = step(_row(case.inputs[row, t]), h[row], W, U, b, c)
            states[row, t] = h[row]
    final = np.empty((case.batch, case.units), object)
    for row, state in enumerate(h):
        final[row] = state
    return states, final


def _after(x: arb_mat, h: list[arb], W: list[arb_mat], U: list[arb_mat], b: np.ndarray, c: np.ndarray) -> list[arb]:
    z = [_sigma(s + v) for s, v in zip(_affine(x, W[0], b[0]), _affine(_mat(h), U[0], c[0]), strict=True)]
    r = [_sigma(s + v) for s, v in zip(_affine(x, W[1], b[1]), _affine(_mat(h), U[1], c[1]), strict=True)]
    inner = _affine(_mat(h), U[2], c[2])
    n = [(s + q * v).tanh() for s, q, v in zip(_affine(x, W[2], b[2]), r, inner, strict=True)]
    return _blend(z, h, n)


def _before(x: arb_mat, h: list[arb], W: list[arb_mat], U: list[arb_mat], b: np.ndarray, c: np.ndarray) -> list[arb]:
    z = [_sigma(s + v) for s, v in zip(_affine(x, W[0], b[0]), _affine(_mat(h), U[0], c[0]), strict=True)]
    r = [_sigma(s + v) for s, v in zip(_affine(x, W[1], b[1]), _affine(_mat(h), U[1], c[1]), strict=True)]
    inner = _affine(_mat([q * v for q, v in zip(r, h, strict=True)]), U[2], c[2])
    n = [(s + v).tanh() for s, v in zip(_affine(x, W[2], b[2]), inner, strict=True)]
    return _blend(z, h, n)


def _none(x: arb_mat, h: list[arb], W: list[arb_mat], U: list[arb_mat], b: np.ndarray, c: np.ndarray) -> list[arb]:
    z = [_sigma(s + v) for s, v in zip(_affine(x, W[0], b[0]), _affine(_mat(h), U[0], c[0]), strict=True)]
    n = [(s + v).tanh() for s, v in zip(_affine(x, W[1], b[1]), _affine(_mat(h), U[1], c[1]), strict=True)]
    return _blend(z, h, n)


def _blend(z: list[arb], h: list[arb], n: list[arb]) -> list[arb]:
    return [candidate + gate * (old - candidate) for gate, old, candidate in zip(z, h, n, strict=True)]


def _sigma(a: arb) -> arb:
    """The logistic function from exp(-|a|), which cannot overflow."""
    e = (-abs(a)).exp()
    return e / (1 + e) if a < 0 else 1 / (1 + e) if a > 0 else 1 / (1 + (-a).exp())


def _affine(row: arb_mat, matrix: arb_mat, bias: np.ndarray) -> list[arb]:
    return [value + arb(float(term)) for value, term in zip((row * matrix).entries(), bias, strict=True)]


def _balls(row: np.ndarray) -> list[arb]:
    return [arb(float(value)) for value in row]


def _row(row: np.ndarray) -> arb_mat:
    return _mat(_balls(row))


def _mat(row: list[arb]) -> arb_mat:
    return arb_mat(1, len(row), row)


def _blocks(array: np.ndarray) -> list[arb_mat]:
    return [arb_mat(*block.shape, _balls(block.ravel())) for block in array]


def _round(balls: np.ndarray) -> np.ndarray | None:
    """The one float64 each ball rounds to, NaN for None; None if a ball reaches across a rounding boundary."""
    rounded = np.full(balls.shape, np.nan)
    for index, ball in np.ndenumerate(balls):
        if ball is None:
            continue
        if not ball.is_finite():
            return None
        middle, radius = _fraction(ball.mid()), _fraction(ball.rad())
        low, high = _nearest(middle - radius), _nearest(middle + radius)
        if low != high or abs(low) == float("inf"):
            return None
        rounded[index] = low + 0.0
    return rounded


def _nearest(value: Fraction) -> float:
    """The nearest float64; an infinity past the largest one, which no certified number is."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else -float("inf")


def _fraction(exact: arb) -> Fraction:
    mantissa, exponent = (int(part) for part in exact.man_exp())
    # A radius of 2**-1e30 is a legal ball; as a fraction it would not fit into memory. Rounding it up keeps the proof.
    exponent = max(exponent, -(1 << 16)) if mantissa else 0
    return Fraction(mantissa) * Fraction(2) ** exponent


def _radius(balls: list[arb]) -> int | None:
    """The exponent of a power of two that no ball's radius exceeds."""
    parts = [tuple(int(part) for part in ball.rad().man_exp()) for ball in balls]
    return max((mantissa.bit_length() + exponent for mantissa, exponent in parts if mantissa), default=None)

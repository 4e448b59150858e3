"""The one-step bound: everything that one step of a conforming GRU may return, as balls.

Contract. Let h be the state that an implementation really had, and let it compute the next state by the equations in
the arithmetic it claims: each operation rounded to nearest, sums in any order, with or without fused multiply-add, the
blend in a form of BLENDS, overflow excluded. Then the state it returns lies in the ball given here, for every element.

Judging each step from the implementation's own previous state keeps the bound small at any length: nothing grows with
time. Balls travel through the whole step, so no first-order argument enters; Arb rounds every radius outwards.

Source: n u sum|a b| for a sum of n products in any order, with no restriction on n: Jeannerod & Rump 2013, "Improved
error bounds for inner products in floating-point arithmetic". Underflow: Higham 2002, "Accuracy and Stability", 2.8.
Left out: directed rounding, tensor-core accumulators and output formats narrower than the state: other classes.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

import numpy as np
from flint import arb, arb_mat

from conformance.arithmetic import Arithmetic
from conformance.oracle import precision
from reference import Parameters

BITS = 192


class OutsideDomain(ArithmeticError):
    """Nothing can be judged here: sums may overflow, or the bound is wider than the range of the outputs."""


class StepSet(NamedTuple):
    """Balls, as two object arrays (rows, units) of arb: the exact step, and how far a conforming one may be from it."""

    exact: np.ndarray
    bound: np.ndarray

    @staticmethod
    def of(balls: np.ndarray) -> "StepSet":
        """The set of numbers in these balls."""
        return StepSet(_middle(balls), _radius(balls))

    @staticmethod
    def exactly(numbers: np.ndarray) -> np.ndarray:
        """Machine numbers as balls of radius 0."""
        return _balls(numbers.astype(np.float64))

    @property
    def balls(self) -> np.ndarray:
        """Both in one: all that the step may return."""
        with precision(BITS):
            return _spread(self.exact, self.bound)

    def margins(self, computed: np.ndarray) -> np.ndarray:
        """How much of its bound each computed number uses. Over 1 is outside; NaN and infinities use all there is."""
        with precision(BITS):
            return _margin(computed.astype(np.float64), self.exact, self.bound).astype(np.float64)


class Gate(NamedTuple):
    """A gate as balls: its exact value at the computed pre-activation, and what evaluating the activation adds."""

    exact: np.ndarray
    error: np.ndarray

    @property
    def computed(self) -> np.ndarray:
        """Both in one: what the gate may be."""
        return _spread(self.exact, self.error)


class OneStep:
    """The one-step bound of one direction's parameters in one class of arithmetic."""

    def __init__(self, parameters: Parameters, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic
        self._step = {"after": self._after, "before": self._before, "none": self._none}[parameters.reset]
        with precision(BITS):
            self._u = _constant(arithmetic.unit(arithmetic.format))
            self._underflow = _constant(arithmetic.underflow(arithmetic.format))
            self._limit = _constant(arithmetic.format.half_largest)
            self._kernel = [Matrix(self._read(block)) for block in parameters.kernel]
            self._recurrent_kernel = [Matrix(self._read(block)) for block in parameters.recurrent_kernel]
            self._bias, self._recurrent_bias = ([self._read(gate) for gate in row] for row in parameters.bias)

    def __call__(self, x: np.ndarray, h: np.ndarray) -> StepSet:
        """The set for inputs x (rows, input_dim) and states h (rows, units), machine numbers of the claimed format.

        Where only a set of states is known, h may be its balls. Raises OutsideDomain where overflow is possible or the
        bound would prove nothing.
        """
        with precision(BITS):
            states = self._read(h)
            result = self._blend(*self._step(self._read(x), states), states)
            if np.any(_covers(result.balls, states)):
                raise OutsideDomain("the bound is wider than the range of the outputs, so it would prove nothing")
            return result

    # What goes into the blend: z, 1 - z as sigma(-a), and the candidate n.

    def _after(self, x: np.ndarray, h: np.ndarray) -> tuple[Gate, Gate, np.ndarray]:
        r = self._gate(self._pre_activation(x, h, 1)).computed
        inner = self._sum(h, self._recurrent_kernel[2], self._recurrent_bias[2])
        a = self._rounded(self._sum(x, self._kernel[2], self._bias[2]) + self._rounded(r * inner))
        return *self._update(x, h), self._candidate(a)

    def _before(self, x: np.ndarray, h: np.ndarray) -> tuple[Gate, Gate, np.ndarray]:
        r = self._gate(self._pre_activation(x, h, 1)).computed
        return *self._update(x, h), self._candidate(self._pre_activation(x, self._rounded(r * h), 2))

    def _none(self, x: np.ndarray, h: np.ndarray) -> tuple[Gate, Gate, np.ndarray]:
        return *self._update(x, h), self._candidate(self._pre_activation(x, h, 1))

    def _update(self, x: np.ndarray, h: np.ndarray) -> tuple[Gate, Gate]:
        a = self._pre_activation(x, h, 0)
        return self._gate(a), self._gate(-a)

    def _gate(self, a: np.ndarray) -> Gate:
        exact = _sigma(a)
        return Gate(exact, self._activation_error(exact))

    def _candidate(self, a: np.ndarray) -> np.ndarray:
        exact = np.tanh(a)
        return _spread(exact, self._activation_error(exact))

    def _activation_error(self, exact: np.ndarray) -> np.ndarray:
        """k ULP: at most 2 k u relative, k spacings where the result is subnormal."""
        claim = self.arithmetic
        floor = claim.accuracy.floor * self._u + _constant(claim.accuracy.absolute)
        ulps = _constant(claim.accuracy.ulps)
        below = ulps * _constant(claim.format.spacing) + self._underflow
        return 2 * ulps * self._u * _up(exact) + floor + below

    # Sums and single operations.

    def _pre_activation(self, x: np.ndarray, h: np.ndarray, gate: int) -> np.ndarray:
        """x W + b + h U + c: each side summed with its own bias, or the biases added first; then one addition."""
        W, U = self._kernel[gate], self._recurrent_kernel[gate]
        b, c = self._bias[gate], self._recurrent_bias[gate]
        zero = np.full(len(c), arb(0))
        apart = self._sum(x, W, b) + self._sum(h, U, c)
        merged = self._sum(x, W, self._rounded(b + c)) + self._sum(h, U, zero)
        return self._rounded(_union(apart, merged))

    def _sum(self, row: np.ndarray, matrix: "Matrix", bias: np.ndarray) -> np.ndarray:
        """row @ matrix + bias; the bias counts as one term more."""
        size = matrix.sizes(row) + _up(bias)
        if any(value > self._limit / 2 for value in size.flat):
            raise OutsideDomain(f"sums of up to {max(map(float, size.flat)):.2g} may overflow {self.arithmetic.dtype}")
        terms = matrix.terms + 1
        # Every product and every addition may underflow; each such error counts as a summand of its own.
        lost = 2 * terms * self._underflow
        return _spread(matrix.product(row) + bias, terms * self._u * (size + lost) + lost)

    def _rounded(self, exact: np.ndarray) -> np.ndarray:
        """What one operation returns whose exact result lies in these balls."""
        return _spread(exact, self._u * _up(exact) + self._underflow)

    def _blend(self, z: Gate, keep: Gate, n: np.ndarray, h: np.ndarray) -> StepSet:
        """z h + (1 - z) n in every form, about one centre.

        Where a form reads one z, its error enters once, through h - n. Where 1 - z is sigma(-a), the error of a still
        does, and the two activation errors enter each by itself.
        """
        n_centre = _middle(n)
        z_centre = _middle(z.computed)
        centre = n_centre + z_centre * (h - n_centre)

        def within(z_ball: np.ndarray) -> np.ndarray:
            z_off, n_off = z_ball - z_centre, n - n_centre
            return _up((h - n_centre) * z_off) + _up((1 - z_centre) * n_off) + _up(z_off * n_off) + _radius(centre)

        once = Rounding(self._u, self._underflow)
        size = Sizes(_up(z.computed), _up(1 - z.computed), _up(n), _up(h), _up(h - n), once.of(_up(1 - z.computed)))
        offsets = [within(z.computed) + form(once, size) for form in BLENDS.values()]
        negated = size._replace(s=_up(keep.computed), e_s=0 * size.s)
        activations = {
            "z h + (1-z) n": z.error * size.h + keep.error * size.n,
            "h + (1-z) (n-h)": keep.error * size.d,
        }
        offsets += [within(z.exact) + error + BLENDS[name](once, negated) for name, error in activations.items()]
        inner = reduce(_larger, offsets)
        bound = inner + once.of(_up(centre) + inner)
        return StepSet(_middle(centre), bound)

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        """Machine numbers as balls; where subnormals are flushed, the ball of one reaches 0."""
        balls = numbers if numbers.dtype == object else _balls(numbers.astype(np.float64))
        if self.arithmetic.flush:
            smallest = _constant(self.arithmetic.format.smallest_normal)
            balls = _flushed(balls, smallest)
        return balls


class Rounding(NamedTuple):
    """One rounding: its relative part u, its absolute part where the result underflows."""

    u: arb
    underflow: arb

    def of(self, size: np.ndarray) -> np.ndarray:
        """The error of one operation whose exact result is at most size."""
        return self.u * size + self.underflow


def merged(merge: str, forward: np.ndarray, backward: np.ndarray, arithmetic: Arithmetic) -> StepSet:
    """The set of one merged output, from the balls of both directions' states (rows, units).

    "ave" may halve before or after the addition: one rounding, and an underflow for each half.
    """
    with precision(BITS):
        once = Rounding(
            _constant(arithmetic.unit(arithmetic.format)), 2 * _constant(arithmetic.underflow(arithmetic.format))
        )
        joined = {
            "sum": lambda: forward + backward,
            "mul": lambda: forward * backward,
            "ave": lambda: (forward + backward) / 2,
        }
        if merge not in joined:
            both = np.concatenate([forward, backward], axis=-1)
            return StepSet.of(both)
        result = joined[merge]()
        return StepSet(_middle(result), _radius(result) + once.of(_up(result)))


class Sizes(NamedTuple):
    """Magnitudes in a blend: of z, s = 1 - z, n, h and h - n; and the rounding error of s where it is subtracted."""

    z: np.ndarray
    s: np.ndarray
    n: np.ndarray
    h: np.ndarray
    d: np.ndarray
    e_s: np.ndarray


# The forms in which z h + (1 - z) n is written in the field, each with its error before the last addition is rounded.


def _products(once: Rounding, of: Sizes) -> np.ndarray:
    return once.of(of.z * of.h) + of.e_s * of.n + once.of((of.s + of.e_s) * of.n)


def _candidate_first(once: Rounding, of: Sizes) -> np.ndarray:
    e_d = once.of(of.d)
    return of.z * e_d + once.of(of.z * (of.d + e_d))


def _state_first(once: Rounding, of: Sizes) -> np.ndarray:
    e_d = once.of(of.d)
    return of.s * e_d + of.e_s * (of.d + e_d) + once.of((of.s + of.e_s) * (of.d + e_d))


def _three_terms(once: Rounding, of: Sizes) -> np.ndarray:
    e_zn = once.of(of.z * of.n)
    return e_zn + once.of(of.s * of.n + e_zn) + once.of(of.z * of.h)


BLENDS: dict[str, Callable[[Rounding, Sizes], np.ndarray]] = {
    "z h + (1-z) n": _products,
    "n + z (h-n)": _candidate_first,
    "h + (1-z) (n-h)": _state_first,
    "n - z n + z h": _three_terms,
}


class Matrix:
    """A block of weights as balls, with its magnitudes."""

    def __init__(self, balls: np.ndarray) -> None:
        self.terms, self._columns = balls.shape
        self._exact = arb_mat(*balls.shape, balls.ravel().tolist())
        self._up = arb_mat(*balls.shape, _up(balls).ravel().tolist())

    def product(self, rows: np.ndarray) -> np.ndarray:
        """rows @ matrix, exactly."""
        return self._times(rows, self._exact)

    def sizes(self, rows: np.ndarray) -> np.ndarray:
        """|rows| @ |matrix|: the magnitude that rounding can act on."""
        return _up(self._times(_up(rows), self._up))

    def _times(self, rows: np.ndarray, matrix: arb_mat) -> np.ndarray:
        product = arb_mat(*rows.shape, rows.ravel().tolist()) * matrix
        return np.array(product.entries(), object).reshape(len(rows), self._columns)


def _constant(value: Fraction) -> arb:
    """A power of two, or a number of few bits, exactly."""
    return arb(value.numerator) / arb(value.denominator)


def _sigma_ball(a: arb) -> arb:
    # Past this, exp would have an exponent too large to hold; there sigma is below every format's smallest number.
    far = 1 << 20
    if a < -far:
        return arb(0, (-arb(far)).exp())
    return 1 / (1 + (-a).exp()) if a < far else 1 - arb(0, (-arb(far)).exp())


def _flush_ball(value: arb, smallest: arb) -> arb:
    return arb(value, abs(value)) if abs(value) < smallest else value


def _covers_range(ball: arb, state: arb) -> bool:
    """Whether a ball holds all that any blend of the state with a candidate in [-1, 1] could be."""
    return bool(ball.contains(state.union(arb(-1)).union(arb(1))))


def _margin_of(computed: float, exact: arb, bound: arb) -> float:
    distance = abs(arb(computed) - exact)
    if not distance.is_finite():
        return float("inf")
    if bound.is_zero():
        return 0.0 if distance.is_zero() else float("inf")
    return float(distance / bound)


# Elementwise operations on object arrays of balls.
_balls = np.frompyfunc(lambda value: arb(float(value)), 1, 1)
_up = np.frompyfunc(lambda ball: ball.abs_upper(), 1, 1)
_middle = np.frompyfunc(lambda ball: ball.mid(), 1, 1)
_radius = np.frompyfunc(lambda ball: ball.rad(), 1, 1)
_spread = np.frompyfunc(lambda ball, radius: arb(ball, radius), 2, 1)
_union = np.frompyfunc(lambda a, b: a.union(b), 2, 1)
_larger = np.frompyfunc(lambda a, b: a.max(b), 2, 1)
_sigma = np.frompyfunc(_sigma_ball, 1, 1)
_flushed = np.frompyfunc(_flush_ball, 2, 1)
_covers = np.frompyfunc(_covers_range, 2, 1)
_margin = np.frompyfunc(_margin_of, 3, 1)

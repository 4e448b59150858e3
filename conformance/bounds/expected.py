"""The expected size of a step's errors, to first order. The statistical rules use it.

Model. Every rounding has an error of at most u times its result, independent of all others and with mean 0. Such an
error is sub-Gaussian with variance proxy u^2 (Hoeffding's lemma), and proxies of independent errors add. A sum of n
products then has the error sqrt(n) u sum|a b|, where the proven bound has n u sum|a b|. The claimed error of
activations is not a rounding; it is kept separately and allowed in full, as is underflow.

The model is common in the literature (Higham & Mary 2019, "A new approach to probabilistic rounding error analysis";
Ipsen & Zhou 2020, "Probabilistic error analysis for inner products"). It is not proven for any machine, and never makes
a clause pass. Operations have the same names and meaning as in proven.py, over floats.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple, cast

import numpy as np

from conformance.bounds.blends import BLENDS, Rounding, Sizes
from conformance.bounds.step import StepWeights, step_parts
from conformance.interface.arithmetic import Arithmetic, Format, contains
from reference import Parameters


class Estimate(NamedTuple):
    """A value, the error that its claim allows, and an upper estimate of the standard deviation of its rounding
    errors.
    """

    value: np.ndarray
    claimed: np.ndarray
    noise: np.ndarray


class Activated(NamedTuple):
    """An activation's estimate, and its own share of the claimed error."""

    computed: Estimate
    own: np.ndarray


class Expected:
    """The operations of one class of arithmetic, rounded to nearest."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic
        self.once = self._rounding(arithmetic.format)
        accuracy, u = arithmetic.accuracy, self.once.u
        self._relative = 2 * float(accuracy.ulps) * u
        self._absolute = accuracy.floor * u + float(accuracy.absolute) + self.once.underflow

    def _rounding(self, format: Format) -> Rounding:
        return Rounding(float(self.arithmetic.unit(format)), float(self.arithmetic.underflow(format)))

    def read(self, numbers: np.ndarray) -> Estimate:
        """Convert numbers from the interface's format to the format of operations."""
        value = np.asarray(numbers, np.float64)
        claimed = np.zeros_like(value)
        if self.arithmetic.flush:
            formats = (self.arithmetic.interface, self.arithmetic.format)
            smallest = float(max(format.smallest_normal for format in formats))
            claimed = np.where(np.abs(value) < smallest, np.abs(value), 0)
        read = Estimate(value, claimed, np.zeros_like(value))
        return self._cast(read, self.arithmetic.interface, self.arithmetic.format)

    def carried(self, states: np.ndarray) -> Estimate:
        """The carried states, from the returned ones."""
        return self._cast(self.read(states), self.arithmetic.format, self.arithmetic.output_format)

    def shown(self, states: Estimate) -> Estimate:
        """The returned states, from the carried ones."""
        return self._cast(states, self.arithmetic.format, self.arithmetic.output_format)

    def operand(self, numbers: Estimate) -> Estimate:
        """Round numbers for a multiplication."""
        return self._cast(numbers, self.arithmetic.format, self.arithmetic.operands)

    def _cast(self, numbers: Estimate, old: Format, new: Format) -> Estimate:
        return numbers if contains(new, old) else self._rounded(numbers, self._rounding(new))

    def _rounded(self, numbers: Estimate, once: Rounding) -> Estimate:
        value, claimed, noise = numbers
        return Estimate(value, claimed + once.underflow, np.hypot(noise, once.u * np.abs(value)))

    def sum(self, products: Sequence[tuple[Estimate, Estimate]], addends: Sequence[Estimate] = ()) -> Estimate:
        """The sum of rows @ matrix for each pair and of the addends."""
        pairs = [(self.operand(rows), matrix) for rows, matrix in products]
        terms = sum(len(matrix.value) for _, matrix in pairs) + len(addends)
        once = self._rounding(self.arithmetic.sums)
        value = _total([a.value @ b.value for a, b in pairs] + [a.value for a in addends])
        size = _total([np.abs(a.value) @ np.abs(b.value) for a, b in pairs] + [np.abs(a.value) for a in addends])
        claimed = _total(
            [a.claimed @ np.abs(b.value) + np.abs(a.value) @ b.claimed for a, b in pairs] + [a.claimed for a in addends]
        )
        variance = _total(
            [a.noise**2 @ b.value**2 + a.value**2 @ b.noise**2 for a, b in pairs] + [a.noise**2 for a in addends]
        )
        noise = np.sqrt(variance + terms * (once.u * size) ** 2)
        result = Estimate(value, claimed + 2 * terms * once.underflow, noise)
        result = self._cast(result, self.arithmetic.sums, self.arithmetic.format)
        if not addends or contains(self.arithmetic.format, self.arithmetic.sums):
            return result
        return self.either(result, self._gathered([*(self.sum([pair]) for pair in products), *addends]))

    def _gathered(self, parts: Sequence[Estimate]) -> Estimate:
        """A sum of elementwise operations, in any order."""
        roundings, size = len(parts) - 1, _total([np.abs(part.value) for part in parts])
        noise = np.sqrt(_total([part.noise**2 for part in parts]) + roundings * (self.once.u * size) ** 2)
        claimed = _total([part.claimed for part in parts]) + roundings * self.once.underflow
        return Estimate(_total([part.value for part in parts]), claimed, noise)

    def add(self, a: Estimate, b: Estimate) -> Estimate:
        """a + b, rounded once."""
        joined = Estimate(a.value + b.value, a.claimed + b.claimed, np.hypot(a.noise, b.noise))
        return self._rounded(joined, self.once)

    def times(self, a: Estimate, b: Estimate) -> Estimate:
        """The product a b, rounded once."""
        x, y = np.abs(a.value), np.abs(b.value)
        joined = Estimate(a.value * b.value, x * b.claimed + y * a.claimed, np.hypot(x * b.noise, y * a.noise))
        return self._rounded(joined, self.once)

    def either(self, *ways: Estimate) -> Estimate:
        """One real number, computed in one of several ways."""
        return Estimate(ways[0].value, *(reduce(np.maximum, parts) for parts in list(zip(*ways, strict=True))[1:]))

    def sigma(self, a: Estimate) -> Activated:
        """The logistic function."""
        value = _sigma(a.value)
        return self._activated(value, value * _sigma(-a.value), a)

    def sigma_and_complement(self, a: Estimate) -> tuple[Activated, Activated]:
        """sigma(a), and 1 - sigma(a) as sigma(-a)."""
        return self.sigma(a), self.sigma(a._replace(value=-a.value))

    def tanh(self, a: Estimate) -> Activated:
        """The hyperbolic tangent."""
        return self._activated(np.tanh(a.value), 4 * _sigma(2 * a.value) * _sigma(-2 * a.value), a)

    def _activated(self, value: np.ndarray, slope: np.ndarray, a: Estimate) -> Activated:
        own = self._relative * np.abs(value) + self._absolute
        if self.arithmetic.activation == "correctly rounded":
            return Activated(Estimate(value, slope * a.claimed, np.hypot(slope * a.noise, own)), 0 * own)
        return Activated(Estimate(value, slope * a.claimed + own, slope * a.noise), own)

    def blend(self, z: Activated, keep: Activated, n: Estimate, h: Estimate) -> Estimate:
        """z h + (1 - z) n: the largest claimed error of all forms, and the roundings of all together."""
        gate = z.computed
        d, s = np.abs(h.value - n.value), keep.computed.value  # 1 - z would be 0 where z rounds to 1
        size = Sizes(np.abs(gate.value), s, np.abs(n.value), np.abs(h.value), d, self.once.u * s)
        rounding = reduce(np.maximum, (form(self.once, size) for form in BLENDS.values()))
        claimed = gate.claimed * d + s * n.claimed + size.z * h.claimed
        apart = (gate.claimed - z.own) * d + z.own * size.h + keep.own * size.n + s * n.claimed + size.z * h.claimed
        noise = np.sqrt((gate.noise * d) ** 2 + (s * n.noise) ** 2 + (size.z * h.noise) ** 2 + rounding**2)
        value = n.value + gate.value * (h.value - n.value)
        return self._rounded(Estimate(value, np.maximum(claimed, apart), noise), self.once)


class ExpectedStep:
    """The expected errors of one step with one direction's parameters."""

    def __init__(self, parameters: Parameters, arithmetic: Arithmetic) -> None:
        self.ops, self.reset = Expected(arithmetic), parameters.reset
        kernels = (
            [self.ops.operand(self.ops.read(block)) for block in array]
            for array in (parameters.kernel, parameters.recurrent_kernel)
        )
        self.weights = StepWeights(*kernels, *([self.ops.read(gate) for gate in row] for row in parameters.bias))

    def __call__(self, x: np.ndarray, h: np.ndarray) -> Estimate:
        """Estimate a step for inputs x (rows, input_dim) and returned states h (rows, units); the arrays have shape
        (rows, units).
        """
        state = self.ops.carried(h)
        parts = cast(
            Any, step_parts(self.ops, self.reset, self.weights, self.ops.read(x), state)
        )  # typed for proven ones
        return self.ops.shown(self.ops.blend(parts.z, parts.keep, parts.n.computed, state))


def _sigma(a: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def _total(parts: list[np.ndarray]) -> np.ndarray:
    return reduce(np.add, parts)

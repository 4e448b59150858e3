"""Proven operations: exact values as balls, and a bound on the error of an implementation's values.

Contract. Let the operands of an operation be machine numbers within `error` of some point of `exact`, and let the
operation run in the claimed arithmetic. Then its result is within the result's `error` of the real-number result at the
same point. Products of errors are included; nothing is linearised.

Balls are wide only for a whole set of states; for one state they are as thin as Arb makes them.

Source: n u sum|a b| for a sum of n products in any order, with no restriction on n: Jeannerod & Rump 2013, "Improved
error bounds for inner products in floating-point arithmetic". docs/error-analysis.md proves it with fused operations
and underflow. (1+2u)^n - 1 if rounding is not to nearest: Higham 2002, "Accuracy and Stability", 3.1.
"""

from collections.abc import Sequence
from functools import cached_property, reduce
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from conformance.bounds.blends import BLENDS, PRODUCTS, STATE_FIRST, Rounding, Sizes
from conformance.bounds.elementwise import (
    constant,
    exactly,
    flushed,
    larger,
    nothing,
    nothing_where,
    sigma,
    sigma_slope,
    smaller,
    tanh,
    up,
)
from conformance.bounds.exact_sums import numbers_of, of_products, summed_exactly, units
from conformance.interface.arithmetic import Arithmetic, Format, contains
from conformance.truth.balls import Balls, matrix, times


class OutsideDomain(ArithmeticError):
    """No bound exists here: sums may overflow, or the bound is wider than the range of the outputs."""


NOTHING_PROVEN = "the bound is wider than the range of the outputs, so it would prove nothing"


class Computed(NamedTuple):
    """Two object arrays of arb: the exact values, and a bound on the distance of the computed values from them."""

    exact: Balls
    error: Balls

    @property
    def reach(self) -> Balls:
        """The largest magnitude of the computed values."""
        return up(self.exact) + self.error

    @property
    def transposed(self) -> "Computed":
        """Rows and columns exchanged."""
        return Computed(self.exact.T, self.error.T)

    def part(self, index: Any) -> "Computed":
        """Some of the rows."""
        return Computed(self.exact[index], self.error[index])


class Gate(NamedTuple):
    """An activation: its exact value, the error that its argument passes on, and its own error."""

    exact: Balls
    inherited: Balls
    own: Balls

    @property
    def computed(self) -> Computed:
        """The value with the sum of both errors."""
        return Computed(self.exact, self.inherited + self.own)


class Later(NamedTuple):
    """Terms of the same sum that are added elsewhere, at any place: their number, and the sum of their magnitudes."""

    terms: int
    size: Balls


class Matrix:
    """Weights as operands of products, with their magnitudes; prepared once."""

    def __init__(self, weights: Computed) -> None:
        self.rows = len(weights.exact)
        self.weights = weights
        self.exact = matrix(weights.exact)
        self.off = matrix(weights.error)
        self.reach = matrix(weights.reach)

    @cached_property
    def terms(self) -> np.ndarray:
        """The number of products in a sum, (columns,). A product with a weight of exactly 0 is 0 and changes no sum."""
        return np.sum(~((self.weights.exact == 0) & (self.weights.error == 0)).astype(bool), axis=0)

    @cached_property
    def units(self) -> np.ndarray:
        """The exponent of a power of two of which all weights of a column are multiples, (columns,)."""
        return units(*self.weights).min(axis=0, initial=np.inf)


class Proven:
    """The operations of one class of arithmetic. Raises OutsideDomain if a sum may overflow."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic
        self.once = self.rounding(arithmetic.format)
        limits = (arithmetic.format, arithmetic.operands, arithmetic.sums)
        self._limit = min(constant(format.half_largest / 2) for format in limits)
        self._half = constant(arithmetic.format.half_largest)
        accuracy, u = arithmetic.accuracy, constant(arithmetic.format.unit_roundoff)
        ulps = constant(accuracy.ulps)
        # An ULP does not depend on the rounding. Half an ULP stands for one rounding, whatever its direction.
        self._relative = (2 * ulps * u).max(self.once.u)
        self._absolute = accuracy.floor * u + constant(accuracy.absolute) + self.once.underflow
        self._absolute += ulps * constant(arithmetic.format.spacing)

    def rounding(self, format: Format) -> Rounding:
        """One rounding to a format."""
        return Rounding(constant(self.arithmetic.unit(format)), constant(self.arithmetic.underflow(format)))

    def growth(self, terms: int, *, across_steps: bool = False) -> arb:
        """The relative error of a sum of this many products in any order."""
        once = self.summing(across_steps=across_steps)
        if self.arithmetic.rounding == "nearest" and not (across_steps and self._two_formats):
            return terms * once.u
        return (1 + once.u) ** terms - 1

    def summing(self, *, across_steps: bool = False) -> Rounding:
        """One operation of a sum; across steps its result may be rounded to the format of elementwise operations."""
        once = self.rounding(self.arithmetic.sums)
        return once.then(self.once) if across_steps and self._two_formats else once

    @property
    def _two_formats(self) -> bool:
        return self.arithmetic.sums != self.arithmetic.format

    # From and to machine numbers.

    def read(self, numbers: np.ndarray) -> Computed:
        """Convert numbers from the interface's format to the format of operations."""
        balls = exactly(numbers)
        error = nothing(balls)
        if self.arithmetic.flush:
            formats = (self.arithmetic.interface, self.arithmetic.format)
            error = flushed(balls, constant(max(format.smallest_normal for format in formats)))
        return self._cast(Computed(balls, error), self.arithmetic.interface, self.arithmetic.format)

    def carried(self, states: np.ndarray) -> Computed:
        """The carried states, from the returned ones."""
        read = self.read(states)
        if contains(self.arithmetic.output_format, self.arithmetic.format):
            return read
        once = self.rounding(self.arithmetic.output_format)
        return Computed(read.exact, read.error + once.of(up(read.exact)) / (1 - once.u))

    def shown(self, states: Computed) -> Computed:
        """The returned states, from the carried ones."""
        return self._cast(states, self.arithmetic.format, self.arithmetic.output_format)

    def returned(self, numbers: Computed) -> Computed:
        """Convert numbers to the interface's format."""
        return self._cast(numbers, self.arithmetic.format, self.arithmetic.interface)

    def cotangents(self, numbers: np.ndarray) -> Computed:
        """Read cotangents of returned states, which may pass through the format of those states."""
        read = self.read(numbers)
        if contains(self.arithmetic.output_format, self.arithmetic.format):
            return read
        return self._cast(read, self.arithmetic.interface, self.arithmetic.output_format)

    def _cast(self, numbers: Computed, old: Format, new: Format) -> Computed:
        if contains(new, old):
            return numbers
        if new.largest < old.largest:
            self.require(numbers.reach, constant(new.half_largest))
        return self._rounded(numbers, new)

    def _rounded(self, numbers: Computed, format: Format) -> Computed:
        """Round numbers to a format. Rounding keeps a number of the format."""
        kept = numbers_of(format, *numbers, flush=self.arithmetic.flush)
        return Computed(numbers.exact, numbers.error + nothing_where(kept, self.rounding(format).of(numbers.reach)))

    # Sums and products.

    def operand(self, numbers: Computed) -> Computed:
        """Round numbers for a multiplication."""
        return self._cast(numbers, self.arithmetic.format, self.arithmetic.operands)

    def sum(
        self,
        products: Sequence[tuple[Computed, Matrix]],
        addends: Sequence[Computed] = (),
        *,
        more: "Later | None" = None,
        across_steps: bool = False,
    ) -> Computed:
        """The sum of rows @ weights for each pair and of the addends, in any order.

        Args:
            products: Pairs of rows and weights.
            addends: Numbers to add.
            more: Terms of the same sum that are not in this result.
            across_steps: True if parts of the sum may be stored in the format of elementwise operations. If that is the
                narrower format, addends may also be added in it.

        Returns:
            The sum with its error.
        """
        terms = reduce(np.add, (weights.terms for _, weights in products)) + len(addends) + (more.terms if more else 0)
        exact: list[Balls] = []
        inherited: list[Balls] = []
        size: list[Balls] = [more.size] if more else []
        for numbers, weights in products:
            rows = self.operand(numbers)
            reach = rows.reach
            exact.append(times(rows.exact, weights.exact))
            inherited.append(times(up(rows.exact), weights.off) + times(rows.error, weights.reach))
            size.append(times(reach, weights.reach))
        for numbers in addends:
            exact.append(numbers.exact)
            inherited.append(numbers.error)
            size.append(numbers.reach)
        total = _total(size)
        self.require(total)
        # Every product and every addition may underflow. Each such error counts as a separate summand.
        counts, column = np.unique(terms, return_inverse=True)
        growth = np.array([self.growth(int(count), across_steps=across_steps) for count in counts], object)[column]
        lost = 2 * terms * self.summing(across_steps=across_steps).underflow
        own = growth * (total + lost) + lost
        if more is None or not more.terms:
            own = nothing_where(self._exact(products, addends, total), own)
        error = _total(inherited) + own
        result = self._cast(Computed(_total(exact), error), self.arithmetic.sums, self.arithmetic.format)
        if across_steps or not addends or contains(self.arithmetic.format, self.arithmetic.sums):
            return result
        return self.either(result, self._gathered([*(self.sum([pair]) for pair in products), *addends]))

    def _exact(
        self, products: Sequence[tuple[Computed, Matrix]], addends: Sequence[Computed], sizes: Balls
    ) -> np.ndarray:
        """True for the sums that no rounding changes (exact_sums.py)."""
        rows = [units(*self.operand(numbers)).min(axis=1, initial=np.inf) for numbers, _ in products]
        if max(float(part.max(initial=-np.inf)) for part in rows) == -np.inf:
            return np.zeros(np.shape(sizes), bool)
        columns = [weights.units for _, weights in products]
        lowest = of_products(zip(rows, columns, strict=True), [units(*numbers) for numbers in addends])
        formats = (self.arithmetic.sums, self.arithmetic.format)
        return summed_exactly(np.broadcast_to(lowest, sizes.shape), sizes, formats, flush=self.arithmetic.flush)

    def _gathered(self, parts: Sequence[Computed]) -> Computed:
        """A sum of elementwise operations, in any order."""
        roundings = len(parts) - 1
        size = _total([part.reach for part in parts])
        lost = roundings * self.once.underflow
        own = ((1 + self.once.u) ** roundings - 1) * (size + lost) + lost
        lowest = reduce(np.minimum, (units(*part) for part in parts))
        formats = (self.arithmetic.format,)
        own = nothing_where(summed_exactly(lowest, size, formats, flush=self.arithmetic.flush), own)
        return Computed(_total([part.exact for part in parts]), _total([part.error for part in parts]) + own)

    def outer(self, left: Computed, right: Computed) -> Computed:
        """left^T @ right: a product for each row of both, summed over the rows."""
        return self.sum([(left.transposed, Matrix(self.operand(right)))], across_steps=True)

    def total(self, numbers: Computed) -> Computed:
        """The sum over rows."""
        error, size = numbers.error.sum(axis=0, initial=arb(0)), numbers.reach.sum(axis=0, initial=arb(0))
        self.require(size)
        growth = self.growth(len(numbers.exact), across_steps=True)
        lost = 2 * len(numbers.exact) * self.summing(across_steps=True).underflow
        return Computed(numbers.exact.sum(axis=0, initial=arb(0)), error + growth * (size + lost) + lost)

    def require(self, size: Balls, limit: arb | None = None) -> None:
        """Raise OutsideDomain if numbers may overflow. The default limit applies to sums of terms."""
        limit = self._limit if limit is None else limit
        if any(not value < limit for value in size.flat):
            raise OutsideDomain(f"numbers of up to {max(map(float, size.flat)):.2g} may overflow {self.arithmetic}")

    def add(self, a: Computed, b: Computed) -> Computed:
        """a + b, rounded once."""
        return self._rounded(Computed(a.exact + b.exact, a.error + b.error), self.arithmetic.format)

    def subtract(self, a: Computed, b: Computed) -> Computed:
        """a - b, rounded once."""
        return self._rounded(Computed(a.exact - b.exact, a.error + b.error), self.arithmetic.format)

    def times(self, *factors: Computed) -> Computed:
        """A product of several factors, in any order."""
        exact = reduce(np.multiply, (factor.exact for factor in factors))
        reach = reduce(np.multiply, (factor.reach for factor in factors))
        inherited = reach - reduce(np.multiply, (up(factor.exact) for factor in factors))
        roundings = len(factors) - 1
        growth = (1 + self.once.u) ** roundings - 1
        # A product that underflows is multiplied by the remaining factors; a product that overflows is lost.
        later = reduce(np.multiply, (larger(factor.reach, arb(1)) for factor in factors))
        self.require(later, self._half)
        return Computed(exact, up(inherited) + growth * reach + (1 + growth) * roundings * self.once.underflow * later)

    def either(self, *ways: Computed) -> Computed:
        """One real number, computed in one of several ways."""
        return Computed(ways[0].exact, reduce(larger, (way.error for way in ways)))

    # Activations and the blend.

    def sigma(self, a: Computed) -> Gate:
        """The logistic function."""
        return self._gate(sigma(a.exact), self._through_sigma(a))

    def sigma_and_complement(self, a: Computed) -> tuple[Gate, Gate]:
        """sigma(a), and 1 - sigma(a) as sigma(-a). The error of a is the same in both, with opposite sign."""
        inherited = self._through_sigma(a)
        return self._gate(sigma(a.exact), inherited), self._gate(sigma(-a.exact), inherited)

    def tanh(self, a: Computed) -> Gate:
        """The hyperbolic tangent; its derivative is 4 sigma'(2a)."""
        return self._gate(tanh(a.exact), smaller(up(4 * sigma_slope(2 * around(a))), arb(1)) * a.error)

    def _through_sigma(self, a: Computed) -> Balls:
        """The error that sigma passes on: by the mean value theorem, with the steepest slope on the way."""
        return smaller(up(sigma_slope(around(a))), arb(0.25)) * a.error

    def _gate(self, exact: Balls, inherited: Balls) -> Gate:
        """An activation with an error of k ULP: at most 2 k u relative, k spacings if the result is subnormal."""
        return Gate(exact, inherited, self._relative * (up(exact) + inherited) + self._absolute)

    def blend(self, z: Gate, keep: Gate, n: Computed, h: Computed) -> Computed:
        """z h + (1 - z) n in every form; keep is 1 - z as sigma(-a).

        If a form reads one z, the error of z enters once, through h - n. If 1 - z is sigma(-a), the error of a still
        enters once, but the two activation errors enter separately.
        """
        d = h.exact - n.exact
        s = 1 - z.exact
        exact = n.exact + z.exact * d

        def within(e_z: Balls) -> Balls:
            return e_z * (up(d) + n.error + h.error) + up(s) * n.error + up(z.exact) * h.error

        e_z = z.computed.error
        size = Sizes(up(z.exact) + e_z, up(s) + e_z, n.reach, h.reach, up(d) + n.error + h.error, arb(0))
        self.require(size.h, self._half)
        size = size._replace(e_s=self.once.of(size.s))
        subtracted = within(e_z) + reduce(larger, (form(self.once, size) for form in BLENDS.values()))
        size = size._replace(s=keep.computed.reach, e_s=arb(0))
        activations = {PRODUCTS: z.own * size.h + keep.own * size.n, STATE_FIRST: keep.own * size.d}
        of_sigma = reduce(larger, (own + BLENDS[name](self.once, size) for name, own in activations.items()))
        error = larger(subtracted, within(z.inherited) + of_sigma)
        return self._rounded(Computed(exact, error), self.arithmetic.format)


def around(numbers: Computed) -> np.ndarray:
    """Balls that contain the computed values."""
    return _widened(numbers.exact, numbers.error)


def _total(parts: list[np.ndarray]) -> np.ndarray:
    return reduce(np.add, parts)


_widened = np.frompyfunc(lambda ball, error: ball + arb(0, error), 2, 1)

"""The derivative of one step: as an implementation may compute it, and as linear maps that carry errors.

`back_step` writes the derivative once, over operations that carry their errors. It covers each product of gates in
every way in which automatic differentiation of the forms in BLENDS writes it. `maps` returns the same derivative as
matrices of balls.
"""

from functools import reduce
from typing import NamedTuple

import numpy as np
from flint import arb

from conformance.bounds.blends import Rounding
from conformance.bounds.elementwise import larger, nothing, up
from conformance.bounds.proven import Computed, Gate, Later, Matrix, Proven
from conformance.bounds.step import Parts
from conformance.truth.balls import Balls, matrix, times
from reference import Parameters


class BackWeights(NamedTuple):
    """One direction's kernels: as balls (gates, ...), and transposed as operands of products."""

    W: Balls
    U: Balls
    W_t: list[Matrix]
    U_t: list[Matrix]

    @staticmethod
    def of(ops: Proven, p: Parameters) -> "BackWeights":
        """Read parameters through proven operations."""
        read = [[ops.operand(ops.read(block)) for block in array] for array in (p.kernel, p.recurrent_kernel)]
        W, U = (np.stack([block.exact for block in blocks]) for blocks in read)
        W_t, U_t = ([Matrix(block.transposed) for block in blocks] for blocks in read)
        return BackWeights(W, U, W_t, U_t)


class Cotangents(NamedTuple):
    """The derivative of a step: cotangents of x W + b and of h U + c for each gate, of x and of h."""

    a_x: list[Computed]
    a_h: list[Computed]
    x: Computed
    h: Computed


def back_step(
    ops: Proven, w: BackWeights, parts: Parts, h: Computed, dh: Computed, more: Later, readers: int = 1
) -> Cotangents:
    """Pull the cotangent of the next state back to everything that the step read.

    The errors include only this step's own, for any h and dh in their balls and any errors of the forward gates.

    Args:
        ops: Operations that carry their errors.
        w: The kernels.
        parts: The forward step.
        h: The state before the step, (rows, units).
        dh: The cotangent of the state after the step, (rows, units).
        more: The cotangents of outputs that are added to the cotangent of h, before or after the rest.
        readers: The number of directions that read the inputs, whose cotangents may form one sum.

    Returns:
        The cotangents.
    """
    n = parts.n.computed
    s = _complement(ops, parts)
    dn = ops.either(ops.times(dh, s), ops.subtract(dh, ops.times(dh, parts.z.computed)))
    da_z = _through_update(ops, parts, h, dh)
    da_n = _pull(ops, _tanh_slope(n), dn)
    a_x, a_h = [da_z, da_n], [da_z, da_n]
    through: list[Computed] = []
    products = list(zip(a_h, w.U_t, strict=False))
    if parts.r is not None and parts.v is not None:
        da_r = _pull(ops, _sigma_slope(parts.r, parts.r), da_n, parts.v)
        a_x, a_h = [da_z, da_r, da_n], [da_z, da_r, ops.times(da_n, parts.r.computed)]
        products = list(zip(a_h, w.U_t, strict=True))
    elif parts.r is not None:
        ds = ops.sum([(da_n, w.U_t[2])])
        da_r = _pull(ops, _sigma_slope(parts.r, parts.r), ds, h)
        a_x = a_h = [da_z, da_r, da_n]
        products = [(da_z, w.U_t[0]), (da_r, w.U_t[1])]
        through = [ops.times(ds, parts.r.computed)]
    ways = ([ops.times(dh, parts.z.computed)], [dh, ops.times(dh, s)])
    sums = [ops.sum(products, [*way, *through], more=more, across_steps=True) for way in ways]
    back = Computed(sums[0].exact, larger(sums[0].error, sums[1].error))
    sides = list(zip(a_x, w.W_t, strict=True))
    others = Later((readers - 1) * sum(weights.rows for _, weights in sides), arb(0))
    return Cotangents(a_x, a_h, ops.sum(sides, more=others, across_steps=True), back)


def _complement(ops: Proven, parts: Parts) -> Computed:
    """1 - z, subtracted or as sigma(-a)."""
    exact = 1 - parts.z.exact
    error = parts.z.inherited + larger(parts.z.own, parts.keep.own)
    return Computed(exact, error + ops.once.of(up(exact) + error))


class Slope(NamedTuple):
    """A derivative that is a product of forward quantities. All fields except `exact` are magnitudes.

    Attributes:
        exact: The exact derivative.
        inherited: The error that the forward argument passes on.
        own: The error of the activation.
        beside: A term that is rounded separately and then cancels, such as z z in z - z z.
    """

    exact: Balls
    inherited: Balls
    own: Balls
    beside: Balls

    @property
    def reach(self) -> Balls:
        """The largest magnitude of the computed values, before they are rounded."""
        return up(self.exact) + self.inherited + self.own

    def rounded(self, once: Rounding, operations: int) -> Balls:
        """The error of several operations on the way to a product with it, relative to the other factor."""
        growth = (1 + once.u) ** operations
        return (growth - 1) * self.reach + growth * once.u * self.beside


def _sigma_slope(gate: Gate, keep: Gate) -> Slope:
    """z (1 - z), z - z z, or sigma(a) sigma(-a), for a gate and its complement."""
    own = larger(gate.own, keep.own)
    size = larger(up(gate.exact), up(keep.exact)) + gate.inherited + own
    return Slope(
        gate.exact * (1 - gate.exact),
        gate.inherited * (1 + gate.inherited),
        own * (1 + own + 2 * gate.inherited),
        size**2,
    )


def _tanh_slope(n: Computed) -> Slope:
    """1 - n n, or (1 - n) (1 + n), or, with a cotangent d, (d + d n) (1 - n)."""
    inherited = n.error * (2 * up(n.exact) + n.error)
    return Slope(1 - n.exact * n.exact, inherited, nothing(n.error), n.reach * (1 + n.reach))


def _pull(ops: Proven, slope: Slope, first: Computed, *others: Computed) -> Computed:
    """A cotangent (a product of factors) times a slope, in any order, so that a part may be rounded separately.

    At most four operations meet the slope: two sides of a product, that product, and the cotangent.
    """
    d = ops.times(first, *others) if others else first
    later = reduce(np.multiply, (larger(factor.reach, arb(1)) for factor in (first, *others)))
    error = d.error * slope.reach + up(d.exact) * (slope.inherited + slope.own) + d.reach * slope.rounded(ops.once, 4)
    return Computed(d.exact * slope.exact, error + 4 * (1 + ops.once.u) ** 4 * ops.once.underflow * later)


def _through_update(ops: Proven, parts: Parts, h: Computed, dh: Computed) -> Computed:
    """The cotangent of the update gate's pre-activation."""
    n, slope = parts.n.computed, _sigma_slope(parts.z, parts.keep)
    dz = ops.either(
        ops.times(dh, ops.subtract(h, n)),
        ops.subtract(ops.times(dh, h), ops.times(dh, n)),
    )
    joined = _pull(ops, slope, dz)
    # z h + sigma(-a) n: both slopes have the same argument, and each side is pulled back separately.
    d = Computed(dz.exact, dh.reach * (h.error + n.error) + dh.error * up(h.exact - n.exact))
    sizes = dh.reach * (h.reach + n.reach)
    error = d.error * slope.reach + up(d.exact) * slope.inherited
    error = error + sizes * (slope.own + slope.rounded(ops.once, 6))
    later = larger(dh.reach, arb(1)) * larger(h.reach + n.reach, arb(1))
    return ops.either(joined, Computed(joined.exact, error + 10 * (1 + ops.once.u) ** 6 * ops.once.underflow * later))


class Maps(NamedTuple):
    """A step's derivative as balls: the factors of the cotangent of the next state.

    Attributes:
        a_x: For each gate factors (rows, units), or a matrix (rows, units, units) where units mix.
        a_h: The same for the recurrent side.
        x: A matrix (rows, input_dim, units).
        h: The transposed Jacobian, (rows, units, units).
    """

    a_x: list[Balls]
    a_h: list[Balls]
    x: Balls
    h: Balls


def maps(reset: str, w: BackWeights, parts: Parts, h: Balls) -> Maps:
    """The derivative over all states in the balls h (rows, units), from the exact gates there."""
    z, n = parts.z.exact, parts.n.exact
    c_z = (h - n) * z * (1 - z)
    c_n = (1 - z) * (1 - n * n)
    if reset == "none":
        factors = [c_z, c_n]
        return Maps(factors, factors, _joined(w.W, factors), _joined(w.U, factors, z))
    r = parts.r.exact  # pyright: ignore[reportOptionalMemberAccess]
    if reset == "after":
        c_r = c_n * parts.v.exact * r * (1 - r)  # pyright: ignore[reportOptionalMemberAccess]
        a_x, a_h = [c_z, c_r, c_n], [c_z, c_r, c_n * r]
        return Maps(a_x, a_h, _joined(w.W, a_x), _joined(w.U, a_h, z))
    c_s = w.U[2] * c_n[:, None, :]  # to the reset state: rows, units, units
    m_r = (h * r * (1 - r))[:, :, None] * c_s
    back = _joined(w.U[:2], [c_z, m_r], z) + r[:, :, None] * c_s
    factors = [c_z, m_r, c_n]
    return Maps(factors, factors, _joined(w.W, factors), back)


def _joined(kernels: Balls, factors: list[Balls], kept: Balls | None = None) -> Balls:
    """The sum over gates of kernel @ factor (rows, kernel's rows, units), plus `kept` on its diagonal."""
    first, *others = (
        kernel * factor[:, None, :] if factor.ndim == 2 else _matmul(kernel, factor)
        for kernel, factor in zip(kernels, factors, strict=True)
    )
    total: Balls = reduce(np.add, others, first)
    if kept is not None:
        units = np.arange(int(kept.shape[1]))
        total[:, units, units] += kept
    return total


def _matmul(kernel: Balls, matrices: Balls) -> Balls:
    """The product kernel @ matrix for each row's matrix."""
    return np.stack([times(kernel, matrix(of_row)) for of_row in matrices])

"""One step's derivative: as an implementation may compute it, and as the linear maps through which errors travel.

back_step writes the derivative once, over operations that carry their errors: each product of gates in the ways in
which automatic differentiation of the forms in BLENDS writes it. maps gives the same derivative as matrices of balls.
"""

from typing import NamedTuple

import numpy as np
from flint import arb

from conformance.bounds.elementwise import larger, up
from conformance.bounds.proven import Computed, Gate, Later, Matrix, Proven
from conformance.bounds.step import Parts
from reference import Parameters


class BackWeights(NamedTuple):
    """One direction's kernels: as balls (gates, ...), and transposed as operands of products."""

    W: np.ndarray
    U: np.ndarray
    W_t: list[Matrix]
    U_t: list[Matrix]

    @staticmethod
    def of(ops: Proven, p: Parameters) -> "BackWeights":
        """As operations that are proven read them."""
        read = [[ops.operand(ops.read(block)) for block in array] for array in (p.kernel, p.recurrent_kernel)]
        balls = [np.stack([block.exact for block in blocks]) for blocks in read]
        return BackWeights(*balls, *([Matrix(block.transposed) for block in blocks] for blocks in read))


class Cotangents(NamedTuple):
    """The derivative of a step: at the pre-activations' input side and recurrent side, a pair for each gate; x; h."""

    a_x: list[Computed]
    a_h: list[Computed]
    x: Computed
    h: Computed


def back_step(ops: Proven, w: BackWeights, parts: Parts, h: Computed, dh: Computed, more: Later) -> Cotangents:
    """Pull the cotangent of the next state back to all that the step read.

    The errors are those made here, for any h and dh in their balls and whatever the forward step made of the gates.
    more: the cotangents of outputs that are added to that of h, before or after the rest.
    """
    z, n = parts.z.computed, parts.n.computed
    s = _complement(ops, parts)
    dz = ops.either(
        ops.times(dh, ops.subtract(h, n)),
        ops.subtract(ops.times(dh, h), ops.times(dh, n)),
    )
    dn = ops.either(ops.times(dh, s), ops.subtract(dh, ops.times(dh, z)))
    da_z = ops.times(dz, sigma_slope(ops, parts.z, parts.keep))
    da_n = ops.times(dn, _tanh_slope(ops, n))
    r = parts.r.computed if parts.r is not None else None
    a_x, a_h, through = [da_z, da_n], [da_z, da_n], []
    products = list(zip(a_h, w.U_t, strict=False))
    if parts.v is not None:
        da_r = ops.times(da_n, parts.v, sigma_slope(ops, parts.r, parts.r))
        a_x, a_h = [da_z, da_r, da_n], [da_z, da_r, ops.times(da_n, r)]
        products = list(zip(a_h, w.U_t, strict=True))
    elif parts.s is not None:
        ds = ops.sum([(da_n, w.U_t[2])])
        da_r = ops.times(ds, h, sigma_slope(ops, parts.r, parts.r))
        a_x = a_h = [da_z, da_r, da_n]
        products = [(da_z, w.U_t[0]), (da_r, w.U_t[1])]
        through = [ops.times(ds, r)]
    ways = ([ops.times(dh, z)], [dh, ops.times(dh, s)])
    sums = [ops.sum(products, [*way, *through], more=more, across_steps=True) for way in ways]
    back = Computed(sums[0].exact, larger(sums[0].error, sums[1].error))
    return Cotangents(a_x, a_h, ops.sum(list(zip(a_x, w.W_t, strict=True)), across_steps=True), back)


def _complement(ops: Proven, parts: Parts) -> Computed:
    """1 - z, subtracted or as sigma(-a)."""
    exact = 1 - parts.z.exact
    error = parts.z.inherited + larger(parts.z.own, parts.keep.own)
    return Computed(exact, error + ops.once.of(up(exact) + error))


def sigma_slope(ops: Proven, gate: Gate, keep: Gate) -> Computed:
    """z (1 - z), z - z z, or sigma(a) sigma(-a)."""
    exact = gate.exact * (1 - gate.exact)
    off = gate.inherited + gate.own + keep.own
    inherited = off * (1 + off)
    size = (up(gate.exact) + off) ** 2 + 2 * (up(exact) + inherited)
    return Computed(exact, inherited + ops.once.u * size + 3 * ops.once.underflow)


def _tanh_slope(ops: Proven, n: Computed) -> Computed:
    """1 - n n, or (1 - n) (1 + n)."""
    exact = 1 - n.exact * n.exact
    inherited = n.error * (2 * up(n.exact) + n.error)
    size = n.reach**2 + 3 * (up(exact) + inherited)
    return Computed(exact, inherited + ops.once.u * size + 3 * ops.once.underflow)


class Maps(NamedTuple):
    """A step's derivative as balls: what it multiplies the cotangent of the next state by.

    a_x, a_h: for each gate, factors (rows, units), or a matrix (rows, units, units) where units mix. x: (rows,
    input_dim, units). h: (rows, units, units), the transposed Jacobian.
    """

    a_x: list[np.ndarray]
    a_h: list[np.ndarray]
    x: np.ndarray
    h: np.ndarray


def maps(reset: str, w: BackWeights, parts: Parts, h: np.ndarray) -> Maps:
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


def _joined(kernels: np.ndarray, factors: list[np.ndarray], kept: np.ndarray | None = None) -> np.ndarray:
    """The sum over gates of kernel @ factor (rows, kernel's rows, units), and what is kept, on its diagonal."""
    parts = [
        kernel * factor[:, None, :] if factor.ndim == 2 else _matmul(kernel, factor)
        for kernel, factor in zip(kernels, factors, strict=True)
    ]
    total = sum(parts[1:], parts[0])
    if kept is not None:
        units = np.arange(kept.shape[1])
        total[:, units, units] += kept
    return total


def _matmul(kernel: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """kernel @ matrix for each row's matrix."""
    if not len(matrices):
        return np.full((0, len(kernel), matrices.shape[2]), arb(0), object)
    return np.stack([kernel.dot(matrix) for matrix in matrices])

"""The oracle of forward-mode derivatives: the tangents of the answer for tangents of all inputs, correctly rounded.

Each line differentiates one line of the equations, independently of the reverse mode in gradients.py. Therefore the
adjoint identity <v, J w> = <J^T v, w> tests one against the other.

Source: Wengert 1964, "A simple automatic derivative evaluation program"; Cho et al. 2014, arXiv:1406.1078 (v1 and v3).

Left out: reverse mode, second derivatives.
"""

from typing import Any, NamedTuple

import numpy as np
from flint import arb_mat

from conformance.interface.case import Case, Gradients, Outputs
from conformance.truth.balls import Balls, balls, settle, sigma, times
from conformance.truth.forward import Scan, Step, Weights, directions, merged, outputs_of, require_finite, scans
from conformance.truth.reading import read_tangents


class CertifiedTangents(NamedTuple):
    """Correctly rounded float64 tangents of the answer, in its shapes, with their certificate.

    Attributes:
        outputs: The tangents of the outputs.
        final_state: The tangents of the final state.
        bits: The precision used.
        radius: The exponent of a power of two that bounds the radius of every ball; None if every ball is exact.
    """

    outputs: Any
    final_state: Any
    bits: int
    radius: int | None


def certify_tangents(case: Case, tangents: Gradients) -> CertifiedTangents:
    """Compute the certified tangents of a case's answer, under its policy and merge.

    Args:
        case: The case.
        tangents: Tangents of everything that the case reads, in the shapes of `Gradients` and of float16, float32 or
            float64; None in it means zeros. Tangents of masked inputs are ignored.

    Returns:
        The tangents of outputs and final state.

    Raises:
        InvalidCase: If shapes do not fit, or a number that is read is not finite.
        NotCertified: If no precision settles a rounding.
    """
    require_finite(case)
    read = read_tangents(case, tangents)
    found, bits, radius = settle(lambda: pushed_forward(case, read))
    return CertifiedTangents(*found, bits, radius)


def pushed_forward(case: Case, tangents: Gradients) -> Outputs:
    """The answer's tangents as balls, at the current precision. tangents: the result of `read_tangents`."""
    runs = scans(case)
    of_each = [tangents]
    if case.merge is not None:
        of_each = [Gradients(tangents.inputs, *(pair[k] for pair in tangents[1:])) for k in (0, 1)]
    pushed = [_push(case, k, run, of_each[k]) for k, run in enumerate(runs)]
    d_parts = [d_part for d_part, _ in pushed]
    d_finals = tuple(d_final for _, d_final in pushed)
    if case.merge == "mul":
        forward, backward = directions(case, runs)
        return Outputs(d_parts[0] * backward + forward * d_parts[1], d_finals)
    return Outputs(merged(case, d_parts), d_finals[0] if case.merge is None else d_finals)


class Moving(NamedTuple):
    """One direction's parameters and their tangents, as balls."""

    at: Weights
    by: Weights

    def x_side(self, x: Balls, d_x: Balls, gate: int) -> Balls:
        """The tangent of x W + b."""
        return _product(x, d_x, self.at.W[gate], self.by.W[gate]) + self.by.b[gate]

    def h_side(self, h: Balls, d_h: Balls, gate: int) -> Balls:
        """The tangent of h U + c."""
        return _product(h, d_h, self.at.U[gate], self.by.U[gate]) + self.by.c[gate]

    def gate(self, step: Step, d_x: Balls, d_h: Balls, gate: int) -> Balls:
        """The tangent of x W + b + h U + c."""
        return self.x_side(step.x, d_x, gate) + self.h_side(step.h, d_h, gate)


def _push(case: Case, direction: int, run: Scan, tangents: Gradients) -> tuple[Balls, Balls]:
    """The tangents of one direction's outputs before the merge, and of its final state."""
    p = case.parameters[direction]
    d_inputs, d_start = balls(tangents.inputs), balls(tangents.initial_state)
    of = Moving(Weights.of(p.kernel, p.recurrent_kernel, p.bias), Weights.of(*tangents[2:]))
    push = {"after": _after, "before": _before, "none": _none}[p.reset]
    d_h = d_start.copy()
    d_states = np.full((case.batch, case.time, case.units), None, object)
    for step in run.steps:
        d_x, d_old = d_inputs[step.rows, step.time], d_h[step.rows]
        d_z = _sigma_tangent(step.a_z, of.gate(step, d_x, d_old, 0))
        d_n = push(step, d_x, d_old, of) * _sech(step.a_n) ** 2
        z, keep = step.z, sigma(-step.a_z)
        d_h[step.rows] = d_z * step.h + z * d_old - d_z * step.n + keep * d_n
        d_states[step.rows, step.time] = d_h[step.rows]
    return outputs_of(case, direction, d_states, d_start), d_h


# The tangent of the candidate's pre-activation.


def _after(step: Step, d_x: Balls, d_h: Balls, of: Moving) -> Balls:
    d_r = _sigma_tangent(step.a_r, of.gate(step, d_x, d_h, 1))
    return of.x_side(step.x, d_x, 2) + d_r * step.h_n + step.r * of.h_side(step.h, d_h, 2)


def _before(step: Step, d_x: Balls, d_h: Balls, of: Moving) -> Balls:
    d_r = _sigma_tangent(step.a_r, of.gate(step, d_x, d_h, 1))
    return of.x_side(step.x, d_x, 2) + of.h_side(step.r * step.h, d_r * step.h + step.r * d_h, 2)


def _none(step: Step, d_x: Balls, d_h: Balls, of: Moving) -> Balls:
    return of.gate(step, d_x, d_h, 1)


def _sigma_tangent(a: Balls, d_a: Balls) -> Balls:
    return sigma(a) * sigma(-a) * d_a


def _product(rows: Balls, d_rows: Balls, factor: arb_mat, d_factor: arb_mat) -> Balls:
    return times(d_rows, factor) + times(rows, d_factor)


_sech = np.frompyfunc(lambda a: a.sech(), 1, 1)

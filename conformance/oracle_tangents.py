"""Certified forward-mode derivatives: how the answer moves when all that a case reads moves, correctly rounded.

Each line differentiates one line of the equations, without a thought for the reverse mode of oracle_gradients; so the
adjoint identity <v, J w> = <J^T v, w> holds one against the other.

Source: Wengert 1964, "A simple automatic derivative evaluation program"; Cho et al. 2014, arXiv:1406.1078 (v1 and v3).
Left out: reverse mode, second derivatives.
"""

from typing import Any, NamedTuple

import numpy as np
from flint import arb_mat

from conformance.balls import balls, matrix, settle, sigma, times
from conformance.case import Case, Gradients, Outputs
from conformance.oracle import Run, Step, Weights, merged, outputs_of, require_finite, scans, states
from conformance.oracle_reading import read_tangents
from reference import Parameters


class CertifiedTangents(NamedTuple):
    """Correctly rounded float64 tangents of the answer, in its shapes, with their certificate.

    bits: the precision used. radius: the exponent of a power of two that no ball's radius exceeds; None where every
    ball is exact.
    """

    outputs: Any
    final_state: Any
    bits: int
    radius: int | None


def certify_tangents(case: Case, tangents: Gradients) -> CertifiedTangents:
    """The true tangents of a case's answer, under its policy and merge, for these tangents of all that it reads.

    tangents: in the shapes of Gradients, of any of the three formats; None is zeros. Those of masked inputs are not
    read. Raises InvalidCase for what does not fit and for a number that is read and not finite, NotCertified where no
    precision settles the rounding.
    """
    require_finite(case)
    read = read_tangents(case, tangents)
    found, bits, radius = settle(lambda: pushed_forward(case, read))
    return CertifiedTangents(*found, bits, radius)


def pushed_forward(case: Case, tangents: Gradients) -> Outputs:
    """The answer's tangents as balls, at the precision that is set. tangents: as read_tangents gives them."""
    runs = scans(case)
    of_each = (
        [tangents] if case.merge is None else [Gradients(tangents[0], *(t[k] for t in tangents[1:])) for k in (0, 1)]
    )
    pushed = [_push(case, run, p, t) for run, p, t in zip(runs, case.parameters, of_each, strict=True)]
    d_parts = [outputs_of(case, k, d_states, d_start) for k, (d_states, d_start, _) in enumerate(pushed)]
    d_finals = tuple(d_final for _, _, d_final in pushed)
    if case.merge == "mul":
        forward, backward = (outputs_of(case, k, states(case, run), run.start) for k, run in enumerate(runs))
        return Outputs(d_parts[0] * backward + forward * d_parts[1], d_finals)
    return Outputs(merged(case, d_parts), d_finals[0] if case.merge is None else d_finals)


class Moving(NamedTuple):
    """One direction's parameters and their tangents, as balls."""

    at: Weights
    by: Weights

    def x_side(self, x: np.ndarray, d_x: np.ndarray, gate: int) -> np.ndarray:
        """The tangent of x W + b."""
        return _product(x, d_x, self.at.W[gate], self.by.W[gate]) + self.by.b[gate]

    def h_side(self, h: np.ndarray, d_h: np.ndarray, gate: int) -> np.ndarray:
        """The tangent of h U + c."""
        return _product(h, d_h, self.at.U[gate], self.by.U[gate]) + self.by.c[gate]

    def gate(self, step: Step, d_x: np.ndarray, d_h: np.ndarray, gate: int) -> np.ndarray:
        """The tangent of x W + b + h U + c."""
        return self.x_side(step.x, d_x, gate) + self.h_side(step.h, d_h, gate)


def _push(case: Case, run: Run, p: Parameters, tangents: Gradients) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The tangents of one direction's states at valid steps, of its initial and of its final state."""
    d_inputs, d_start, d_W, d_U, d_b = (balls(tangent) for tangent in tangents)
    by = Weights([matrix(gate) for gate in d_W], [matrix(gate) for gate in d_U], *d_b)
    of = Moving(Weights.of(p), by)
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
    return d_states, d_start, d_h


# The tangent of the candidate's pre-activation.


def _after(step: Step, d_x: np.ndarray, d_h: np.ndarray, of: Moving) -> np.ndarray:
    d_r = _sigma_tangent(step.a_r, of.gate(step, d_x, d_h, 1))
    return of.x_side(step.x, d_x, 2) + d_r * step.h_n + step.r * of.h_side(step.h, d_h, 2)


def _before(step: Step, d_x: np.ndarray, d_h: np.ndarray, of: Moving) -> np.ndarray:
    d_r = _sigma_tangent(step.a_r, of.gate(step, d_x, d_h, 1))
    return of.x_side(step.x, d_x, 2) + of.h_side(step.r * step.h, d_r * step.h + step.r * d_h, 2)


def _none(step: Step, d_x: np.ndarray, d_h: np.ndarray, of: Moving) -> np.ndarray:
    return of.gate(step, d_x, d_h, 1)


def _sigma_tangent(a: np.ndarray, d_a: np.ndarray) -> np.ndarray:
    return sigma(a) * sigma(-a) * d_a


def _product(rows: np.ndarray, d_rows: np.ndarray, factor: arb_mat, d_factor: arb_mat) -> np.ndarray:
    return times(d_rows, factor) + times(rows, d_factor)


_sech = np.frompyfunc(lambda a: a.sech(), 1, 1)

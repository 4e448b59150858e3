"""The oracle of gradients: back-propagation through time in ball arithmetic, correctly rounded to float64.

Each gate's slope is computed without cancellation, so saturated gates need no additional bits. The code follows the
derivatives of the equations and shares no code with `reference` or `tf_gru`.

Source: Werbos 1990, "Backpropagation through time"; Cho et al. 2014, arXiv:1406.1078 (v1 and v3).

Left out: forward mode (tangents.py), second derivatives.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from flint import arb, arb_mat

from conformance.interface.case import Case, Gradients, Outputs
from conformance.interface.type_guards import is_tuple
from conformance.truth.balls import Balls, balls, matrix, settle, sigma, sigma_slope, tanh_slope, times, zeros
from conformance.truth.forward import Scan, Step, directions, order, require_finite, scans, visible_steps
from conformance.truth.reading import read_cotangents


class CertifiedGradients(NamedTuple):
    """Correctly rounded float64 gradients, in the shapes of `Gradients`, with their certificate.

    Attributes:
        gradients: The gradients.
        bits: The precision used.
        radius: The exponent of a power of two that bounds the radius of every ball; None if every ball is exact.
    """

    gradients: Gradients
    bits: int
    radius: int | None


def certify_gradients(case: Case, cotangents: Outputs, *, every: bool = True) -> CertifiedGradients:
    """Compute the certified gradients of a case for cotangents of its answer.

    Args:
        case: The case.
        cotangents: Cotangents of the answer, in its shapes and of float16, float32 or float64; None in it means zeros.
            Cotangents of outputs that the policy sets to 0 are ignored.
        every: True if every number must be certified. Otherwise a number without a certificate is NaN.

    Returns:
        The gradients. The gradient to a masked input is exactly 0.

    Raises:
        InvalidCase: If shapes do not fit, or a number that is read is not finite.
        NotCertified: If no precision settles a rounding, and `every` is True.
    """
    require_finite(case)
    read = read_cotangents(case, cotangents)
    found = settle(lambda: pulled_back(case, read), every=every)
    return CertifiedGradients(found.values, found.bits, found.radius)


def pulled_back(case: Case, cotangents: Outputs) -> Gradients:
    """The gradients as balls, at the current precision. cotangents: the result of `read_cotangents`."""
    runs = scans(case)
    d_outputs = _unmerged(case, runs, cotangents.outputs)
    d_finals = [cotangents.final_state] if case.merge is None else cotangents.final_state
    found = [_pull(case, k, run, d_outputs[k], balls(d_finals[k])) for k, run in enumerate(runs)]
    if case.merge is None:
        return found[0]
    forward, backward = found
    return Gradients(forward.inputs + backward.inputs, *zip(forward[1:], backward[1:], strict=True))


def _unmerged(case: Case, runs: list[Scan], cotangents: Any) -> list[Balls]:
    """The cotangents of each direction's outputs, from the cotangents of the merged outputs."""
    if is_tuple(cotangents):
        return [balls(part) for part in cotangents]
    d = balls(cotangents)
    if case.merge == "mul":
        forward, backward = directions(case, runs)
        return [d * backward, d * forward]
    if case.merge == "concat":
        return [d[:, :, : case.units], d[:, :, case.units :]]
    return {None: [d], "sum": [d, d], "ave": [d / 2, d / 2]}[case.merge]


class Transposed(NamedTuple):
    """One direction's transposed matrices, one for each gate."""

    W: list[arb_mat]
    U: list[arb_mat]

    @staticmethod
    def of(kernel: np.ndarray, recurrent_kernel: np.ndarray) -> "Transposed":
        """Convert machine numbers exactly."""
        W, U = (balls(np.swapaxes(weights, 1, 2)) for weights in (kernel, recurrent_kernel))
        return Transposed([matrix(gate) for gate in W], [matrix(gate) for gate in U])


class Pulled(NamedTuple):
    """The cotangents that one step pulls back, as balls.

    Attributes:
        d_h: The cotangent of the state before the step, (rows, units).
        by_x: For each gate the cotangent of x W + b, (rows, units).
        by_h: For each gate the cotangent of the product with U plus c, (rows, units).
        factors: For each gate the factor that multiplies U, (rows, units).
    """

    d_h: Balls
    by_x: list[Balls]
    by_h: list[Balls]
    factors: list[Balls]


def _pull(case: Case, direction: int, run: Scan, d_outputs: Balls, d_h: Balls) -> Gradients:
    """The gradients of one direction; d_h starts as the cotangent of the final state."""
    p = case.parameters[direction]
    pull = {"after": _after, "before": _before, "none": _none}[p.reset]
    of = Transposed.of(p.kernel, p.recurrent_kernel)
    d_inputs = zeros(case.inputs.shape)
    visible = visible_steps(case, direction)
    steps = {step.time: step for step in run.steps}
    found: list[tuple[Step, Pulled]] = []
    for t in reversed(order(case, direction)):
        d_h[visible[:, t]] += d_outputs[visible[:, t], t]
        if t in steps:
            step = steps[t]
            pulled = pull(step, d_h[step.rows], of)
            d_h[step.rows] = pulled.d_h
            d_inputs[step.rows, t] = sum(times(d, W) for d, W in zip(pulled.by_x, of.W, strict=True))
            found.append((step, pulled))
    return Gradients(d_inputs, d_h, *_weights(found, *p.kernel.shape))


def _weights(found: list[tuple[Step, Pulled]], gates: int, input_dim: int, units: int) -> Iterator[Balls]:
    """The gradients of kernel, recurrent kernel and bias: one product over all steps and rows for each gate."""
    x = np.concatenate([zeros((0, input_dim)), *(step.x for step, _ in found)])
    by_x, by_h, factors = (
        [np.concatenate([zeros((0, units)), *(getattr(pulled, name)[g] for _, pulled in found)]) for g in range(gates)]
        for name in ("by_x", "by_h", "factors")
    )
    ones = np.full((1, len(x)), arb(1), object)
    yield np.stack([times(x.T, matrix(d)) for d in by_x])
    yield np.stack([times(h.T, matrix(d)) for h, d in zip(factors, by_h, strict=True)])
    yield np.stack([np.concatenate([times(ones, matrix(d)) for d in side]) for side in (by_x, by_h)])


# One step: z h + (1 - z) n, pulled back to everything that it reads.


def _after(step: Step, d: Balls, of: Transposed) -> Pulled:
    d_a_z, d_a_n = _gates(step, d)
    d_a_r = d_a_n * step.h_n * sigma_slope(step.a_r)
    d_h_n = d_a_n * step.r
    d_h = d * step.z + times(d_a_z, of.U[0]) + times(d_a_r, of.U[1]) + times(d_h_n, of.U[2])
    return Pulled(d_h, [d_a_z, d_a_r, d_a_n], [d_a_z, d_a_r, d_h_n], [step.h] * 3)


def _before(step: Step, d: Balls, of: Transposed) -> Pulled:
    d_a_z, d_a_n = _gates(step, d)
    d_seen = times(d_a_n, of.U[2])  # the cotangent of r h
    d_a_r = d_seen * step.h * sigma_slope(step.a_r)
    d_h = d * step.z + d_seen * step.r + times(d_a_z, of.U[0]) + times(d_a_r, of.U[1])
    by_gate = [d_a_z, d_a_r, d_a_n]
    return Pulled(d_h, by_gate, by_gate, [step.h, step.h, step.r * step.h])


def _none(step: Step, d: Balls, of: Transposed) -> Pulled:
    d_a_z, d_a_n = _gates(step, d)
    d_h = d * step.z + times(d_a_z, of.U[0]) + times(d_a_n, of.U[1])
    return Pulled(d_h, [d_a_z, d_a_n], [d_a_z, d_a_n], [step.h] * 2)


def _gates(step: Step, d: Balls) -> tuple[Balls, Balls]:
    """The cotangents of the pre-activations of update gate and candidate."""
    d_a_z = d * (step.h - step.n) * sigma_slope(step.a_z)
    return d_a_z, d * sigma(-step.a_z) * tanh_slope(step.a_n)

"""Certified truth: the GRU evaluated in ball arithmetic until every output is a correctly rounded float64.

Written from the equations over Arb matrices (python-flint); shares no code with reference or tf_gru. What a step
computed is kept, for the derivatives in oracle_gradients and oracle_tangents.

Source: Cho et al. 2014, arXiv:1406.1078 (v1: reset after the product; v3: before); Johansson 2017, "Arb".
Left out: what the certificate means (see balls), the one call that gives everything (see truth).
"""

from typing import Any, NamedTuple

import numpy as np
from flint import arb_mat

from conformance.interface.case import Case, InvalidCase, Outputs
from conformance.truth.balls import Balls, balls, matrix, settle, sigma, times, zeros


class Certified(NamedTuple):
    """Correctly rounded float64 outputs and final states of each direction, with their certificate.

    outputs: one (batch, time, units) array a direction, the state after each valid step and NaN at masked ones.
    final_state: one (batch, units) array a direction. bits: the precision used. radius: a power of two that no ball's
    radius exceeds, as its exponent (None where every ball is exact).
    """

    outputs: tuple[Balls, ...]
    final_state: tuple[Balls, ...]
    bits: int
    radius: int | None


def certify(case: Case) -> Certified:
    """The truth for a case.

    Raises InvalidCase for a number that is read and not finite, NotCertified where no precision settles the rounding.
    """
    require_finite(case)

    def evaluate() -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
        runs = scans(case)
        return tuple(states(case, run) for run in runs), tuple(run.final for run in runs)

    (outputs, finals), bits, radius = settle(evaluate)
    return Certified(outputs, finals, bits, radius)


class Weights(NamedTuple):
    """One direction's parameters as balls: a matrix a gate, and both biases (gates, units)."""

    W: list[arb_mat]
    U: list[arb_mat]
    b: Balls
    c: Balls

    @staticmethod
    def of(kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray) -> "Weights":
        """Machine numbers, exactly."""
        W, U = balls(kernel), balls(recurrent_kernel)
        return Weights([matrix(gate) for gate in W], [matrix(gate) for gate in U], *balls(bias))


class Step(NamedTuple):
    """One step of the rows for which it counts: all that was computed, as balls (rows, units).

    x: (rows, input_dim). h: the state before. a_z, a_r, a_n: the gates' pre-activations. h_n: the state's side of a_n,
    before the reset gate acts on it if that is after the product. new: the state after. Without a reset gate a_r and r
    are empty.
    """

    time: int
    rows: np.ndarray
    x: Balls
    h: Balls
    a_z: Balls
    a_r: Balls
    a_n: Balls
    h_n: Balls
    z: Balls
    r: Balls
    n: Balls
    new: Balls


class Scan(NamedTuple):
    """One direction: its steps in processing order, the states it starts from and ends with, (batch, units)."""

    steps: list[Step]
    start: Balls
    final: Balls


def scans(case: Case) -> list[Scan]:
    """Every direction of a case, at the precision that is set."""
    return [_scan(case, direction) for direction in range(len(case.parameters))]


def order(case: Case, direction: int) -> range:
    """The times in the order in which a direction processes them."""
    forward = range(case.time)
    return forward[::-1] if case.reverse or direction == 1 else forward


def _scan(case: Case, direction: int) -> Scan:
    p = case.parameters[direction]
    step = {"after": _after, "before": _before, "none": _none}[p.reset]
    weights = Weights.of(p.kernel, p.recurrent_kernel, p.bias)
    start = balls(case.starts[direction])
    h = start.copy()
    steps: list[Step] = []
    for t in order(case, direction):
        rows = np.flatnonzero(case.valid[:, t])
        if len(rows):
            x = balls(case.inputs[rows, t])
            a_z = _gate(x, h[rows], weights, 0)
            a_r, a_n, h_n, r = step(x, h[rows], weights)
            # 1 - z as sigma(-a): nothing cancels where z is close to 1.
            z, n = sigma(a_z), np.tanh(a_n)
            new = z * h[rows] + sigma(-a_z) * n
            steps.append(Step(t, rows, x, h[rows], a_z, a_r, a_n, h_n, z, r, n, new))
            h[rows] = new
    return Scan(steps, start, h)


# The reset gate and the candidate: a_r, a_n, the state's side of a_n, and r.


def _after(x: Balls, h: Balls, of: Weights) -> tuple[Balls, Balls, Balls, Balls]:
    a_r = _gate(x, h, of, 1)
    r = sigma(a_r)
    h_n = times(h, of.U[2]) + of.c[2]
    return a_r, times(x, of.W[2]) + of.b[2] + r * h_n, h_n, r


def _before(x: Balls, h: Balls, of: Weights) -> tuple[Balls, Balls, Balls, Balls]:
    a_r = _gate(x, h, of, 1)
    r = sigma(a_r)
    h_n = times(r * h, of.U[2]) + of.c[2]
    return a_r, times(x, of.W[2]) + of.b[2] + h_n, h_n, r


def _none(x: Balls, h: Balls, of: Weights) -> tuple[Balls, Balls, Balls, Balls]:
    absent = zeros((len(x), 0))
    h_n = times(h, of.U[1]) + of.c[1]
    return absent, times(x, of.W[1]) + of.b[1] + h_n, h_n, absent


def _gate(x: Balls, h: Balls, of: Weights, gate: int) -> Balls:
    return times(x, of.W[gate]) + of.b[gate] + times(h, of.U[gate]) + of.c[gate]


# From states to the answer.


def answer(case: Case, runs: list[Scan]) -> Outputs:
    """The whole answer, as balls: the policy at masked steps, then the merge; one final state, or a pair."""
    finals = tuple(run.final for run in runs)
    return Outputs(merged(case, directions(case, runs)), finals[0] if case.merge is None else finals)


def directions(case: Case, runs: list[Scan]) -> list[Balls]:
    """Each direction's outputs before the merge: (batch, time, units)."""
    return [outputs_of(case, k, states(case, run), run.start) for k, run in enumerate(runs)]


def states(case: Case, run: Scan, name: str = "new") -> Balls:
    """One quantity of every step: (batch, time, units), None at masked steps."""
    found = np.full((case.batch, case.time, case.units), None, object)
    for step in run.steps:
        found[step.rows, step.time] = getattr(step, name)
    return found


def visible_steps(case: Case, direction: int) -> np.ndarray:
    """Where a state is shown: (batch, time) booleans. Elsewhere the policy puts a 0."""
    if case.masked_outputs == "carry":
        return np.ones((case.batch, case.time), bool)
    if case.masked_outputs == "zero":
        return case.valid
    seen = np.zeros((case.batch, case.time), bool)
    reached = np.zeros(case.batch, bool)
    for t in order(case, direction):
        seen[:, t] = reached = reached | case.valid[:, t]
    return seen


def outputs_of(case: Case, direction: int, states: Balls, start: Balls) -> Balls:
    """One direction's outputs, from its states at valid steps and its initial one: the policy at masked steps."""
    outputs = zeros((case.batch, case.time, case.units))
    state = start.copy()
    visible = visible_steps(case, direction)
    for t in order(case, direction):
        state[case.valid[:, t]] = states[case.valid[:, t], t]
        outputs[visible[:, t], t] = state[visible[:, t]]
    return outputs


def merged(case: Case, parts: list[Balls]) -> Any:
    """The outputs of all directions as the case shows them: one array, or a pair where they are apart."""
    if case.merge is None:
        return parts[0]
    forward, backward = parts
    joined = {
        "concat": lambda: np.concatenate(parts, axis=-1),
        "sum": lambda: forward + backward,
        "mul": lambda: forward * backward,
        "ave": lambda: (forward + backward) / 2,
        "apart": lambda: (forward, backward),
    }
    return joined[case.merge]()


def require_finite(case: Case) -> None:
    """Refuse a number that is read and has no truth."""
    finite = np.isfinite(case.inputs) | ~case.valid[:, :, None]
    every_finite(case.inputs, finite, "inputs", "mask this step, or repair it")
    for direction, state in enumerate(case.starts):
        name = "initial_state" if len(case.starts) == 1 else f"initial_state[{direction}]"
        every_finite(state, np.isfinite(state), name, "repair it")


def every_finite(array: np.ndarray, finite: np.ndarray, name: str, todo: str) -> None:
    """Raise InvalidCase at the first number that is not marked as finite."""
    for index in np.argwhere(~finite):
        where = tuple(int(i) for i in index)
        raise InvalidCase(
            f"{name}{list(where)} is {array[where]} and is read, but only finite numbers have a truth; {todo}"
        )

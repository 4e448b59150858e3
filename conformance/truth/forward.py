"""The forward oracle: the GRU in ball arithmetic, with every output correctly rounded to float64.

It follows the equations over Arb matrices (python-flint) and shares no code with `reference` or `tf_gru`. It keeps the
quantities of each step for the derivatives in gradients.py and tangents.py.

Source: Cho et al. 2014, arXiv:1406.1078 (v1: reset after the product; v3: before); Johansson 2017, "Arb".

Left out: the meaning of the certificate (see balls.py), and the function that returns everything (see certified.py).
"""

from typing import Any, NamedTuple

import numpy as np
from flint import arb_mat

from conformance.interface.case import Case, InvalidCase, Outputs
from conformance.truth.balls import Balls, balls, matrix, settle, sigma, times, zeros


class Certified(NamedTuple):
    """Correctly rounded float64 outputs and final states of each direction, with their certificate.

    Attributes:
        outputs: For each direction an array (batch, time, units): the state after each valid step, NaN at masked steps.
        final_state: For each direction an array (batch, units).
        bits: The precision used.
        radius: The exponent of a power of two that bounds the radius of every ball; None if every ball is exact.
    """

    outputs: tuple[Balls, ...]
    final_state: tuple[Balls, ...]
    bits: int
    radius: int | None


def certify(case: Case) -> Certified:
    """Compute the certified states of a case.

    Raises:
        InvalidCase: If a number that is read is not finite.
        NotCertified: If QUICK_BITS bits do not settle a rounding. `truth` takes more.
    """
    require_finite(case)

    def evaluate() -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
        runs = scans(case)
        return tuple(states(case, run) for run in runs), tuple(run.final for run in runs)

    (outputs, finals), bits, radius = settle(evaluate, quick=True)
    return Certified(outputs, finals, bits, radius)


class Weights(NamedTuple):
    """One direction's parameters as balls: a matrix for each gate, and both biases (gates, units)."""

    W: list[arb_mat]
    U: list[arb_mat]
    b: Balls
    c: Balls

    @staticmethod
    def of(kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray) -> "Weights":
        """Convert machine numbers exactly."""
        W, U = balls(kernel), balls(recurrent_kernel)
        return Weights([matrix(gate) for gate in W], [matrix(gate) for gate in U], *balls(bias))


class Step(NamedTuple):
    """One step of the rows for which it is valid: all its quantities, as balls (rows, units).

    Attributes:
        time: The position of the step in the inputs.
        rows: The rows for which the step is valid.
        x: The inputs (rows, input_dim).
        h: The state before the step.
        a_z: The pre-activation of the update gate.
        a_r: The pre-activation of the reset gate; empty without one.
        a_n: The pre-activation of the candidate.
        h_n: The recurrent side of a_n, before the reset gate if that acts after the product.
        z: The update gate.
        r: The reset gate; empty without one.
        n: The candidate state.
        new: The state after the step.
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
    """One direction: its steps in processing order, its initial and its final states (batch, units)."""

    steps: list[Step]
    start: Balls
    final: Balls


def scans(case: Case) -> list[Scan]:
    """Every direction of a case, at the current precision."""
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
            # sigma(-a) stands for 1 - z, so that nothing cancels where z is close to 1.
            z, n = sigma(a_z), np.tanh(a_n)
            new = z * h[rows] + sigma(-a_z) * n
            steps.append(Step(t, rows, x, h[rows], a_z, a_r, a_n, h_n, z, r, n, new))
            h[rows] = new
    return Scan(steps, start, h)


# The reset gate and the candidate: a_r, a_n, the recurrent side of a_n, and r.


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
    """The whole answer as balls, after the policy at masked steps and the merge: one final state, or a pair."""
    finals = tuple(run.final for run in runs)
    return Outputs(merged(case, directions(case, runs)), finals[0] if case.merge is None else finals)


def directions(case: Case, runs: list[Scan]) -> list[Balls]:
    """Each direction's outputs before the merge, (batch, time, units)."""
    return [outputs_of(case, k, states(case, run), run.start) for k, run in enumerate(runs)]


def states(case: Case, run: Scan, name: str = "new") -> Balls:
    """One quantity of every step, (batch, time, units), None at masked steps."""
    found = np.full((case.batch, case.time, case.units), None, object)
    for step in run.steps:
        found[step.rows, step.time] = getattr(step, name)
    return found


def visible_steps(case: Case, direction: int) -> np.ndarray:
    """The steps whose output is a state, (batch, time) booleans. The policy sets all other outputs to 0."""
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
    """One direction's outputs under the policy at masked steps, from its initial state and its states at valid
    steps.
    """
    outputs = zeros((case.batch, case.time, case.units))
    state = start.copy()
    visible = visible_steps(case, direction)
    for t in order(case, direction):
        state[case.valid[:, t]] = states[case.valid[:, t], t]
        outputs[visible[:, t], t] = state[visible[:, t]]
    return outputs


def merged(case: Case, parts: list[Balls]) -> Any:
    """Merge the outputs of all directions: one array, or a pair under "apart"."""
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
    """Refuse a case with a number that is read and is not finite. Raises InvalidCase."""
    finite = np.isfinite(case.inputs) | ~case.valid[:, :, None]
    every_finite(case.inputs, finite, "inputs", "mask this step, or use a finite number")
    for direction, state in enumerate(case.starts):
        name = "initial_state" if len(case.starts) == 1 else f"initial_state[{direction}]"
        every_finite(state, np.isfinite(state), name, "use a finite number")


def every_finite(array: np.ndarray, finite: np.ndarray, name: str, todo: str) -> None:
    """Raise InvalidCase at the first number that is not marked as finite."""
    for index in np.argwhere(~finite):
        where = tuple(int(i) for i in index)
        raise InvalidCase(f"{name}{list(where)} is {array[where]}, but the oracle needs finite numbers; {todo}")

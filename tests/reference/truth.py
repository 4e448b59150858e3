"""The truth for tests of the specification: the GRU by scalar loops in ball arithmetic.

It follows the equations and shares no code with the package. Gradients are not derived by hand: each element in turn
becomes a power series x + e, and the coefficient of e in the result, contracted with the cotangents, is its gradient. A
computed ball and a true ball that do not overlap prove a mistake, so no test needs a tolerance.

A Case names its options and makes its own numbers, so that truths can be computed once and stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import flint
import numpy as np

from reference import Parameters, Weights, bidirectional, sequence
from reference.sequence import Run

BATCH, TIME, INPUT_DIM, UNITS = 2, 4, 3, 2
GATES = {"after": 3, "before": 3, "none": 2}
RESETS = ("after", "before", "none")
POLICIES = ("carry", "zero")
MASKS = {
    "absent": None,
    "trailing": [[1, 1, 1, 0], [1, 0, 0, 0]],
    "leading": [[0, 0, 1, 1], [0, 1, 1, 1]],
    "holes": [[1, 0, 1, 1], [0, 1, 0, 1]],
    "nothing left in one row": [[0, 0, 0, 0], [0, 1, 1, 0]],
}
THIN = flint.arb(2) ** -80  # balls this thin cannot overlap merely by being wide


@dataclass(frozen=True)
class Case:
    """The options of one run; its numbers follow from them, and masked inputs are NaN."""

    reset: str = "after"
    reverse: bool = False
    mask: str = "absent"
    policy: str = "carry"
    initial_state: bool = True
    merge: str = "concat"

    def valid(self) -> np.ndarray:
        """The valid steps, (batch, time) booleans."""
        pattern = MASKS[self.mask]
        return np.ones((BATCH, TIME), bool) if pattern is None else np.array(pattern, bool)

    def inputs(self) -> np.ndarray:
        """The inputs, NaN where they must not be read."""
        x = numbers(1, BATCH, TIME, INPUT_DIM)
        x[~self.valid()] = np.nan
        return x

    def state(self, seed: int) -> Any:
        """One direction's initial state, or None."""
        return numbers(seed, BATCH, UNITS) if self.initial_state else None

    def parameters(self, seed: int) -> Parameters:
        """One direction's parameters."""
        gates = GATES[self.reset]
        return Parameters(
            numbers(seed, gates, INPUT_DIM, UNITS),
            numbers(seed + 1, gates, UNITS, UNITS),
            numbers(seed + 2, 2, gates, UNITS),
            self.reset,
        )

    def options(self) -> dict[str, Any]:
        """The options that gru and bigru share. The trailing mask is given by lengths."""
        mask = None if self.mask == "absent" else self.valid()
        if self.mask == "trailing":
            return {"lengths": self.valid().sum(axis=1), "masked_outputs": self.policy}
        return {"mask": mask, "masked_outputs": self.policy}

    def run(self) -> Run:
        """The package's run from gru's arguments, in balls."""
        options = {"lengths": None, "mask": None, **self.options()}
        x, p, h = self.inputs(), self.parameters(10), self.state(20)
        return in_balls(sequence.checked_run(x, p, h, reverse=self.reverse, **options))

    def runs(self) -> tuple[Run, Run]:
        """The package's runs from bigru's arguments, in balls."""
        options = {"lengths": None, "mask": None, **self.options()}
        p, q, h = self.parameters(10), self.parameters(30), (self.state(20), self.state(21))
        ahead, back = bidirectional.checked_runs(self.inputs(), p, q, h, **options)
        return in_balls(ahead), in_balls(back)


def numbers(seed: int, *shape: int) -> np.ndarray:
    """Float64 numbers that differ from one another."""
    return np.random.default_rng(seed).uniform(-1.5, 1.5, shape)


def rounded(p: Parameters, dtype: type) -> Parameters:
    """The same parameters in another dtype."""
    W, U, b = (w.astype(dtype) for w in p.weights)
    return Parameters(W, U, b, p.reset)


def balls(array: np.ndarray) -> np.ndarray:
    """The same numbers as exact balls."""
    exact = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        exact[index] = flint.arb(float(array[index]))
    return exact


def in_balls(run: Run) -> Run:
    """The same run on exact balls."""
    return run._replace(x=balls(run.x), h=balls(run.h), weights=Weights(*map(balls, run.weights)))


# The equations, one scalar at a time. A scalar is a ball or a power series of balls.


def sigma(a: Any) -> Any:
    """The logistic function."""
    return 1 / (1 + (-a).exp())


def tanh(a: Any) -> Any:
    """The hyperbolic tangent by exp alone, which series support."""
    return 1 - 2 / (1 + (2 * a).exp())


def dot(v: Sequence[Any], matrix: np.ndarray, unit: int) -> Any:
    """Element `unit` of the product of a row and a matrix."""
    return sum((v[i] * matrix[i, unit] for i in range(len(v))), flint.arb(0))


def true_step(x: Sequence[Any], h: Sequence[Any], W: np.ndarray, U: np.ndarray, b: np.ndarray, reset: str) -> list[Any]:
    """The state after one step of one batch row."""
    units, candidate = range(len(h)), len(W) - 1

    def gate(g: int, j: int) -> Any:
        return sigma(dot(x, W[g], j) + b[0, g, j] + dot(h, U[g], j) + b[1, g, j])

    z = [gate(0, j) for j in units]
    r = [gate(1, j) for j in units] if reset != "none" else []
    n = []
    for j in units:
        from_input = dot(x, W[candidate], j) + b[0, candidate, j]
        if reset == "after":
            n.append(tanh(from_input + r[j] * (dot(h, U[candidate], j) + b[1, candidate, j])))
        else:
            seen = [r[k] * h[k] for k in units] if reset == "before" else h
            n.append(tanh(from_input + dot(seen, U[candidate], j) + b[1, candidate, j]))
    return [z[j] * h[j] + (1 - z[j]) * n[j] for j in units]


def true_gru(
    x: np.ndarray,
    h0: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    valid: np.ndarray,
    reset: str,
    reverse: bool,
    policy: str,
) -> list[np.ndarray]:
    """Outputs and final state."""
    batch, time, _ = x.shape
    outputs = np.empty((batch, time, h0.shape[1]), object)
    final = np.empty(h0.shape, object)
    for row in range(batch):
        h = list(h0[row])
        for k in range(time):
            t = time - 1 - k if reverse else k
            if valid[row, t]:
                h = true_step(x[row, t], h, W, U, b, reset)
            for j in range(len(h)):
                outputs[row, t, j] = h[j] if valid[row, t] or policy == "carry" else flint.arb(0)
        for j in range(len(h)):
            final[row, j] = h[j]
    return [outputs, final]


def true_merge(a: np.ndarray, b: np.ndarray, merge: str) -> np.ndarray:
    """The merged outputs; for "apart" both, along a new first axis."""
    batch, time, units = a.shape
    if merge == "apart":
        return np.stack([a, b])
    if merge == "concat":
        merged = np.empty((batch, time, 2 * units), object)
        merged[:, :, :units], merged[:, :, units:] = a, b
        return merged
    merged = np.empty(a.shape, object)
    for i in np.ndindex(a.shape):
        merged[i] = {"sum": a[i] + b[i], "mul": a[i] * b[i], "ave": (a[i] + b[i]) / 2}[merge]
    return merged


def true_bigru(case: Case, *arrays: np.ndarray) -> list[np.ndarray]:
    """Merged outputs and both final states."""
    x, h_a, W_a, U_a, b_a, h_b, W_b, U_b, b_b = arrays
    a, final_a = true_gru(x, h_a, W_a, U_a, b_a, case.valid(), case.reset, False, case.policy)
    b, final_b = true_gru(x, h_b, W_b, U_b, b_b, case.valid(), case.reset, True, case.policy)
    return [true_merge(a, b, case.merge), final_a, final_b]


def true_gradients(
    function: Callable[..., list[np.ndarray]], arrays: list[Any], cotangents: list[np.ndarray]
) -> list[np.ndarray]:
    """The gradient with respect to every element of every array: the slope of the function along it."""
    found = []
    for k, array in enumerate(arrays):
        gradient = np.empty(array.shape, object)
        for index in np.ndindex(array.shape):
            moved = array.copy()
            moved[index] = flint.arb_series([array.item(*index), flint.arb(1)])
            values = function(*arrays[:k], moved, *arrays[k + 1 :])
            gradient[index] = flint.arb(0)
            for value, d in zip(values, cotangents, strict=True):
                for v, c in zip(value.flat, d.flat, strict=True):
                    if isinstance(v, flint.arb_series):
                        gradient[index] += v[1] * c
        found.append(gradient)
    return found


# The results of a case, and the expected ones.


def case_arrays(case: Case, seeds: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    """All arrays of a case: inputs, then for each direction the initial state and the three weights."""
    arrays = [balls(case.inputs())]
    for of_state, of_parameters in seeds:
        state = case.state(of_state)
        arrays += [balls(np.zeros((BATCH, UNITS)) if state is None else state)]
        arrays += map(balls, case.parameters(of_parameters).weights)
    return arrays


def cotangents(case: Case, both: bool) -> list[np.ndarray]:
    """Cotangents of the outputs and of each final state."""
    shape = (BATCH, TIME, UNITS)
    if both and case.merge == "concat":
        shape = (BATCH, TIME, 2 * UNITS)
    if both and case.merge == "apart":
        shape = (2, BATCH, TIME, UNITS)
    return [numbers(40, *shape), *(numbers(41 + k, BATCH, UNITS) for k in range(1 + both))]


@cache
def truth_of_gru(case: Case) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The true results and gradients of one direction."""

    def function(*arrays: np.ndarray) -> list[np.ndarray]:
        x, h0, W, U, b = arrays
        return true_gru(x, h0, W, U, b, case.valid(), case.reset, case.reverse, case.policy)

    arrays = case_arrays(case, [(20, 10)])
    return function(*arrays), true_gradients(function, arrays, list(map(balls, cotangents(case, both=False))))


@cache
def truth_of_bigru(case: Case) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The true results and gradients of two directions and their merge."""

    def function(*arrays: np.ndarray) -> list[np.ndarray]:
        return true_bigru(case, *arrays)

    arrays = case_arrays(case, [(20, 10), (21, 30)])
    return function(*arrays), true_gradients(function, arrays, list(map(balls, cotangents(case, both=True))))


def check_gru(case: Case) -> None:
    """Fail unless the package's equations, run on balls, overlap the truth in every element."""
    run = case.run()
    d_outputs, d_final = map(balls, cotangents(case, both=False))
    true_results, true_gradients_ = truth_of_gru(case)
    check_overlap(sequence.results(run), true_results)
    check_overlap(sequence.gradients(run, d_outputs, d_final), true_gradients_)


def check_bigru(case: Case) -> None:
    """Fail unless the package's two directions, run on balls, overlap the truth in every element."""
    ahead, back = case.runs()
    merge = bidirectional.MERGES[case.merge]
    d_outputs, *d_final = map(balls, cotangents(case, both=True))
    true_results, true_gradients_ = truth_of_bigru(case)
    outputs, final = bidirectional.merged_results(ahead, back, merge)
    d = bidirectional.merged_gradients(ahead, back, merge, d_outputs, (d_final[0], d_final[1]))
    joined = np.stack(outputs) if isinstance(outputs, tuple) else outputs
    check_overlap([joined, *final], true_results)
    found = [d.inputs, d.initial_state[0], *d.forward, d.initial_state[1], *d.backward]
    check_overlap(found, true_gradients_)


def check_overlap(computed: Sequence[Any], true: Sequence[np.ndarray]) -> None:
    """Fail unless both have the same shapes and every pair of balls is thin and overlaps; a NaN has infinite radius."""
    assert [c.shape for c in computed] == [t.shape for t in true], "the shapes differ"
    for k, (c, t) in enumerate(zip(computed, true, strict=True)):
        for index in np.ndindex(t.shape):
            ball, exact = flint.arb(c.item(*index)), flint.arb(t.item(*index))
            assert exact.rad() < THIN, f"the truth at {k}{list(index)} is vague: {exact}"
            assert ball.rad() < THIN, f"array {k}{list(index)} is vague: {ball}, but must be {exact}"
            assert ball.overlaps(exact), f"array {k}{list(index)} is {ball}, but must be {exact}"

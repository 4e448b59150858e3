"""The equations by mpmath, scalar by scalar; and derivatives without a formula, one number in turn moved by i h.

f(v + i h) = f(v) + i h f'(v) - h^2 f''(v) / 2 - ..., so the imaginary part over h is f' up to h^2. Real and imaginary
parts are rounded each by itself and h is 2^-200, so what is left is far below the half ULP that decides a rounding.

Shares nothing with the oracle: scalar loops, other numbers, policies and merges written again.
"""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import mpmath
import numpy as np
from mpmath import mp, mpf
from mpmath.libmp import to_rational

from conformance.interface import strategies
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case, Gradients, Outputs

DIGITS = 100
STEP = mpf(2) ** -200
EXACT = 200
"""Bits: a number of fewer is a binary fraction that was computed without an error, such as a sum of cotangents."""
FIELDS = ("inputs", "initial_state", "kernel", "recurrent_kernel", "bias")

Numbers = dict[str, np.ndarray]
"""All that one direction reads, by the names of Gradients, as object arrays."""


def given(case: Case, direction: int) -> Numbers:
    """What one direction reads, as real numbers of mpmath."""
    p = case.parameters[direction]
    arrays = (case.inputs, case.starts[direction], p.kernel, p.recurrent_kernel, p.bias)
    return {name: exact(array) for name, array in zip(FIELDS, arrays, strict=True)}


def exact(array: np.ndarray) -> np.ndarray:
    """Machine numbers as those of mpmath."""
    numbers = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        numbers[index] = mpf(float(array[index]))
    return numbers


def sigma(a):
    """The logistic function, with no cancellation in either part."""
    return 1 / (1 + mp.exp(-a)) if mp.re(a) >= 0 else mp.exp(a) / (1 + mp.exp(a))


def tanh(a):
    """The hyperbolic tangent, likewise."""
    e = mp.exp(-2 * a if mp.re(a) >= 0 else 2 * a)
    return (1 - e) / (1 + e) if mp.re(a) >= 0 else (e - 1) / (1 + e)


def step(x, h, W, U, b, reset: str) -> dict[str, list]:
    """z, r, n and h of one row's step."""
    units, last = range(len(h)), len(W) - 1

    def dot(v, matrix, j):
        return mpmath.fsum(v[i] * matrix[i, j] for i in range(len(v)))

    def gate(g, j):
        return dot(x, W[g], j) + b[0, g, j] + dot(h, U[g], j) + b[1, g, j]

    r = [sigma(gate(1, j)) for j in units] if reset != "none" else []
    seen = [s * v for s, v in zip(r, h, strict=True)] if reset == "before" else h
    inner = [dot(seen, U[last], j) + b[1, last, j] for j in units]
    if reset == "after":
        inner = [s * v for s, v in zip(r, inner, strict=True)]
    n = [tanh(dot(x, W[last], j) + b[0, last, j] + inner[j]) for j in units]
    a_z = [gate(0, j) for j in units]
    return {
        "z": [sigma(a) for a in a_z],
        "r": r,
        "n": n,
        "h": [sigma(a) * v + sigma(-a) * c for a, v, c in zip(a_z, h, n, strict=True)],
    }


def times(case: Case, direction: int) -> range:
    """The order in which a direction processes time."""
    return range(case.time - 1, -1, -1) if case.reverse or direction == 1 else range(case.time)


class Path(NamedTuple):
    """One row of one direction: where it starts, and what it computes at each valid step, by time."""

    start: list
    steps: dict[int, dict[str, list]]

    @staticmethod
    def of(case: Case, direction: int, row: int, numbers: Numbers) -> "Path":
        """The path of these numbers."""
        x, states, W, U, b = (numbers[name] for name in FIELDS)
        h, steps = list(states[row]), {}
        for t in times(case, direction):
            if case.valid[row, t]:
                steps[t] = step(list(x[row, t]), h, W, U, b, case.reset)
                h = steps[t]["h"]
        return Path(list(states[row]), steps)


def states(case: Case, direction: int = 0, digits: int = 800) -> tuple[np.ndarray, np.ndarray]:
    """The states after each valid step, NaN elsewhere, and the final ones: each rounded once to float64."""
    with mp.workdps(digits):
        numbers = given(case, direction)
        found = np.full((case.batch, case.time, case.units), np.nan)
        finals = np.full((case.batch, case.units), np.nan)
        for row in range(case.batch):
            path = Path.of(case, direction, row, numbers)
            for t, computed in path.steps.items():
                found[row, t] = rounded(np.array(computed["h"], object))
            last = [path.start, *(computed["h"] for computed in path.steps.values())][-1]
            finals[row] = rounded(np.array(last, object))
        return found, finals


class Paths:
    """Every row of one direction, as it is and with every number in turn moved: policies and merges change none."""

    def __init__(self, case: Case, direction: int = 0, digits: int = DIGITS) -> None:
        with mp.workdps(digits):
            numbers = given(case, direction)
            self.shapes = {name: array.shape for name, array in numbers.items()}
            self.plain = [Path.of(case, direction, row, numbers) for row in range(case.batch)]
            self.moved: dict[tuple[str, tuple[int, ...]], dict[int, Path]] = {}
            for name, array in numbers.items():
                for index in np.ndindex(array.shape):
                    rows = range(case.batch) if name in FIELDS[2:] else (index[0],)
                    if name != "inputs" or case.valid[index[:2]]:
                        there = array[index]
                        array[index] = mp.mpc(there, STEP)
                        self.moved[name, index] = {row: Path.of(case, direction, row, numbers) for row in rows}
                        array[index] = there


def shown(case: Case, direction: int, path: Path) -> tuple[list[list], list]:
    """One row's outputs under the policy, and its final state."""
    outputs: list[list] = [[]] * case.time
    h, begun = path.start, False
    for t in times(case, direction):
        if t in path.steps:
            h, begun = path.steps[t]["h"], True
        hidden = {"carry": False, "zero": t not in path.steps, "zero-before-first": not begun}[case.masked_outputs]
        outputs[t] = [mpf(0)] * case.units if hidden else h
    return outputs, h


def answer(case: Case, paths: list[Path]) -> list:
    """All numbers that one row shows: its outputs, step by step, then its final states."""
    each = [shown(case, direction, path) for direction, path in enumerate(paths)]
    joined = {"sum": lambda a, b: a + b, "mul": lambda a, b: a * b, "ave": lambda a, b: (a + b) / 2}
    found: list = []
    for t in range(case.time):
        parts = [outputs[t] for outputs, _ in each]
        merge = joined.get(case.merge or "")
        found += list(map(merge, *parts)) if merge else [v for part in parts for v in part]
    return found + [v for _, final in each for v in final]


def in_order(case: Case, row: int, whole: Outputs) -> list[float]:
    """One row of an answer, or of its cotangents, in the order of answer()."""
    apart = whole.outputs if case.merge == "apart" else (whole.outputs,)
    finals = (whole.final_state,) if case.merge is None else whole.final_state
    outputs = [float(v) for t in range(case.time) for part in apart for v in part[row, t]]
    return outputs + [float(v) for final in finals for v in final[row]]


def gradients(case: Case, cotangents: Outputs, paths: list[Paths]) -> Gradients:
    """The gradients, each rounded once to float64."""
    with mp.workdps(DIGITS):
        each = [_gradients_of(case, cotangents, paths, k) for k in range(len(paths))]
        if case.merge is None:
            return Gradients(*map(rounded, each[0]))
        forward, backward = each
        pairs = ((rounded(a), rounded(b)) for a, b in zip(forward[1:], backward[1:], strict=True))
        return Gradients(rounded(forward[0] + backward[0]), *pairs)


def _gradients_of(case: Case, cotangents: Outputs, paths: list[Paths], direction: int) -> list[np.ndarray]:
    found = {name: np.full(shape, mpf(0), object) for name, shape in paths[direction].shapes.items()}
    weights = [[mpf(v) for v in in_order(case, row, cotangents)] for row in range(case.batch)]
    for (name, index), rows in paths[direction].moved.items():
        for row, path in rows.items():
            together = [path if k == direction else other.plain[row] for k, other in enumerate(paths)]
            terms = zip(weights[row], answer(case, together), strict=True)
            found[name][index] += mpmath.fsum(c * mp.im(v) for c, v in terms if mp.im(v)) / STEP
    return list(found.values())


def rounded(values: np.ndarray) -> np.ndarray:
    """Rounded once to float64, where what the step leaves decides nothing."""
    found = np.zeros(values.shape)
    for index in np.ndindex(values.shape):
        value = mp.re(values[index])
        found[index] = nearest(value)
        around = {nearest(value * (1 + sign * STEP)) for sign in (-1, 1)}
        exact = int(value.man_exp[0]).bit_length() < EXACT
        assert exact or around == {found[index]}, "the step is too long to decide how this rounds"
    return found


def nearest(value) -> float:
    """Rounded once, subnormal numbers too (mpmath's own float() rounds them twice)."""
    return float(Fraction(*to_rational(value._mpf_)))


# Cases to ask about.

MASK = np.array([[1, 1, 1, 1], [1, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]], bool)
"""A full row, one with a hole, one masked on either side, and one without a valid step."""


def drawn(
    batch: int = 4,
    time: int = 4,
    input_dim: int = 3,
    units: int = 2,
    *,
    reset: str = "after",
    regime: str = "plain",
    dtype: str = "float32",
    **options: Any,
) -> Case:
    """A case of these sizes, the same numbers each time; two directions where options have a merge."""
    numbers = strategies.Numbers(np.random.default_rng(7), dtype, FORMATS[dtype].precision, regime)
    directions = 1 if options.get("merge") is None else 2
    initial_state = tuple(numbers.states((batch, units)) for _ in range(2))[:directions]
    case = Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=tuple(numbers.parameters(input_dim, units, reset) for _ in range(2))[:directions],
        **{"initial_state": initial_state, **options},
    )
    case.inputs[~case.valid] = np.nan
    return case


def drawn_cotangents(case: Case, dtype: str = "float64") -> Outputs:
    """Cotangents of the whole answer, in its shapes; NaN where the policy says that they are ignored."""
    rng = np.random.default_rng(11)
    shape, state = (case.batch, case.time, case.units), (case.batch, case.units)
    parts = [rng.standard_normal(shape).astype(dtype) for _ in range(2)]
    finals = [rng.standard_normal(state).astype(dtype) for _ in range(2)]
    if case.masked_outputs == "zero":
        for part in parts:
            part[~case.valid] = np.nan
    if case.merge is None:
        return Outputs(parts[0], finals[0])
    joined = {"concat": np.concatenate(parts, axis=-1), "apart": tuple(parts)}
    return Outputs(joined.get(case.merge, parts[0]), tuple(finals))


def drawn_tangents(case: Case) -> Gradients:
    """Tangents of all that the case reads; NaN at masked inputs."""
    rng = np.random.default_rng(13)
    p = case.parameters[0]
    shapes = ((case.batch, case.units), p.kernel.shape, p.recurrent_kernel.shape, p.bias.shape)
    inputs = rng.standard_normal(case.inputs.shape)
    inputs[~case.valid] = np.nan
    pairs = [tuple(rng.standard_normal(shape) for _ in case.parameters) for shape in shapes]
    return Gradients(inputs, *(pair if case.merge else pair[0] for pair in pairs))


@cache
def paths_of(reset: str, direction: int, masked: bool = True) -> Paths:
    """The paths of one direction of the drawn case with both, and so of those with one of them."""
    return Paths(drawn(reset=reset, merge="apart", mask=MASK if masked else None), direction)


def drawn_alone(direction: int, **options: Any) -> Case:
    """One direction of the drawn case with two."""
    both = drawn(merge="apart", **options)
    assert both.initial_state is not None
    return replace(
        both,
        parameters=(both.parameters[direction],),
        initial_state=(both.initial_state[direction],),
        merge=None,
        reverse=direction == 1,
    )

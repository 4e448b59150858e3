"""Everything that the oracle certifies, by mpmath and a tape: reverse mode over scalars, each rounded once at the end.

It shares nothing with the oracle: no balls, no matrices, no formula of a gradient, and its own policies and merges.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from mpmath import mp, mpf

from conformance.interface.case import Case, Gradients, Outputs, each
from conformance.truth.certified import Steps, Truth

BITS = 2700
"""The precision. 1 + 2^-1074 needs 1075 bits of it."""


@dataclass(slots=True, eq=False)
class Number:
    """A real number with its operands, the slope towards each, and in the end its cotangent."""

    value: mpf
    of: tuple[tuple["Number", mpf], ...] = ()
    cotangent: Any = 0


class Tape(list[Number]):
    """Numbers in the order of computation. Slopes are kept only if gradients are needed."""

    def __init__(self, keeps: bool) -> None:
        self.keeps = keeps

    def make(self, value: mpf, of: Callable[[], Iterable[tuple[Number, mpf]]] = tuple) -> Number:
        number = Number(value)
        if self.keeps:
            number.of = tuple(of())
            self.append(number)
        return number

    def read(self, array: np.ndarray) -> np.ndarray:
        found = np.empty(array.shape, object)
        for index in np.ndindex(array.shape):
            found[index] = self.make(mpf(float(array[index])))
        return found

    def sum(self, *terms: Number) -> Number:
        return self.make(mpmath.fsum(t.value for t in terms), lambda: ((t, 1) for t in terms))

    def product(self, a: Number, b: Number) -> Number:
        return self.make(a.value * b.value, lambda: ((a, b.value), (b, a.value)))

    def dot(self, row: Any, column: Any) -> Number:
        pairs = list(zip(row, column, strict=True))
        exact = mp.fdot((a.value, b.value) for a, b in pairs)
        return self.make(exact, lambda: [(a, b.value) for a, b in pairs] + [(b, a.value) for a, b in pairs])

    def sigma(self, a: Number) -> Number:
        e = mp.exp(-abs(a.value))
        return self.make((1 if a.value >= 0 else e) / (1 + e), lambda: ((a, e / (1 + e) ** 2),))

    def tanh(self, a: Number) -> Number:
        twice = -2 * abs(a.value)
        less = mp.expm1(twice) if twice > -1 else mp.exp(twice) - 1  # near 0 nothing cancels
        return self.make(-mp.sign(a.value) * less / (2 + less), lambda: ((a, 4 * (1 + less) / (2 + less) ** 2),))

    def negated(self, a: Number) -> Number:
        return self.make(-a.value, lambda: ((a, -1),))

    def pull_back(self) -> None:
        for number in reversed(self):
            if number.cotangent:
                for source, slope in number.of:
                    source.cotangent += slope * number.cotangent


def numbers(found: Any) -> list[np.ndarray]:
    """All arrays of a truth, or of a part of it, in their order."""
    arrays: list[np.ndarray] = []
    each(arrays.append, found[:4] if isinstance(found, Truth) else found)
    return arrays


def same(one: Any, other: Any) -> bool:
    """True if all numbers are equal, and both have numbers or neither has."""
    pairs = zip(numbers(one), numbers(other), strict=True)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def step(tape: Tape, x: Any, h: Any, W: Any, U: Any, b: Any, reset: str) -> tuple[list, list, list, list]:
    """z, r, n and h of one row."""
    units, last = range(len(h)), len(W) - 1

    def pre(gate: int, j: int) -> Number:
        return tape.sum(tape.dot(x, W[gate, :, j]), b[0, gate, j], tape.dot(h, U[gate, :, j]), b[1, gate, j])

    a_z = [pre(0, j) for j in units]
    r = [tape.sigma(pre(1, j)) for j in units] if reset != "none" else []
    seen = [tape.product(s, v) for s, v in zip(r, h, strict=True)] if reset == "before" else h
    inner = [tape.sum(tape.dot(seen, U[last, :, j]), b[1, last, j]) for j in units]
    if reset == "after":
        inner = [tape.product(s, v) for s, v in zip(r, inner, strict=True)]
    n = [tape.tanh(tape.sum(tape.dot(x, W[last, :, j]), b[0, last, j], inner[j])) for j in units]
    z, keep = [tape.sigma(a) for a in a_z], [tape.sigma(tape.negated(a)) for a in a_z]
    new = [tape.dot((z[j], keep[j]), (h[j], n[j])) for j in units]
    return z, r, n, new


def evaluated(case: Case, cotangents: Outputs | None = None, bits: int = BITS) -> Truth:
    """The answer, the steps and, with cotangents, the gradients. bits: the precision of the computation."""
    with mp.workprec(bits):
        tape = Tape(cotangents is not None)
        inputs, zero = tape.read(case.inputs), tape.make(mpf(0))
        runs = [_direction(tape, case, k, inputs, zero) for k in range(len(case.parameters))]
        two = case.merge is not None
        outputs = _merged(tape, case.merge, [run["outputs"] for run in runs])
        finals = tuple(run["final"] for run in runs)
        gradients = None
        if cotangents is not None:
            shown = [*(outputs if case.merge == "apart" else (outputs,)), *finals]
            for array, values in zip(shown, _listed(cotangents), strict=True):
                for index in np.ndindex(array.shape):
                    array[index].cotangent += mpf(float(values[index]))
            tape.pull_back()
            parts = [tuple(_cotangents(run[name]) for run in runs) for name in ("start", "kernel", "recurrent", "bias")]
            gradients = Gradients(_cotangents(inputs), *(part if two else part[0] for part in parts))
        shown = tuple(map(_values, outputs)) if isinstance(outputs, tuple) else _values(outputs)
        states = tuple(map(_values, finals))
        steps = tuple(Steps(*(_values(run[name]) for name in "zrnh")) for run in runs)
        return Truth(shown, states if two else states[0], steps, gradients, bits, None)


def _direction(tape: Tape, case: Case, k: int, inputs: np.ndarray, zero: Number) -> dict[str, Any]:
    p = case.parameters[k]
    start = tape.read(case.starts[k])
    W, U, b = (tape.read(array) for array in (p.kernel, p.recurrent_kernel, p.bias))
    shape = (case.batch, case.time, case.units)
    found: dict[str, Any] = {name: np.full(shape, None, object) for name in "zrnh"}
    outputs, final = np.full(shape, zero, object), start.copy()
    valid = case.valid
    for row in range(case.batch):
        h, begun = list(start[row]), False
        for t in range(case.time)[:: -1 if case.reverse or k == 1 else 1]:
            if valid[row, t]:
                z, r, n, h = step(tape, inputs[row, t], h, W, U, b, p.reset)
                for name, part in zip("zrnh", (z, r, n, h), strict=True):
                    found[name][row, t, : len(part)] = part
                begun = True
            policy = case.masked_outputs
            if valid[row, t] or policy == "carry" or (policy == "zero-before-first" and begun):
                # A separate number, because a cotangent of a merge or an output is not the state's.
                outputs[row, t] = [tape.sum(v) for v in h]
            else:
                outputs[row, t] = [tape.make(mpf(0)) for _ in h]
        final[row] = [tape.sum(v) for v in h]
    if p.reset == "none":
        found["r"] = None
    return {**found, "outputs": outputs, "final": final, "start": start, "kernel": W, "recurrent": U, "bias": b}


def _merged(tape: Tape, merge: str | None, parts: list[np.ndarray]) -> Any:
    if merge is None:
        return parts[0]
    if merge in ("apart", "concat"):
        return tuple(parts) if merge == "apart" else np.concatenate(parts, axis=-1)
    half = tape.make(mpf(1) / 2)
    joined = np.empty(parts[0].shape, object)
    for index in np.ndindex(joined.shape):
        a, b = (part[index] for part in parts)
        both = tape.product(a, b) if merge == "mul" else tape.sum(a, b)
        joined[index] = tape.product(half, both) if merge == "ave" else both
    return joined


def _listed(arrays: Any) -> list[np.ndarray]:
    """The arrays in nested tuples, in their order."""
    return [part for inner in arrays for part in _listed(inner)] if isinstance(arrays, tuple) else [arrays]


def _values(array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else _rounded(array, lambda number: number.value)


def _cotangents(array: np.ndarray) -> np.ndarray:
    return _rounded(array, lambda number: number.cotangent)


def _rounded(array: np.ndarray, part: Any) -> np.ndarray:
    found = np.full(array.shape, np.nan)
    for index in np.ndindex(array.shape):
        if array[index] is not None:
            found[index] = nearest(part(array[index]))
    return found


def nearest(value: mpf) -> float:
    """A number rounded once: Python rounds a quotient of integers once, also when it is subnormal."""
    sign, mantissa, exponent, _ = (int(part) for part in mpf(value)._mpf_)
    mantissa = -mantissa if sign else mantissa
    return mantissa / (1 << -exponent) if exponent < 0 else float(mantissa << exponent)

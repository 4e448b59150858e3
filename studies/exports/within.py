"""The allowed outputs of a layer for its inputs: the one-step bound of docs/error-analysis.md.

Sequences are judged step by step, each from the previous returned state. If only a final state is returned, the errors
of all steps are carried along, each through the bound of its step.

relu is exact and has a slope of at most 1, so it passes the error of its argument on and adds none.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import arb

from conformance import Arithmetic
from conformance.bounds import BITS, Computed, Proven, StepSet
from conformance.bounds.elementwise import larger, nothing
from conformance.bounds.proven import Gate
from conformance.bounds.step import StepWeights, step_parts
from conformance.truth.balls import precision
from reference.layouts import from_keras
from studies.exports.models import Layer

WRONG = float("inf")


class WithRelu(Proven):
    """The operations with relu in place of tanh."""

    def tanh(self, a: Computed) -> Gate:
        """max(a, 0)."""
        return Gate(larger(a.exact, arb(0)), a.error, nothing(a.exact))


def margin(
    layer: Layer,
    weights: list[np.ndarray],
    x: np.ndarray,
    valid: np.ndarray,
    found: np.ndarray,
    *,
    reset: str,
    activation: str,
    arithmetic: Arithmetic,
    zeros: bool,
) -> float:
    """The largest used part of a bound: above 1 the output is wrong; infinite if a copy differs.

    Args:
        layer: The layer.
        weights: The weights in the format of computation, one direction after another.
        x: The inputs (batch, time, width).
        valid: The valid steps (batch, time).
        found: The layer's outputs.
        reset: The position of the reset gate.
        activation: The activation of the candidate.
        arithmetic: The claimed arithmetic.
        zeros: True if masked steps output 0, False if they output the state so far.

    Returns:
        The margin.
    """
    widths = 2 if layer.both else 1
    if not np.isfinite(found).all() or found.shape != (
        *(x.shape[:2] if layer.sequences else x.shape[:1]),
        found.shape[-1],
    ):
        return WRONG
    parts = np.split(found, widths, axis=-1)
    sets = np.array_split(np.arange(len(weights)), widths)
    worst = 0.0
    for direction, (part, places) in enumerate(zip(parts, sets, strict=True)):
        backwards = layer.backwards or direction == 1
        steps = part
        if layer.sequences and backwards and not layer.both:
            steps = part[:, ::-1]  # in the order of the inputs
        with precision(BITS):
            one = _Direction([weights[place] for place in places], reset, activation, arithmetic)
            judge = (
                one.sequence(x, valid, steps, backwards, zeros)
                if layer.sequences
                else one.final(x, valid, steps, backwards)
            )
            worst = max(worst, *judge, 0.0)
    return worst


class _Direction:
    def __init__(self, weights: list[np.ndarray], reset: Any, activation: str, arithmetic: Arithmetic) -> None:
        self.reset, self.parameters = reset, from_keras(weights, reset)
        self.ops = (WithRelu if activation == "relu" else Proven)(arithmetic)
        self.weights = StepWeights.proven(self.ops, self.parameters)

    def step(self, x: np.ndarray, state: Computed) -> Computed:
        """The next carried state."""
        parts = step_parts(self.ops, self.reset, self.weights, self.ops.read(x), state)
        return self.ops.blend(parts.z, parts.keep, parts.n.computed, state)

    def sequence(self, x, valid, found, backwards: bool, zeros: bool) -> Iterator[float]:
        """Yield the margin of each step."""
        state = np.zeros((x.shape[0], found.shape[-1]), found.dtype)
        for t in _order(x, backwards):
            rows = valid[:, t]
            kept = np.where(rows[:, None] | (not zeros), np.where(rows[:, None], found[:, t], state), 0)
            if not np.array_equal(found[:, t], kept):
                yield WRONG  # a masked step must copy
            if rows.any():
                carried = self.ops.carried(state[rows].astype(x.dtype))
                allowed = StepSet.around(self.ops.shown(self.step(x[rows, t], carried)))
                yield float(allowed.margins(found[rows, t]).max())
            state[rows] = found[rows, t]

    def final(self, x, valid, found, backwards: bool) -> Iterator[float]:
        """Yield the margin of the final state."""
        state = self.ops.carried(np.zeros(found.shape, x.dtype))
        for t in _order(x, backwards):
            rows = valid[:, t]
            if rows.any():
                stepped = self.step(x[rows, t], state.part(rows))
                state.exact[rows], state.error[rows] = stepped
        yield float(StepSet.around(self.ops.shown(state)).margins(found).max())


def _order(x: np.ndarray, backwards: bool) -> range:
    times = range(x.shape[1])
    return times[::-1] if backwards else times

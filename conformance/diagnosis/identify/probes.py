"""The tiny cases: one shape, few bits, and no two numbers of a kind that could be confused.

Shape, lengths and masks are those of a diagnosis (conformance.diagnosis.questions). Every number is a multiple of 1/16,
so it is exact in every format, and so is the sum of two biases. Biases are 0 except in questions about them. Padding is
finite, because the effect of reading it must be visible.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import numpy as np

from conformance.diagnosis.questions import EMPTY, SHAPE
from conformance.interface.case import Case
from reference import Parameters
from reference.parameters import Reset

BATCH, TIME, INPUT_DIM, UNITS = SHAPE
EMPTY_ROW = int(np.argmin(EMPTY))
SEED = 0
"""With these numbers any two hypotheses about a step differ by more than any bound, in float16 too."""

GATES = {"after": "zrn", "before": "zrn", "none": "zn"}
Slot = tuple[int, str]
"""A bias vector: its row (0 the input bias, 1 the recurrent one) and its gate."""


def slots(reset: str) -> list[Slot]:
    """The bias vectors of a case."""
    return [(row, gate) for row in (0, 1) for gate in GATES[reset]]


def plain(dtype: str, reset: str, *, start: bool = False, directions: int = 1) -> Case:
    """A case without biases; merge is "apart" for two directions. The shorter cases are the beginnings of this one."""
    rng = np.random.default_rng(SEED)
    gates = len(GATES[reset])

    def numbers(*shape: int) -> np.ndarray:
        eighths = rng.integers(2, 13, shape) * rng.choice([-1, 1], shape)
        return (eighths / 8).astype(dtype)

    inputs = numbers(BATCH, TIME, INPUT_DIM)
    states = tuple(numbers(BATCH, UNITS) for _ in range(2))
    none = np.zeros((2, gates, UNITS), dtype)
    weights = [(numbers(gates, INPUT_DIM, UNITS), numbers(gates, UNITS, UNITS)) for _ in range(2)]
    return Case(
        inputs=inputs,
        parameters=tuple(Parameters(W, U, none, cast(Reset, reset)) for W, U in weights[:directions]),
        initial_state=states[:directions] if start else None,
        merge="apart" if directions == 2 else None,
    )


def vectors(dtype: str) -> dict[Slot, np.ndarray]:
    """A bias for each slot, (units,), all different."""
    rng = np.random.default_rng(SEED + 1)
    sixteenths = rng.permutation(np.arange(6, 6 + 6 * UNITS)).reshape(6, UNITS) * rng.choice([-1, 1], (6, UNITS))
    return dict(zip(slots("after"), (sixteenths / 16).astype(dtype), strict=True))


def biased(case: Case, given: Iterable[tuple[Slot, np.ndarray]]) -> Case:
    """The case with these biases added; biases of the same slot are summed."""
    p = case.single
    bias = p.bias.copy()
    for (row, gate), vector in given:
        bias[row, GATES[case.reset].index(gate)] += vector
    return replace(case, parameters=(Parameters(p.kernel, p.recurrent_kernel, bias, p.reset),))

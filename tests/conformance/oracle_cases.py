"""Cases for the oracle, with the same numbers each time, and cotangents and tangents of everything in them."""

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.interface import strategies
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case, Gradients, Outputs

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
    """A case of these sizes with the same numbers each time, and two directions if the options have a merge."""
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
    """Cotangents of the whole answer, in its shapes; NaN where the policy ignores them."""
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
    """Tangents of everything that the case reads; NaN at masked inputs."""
    rng = np.random.default_rng(13)
    p = case.parameters[0]
    shapes = ((case.batch, case.units), p.kernel.shape, p.recurrent_kernel.shape, p.bias.shape)
    inputs = rng.standard_normal(case.inputs.shape)
    inputs[~case.valid] = np.nan
    pairs = [tuple(rng.standard_normal(shape) for _ in case.parameters) for shape in shapes]
    return Gradients(inputs, *(pair if case.merge else pair[0] for pair in pairs))


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

"""Cases from a seed, the class of arithmetic that NumPy meets, and functions for answers to cases."""

from typing import Any

import numpy as np

from conformance.checks.clauses.gradients import cotangents
from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_gradients
from conformance.interface.adapter import GRU
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case, Gradients
from conformance.interface.strategies import Numbers, masks


def claim(dtype: str = "float32", *, activation: str = "8 ULP", **options: Any) -> Arithmetic:
    """The class that NumPy meets, with the given options."""
    return Arithmetic(dtype=dtype, activation=activation, source="NumPy", **options)


def drawn(
    dtype: str = "float32",
    shape: tuple[int, int, int, int] = (2, 3, 2, 2),
    *,
    reset: str = "after",
    regime: str = "plain",
    seed: int = 0,
    start: bool = True,
    padded: bool = False,
    **options: Any,
) -> Case:
    """A case from a seed, with two directions if the options have a merge.

    shape: batch, time, input_dim, units. start: with an initial state. padded: a mask with holes, and a row without any
    step.
    """
    batch, time, input_dim, units = shape
    rng = np.random.default_rng(seed)
    numbers = Numbers(rng, dtype, FORMATS[dtype].precision, regime)
    directions = range(2 if options.get("merge") else 1)
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=tuple(numbers.parameters(input_dim, units, reset) for _ in directions),
        initial_state=tuple(numbers.states((batch, units)) for _ in directions) if start else None,
        **({"mask": masks(rng, batch, time, "masks with zero")} if padded else {}),
        **options,
    )


def judged(case: Case, gru: GRU, arithmetic: Arithmetic) -> Judgement:
    """The judgement of a case's gradients by their bounds."""
    given = cotangents(case)
    return judge_gradients(case, given, gru.gradients(case, given), arithmetic)


def arrays(found: Gradients) -> list[np.ndarray]:
    """Every array, with pairs flattened."""
    return [part for field in found for part in (field if isinstance(field, tuple) else (field,))]

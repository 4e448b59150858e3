"""Functions that state a vector in a few words, with numbers from a seed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.truth.balls import each
from conformance.vectors.drawing import Numbers
from conformance.vectors.vector import Vector
from reference import Parameters

SIZES = (4, 5, 2, 3)
"""batch, time, input_dim and units of a vector unless it says otherwise: all different, and none of them 1."""
UNITS = SIZES[-1]

LENGTHS = (3, 5, 2, 1)
"""Unsorted, with 1 and the full length."""
WITH_EMPTY = (3, 5, 0, 1)
"""The same with 0, for vectors about empty rows, because some implementations refuse them."""
HOLES = ("x.xx.", ".x..x", "..xx.", "xx..x")
"""Masks with holes, leading and trailing masked steps: one row each, x for a valid step."""
LEFT = ("..xxx", "xxxxx", "....x", ".xxxx")
"""Padding on the left."""

FAR = (2.0**100, -(2.0**100))
"""Finite inputs at masked steps that no step could read unnoticed."""
POISON = (float("nan"), float("inf"), -float("inf"))
"""Inputs at masked steps that no later arithmetic can remove."""
LARGE = 2.0**10
"""A factor of cotangents that float16 can represent."""


def case(
    seed: int,
    *,
    sizes: tuple[int, int, int, int] = SIZES,
    reset: str = "after",
    start: bool = True,
    run: str = "forward",
    merge: str = "apart",
    lengths: Sequence[int] | None = None,
    mask: Sequence[str] | None = None,
    policy: str | None = None,
    padding: Sequence[float] = FAR,
    dtype: str = "float32",
    bits: int = 3,
    gain: float = 1.0,
) -> Case:
    """A case with numbers from a seed, all different.

    Args:
        seed: The seed of the numbers.
        sizes: (batch, time, input_dim, units).
        reset: The position of the reset gate.
        start: True if the case has an initial state.
        run: "forward", "reverse" or "both" directions.
        merge: The merge of both directions.
        lengths: The lengths of the rows, or None.
        mask: One row each, x for a valid step, or None.
        policy: The policy at masked steps. None means "zero" with padding, which most implementations offer.
        padding: The values of masked inputs, in turn.
        dtype: The format.
        bits: The fractional bits of the numbers.
        gain: A factor of the weights.

    Returns:
        The case.
    """
    batch, time, input_dim, units = sizes
    numbers = Numbers(seed, dtype=dtype, bits=bits, gain=gain)
    directions = 2 if run == "both" else 1
    inputs = numbers.inputs((batch, time, input_dim))
    parameters = tuple(numbers.parameters(input_dim, units, reset) for _ in range(directions))
    states = tuple(numbers.states((batch, units)) for _ in range(directions))
    padded = lengths is not None or mask is not None
    found = Case(
        inputs=inputs,
        parameters=parameters,
        initial_state=states if start else None,
        lengths=None if lengths is None else np.array(lengths, np.int64),
        mask=None if mask is None else np.array([[step == "x" for step in row] for row in mask]),
        reverse=run == "reverse",
        merge=merge if directions == 2 else None,
        masked_outputs=policy or ("zero" if padded else "carry"),
    )
    masked = found.inputs[~found.valid]
    with np.errstate(over="ignore"):  # distant values would be infinite in float16
        found.inputs[~found.valid] = np.resize(np.array(padding).astype(dtype), masked.shape)
    return found


def with_weights(
    question: Case,
    *,
    kernel: np.ndarray | float | None = None,
    recurrent_kernel: np.ndarray | float | None = None,
    bias: np.ndarray | float | None = None,
) -> Case:
    """The case with other parameters in its single direction, each array broadcast to its shape."""
    p = question.single

    def given(values: np.ndarray | float | None, default: np.ndarray) -> np.ndarray:
        return default if values is None else np.broadcast_to(np.asarray(values, default.dtype), default.shape).copy()

    changed = Parameters(
        given(kernel, p.kernel), given(recurrent_kernel, p.recurrent_kernel), given(bias, p.bias), p.reset
    )
    return replace(question, parameters=(changed,))


def pushed(question: Case, by: tuple[int, ...]) -> Case:
    """The case with these values added to the input biases of every gate, in turn and with both signs."""
    p = question.single
    bias = p.bias.copy()
    signs = np.resize(np.array([1, -1, -1, 1, 1]), bias[0].shape)
    bias[0] += np.resize(np.array(by), bias[0].shape) * signs
    return with_weights(question, bias=bias)


def vector(
    name: str,
    description: str,
    question: Case,
    *,
    clause: str,
    flags: str = "",
    waives: str = "",
    kind: str = "all",
) -> Vector:
    """A vector, with cotangents if its clause is about gradients.

    Args:
        name: The part of the name after the clause.
        description: The special feature.
        question: The case.
        clause: The id of the clause.
        flags: Flags, separated by spaces.
        waives: Waived rules, separated by spaces.
        kind: The kind of the cotangents, one of COTANGENTS.

    Returns:
        The vector.
    """
    return Vector(
        name=f"{clause}-{name}",
        clause=clause,
        description=description,
        flags=tuple(flags.split()),
        case=question,
        cotangents=of_kind(kind, cotangents(question)) if "gradient" in clause else None,
        waives=tuple(waives.split()),
    )


def cotangents(question: Case) -> Outputs:
    """Cotangents with few bits for the whole answer of a case."""
    numbers = Numbers(question.inputs.size + question.units, dtype=question.dtype)
    shape, state = (question.batch, question.time, question.units), (question.batch, question.units)
    if question.merge is None:
        return Outputs(numbers.cotangents(shape), numbers.cotangents(state))
    width = 2 * question.units if question.merge == "concat" else question.units
    apart = question.merge == "apart"
    outputs = [numbers.cotangents((*shape[:2], width)) for _ in range(1 + apart)]
    return Outputs(tuple(outputs) if apart else outputs[0], (numbers.cotangents(state), numbers.cotangents(state)))


def of_kind(kind: str, given: Outputs) -> Outputs:
    """The cotangents of one kind: only those of the outputs, only those of the final states, or all times LARGE."""
    outputs, final = {"outputs": (1, 0), "final": (0, 1), "large": (LARGE, LARGE)}.get(kind, (1, 1))

    def times(factor: float, arrays: Any) -> Any:
        return each(lambda array: array * array.dtype.type(factor), arrays)

    return Outputs(times(outputs, given.outputs), times(final, given.final_state))

"""The questions of a diagnosis: a fixed set of tiny cases within a subject's capabilities that distinguish conventions.

There is one shape, batch 3, time 4, input_dim 2, units 3, and one square one, because some GRUs guess from shapes;
initial states that are not 0; lengths unsorted, with 1, time, and 0 if that is declared; masks that start late, have
holes, end early, and one without a valid step. Padding is finite, because the effect of reading it must be visible in
numbers.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers

SHAPE = (3, 4, 2, 3)
SQUARE = (3, 3, 3, 3)
LENGTHS = np.array([2, 4, 1])
EMPTY = np.array([2, 4, 0])
MASK = np.array([[0, 1, 0, 1], [1, 1, 0, 0], [1, 0, 1, 1]], bool)
EMPTY_MASK = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 1, 1]], bool)


def questions(can: Capabilities, dtype: str, reset: str) -> tuple[Case, ...]:
    """The cases, the most informative first."""
    return tuple(_questions(can, dtype, reset))


def _questions(can: Capabilities, dtype: str, reset: str) -> Iterator[Case]:
    one = _case(dtype, reset, SHAPE, start=can.initial_state)
    yield replace(one, inputs=one.inputs[:, :1])
    yield one
    policy, *others = can.masked_outputs
    padded = tuple(_padded(one, can, policy))
    if can.initial_state:
        unstarted = replace(one, initial_state=None)
        yield unstarted
        yield from (replace(case, initial_state=None) for case in padded[:1])
    yield from padded
    for other in others:
        yield from (replace(case, masked_outputs=other) for case in padded)
    if can.reverse:
        yield replace(one, reverse=True)
        yield from (replace(case, reverse=True) for case in padded)
    yield _case(dtype, reset, SQUARE, start=can.initial_state)
    for merge in sorted(can.merges, key=("apart", "concat", "ave", "sum", "mul").index):
        two = _case(dtype, reset, SHAPE, start=can.initial_state, merge=merge)
        yield two
        for other in can.bidirectional_masked_outputs if merge in can.merges[:1] else ():
            yield from _padded(two, can, other)
    yield _telling(one)
    if can.zero_time:
        yield replace(one, inputs=one.inputs[:, :0])


def _telling(case: Case) -> Case:
    """A question like another, with inputs from tiny to large, one of zeros, and two equal ones, each in its own
    row.
    """
    inputs = case.inputs.copy()
    inputs[0, 1] = 0
    inputs[1, 2] = inputs[1, 1]
    inputs[2] *= (2.0 ** np.arange(1, 2 * case.time, 2)).astype(case.inputs.dtype)[:, None]
    return replace(case, inputs=inputs)


def _padded(case: Case, can: Capabilities, policy: str) -> Iterator[Case]:
    if can.lengths:
        yield replace(case, lengths=LENGTHS, masked_outputs=policy)
        if can.zero_length:
            yield replace(case, lengths=EMPTY, masked_outputs=policy)
    if can.masks:
        yield replace(case, mask=MASK, masked_outputs=policy)
        yield replace(case, mask=EMPTY_MASK, masked_outputs=policy)


def _case(dtype: str, reset: str, shape: tuple[int, ...], *, start: bool, merge: str | None = None) -> Case:
    batch, time, input_dim, units = shape
    numbers = Numbers(np.random.default_rng(shape), dtype, FORMATS[dtype].precision, "plain")
    directions = range(1 if merge is None else 2)
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=tuple(numbers.parameters(input_dim, units, reset) for _ in directions),
        initial_state=tuple(numbers.states((batch, units)) for _ in directions) if start else None,
        merge=merge,
    )

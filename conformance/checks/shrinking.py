"""Reduce a failing case to one that a person can check by hand: fewer rows, steps, units and inputs, then plain
numbers.

The search is greedy delta debugging (Zeller & Hildebrandt 2002, "Simplifying and isolating failure-inducing input"). It
keeps a part of every axis, then drops options, then sets numbers to 0 or removes bits, as long as the finding is the
same. Every step makes the case smaller by its measure, so the search ends. A budget of calls and of time ends it
earlier.

Left out: other initial states. The search does not replace dropped steps by the state that a row had reached.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.case import Case
from reference import Parameters

T = TypeVar("T")


class Budget(NamedTuple):
    """The limits of a search for a smaller case: the number of calls, and seconds."""

    asks: int
    seconds: float


CHEAP = Budget(400, 8)
COMPILED = Budget(40, 60)
"""For a subject that compiles for each shape, about a second each."""

Moves = Callable[[Case], Iterator[Case]]


def shrunk(
    case: Case, found: T, fails: Callable[[Case], T | None], capabilities: Capabilities, budget: Budget
) -> tuple[Case, T]:
    """Find the smallest case that fails in the same way.

    Args:
        case: The failing case.
        found: The result of `fails(case)`.
        fails: Returns None for a case without the same failure. It is called only for cases of the kinds that the
            capabilities declare, or of the kind of the first case.
        capabilities: The capabilities of the subject.
        budget: The limits of the search.

    Returns:
        The smallest case found, and its failure.
    """
    seen = {case.to_text()}
    until = time.monotonic() + budget.seconds
    empty_rows = capabilities.zero_length or _has_empty_row(case)

    def smaller(case: Case, moves: Moves) -> tuple[Case, T] | None:
        for candidate in moves(case):
            text = candidate.to_text()
            if text in seen or (_has_empty_row(candidate) and not empty_rows):
                continue
            if len(seen) > budget.asks or time.monotonic() > until:
                return None
            seen.add(text)
            found = fails(candidate)
            if found is not None:
                return candidate, found
        return None

    changed = True
    while changed:
        changed = False
        # Sizes are cut until nothing more can be removed; each number has one turn.
        for moves in (*_sizes(), partial(_options, capabilities=capabilities)):
            while better := smaller(case, moves):
                (case, found), changed = better, True
        for moves in (*_arrays(case), *_elements(case)):
            if better := smaller(case, moves):
                (case, found), changed = better, True
    return case, found


def _has_empty_row(case: Case) -> bool:
    return case.time > 0 and not case.valid.any(axis=1).all()


# Sizes.


def kept(case: Case, axis: str, index: np.ndarray) -> Case:
    """The case with some of its rows ("batch"), steps ("time"), inputs ("input_dim") or units."""
    p = case.parameters
    states = case.initial_state
    if axis == "batch":
        return replace(
            case,
            inputs=case.inputs[index],
            initial_state=None if states is None else tuple(state[index] for state in states),
            lengths=None if case.lengths is None else case.lengths[index],
            mask=None if case.mask is None else case.mask[index],
        )
    if axis == "time":
        return replace(
            case,
            inputs=case.inputs[:, index],
            lengths=None if case.lengths is None else case.valid[:, index].sum(1),
            mask=None if case.mask is None else case.mask[:, index],
        )
    if axis == "input_dim":
        fewer = tuple(Parameters(q.kernel[:, index], q.recurrent_kernel, q.bias, q.reset) for q in p)
        return replace(case, inputs=case.inputs[:, :, index], parameters=fewer)
    fewer = tuple(
        Parameters(q.kernel[:, :, index], q.recurrent_kernel[:, index][:, :, index], q.bias[:, :, index], q.reset)
        for q in p
    )
    states = None if states is None else tuple(state[:, index] for state in states)
    return replace(case, parameters=fewer, initial_state=states)


def _square(case: Case) -> Iterator[Case]:
    """Cut inputs and units together, for faults that occur only where a kernel is square."""
    count = case.units
    if case.inputs.shape[2] == count:
        for index in parts(count):
            yield kept(kept(case, "input_dim", index), "units", index)


def _sizes() -> tuple[Moves, ...]:
    def moves(axis: str) -> Moves:
        def of_axis(case: Case) -> Iterator[Case]:
            count = case.inputs.shape[2] if axis == "input_dim" else getattr(case, axis)
            for index in parts(count):
                yield kept(case, axis, index)

        return of_axis

    return (*map(moves, ("batch", "time", "units", "input_dim")), _square)


def parts(count: int) -> Iterator[np.ndarray]:
    """Yield the indices to keep: one end, then halves, quarters and so on, then all but such a piece."""
    if count < 2:
        return
    everything = np.arange(count)
    yield everything[:1]
    yield everything[-1:]
    pieces = 1
    while pieces < count:
        pieces = min(2 * pieces, count)
        cut = np.array_split(everything, pieces)
        yield from cut
        if pieces > 2:
            yield from (np.setdiff1d(everything, piece) for piece in cut)


# Options.


def _options(case: Case, capabilities: Capabilities) -> Iterator[Case]:
    if case.merge is not None:
        for direction in (0, 1) if capabilities.reverse else (0,):
            states = None if case.initial_state is None else (case.initial_state[direction],)
            one = (case.parameters[direction],)
            yield replace(case, parameters=one, initial_state=states, merge=None, reverse=direction == 1)
    if case.reverse:
        yield replace(case, reverse=False)
    if case.mask is not None or case.lengths is not None:
        yield replace(case, mask=None, lengths=None)
    if case.initial_state is not None:
        yield replace(case, initial_state=None)


# Numbers.


def _names(case: Case) -> list[tuple[str, int]]:
    """Every array of numbers: its name and its direction."""
    of_each = ("kernel", "recurrent_kernel", "bias", *(("initial_state",) if case.initial_state is not None else ()))
    return [("inputs", 0), *((name, direction) for direction in range(len(case.parameters)) for name in of_each)]


def _array(case: Case, name: str, direction: int) -> np.ndarray:
    if name == "inputs":
        return case.inputs
    if name == "initial_state":
        return (case.initial_state or ())[direction]
    return getattr(case.parameters[direction], name)


def _put(case: Case, name: str, direction: int, array: np.ndarray) -> Case:
    if name == "inputs":
        return replace(case, inputs=array)
    if name == "initial_state":
        states = list(case.initial_state or ())
        states[direction] = array
        return replace(case, initial_state=tuple(states))
    parameters = list(case.parameters)
    parameters[direction] = replace(parameters[direction], **{name: array})
    return replace(case, parameters=tuple(parameters))


def _simpler(name: str, direction: int, index: Any, values: Callable[[np.ndarray], tuple[Any, ...]]) -> Moves:
    """Reduce part of an array to fewer bits, the fewest first."""

    def moves(case: Case) -> Iterator[Case]:
        array = _array(case, name, direction)
        for value in values(array[index]):
            changed = array.copy()
            changed[index] = value
            if measure(changed[index]) < measure(array[index]):
                yield _put(case, name, direction, changed)

    return moves


def _arrays(case: Case) -> Iterator[Moves]:
    """Set whole arrays and the part of each gate to 0, or round every number to few bits."""
    for name, direction in _names(case):
        yield _simpler(name, direction, ..., lambda part: (0, rounded(part, 1), rounded(part, 3)))
        gates = len(case.parameters[0].kernel)
        for gate in range(gates if name in ("kernel", "recurrent_kernel", "bias") else 0):
            yield _simpler(name, direction, (slice(None), gate) if name == "bias" else gate, lambda part: (0,))


def _elements(case: Case) -> Iterator[Moves]:
    """Set one number at a time to 0, to 1, or to fewer bits."""
    for name, direction in _names(case):
        for index in np.ndindex(_array(case, name, direction).shape):
            yield _simpler(name, direction, index, lambda x: (0, 1, -1, *(rounded(x, bits) for bits in (1, 2, 4))))


def rounded(numbers: np.ndarray, bits: int) -> np.ndarray:
    """Round to a number of significant bits. NaN and infinities stay."""
    numbers = np.asarray(numbers)
    with np.errstate(all="ignore"):
        mantissa, exponent = cast(Any, np.frexp(numbers.astype(np.float64)))
        near = np.ldexp((mantissa * 2**bits).round(), exponent - bits).astype(numbers.dtype)
    return np.where(np.isfinite(near), near, numbers)


def measure(numbers: np.ndarray) -> int:
    """The size of the numbers in writing: nothing for 0, otherwise a sign, the exponent and the significant bits."""
    values = np.asarray(numbers, np.float64)
    odd = ~np.isfinite(values)
    mantissa, exponent = np.frexp(np.where(odd, 1, values))
    digits = np.abs(mantissa * 2.0**53).astype(np.int64)
    low = digits & -digits  # the lowest bit that is set
    bits = np.where(digits == 0, 0, 53 - np.log2(np.maximum(low, 1).astype(float)))
    of_each = np.where(values == 0, 0, 8 * bits + np.abs(exponent - 1) + (values < 0))
    return int(np.where(odd, 10_000, of_each).sum())

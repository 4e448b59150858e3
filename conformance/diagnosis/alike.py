"""Cases with the options of another case, of any sizes, with numbers that distinguish conventions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers

Shape = tuple[int, int, int, int]
"""(batch, time, input_dim, units)"""

AXES = ("batch", "time", "input_dim", "units")


class Options(NamedTuple):
    """The options of a case.

    Attributes:
        dtype: The format.
        reset: The position of the reset gate.
        reverse: True if time is scanned backwards.
        merge: The merge of two directions, or None.
        started: True if there is an initial state.
        padding: "lengths", "mask" or None.
        empty: True if a row has no step.
        full: True if there is padding and every step is valid.
        policy: The policy for masked outputs.
    """

    dtype: str
    reset: str
    reverse: bool
    merge: str | None
    started: bool
    padding: str | None
    empty: bool
    full: bool
    policy: str

    @staticmethod
    def of(case: Case) -> "Options":
        """The options of a case."""
        padding = "lengths" if case.lengths is not None else "mask" if case.mask is not None else None
        padded = padding is not None and case.time > 0
        return Options(
            dtype=case.dtype,
            reset=case.reset,
            reverse=case.reverse,
            merge=case.merge,
            started=case.initial_state is not None,
            padding=padding,
            empty=padded and not bool(case.valid.any(axis=1).all()),
            full=padded and bool(case.valid.all()),
            policy=case.masked_outputs,
        )


def shape_of(case: Case) -> Shape:
    """The sizes of a case."""
    return case.batch, case.time, case.inputs.shape[2], case.units


def alike(options: Options, shape: Shape, seed: int = 0) -> Case:
    """A case with these options and sizes, with plain numbers that are finite in the padding too."""
    batch, time, input_dim, units = shape
    random = np.random.default_rng((*shape, seed))
    numbers = Numbers(random, options.dtype, FORMATS[options.dtype].precision, "plain")
    directions = range(1 if options.merge is None else 2)
    case = Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=tuple(numbers.parameters(input_dim, units, options.reset) for _ in directions),
        initial_state=tuple(numbers.states((batch, units)) for _ in directions) if options.started else None,
        reverse=options.reverse,
        merge=options.merge,
        masked_outputs=options.policy,
    )
    if options.padding == "lengths":
        return replace(case, lengths=_lengths(options, batch, time))
    if options.padding == "mask":
        return replace(case, mask=_mask(options, batch, time, random))
    return case


def _lengths(options: Options, batch: int, time: int) -> np.ndarray:
    lengths = np.full(batch, time)
    if not options.full:
        lengths[::3] = min(time, max(1, time // 2))
        lengths[2::3] = min(time, 1)
    if options.empty:
        lengths[-1:] = 0
    return lengths


def _mask(options: Options, batch: int, time: int, random: np.random.Generator) -> np.ndarray:
    mask = np.ones((batch, time), bool) if options.full else random.random((batch, time)) < 0.6
    if time and not options.full:
        mask[~mask.any(axis=1), -1] = True
    if options.empty:
        mask[-1:] = False
    return mask


def others(options: Options, can: Capabilities) -> Iterator[tuple[str, Options]]:
    """Yield options with one change that a subject supports, each with words for the condition that the change
    removes.
    """
    yield from (
        (f"not in {dtype}", options._replace(dtype=dtype)) for dtype in can.arithmetic if dtype != options.dtype
    )
    yield from (
        (f"not with reset {reset!r}", options._replace(reset=reset)) for reset in can.resets if reset != options.reset
    )
    if options.merge is not None:
        policies = can.masked_outputs if options.padding else (options.policy,)
        if options.policy in policies:
            yield "in two directions", options._replace(merge=None)
        yield from (
            (f"not with the merge {merge!r}", options._replace(merge=merge))
            for merge in can.merges
            if merge != options.merge
        )
    elif can.merges and (not options.padding or options.policy in can.bidirectional_masked_outputs):
        yield "in one direction", options._replace(merge=can.merges[0], reverse=False)
    if options.merge is None and can.reverse:
        yield "in reverse" if options.reverse else "in forward runs", options._replace(reverse=not options.reverse)
    if can.initial_state:
        words = f"{'with' if options.started else 'without'} an initial state"
        yield words, options._replace(started=not options.started)
    if options.padding is not None:
        plain = options._replace(padding=None, empty=False, full=False)
        yield f"with {'lengths' if options.padding == 'lengths' else 'a mask'}", plain
        of = can.masked_outputs if options.merge is None else can.bidirectional_masked_outputs
        yield from (
            (f"not with masked outputs {policy!r}", options._replace(policy=policy))
            for policy in of
            if policy != options.policy
        )
        if options.full or options.empty:
            words = "where every step counts" if options.full else "where a row has no step"
            yield words, options._replace(empty=False, full=False)
    elif options.merge is None and can.lengths:
        yield "without padding", options._replace(padding="lengths", policy=can.masked_outputs[0])
    elif options.merge is None and can.masks:
        yield "without padding", options._replace(padding="mask", policy=can.masked_outputs[0])

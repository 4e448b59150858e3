"""Lists of free combinations of options, judged beside each check's own cases, and the clause of each combination."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, combinations, islice
from typing import NamedTuple
from zlib import crc32

import numpy as np

from conformance.checks.clauses import BY_CLAUSE
from conformance.interface.adapter import Capabilities
from conformance.interface.case import MERGES, Case
from conformance.interface.combinations import (
    COMPILED_SHAPES,
    GRADIENT_COSTS,
    LONG_TIMES,
    MASKS,
    RUN,
    RUN_COSTS,
    Combination,
    completed,
    covering,
    kind_of,
    made,
    options,
    possible,
    shapes,
)
from conformance.interface.strategies import DISTINCT, Shape

TURNS = 80
"""The number of sizes to try for a combination."""
HIDDEN = ("sum", "mul", "ave")
"""Merges that hide each direction's outputs."""
COMPILED_CASES = 24
"""The number of cases for a subject that compiles for each shape."""


class FreeCases(NamedTuple):
    """A list of cases by clause and format, and the number of pairs of values of two options that occur in them."""

    cases: Mapping[tuple[str, str], list[Case]]
    pairs: int


class Extent(NamedTuple):
    """The extent of a list of free cases.

    Attributes:
        rounds: The number of times that all pairs of options are covered, each time with other sizes and numbers.
        more: The number of further cases.
        dearest: The largest cost of one case, in seconds.
        wide: The number of additional gradients with many units.
        long: The number of additional gradients with many steps.
        lasting: The number of additional long runs without padding whose beginning decides their end.
        threes: True if all triples of kinds of values of the options, except `values`, are covered too, and all fours
            of kinds of run, padding, policy and answer.
    """

    rounds: int = 1
    more: int = 60
    dearest: float = 0.3
    wide: int = 4
    long: int = 2
    lasting: int = 2
    threes: bool = False


@lru_cache(maxsize=16)
def free_cases(capabilities: Capabilities, dtypes: tuple[str, ...], extent: Extent, seed: int) -> FreeCases:
    """The cases by clause and format, the same for all subjects with the same capabilities.

    Args:
        capabilities: The capabilities of the subject.
        dtypes: Formats of cases. Formats that the subject does not claim are left out.
        extent: The extent of the list.
        seed: Determines the numbers, sizes and order.

    Returns:
        The cases and the number of pairs that they cover.
    """
    rng = np.random.default_rng(crc32(f"{seed} free".encode()))
    found: dict[tuple[str, str], list[Case]] = {}
    covered: set[object] = set()
    about = (capabilities, dtypes, extent, rng)
    for chosen, shape in chain(_listed(*about), _together(*about)):
        clause = clause_of(chosen, shape, rng)
        if BY_CLAUSE[clause].declined(capabilities) is None:
            covered |= set(combinations(chosen.items(), 2))
            found.setdefault((clause, chosen["dtype"]), []).append(made(chosen, shape, rng))
    return FreeCases(found, len(covered))


def _listed(
    capabilities: Capabilities, dtypes: tuple[str, ...], extent: Extent, rng: np.random.Generator
) -> Iterator[tuple[Combination, Shape]]:
    choices = options(capabilities, dtypes)
    if not choices["dtype"]:
        return
    compiled = capabilities.compiles_per_shape
    sizes = shapes(rng, zero_time=capabilities.zero_time and not compiled)
    structure = {name: values for name, values in choices.items() if name != "values"}
    passed: list[Shape] = []
    count = 0

    def fits(chosen: Combination) -> bool:
        return possible(chosen, capabilities)

    for _ in range(extent.rounds):
        more = (completed({"answer": RUN} if n % 3 else {}, choices, fits, rng) for n in range(extent.more))
        threes = covering(structure, fits, rng, 3, kind_of) if extent.threes else iter(())
        rest = filter(None, chain((completed(dict(three), choices, fits, rng) for three in threes), more))
        for chosen in chain(covering(choices, fits, rng), rest):
            if compiled and count == COMPILED_CASES:
                return
            count += 1
            if compiled:
                yield chosen, COMPILED_SHAPES[count % len(COMPILED_SHAPES)]
            else:
                yield chosen, _next(sizes, passed, lambda shape, chosen=chosen: _allowed(chosen, shape, extent.dearest))
    if compiled:
        return
    seen = tuple(run for run in choices["run"] if run not in HIDDEN)
    lasting = {**choices, "run": seen, "padding": ("none",), "values": ("remembering",), "answer": (RUN,)}
    for chosen in filter(None, (completed({}, lasting, fits, rng) for _ in range(extent.lasting))):
        yield chosen, (2, int(rng.choice(LONG_TIMES)), 2, int(rng.integers(2, 6)))
    if not capabilities.gradients:
        return
    dear = {**choices, "answer": choices["answer"][1:], "values": ("many bits",)}
    for number in range(extent.wide + extent.long):
        wide = (2, int(rng.integers(1, 4)), 3, int(rng.choice((64, 65, 72, 96, 128, 129))))
        long = (2, int(rng.integers(128, 160)), 2, int(rng.integers(1, 5)))
        chosen = completed({}, dear, fits, rng)
        if chosen is not None:
            yield chosen, wide if number < extent.wide else long
    unread = completed({}, {**dear, "run": seen}, fits, rng) if capabilities.zero_time else None
    if unread is not None:
        yield unread, (3, 0, 2, 4)


def _together(
    capabilities: Capabilities, dtypes: tuple[str, ...], extent: Extent, rng: np.random.Generator
) -> Iterator[tuple[Combination, Shape]]:
    """Options that hide each other's effect, chosen together.

    Padding, gradients, a missing initial state or a single row can hide what is wrong at a kind of values, so each kind
    also has a run without them. An output depends on run, padding and policy at once, so `extent.threes` adds all fours
    of kinds of these and of answers.
    """
    choices = options(capabilities, dtypes)
    if not choices["dtype"] or capabilities.compiles_per_shape:
        return
    sizes, passed = shapes(rng, zero_time=False), list[Shape]()

    def fits(chosen: Combination) -> bool:
        return possible(chosen, capabilities)

    plain = {"answer": RUN, "padding": "none", "start": choices["start"][0]}
    for values in choices["values"]:
        chosen = completed({**plain, "values": values}, choices, fits, rng)
        if chosen is not None:
            batch, time, input_dim, units = (int(size) for size in rng.integers(2, 10, 4))
            yield chosen, (batch, time, input_dim, units)
    some = {name: choices[name] for name in ("run", "padding", "policy", "answer")}
    for four in covering(some, fits, rng, len(some), kind_of) if extent.threes else ():
        chosen = completed(dict(four), choices, fits, rng)
        if chosen is not None:
            yield chosen, _next(sizes, passed, lambda shape, chosen=chosen: _allowed(chosen, shape, extent.dearest))


def _next(sizes: Iterator[Shape], passed: list[Shape], allowed: Callable[[Shape], bool]) -> Shape:
    """The first allowed shape. Shapes passed over earlier come first, so that a later combination still gets each
    one.
    """
    for place, shape in enumerate(passed):
        if allowed(shape):
            return passed.pop(place)
    for shape in islice(sizes, TURNS):
        if allowed(shape):
            return shape
        passed.append(shape)
    return DISTINCT


def _allowed(chosen: Combination, shape: Shape, dearest: float) -> bool:
    """True if the case stays in its clause at this size and does not cost too much."""
    gradient = chosen["answer"] != RUN
    batch, time, *_ = shape
    hidden = chosen["run"] in HIDDEN
    costs = GRADIENT_COSTS if gradient or hidden else RUN_COSTS
    if costs.of(shape) * (2 if chosen["run"] in MERGES else 1) > dearest:
        return False
    if time == 0:
        return not hidden and not gradient
    return batch > 1 or chosen["padding"] not in ("lengths with zero", "masks with zero")


def clause_of(chosen: Combination, shape: Shape, rng: np.random.Generator) -> str:
    """The clause that a combination of options belongs to."""
    padding, two = chosen["padding"], chosen["run"] in MERGES
    padded, empty = padding != "none", padding in ("lengths with zero", "no length")
    if chosen["answer"] != RUN:
        return "gradients-bidirectional" if two else "gradients-masked" if padded else "gradients"
    if shape[1] == 0:
        return "time-zero"
    if chosen["run"] in HIDDEN:
        return "merge"
    if empty:
        return "length-zero"
    if two:
        return "bidirectional-masked" if padded else "bidirectional"
    if chosen["run"] == "reverse":
        return "reverse-masked" if padded else "reverse"
    if not padded:
        return "initial-state-none" if chosen["start"] == "none" else f"step-{chosen['reset']}"
    if rng.random() < 1 / 2:
        return "padding-unread"
    return "masks" if padding in MASKS else "lengths"

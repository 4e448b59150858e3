"""Free combinations: cases that choose each option independently, at sizes where kernels switch code.

Every possible pair of values of two options occurs in some case (Cohen et al. 1997, "The AETG system"). Each case
belongs to the clause that states its options; strategies.py draws the other cases of a clause.

Left out: sizes as an option of pairs. Sizes take turns instead, so that each occurs in at least one case of a long
list.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, cycle, permutations
from typing import NamedTuple, cast

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import COTANGENTS, MERGES, Case
from conformance.interface.strategies import Numbers, Shape, lengths, masks
from conformance.interface.values import CHANGES, REGIMES, STATES, TAME, VALUES

Combination = Mapping[str, str]
"""The value of each option."""
Goal = tuple[tuple[str, str], ...]
"""Some options, each with a kind of value."""

AROUND = (1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 72, 127, 128, 129)
"""Sizes on both sides of the widths of vectors, tiles and blocks."""
LONG_TIMES = (200, 300)
ALIGNED = (8, 16, 24, 32)
"""Sizes of all axes at once at which a kernel may use whole vectors everywhere."""
TOGETHER = ((1, 1), (1, 48), (8, 129), (16, 64), (33, 32))
"""Sizes of two axes at once, because some kernels switch code by the size of a product."""
COMPILED_SHAPES: tuple[Shape, ...] = ((1, 17, 1, 8), (8, 8, 8, 8), (2, 3, 4, 65), (3, 41, 2, 4), (17, 5, 9, 7))
"""Shapes for subjects that compile for each shape."""

LENGTHS = ("lengths", "equal lengths", "full lengths", "no full row", "lengths with zero", "no length")
MASKS = ("masks", "full mask", "one step", "masks with zero", "empty mask")
WITH_EMPTY_ROWS = ("lengths with zero", "no length", "masks with zero", "empty mask")
STARTS = ("given", "none", "zeros")
RUN = "run"
"""An answer with outputs and final states. The other answers are gradients for a kind of cotangents."""


COMMON = (RUN, "forward", "after", "none")
"""Values that half of the cases take where any value would do: most kernels have more code for them, and they cost
less.
"""


class Costs(NamedTuple):
    """The seconds that judging a case takes: a part for each case, and a part for each product of a weight and a
    number.
    """

    case: float
    product: float

    def of(self, shape: Shape) -> float:
        """The seconds for a shape."""
        batch, time, input_dim, units = shape
        return self.case + self.product * 3 * batch * time * units * (input_dim + units)


RUN_COSTS, GRADIENT_COSTS = Costs(0.01, 4e-7), Costs(0.02, 6e-6)
"""Measured on one core at 2.8 GHz. They limit the length of a list of cases; no verdict depends on them."""


def options(capabilities: Capabilities, dtypes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values of each option that a subject declares."""
    able = capabilities
    padding = (*(LENGTHS if able.lengths else ()), *(MASKS if able.masks else ()))
    policies = dict.fromkeys((*able.masked_outputs, *able.bidirectional_masked_outputs))
    return {
        "dtype": tuple(dtype for dtype in dtypes if dtype in able.arithmetic),
        "reset": tuple(able.resets),
        "run": ("forward", *(("reverse",) if able.reverse else ()), *(m for m in MERGES if m in able.merges)),
        "padding": ("none", *(kind for kind in padding if able.zero_length or kind not in WITH_EMPTY_ROWS)),
        "policy": tuple(policies),
        "start": STARTS if able.initial_state else ("none",),
        "values": VALUES,
        "answer": (RUN, *(kind for kind in COTANGENTS if able.gradients and (able.outputs or kind != "outputs"))),
    }


def possible(chosen: Combination, capabilities: Capabilities) -> bool:
    """True if the values chosen so far can go together."""
    run, padding, policy = chosen.get("run"), chosen.get("padding"), chosen.get("policy")
    values, answer, start = chosen.get("values"), chosen.get("answer"), chosen.get("start")
    two = run in MERGES
    if policy is not None and run is not None:
        offered = capabilities.bidirectional_masked_outputs if two else capabilities.masked_outputs
        if padding not in (None, "none") and policy not in offered:
            return False
        if padding == "none" and policy != (capabilities.masked_outputs)[0]:
            return False
    elif policy is not None and padding == "none" and policy != capabilities.masked_outputs[0]:
        return False
    if values in STATES and start not in (None, "given"):
        return False
    hidden = run in ("sum", "mul", "ave")  # the merge hides each state, so the bound of whole runs applies
    if (hidden or answer not in (None, RUN)) and values not in (None, *TAME):
        return False
    return capabilities.outputs or (run not in ("sum", "mul", "ave") or answer != RUN)


def kind_of(name: str, value: str) -> str:
    """The kind of an option's value. Values that share much code form one kind."""
    if name == "padding":
        return "lengths" if value in LENGTHS else "masks" if value in MASKS else value
    return "gradients" if name == "answer" and value != RUN else value


def covering(
    choices: Mapping[str, Sequence[str]],
    fits: Callable[[Combination], bool],
    rng: np.random.Generator,
    strength: int = 2,
    kind: Callable[[str, str], str] = lambda _, value: value,
) -> Iterator[Combination]:
    """Yield combinations until they contain every possible pair or triple of kinds of values.

    Each combination is the best of several tries.

    Args:
        choices: The values of each option.
        fits: Returns True for a possible combination.
        rng: The source of random numbers.
        strength: 2 for pairs, 3 for triples.
        kind: Returns the kind of a value of an option, from the name and the value; by default the value itself.

    Yields:
        Each combination.
    """
    members: dict[tuple[str, str], list[str]] = {}
    for name, values in choices.items():
        for value in values:
            members.setdefault((name, kind(name, value)), []).append(value)
    left: set[Goal] = {
        goal for goal in combinations(members, strength) if len(dict(goal)) == strength
    }  # in the order of the options
    while left:
        goal = min(left)
        tries = (
            completed({name: str(rng.choice(members[name, of])) for name, of in goal}, choices, fits, rng)
            for _ in range(12)
        )
        found = {one: left & set(combinations(((n, kind(n, v)) for n, v in one), strength)) for one in _some(tries)}
        if not found:
            left.discard(goal)  # the values do not go together
            continue
        best = max(found, key=lambda one: len(found[one]))
        left -= found[best]
        yield dict(best)


def _some(tries: Iterable[Combination | None]) -> Iterator[tuple[tuple[str, str], ...]]:
    return (tuple(one.items()) for one in tries if one is not None)


def completed(
    chosen: dict[str, str],
    choices: Mapping[str, Sequence[str]],
    fits: Callable[[Combination], bool],
    rng: np.random.Generator,
) -> dict[str, str] | None:
    """Choose a value for every other option at random, such that all go together. Returns None if there is no such
    choice.
    """
    if not fits(chosen):
        return None
    names = [str(name) for name in rng.permutation([name for name in choices if name not in chosen])]
    for name in names:
        values: list[str] = rng.permutation(list(choices[name])).tolist()
        if rng.random() < 1 / 2:
            values = [*(value for value in values if value in COMMON), *values]
        for value in values:
            if fits({**chosen, name: value}):
                chosen[name] = value
                break
        else:
            return None
    return {name: chosen[name] for name in choices}


def made(chosen: Combination, shape: Shape, rng: np.random.Generator) -> Case:
    """Make the case of a combination, with random numbers."""
    batch, time, input_dim, units = shape
    values, run, padding = chosen["values"], chosen["run"], chosen["padding"]
    directions = 2 if run in MERGES else 1
    bits = _bits(values, shape, directions, chosen["dtype"])
    numbers = Numbers(rng, chosen["dtype"], bits, values if values in REGIMES else "plain")
    valid = padded_as(padding, rng, batch, time)
    start = tuple(numbers.states((batch, units)) for _ in range(directions))
    case = Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=tuple(numbers.parameters(input_dim, units, chosen["reset"]) for _ in range(directions)),
        initial_state={"none": None, "zeros": tuple(0 * h for h in start)}.get(chosen["start"], start),
        lengths=valid.sum(1) if padding in LENGTHS else None,
        mask=valid if padding in MASKS else None,
        reverse=run == "reverse",
        merge=run if directions == 2 else None,
        masked_outputs=chosen["policy"],
        cotangent_kind="all" if chosen["answer"] == RUN else chosen["answer"],
    )
    return CHANGES[values](case, rng) if values in CHANGES else case


def padded_as(kind: str, rng: np.random.Generator, batch: int, time: int) -> np.ndarray:
    """The valid steps of a kind of padding, a (batch, time) array of booleans."""
    if kind in ("masks", "masks with zero", "one step"):
        return masks(rng, batch, time, kind)
    short = max(time - 1, min(time, 1))
    rows = {
        "lengths": lambda: lengths(rng, batch, time, zero=False),
        "lengths with zero": lambda: lengths(rng, batch, time, zero=True),
        "equal lengths": lambda: np.full(batch, rng.integers(min(time, 1), short + 1)),
        "no full row": lambda: rng.integers(min(time, 1), short + 1, batch),
        "no length": lambda: np.zeros(batch, np.int64),
        "empty mask": lambda: np.zeros(batch, np.int64),
    }.get(kind, lambda: np.full(batch, time))()
    return np.arange(time) < rows[:, None]


def _bits(values: str, shape: Shape, directions: int, dtype: str) -> int:
    """The fractional bits of the numbers: few bits for a large case, so that it fits a command line."""
    if values != "many bits":
        return FEW
    batch, time, input_dim, units = shape
    count = batch * time * input_dim + directions * units * (batch + 3 * (input_dim + units))
    bits = FORMATS[dtype].precision
    return next((fewer for most, fewer in ((4_000, bits), (20_000, min(13, bits))) if count < most), FEW)


FEW = 2


def shapes(rng: np.random.Generator, *, zero_time: bool) -> Iterator[Shape]:
    """Yield shapes without end, with one or two axes at special sizes or with all axes aligned. The other sizes are
    small.
    """
    times = (*AROUND, *LONG_TIMES, *((0,) if zero_time else ()))
    axes: dict[str, tuple[int, ...]] = {"batch": AROUND, "time": times, "input_dim": AROUND, "units": AROUND}
    special = [{axis: size} for axis, sizes in axes.items() for size in sizes]
    special += [dict(zip(pair, sizes, strict=True)) for pair in permutations(axes, 2) for sizes in TOGETHER]
    special += [{"all": size} for size in ALIGNED]
    order = [special[int(place)] for place in rng.permutation(len(special))]
    for sizes in cycle(order):
        small: dict[str, int] = {name: int(rng.integers(1, 7)) for name in axes}
        if "all" in sizes:
            small = {name: int(rng.choice(ALIGNED[:2])) for name in axes} | {"units": sizes["all"]}
        else:
            small |= sizes
        yield cast(Shape, tuple(small.values()))

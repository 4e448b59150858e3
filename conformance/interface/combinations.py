"""Free combinations: cases that choose each option independently, at sizes where kernels switch code.

Every possible pair of values of two options occurs in some case (Cohen et al. 1997, "The AETG system"). Each case
belongs to the clause that states its options; strategies.py draws the other cases of a clause.

Left out: sizes as an option of pairs. Sizes take turns instead, so that each occurs in at least one case of a long
list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, cycle, product
from typing import NamedTuple, cast

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import COTANGENTS, MERGES, Case
from conformance.interface.strategies import Numbers, Shape, lengths, masks
from reference import Parameters

Combination = Mapping[str, str]
"""The value of each option."""
Pair = tuple[tuple[str, str], tuple[str, str]]
"""Two options, each with a value."""

AROUND = (1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 72, 127, 128, 129)
"""Sizes on both sides of the widths of vectors, tiles and blocks."""
LONG_TIMES = (200, 300)
ALIGNED = (8, 16, 24, 32)
"""Sizes of all axes at once at which a kernel may use whole vectors everywhere."""
COMPILED_SHAPES: tuple[Shape, ...] = ((1, 17, 1, 8), (8, 8, 8, 8), (2, 3, 4, 65), (3, 41, 2, 4), (17, 5, 9, 7))
"""Shapes for subjects that compile for each shape."""

LENGTHS = ("lengths", "equal lengths", "full lengths", "no full row", "lengths with zero", "no length")
MASKS = ("masks", "full mask", "one step", "masks with zero", "empty mask")
WITH_EMPTY_ROWS = ("lengths with zero", "no length", "masks with zero", "empty mask")
VALUES = (
    "few bits", "many bits", "saturated gates", "steep gates", "large weights", "far gates", "near underflow",
    "zero inputs", "large states", "remembering",
)  # fmt: skip
TAME = ("few bits", "many bits", "saturated gates", "steep gates", "zero inputs", "large states", "remembering")
"""Values for which the bound of a gradient, or of a merge of two whole runs, is not vacuous."""
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
    if values in ("large states",) and start not in (None, "given"):
        return False
    hidden = run in ("sum", "mul", "ave")  # the merge hides each state, so the bound of whole runs applies
    if (hidden or answer not in (None, RUN)) and values not in (None, *TAME):
        return False
    return capabilities.outputs or (run not in ("sum", "mul", "ave") or answer != RUN)


def covering(
    choices: Mapping[str, Sequence[str]], fits: Callable[[Combination], bool], rng: np.random.Generator
) -> Iterator[Combination]:
    """Yield combinations until they contain every possible pair of values. Each is the best of several tries."""
    names = list(choices)
    left: set[Pair] = {
        ((one, a), (other, b))
        for one, other in combinations(names, 2)
        for a, b in product(choices[one], choices[other])
    }
    while left:
        pair = min(left)
        tries = [one for _ in range(12) if (one := completed(dict(pair), choices, fits, rng)) is not None]
        if not tries:
            left.discard(pair)  # the two values cannot go together
            continue
        best, new = tries[0], set[Pair]()
        for one in tries:
            found = left & set(combinations(one.items(), 2))
            if len(found) > len(new):
                best, new = one, found
        left -= new
        yield best


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
    numbers = Numbers(rng, chosen["dtype"], bits, _regime(values))
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


def _regime(values: str) -> str:
    return values if values in ("saturated gates", "large weights", "far gates", "near underflow") else "plain"


def _steep(case: Case, rng: np.random.Generator) -> Case:
    """Move the gates' pre-activations so far out that the slope there is below the smallest normal number."""
    return _with_biases(case, lambda bias: bias + rng.choice((-100, -60, 60, 100), bias.shape))


def _with_biases(case: Case, changed: Callable[[np.ndarray], np.ndarray]) -> Case:
    def parameters(p: Parameters) -> Parameters:
        bias = p.bias.copy()
        bias[0, :-1] = changed(bias[0, :-1])
        return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)

    return replace(case, parameters=tuple(map(parameters, case.parameters)))


def _zero_inputs(case: Case, rng: np.random.Generator) -> Case:
    """Set some input vectors to zero, at valid steps too, including the first and the last."""
    inputs = case.inputs.copy()
    zero = rng.random(inputs.shape[:2]) < 0.3
    zero[::2, :1] = zero[1::2, -1:] = True
    inputs[zero] = 0
    return replace(case, inputs=inputs)


def _large_states(case: Case, _: np.random.Generator) -> Case:
    states = case.initial_state
    return replace(case, initial_state=None if states is None else tuple(16 * state for state in states))


def _remembering(case: Case, _: np.random.Generator) -> Case:
    """Make gates that keep the state at every step except the ends, which the first input marks.

    So the first step and the initial state determine the last step, whatever the number of steps between.
    """
    inputs = case.inputs.copy()
    inputs[:, :, 0] = 1
    inputs[:, :2, 0] = inputs[:, -2:, 0] = -1 / 16

    def parameters(p: Parameters) -> Parameters:
        kernel, recurrent, bias = p.kernel.copy(), p.recurrent_kernel / 8, p.bias.copy()
        kernel[0] /= 8
        kernel[0, 0] = 40
        recurrent[0] = 0
        return Parameters(kernel, recurrent.astype(case.dtype), bias, p.reset)

    return replace(case, inputs=inputs, parameters=tuple(map(parameters, case.parameters)))


CHANGES: Mapping[str, Callable[[Case, np.random.Generator], Case]] = {
    "steep gates": _steep,
    "zero inputs": _zero_inputs,
    "large states": _large_states,
    "remembering": _remembering,
}


def shapes(rng: np.random.Generator, *, zero_time: bool) -> Iterator[Shape]:
    """Yield shapes without end: one axis at a special size in turn, or all axes aligned; the other axes are small."""
    times = (*AROUND, *LONG_TIMES, *((0,) if zero_time else ()))
    axes: dict[str, tuple[int, ...]] = {"batch": AROUND, "time": times, "input_dim": AROUND, "units": AROUND}
    special = [(axis, size) for axis, sizes in axes.items() for size in sizes]
    special += [("all", size) for size in ALIGNED]
    order = [special[int(place)] for place in rng.permutation(len(special))]
    for axis, size in cycle(order):
        small: dict[str, int] = {name: int(rng.integers(1, 7)) for name in ("batch", "time", "input_dim", "units")}
        if axis == "all":
            small = {name: int(rng.choice(ALIGNED[:2])) for name in small} | {"units": size}
        else:
            small[axis] = size
        yield cast(Shape, tuple(small.values()))

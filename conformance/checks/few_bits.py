"""Single steps at many units whose sums are exact in the claimed arithmetic, so that their bound stays small.

A rounding error of a sum grows with its terms, and a wrong weight hides behind it. Numbers of few bits leave nothing to
round (bounds/exact_sums.py): the bound is then that of the activations, the reset gate's product and the blend.

Under reset before, the candidate's sum reads r h, a number of full precision. A further case gives it one state each,
so that it does not hide the gates.

Left out: later steps, whose states have full precision; gradients.
"""

from collections.abc import Iterator
from math import ceil, log2
from typing import cast
from zlib import crc32

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case
from reference import Parameters
from reference.parameters import Reset

STEPS = {"step-after": "after", "step-before": "before", "step-none": "none"}
"""The clauses with such cases, and their positions of the reset gate."""
INPUTS, ROWS = 5, 8


def few_bits_cases(
    clause: str, capabilities: Capabilities, dtype: str, widths: tuple[int, ...], seed: int
) -> Iterator[Case]:
    """Yield a case for each width at which the claimed formats have enough bits; the widest alone if the subject
    compiles for each shape.
    """
    if clause not in STEPS:
        return
    chosen = widths[-1:] if capabilities.compiles_per_shape else widths
    for units in chosen:
        rng = np.random.default_rng(crc32(f"{seed} {clause} {dtype} {units}".encode()))
        for one_state in (False, True)[: 1 + (clause == "step-before")]:
            case = few_bits(
                rng, capabilities.arithmetic[dtype], STEPS[clause], units,
                start=capabilities.initial_state, one_state=one_state,
            )  # fmt: skip
            if case is not None:
                yield case


def few_bits(
    rng: np.random.Generator,
    arithmetic: Arithmetic,
    reset: str,
    units: int,
    *,
    start: bool = True,
    one_state: bool = False,
) -> Case | None:
    """Draw one step of ROWS rows whose sums are exact; None if the formats have too few bits for this many terms.

    States and inputs are between 1 and 2 in magnitude, weights at most 1 / sqrt(units), biases between 1/2 and 1.

    Args:
        rng: Draws the numbers.
        arithmetic: The claimed arithmetic.
        reset: The position of the reset gate.
        units: The number of units.
        start: True if the case has an initial state.
        one_state: True if each candidate reads one state only, with a weight of 1 or -1.

    Returns:
        The case.
    """
    places = min(arithmetic.sums.precision, arithmetic.format.precision)
    most = min(arithmetic.operands.precision, arithmetic.interface.precision)
    down = ceil(log2(units) / 2)
    bits = bits_of(units, down, places, most)
    if bits is None:
        return None
    of_state, of_weight = bits
    gates = 2 if reset == "none" else 3

    def numbers(shape: tuple[int, ...], bits: int, exponent: int) -> np.ndarray:
        """Numbers of this many bits between 2^(exponent - 1) and 2^exponent, because a small one hides its faults."""
        whole = rng.integers(1 << bits - 1, 1 << bits, shape) * rng.choice((-1, 1), shape)
        return np.ldexp(whole.astype(np.float64), exponent - bits).astype(arithmetic.dtype)

    kernel, recurrent_kernel = (numbers((gates, rows, units), of_weight, -down) for rows in (INPUTS, units))
    if one_state:
        recurrent_kernel[-1] = np.roll(np.diag(rng.choice((-1, 1), units)), 1, axis=0)
    parameters = Parameters(kernel, recurrent_kernel, numbers((2, gates, units), of_state, 0), cast(Reset, reset))
    state = numbers((ROWS, units), of_state, 1)
    return Case(
        inputs=numbers((ROWS, 1, INPUTS), of_state, 1),
        parameters=(parameters,),
        initial_state=(state,) if start else None,
    )


def bits_of(units: int, down: int, places: int, most: int) -> tuple[int, int] | None:
    """The largest numbers of bits of states and of weights with which all sums are exact in `places` bits.

    Terms are counted in their common unit: products of both, and two biases of at most 2^(of_weight + down - 1) times a
    state's bits. No number has more than `most` bits.
    """
    found = None
    for both in range(2, 2 * most + 1):
        of_state, of_weight = (both + 1) // 2, both // 2
        state, weight = (1 << of_state) - 1, (1 << of_weight) - 1
        if (units + INPUTS) * state * weight + state * (1 << (of_weight + down)) > 1 << places:
            break
        found = of_state, of_weight
    return found

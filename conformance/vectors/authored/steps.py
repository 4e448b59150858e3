"""Vectors of one step: shapes, the three positions of the reset gate, and numbers at which arithmetic is hard."""

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case
from conformance.vectors.authored.questions import LENGTHS, UNITS, case, pushed, vector, with_weights
from conformance.vectors.vector import Vector

EVERYTHING = "GateOrder BiasGateOrder BiasIgnored BiasTwice BiasTransposed UpdateSense RecurrentTransposed SigmoidTwice"
"""Mistakes that every deciding vector of a step shows."""


def shapes() -> list[Vector]:
    """Sizes at which axes can be confused, and sizes at which nothing can."""
    clause = "shape-and-dtype"
    return [
        vector("distinct", "All sizes differ: no transposed axis fits.", case(1, sizes=(2, 6, 5, 4)),
               clause=clause, flags="BatchTime"),
        vector("square", "input_dim equals units: a transposed kernel fits but is wrong.", case(2, sizes=(2, 5, 3, 3)),
               clause=clause, flags="SquareKernel", waives="sizes"),
        vector("batch-is-time", "batch equals time: exchanged axes fit but are wrong.", case(3, sizes=(4, 4, 2, 3)),
               clause=clause, flags="BatchTime", waives="sizes"),
        vector("ones", "Every size is 1.", case(4, sizes=(1, 1, 1, 1)),
               clause=clause, waives="sizes time weights units palindrome tails"),
        vector("lengths", "With lengths the outputs keep the inputs' format.", case(5, lengths=LENGTHS),
               clause=clause, flags="MaskedFormat"),
    ]  # fmt: skip


def plain(reset: str, seed: int, flags: str) -> list[Vector]:
    """The cases for each position of the reset gate."""
    clause = f"step-{reset}"
    full: dict[str, Any] = {"bits": 23, "reset": reset}
    return [
        vector("few-bits", "Numbers of few bits: a person can follow them.", case(seed, reset=reset),
               clause=clause, flags=f"{EVERYTHING} {flags}"),
        vector("full-precision", "Numbers that fill a float32: a lower inner precision shows.", case(seed + 1, **full),
               clause=clause, flags="ReducedProducts StateRounded RoughTanh"),
        vector("one-unit", "One unit: the positions of the reset gate differ only in the bias.",
               case(seed + 11, reset=reset, sizes=(4, 6, 2, 1)),
               clause=clause, flags="UpdateSense", waives="sizes weights units"),
        vector("one-input", "One input.", case(seed + 3, reset=reset, sizes=(4, 5, 1, 3)),
               clause=clause, flags="UpdateSense", waives="sizes"),
        vector("one-step", "One step, from an initial state.", case(seed + 4, reset=reset, sizes=(4, 1, 2, 3)),
               clause=clause, flags="InitialStateIgnored", waives="sizes time palindrome"),
        vector("saturated", "Pre-activations up to 20, of both signs: 1 - tanh**2 and 1 - z cancel.",
               pushed(case(seed + 5, **full), (3, 0, 7, 12)), clause=clause),
        vector("far-saturated", "Every other pre-activation pushed by 40: 0 or 1 to the last place.",
               pushed(case(seed + 6, **full), (40, 0)), clause=clause),
        vector("weights-times-8", "Weights of 16: the next step enlarges the error of a step.",
               case(seed + 7, gain=8.0, **full), clause=clause, flags="ReducedProducts StateRounded"),
        vector("far", "Pre-activations of some thousands: exp overflows.",
               _scaled(case(seed + 8, reset=reset), 2.0**10), clause=clause,
               flags="SigmoidOverflow InputsClipped", waives="tails" if reset != "none" else ""),
        vector("subnormal", "Inputs, states and biases below float32's smallest normal number.",
               _scaled(case(seed + 9, reset=reset), 2.0**-127, everything=True), clause=clause,
               flags="Subnormals", waives="tails"),
    ]  # fmt: skip


def after() -> list[Vector]:
    """Cases that concern only the reset gate after the product, or that one position covers for all."""
    clause = "step-after"
    zero = np.zeros((2, 3, UNITS))
    reset_and_candidate = zero.copy()
    reset_and_candidate[0, 1], reset_and_candidate[1, 2] = (-2.0, 0.0, 2.0), (0.5, -1.0, 1.5)
    forced = zero.copy()
    forced[0, 0], forced[0, 1] = (6.0, -6.0, 0.5), (0.5, -0.5, 0.25)
    rows = case(210).single.bias.copy()
    input_only, recurrent_only = rows.copy(), rows.copy()
    input_only[1], recurrent_only[0] = 0, 0
    return [
        vector("recurrent-candidate-bias", "Only r and the recurrent candidate bias c are not 0: n is tanh(r c).",
               with_weights(case(201, start=False), kernel=0, recurrent_kernel=0, bias=reset_and_candidate),
               clause=clause, flags="RecurrentBiasMissing RecurrentBiasOutside RecurrentBiasSkipped",
               waives="weights initial-state bias gates units tails"),
        vector("update-forced", "z is near 1, near 0 and between: its sense is visible.",
               with_weights(case(202), bias=forced), clause=clause, flags="UpdateSense", waives="bias gates"),
        vector("no-bias", "All biases are 0, in more than two rows.", with_weights(case(203), bias=0),
               clause=clause, flags="BiasAbsent", waives="bias gates"),
        vector("no-recurrent-bias", "The recurrent bias is 0.", with_weights(case(204), bias=input_only),
               clause=clause, flags="BiasIgnored BiasTwice BiasRows", waives="bias gates"),
        vector("no-input-bias", "The input bias is 0.", with_weights(case(205), bias=recurrent_only),
               clause=clause, flags="BiasIgnored BiasRows RecurrentBiasMissing", waives="bias gates"),
        vector("only-biases", "Weights are 0: a person can follow the effect of the biases.",
               with_weights(case(206), kernel=0, recurrent_kernel=0),
               clause=clause, flags="BiasIgnored BiasTwice BiasRows BiasGateOrder",
               waives="weights gates units tails"),
        vector("rows-apart", "Five rows, each with reset gates of its own.", case(207, sizes=(5, 4, 2, 3)),
               clause=clause, flags="RowsShareReset ResetUnit"),
        vector("long", "32 steps: a loss between chunks or a growing error shows.", case(208, sizes=(2, 32, 3, 4)),
               clause=clause, flags="Chunks"),
        vector("wide", "More inputs and units than a group of eight.", case(209, sizes=(2, 3, 11, 9)),
               clause=clause, flags="Remainder"),
        vector("one-row", "One row.", case(211, sizes=(1, 5, 2, 3)), clause=clause, flags="GateOrder", waives="sizes"),
        vector("zero-inputs", "In each row the input of one step is 0: the step still counts.",
               _with_zeros(case(213)), clause=clause, flags="ZeroInput"),
        vector("large-states", "Initial states up to 16.", _from_far(case(214)),
               clause=clause, flags="InitialStateClipped"),
        vector("subnormal-float64", "Inputs, states and biases below float64's smallest normal number.",
               _scaled(case(212, dtype="float64"), 2.0**-1023, everything=True), clause=clause,
               flags="Subnormals", waives="tails"),
    ]  # fmt: skip


def _with_zeros(question: Case) -> Case:
    """The case with inputs of 0 at one step of each row, a different step in each row."""
    inputs = question.inputs.copy()
    rows = np.arange(question.batch)
    inputs[rows, rows % question.time] = 0
    return replace(question, inputs=inputs)


def _from_far(question: Case) -> Case:
    return replace(question, initial_state=tuple(16 * state for state in question.starts))


def narrow(dtype: str, bits: int, seed: int) -> list[Vector]:
    """Vectors of a format of 16 bits, with numbers that fill it."""
    full: dict[str, Any] = {"bits": bits, "dtype": dtype}
    return [
        *(
            vector(dtype, f"Numbers that fill a {dtype}.", case(seed + index, reset=reset, **full),
                   clause=f"step-{reset}", flags=f"{EVERYTHING} RecurrentBiasMissing")
            for index, reset in enumerate(("after", "before", "none"))
        ),
        vector(f"subnormal-{dtype}", f"Inputs, states and biases below {dtype}'s smallest normal number.",
               _scaled(case(seed + 3, dtype=dtype), float(FORMATS[dtype].smallest_normal) / 2, everything=True),
               clause="step-after", flags="Subnormals", waives="tails"),
    ]  # fmt: skip


def _scaled(question: Case, by: float, *, everything: bool = False) -> Case:
    """The case with its inputs multiplied by a factor; optionally its initial states and biases too."""
    factor = question.inputs.dtype.type(by)
    scaled = replace(question, inputs=question.inputs * factor)
    if not everything:
        return scaled
    states = tuple(state * factor for state in question.starts)
    return with_weights(replace(scaled, initial_state=states), bias=question.single.bias * factor)


VECTORS = [
    *shapes(),
    *plain("after", 10, "ResetBefore ResetUnit RecurrentBiasMissing RecurrentBiasOutside BiasRows"),
    *plain("before", 30, "ResetAfter ResetUnit RecurrentBiasMissing"),
    *plain("none", 50, "RecurrentBiasMissing"),
    *after(),
    *narrow("float16", 10, 220),
    *narrow("bfloat16", 7, 230),
]

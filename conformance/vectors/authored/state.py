"""Vectors of the state: closed forms, the start and the end of a run, and runs without any step or row."""

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.interface.case import Case
from conformance.vectors.authored.questions import HOLES, LENGTHS, UNITS, case, vector, with_weights
from conformance.vectors.vector import Vector

FORCED = 64.0
"""A pre-activation at which sigma is 0 or 1 to the last place of every format, or far below it."""
UNWEIGHTED = "weights bias units gates tails"
"""Rules that closed forms waive: parameters of 0 cannot be told apart."""


def closed_forms() -> list[Vector]:
    """Cases that a person can verify by hand. If none passes, the adapter is at fault."""
    clause = "closed-forms"
    answers: list[Vector] = []
    for reset, seed in (("after", 300), ("before", 310), ("none", 320)):
        kept, replaced = (_closed(case(seed, reset=reset), update=sign * FORCED) for sign in (1, -1))
        answers += [
            vector(f"halved-{reset}", "Zero parameters: every step halves the state.",
                   with_weights(case(seed + 1, reset=reset), kernel=0, recurrent_kernel=0, bias=0),
                   clause=clause, waives=UNWEIGHTED),
            vector(f"kept-{reset}", "A full update gate keeps the state.", kept,
                   clause=clause, flags="UpdateSense InitialStateIgnored", waives=UNWEIGHTED),
            vector(f"replaced-{reset}", "An empty update gate gives the candidate, here tanh(x W).", replaced,
                   clause=clause, flags="UpdateSense RoughTanh", waives=UNWEIGHTED),
        ]  # fmt: skip
    return answers


def _closed(question: Case, *, update: float) -> Case:
    p = question.single
    kernel, bias = np.zeros_like(p.kernel), np.zeros_like(p.bias)
    kernel[-1], bias[0, 0] = p.kernel[-1] / 2, update
    return with_weights(question, kernel=kernel, recurrent_kernel=0, bias=bias)


def starts() -> list[Vector]:
    """A missing initial state means zeros."""
    clause = "initial-state-none"
    none: dict[str, Any] = {"start": False}
    return [
        *(
            vector(reset, f"No initial state, reset {reset}.", case(seed, reset=reset, **none),
                   clause=clause, flags="RecurrentBiasSkipped", waives="initial-state")
            for seed, reset in ((330, "after"), (331, "before"), (332, "none"))
        ),
        vector("reverse", "No initial state, reverse.", case(333, run="reverse", **none),
               clause=clause, flags="RecurrentBiasSkipped", waives="initial-state"),
        vector("lengths", "No initial state, and rows that end early.", case(334, lengths=LENGTHS, **none),
               clause=clause, flags="RecurrentBiasSkipped", waives="initial-state"),
        vector("zeros", "The inputs of initial-state-none-after, with an initial state of zeros.",
               replace(case(330, **none), initial_state=case(330, **none).starts),
               clause=clause, waives="initial-state rows"),
    ]  # fmt: skip


def ends() -> list[Vector]:
    """The final state is the output at the last valid step."""
    clause = "final-state"
    return [
        vector("whole", "Every row has all steps.", case(340), clause=clause, flags="InitialStateIgnored"),
        vector("lengths-zero", "Rows end early; the outputs after them are zeros.", case(341, lengths=LENGTHS),
               clause=clause, flags="FinalStateFromPadding LengthOffByOne"),
        vector("lengths-carry", "Rows end early; the outputs after them carry the state.",
               case(342, lengths=LENGTHS, policy="carry"), clause=clause, flags="LengthOffByOne"),
        vector("holes", "Rows end in masked steps.", case(343, mask=HOLES),
               clause=clause, flags="FinalStateFromPadding LengthOffByOne"),
        vector("reverse", "The last step of a reverse run is at time 0.", case(344, run="reverse"),
               clause=clause, flags="ReverseFinalState ReverseShort"),
        vector("both", "Each direction ends at its own end.", case(345, run="both", merge="concat"),
               clause=clause, flags="FinalStatesSwapped ReverseFinalState"),
    ]  # fmt: skip


def nothing() -> list[Vector]:
    """No time, or no rows."""
    no_time: dict[str, Any] = {"sizes": (4, 0, 2, UNITS)}
    no_rows: dict[str, Any] = {"sizes": (0, 5, 2, UNITS)}
    waives, rowless = "sizes time palindrome tails", "sizes initial-state rows palindrome tails"
    return [
        vector("start", "No time: the final state is the initial one.", case(350, **no_time),
               clause="time-zero", flags="TimeZero InitialStateIgnored", waives=waives),
        vector("no-start", "No time and no initial state: zeros.", case(351, start=False, **no_time),
               clause="time-zero", waives=f"{waives} initial-state rows"),
        vector("reverse", "No time, reverse.", case(352, run="reverse", reset="before", **no_time),
               clause="time-zero", flags="TimeZero InitialStateIgnored", waives=waives),
        vector("both", "No time, two directions.", case(353, run="both", merge="concat", **no_time),
               clause="time-zero", flags="TimeZero InitialStateIgnored", waives=waives),
        vector("lengths", "No time, and lengths of 0.", case(354, lengths=(0, 0, 0, 0), **no_time),
               clause="time-zero", flags="TimeZeroPadding", waives=f"{waives} padding"),
        vector("one-direction", "No rows.", case(360, **no_rows),
               clause="batch-zero", flags="BatchZero", waives=rowless),
        vector("lengths", "No rows, and lengths of none.", case(361, lengths=(), **no_rows),
               clause="batch-zero", flags="BatchZero", waives=f"{rowless} padding"),
        vector("both", "No rows, two directions.", case(362, run="both", merge="concat", **no_rows),
               clause="batch-zero", flags="BatchZero", waives=rowless),
    ]  # fmt: skip


VECTORS = [*closed_forms(), *starts(), *ends(), *nothing()]

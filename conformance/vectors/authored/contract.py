"""Vectors of calls, and of two related runs.

Their clauses' checks run too: the same case twice, in two parts, or with its rows or units in another order.
"""

from conformance.vectors.authored.questions import LENGTHS, case, vector
from conformance.vectors.vector import Vector


def calls() -> list[Vector]:
    """A call changes nothing and keeps nothing."""
    return [
        vector("plain", "Inputs and state are compared after the call.", case(620),
               clause="inputs-unmodified", flags="InputsModified"),
        vector("lengths", "Padding too.", case(621, lengths=LENGTHS),
               clause="inputs-unmodified", flags="InputsModified"),
        vector("both", "Two directions read the same inputs.", case(622, run="both", merge="concat"),
               clause="inputs-unmodified", flags="InputsModified"),
        vector("one-direction", "After a call with other inputs.", case(630, start=False),
               clause="calls-independent", flags="StateKept", waives="initial-state"),
        vector("both", "Two directions, after a call with other inputs.",
               case(631, start=False, run="both", merge="concat"),
               clause="calls-independent", flags="StateKept", waives="initial-state"),
    ]  # fmt: skip


def laws() -> list[Vector]:
    """Two related runs, with each position of the reset gate once."""
    flags = {
        "split": "InitialStateIgnored",
        "rows-permuted": "RowsShareReset",
        "units-permuted": "",
        "padding-appended": "LengthsIgnored",
        "time-reversed": "ReverseIgnored",
    }
    return [
        vector(reset, f"Reset {reset}.", case(640 + 10 * index + seed, reset=reset),
               clause=clause, flags=named if reset != "none" else named.replace("RowsShareReset", ""))
        for index, (clause, named) in enumerate(flags.items())
        for seed, reset in enumerate(("after", "before", "none"))
    ]  # fmt: skip


def with_nan() -> list[Vector]:
    """Vectors with NaN at the places of the clause."""
    return [
        vector("plain", "A NaN in the middle of the first row, and at the end of the last.", case(690),
               clause="nan-propagated"),
        vector("lengths", "At the end of the last row's length.", case(691, lengths=LENGTHS, reset="before"),
               clause="nan-propagated"),
        vector("both", "Each direction reads it after other steps.", case(692, run="both", reset="none"),
               clause="nan-propagated"),
    ]  # fmt: skip


VECTORS = [*calls(), *laws(), *with_nan()]

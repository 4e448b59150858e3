"""Vectors of direction: reverse, two directions, and their merge."""

from typing import Any

from conformance.interface.case import MERGES
from conformance.vectors.authored.questions import HOLES, LEFT, LENGTHS, POISON, case, vector
from conformance.vectors.vector import Vector

BACKWARDS = "ReverseIgnored ReverseNotAligned"


def reverse() -> list[Vector]:
    """From the last time to the first, aligned with the inputs' time."""
    clause = "reverse"
    return [
        vector("after", "Reset after.", case(500, run="reverse"),
               clause=clause, flags=f"{BACKWARDS} ReverseShort ReverseFinalState"),
        vector("before", "Reset before.", case(501, run="reverse", reset="before"),
               clause=clause, flags=f"{BACKWARDS} ReverseShort"),
        vector("none", "No reset gate.", case(502, run="reverse", reset="none"),
               clause=clause, flags=f"{BACKWARDS} ReverseShort"),
        vector("no-start", "No initial state.", case(503, run="reverse", start=False),
               clause=clause, flags=BACKWARDS, waives="initial-state"),
        vector("one-step", "One step is the same in either direction.", case(504, run="reverse", sizes=(4, 1, 2, 3)),
               clause=clause, flags="ReverseShort", waives="sizes time palindrome"),
    ]  # fmt: skip


def reverse_masked() -> list[Vector]:
    """From the last valid step of each row."""
    clause = "reverse-masked"
    back: dict[str, Any] = {"run": "reverse"}
    return [
        vector("lengths", "Rows that end early.", case(510, lengths=LENGTHS, **back),
               clause=clause, flags="ReversePadding LengthsIgnored"),
        vector("lengths-carry", "Outputs in the padding carry the initial state.",
               case(511, lengths=LENGTHS, policy="carry", **back), clause=clause, flags="ReversePadding Policy"),
        vector("holes", "Holes.", case(512, mask=HOLES, **back), clause=clause, flags="ReversePadding MaskAsLength"),
        vector("left-carry", "Padding on the left comes last.", case(513, mask=LEFT, policy="carry", **back),
               clause=clause, flags="ReversePadding MaskAsLength Policy"),
        vector("zero-before-first", "Zeros in the padding before a row begins from its end.",
               case(514, mask=HOLES, policy="zero-before-first", **back), clause=clause),
        vector("poison", "NaN and infinities in the padding.", case(515, lengths=LENGTHS, padding=POISON, **back),
               clause=clause, flags="ReversePadding PaddingMultiplied"),
        vector("before", "Reset before.", case(516, mask=HOLES, reset="before", padding=POISON, **back),
               clause=clause, flags="ReversePadding PaddingMultiplied"),
        vector("none", "No reset gate.", case(517, lengths=(1, 5, 2, 3), reset="none", **back),
               clause=clause, flags="ReversePadding LengthsIgnored"),
        vector("no-start", "No initial state.", case(518, lengths=LENGTHS, start=False, **back),
               clause=clause, flags="ReversePadding LengthsIgnored ReverseWithoutStart", waives="initial-state"),
    ]  # fmt: skip


def both() -> list[Vector]:
    """Two independent runs."""
    clause = "bidirectional"
    two: dict[str, Any] = {"run": "both"}
    flags = f"{BACKWARDS} DirectionsShareWeights"
    return [
        vector("apart", "Outputs apart.", case(520, **two), clause=clause, flags=f"{flags} DirectionsSwapStates"),
        vector("concat", "Outputs side by side.", case(521, merge="concat", **two),
               clause=clause, flags=f"{flags} DirectionsSwapStates FinalStatesSwapped"),
        vector("no-start", "No initial states.", case(522, merge="concat", start=False, **two),
               clause=clause, flags=flags, waives="initial-state"),
        vector("before", "Reset before.", case(523, merge="concat", reset="before", **two),
               clause=clause, flags=f"{flags} ResetAfter"),
        vector("none", "No reset gate.", case(524, merge="concat", reset="none", **two), clause=clause, flags=flags),
    ]  # fmt: skip


def both_masked() -> list[Vector]:
    """Each direction begins at its own end of the valid steps."""
    clause = "bidirectional-masked"
    two: dict[str, Any] = {"run": "both", "merge": "concat"}
    return [
        vector("lengths", "Rows that end early.", case(530, lengths=LENGTHS, **two),
               clause=clause, flags="ReversePadding LengthsIgnored BidirectionalPolicy"),
        vector("holes", "Holes.", case(531, mask=HOLES, **two),
               clause=clause, flags="ReversePadding MaskAsLength BidirectionalPolicy"),
        vector("left", "Padding on the left.", case(532, mask=LEFT, **two),
               clause=clause, flags="ReversePadding MaskAsLength BidirectionalPolicy"),
        vector("carry", "Outputs in the padding carry each direction's own state.",
               case(533, lengths=LENGTHS, policy="carry", **two), clause=clause, flags="ReversePadding Policy"),
        vector("poison", "NaN and infinities in the padding.", case(534, lengths=LENGTHS, padding=POISON, **two),
               clause=clause, flags="ReversePadding PaddingMultiplied"),
        vector("before", "Reset before.", case(535, lengths=(1, 3, 5, 2), reset="before", **two),
               clause=clause, flags="ReversePadding"),
        vector("no-start", "No initial state.", case(536, lengths=LENGTHS, start=False, **two),
               clause=clause, flags="LengthsIgnored BackwardFinalWithoutStart", waives="initial-state"),
    ]  # fmt: skip


def merges() -> list[Vector]:
    """All merges, without and with padding."""
    clause = "merge"
    answers: list[Vector] = []
    for seed, merge in enumerate(MERGES):
        flags = "MergeAverage" if merge == "ave" else ""
        answers.append(
            vector(merge, f"Joined by {merge}.", case(540 + seed, run="both", merge=merge),
                   clause=clause, flags=flags)
        )  # fmt: skip
        padded = case(550 + seed, run="both", merge=merge, lengths=LENGTHS)
        answers.append(
            vector(f"{merge}-lengths", f"Joined by {merge}, zeros in the padding.", padded,
                   clause=clause, flags=f"{flags} BidirectionalPolicy")
        )  # fmt: skip
    before = case(545, run="both", merge="ave", reset="before")
    return [*answers, vector("ave-before", "The mean, reset before.", before, clause=clause, flags="AverageReset")]


VECTORS = [*reverse(), *reverse_masked(), *both(), *both_masked(), *merges()]

"""Vectors of padding: lengths, masks, outputs at masked steps, and padding that must not be read."""

from typing import Any

from conformance.vectors.authored.questions import HOLES, LEFT, LENGTHS, POISON, WITH_EMPTY, case, vector
from conformance.vectors.vector import Vector

IGNORED = "LengthsIgnored LeftPaddingNeutral"
EMPTY = (0, 0, 0, 0)


def lengths() -> list[Vector]:
    """Rows padded on the right."""
    clause = "lengths"
    return [
        vector("unsorted", "Unsorted lengths, from 1 to the whole time.", case(400, lengths=LENGTHS),
               clause=clause, flags=f"{IGNORED} LengthOffByOne FinalStateFromPadding"),
        vector("carry", "The same under the policy carry.", case(401, lengths=(2, 5, 1, 4), policy="carry"),
               clause=clause, flags=f"{IGNORED} LengthOffByOne"),
        vector("before", "Reset before.", case(402, lengths=(5, 1, 4, 2), reset="before"),
               clause=clause, flags=f"{IGNORED} ResetAfter"),
        vector("none", "No reset gate.", case(403, lengths=(1, 2, 5, 3), reset="none"), clause=clause, flags=IGNORED),
        vector("all-full", "Every row is as long as time.", case(404, lengths=(5, 5, 5, 5)),
               clause=clause, flags="LengthOffByOne", waives="padding"),
        vector("all-one", "Every length is 1.", case(405, lengths=(1, 1, 1, 1)), clause=clause, flags=IGNORED,
               waives="palindrome"),
        vector("zeros", "The padding is zeros: with biases, a step on zeros changes the state.",
               case(406, lengths=LENGTHS, padding=(0.0,)),
               clause=clause, flags=f"{IGNORED} LengthOffByOne", waives="padding"),
        vector("one-row", "One row, with padding.", case(407, sizes=(1, 5, 2, 3), lengths=(3,)),
               clause=clause, flags=f"{IGNORED} SingleRowPadding", waives="sizes"),
        vector("no-full-row", "No row is as long as time, and the outputs carry the state to the end.",
               case(408, lengths=(3, 2, 1, 4), policy="carry"), clause=clause, flags=f"{IGNORED} LongestRow"),
    ]  # fmt: skip


def length_zero() -> list[Vector]:
    """Rows without a step, beside other rows and alone."""
    clause = "length-zero"
    return [
        vector("mixed", "A row of length 0 among others.", case(410, lengths=WITH_EMPTY),
               clause=clause, flags=f"LengthZero {IGNORED}"),
        vector("mixed-carry", "Its outputs are its initial state.", case(411, lengths=WITH_EMPTY, policy="carry"),
               clause=clause, flags=f"LengthZero PolicyBeforeFirst {IGNORED}"),
        vector("all", "Every row has length 0.", case(412, lengths=EMPTY),
               clause=clause, flags=f"LengthZero {IGNORED}", waives="palindrome tails"),
        vector("reverse", "Reverse.", case(413, lengths=WITH_EMPTY, run="reverse"), clause=clause, flags="LengthZero"),
        vector("before", "Reset before.", case(414, lengths=WITH_EMPTY, reset="before"),
               clause=clause, flags="LengthZero"),
        vector("both", "Two directions.", case(415, lengths=WITH_EMPTY, run="both", merge="concat"),
               clause=clause, flags="LengthZero"),
        vector("no-start", "No initial state: zeros.", case(416, lengths=WITH_EMPTY, start=False),
               clause=clause, flags=IGNORED, waives="initial-state"),
    ]  # fmt: skip


def masks() -> list[Vector]:
    """Masked steps anywhere."""
    clause = "masks"
    return [
        vector("holes", "Masked steps in the middle.", case(420, mask=HOLES),
               clause=clause, flags=f"{IGNORED} MaskAsLength LengthOffByOne"),
        vector("left", "Padding on the left.", case(421, mask=LEFT), clause=clause, flags=f"{IGNORED} MaskAsLength"),
        vector("left-zeros", "Padding of zeros on the left.", case(422, mask=LEFT, padding=(0.0,)),
               clause=clause, flags=f"{IGNORED} MaskAsLength", waives="padding"),
        vector("one-step", "Each row has one step, each at another time.",
               case(423, mask=("...x.", "x....", ".x...", "....x")),
               clause=clause, flags=f"{IGNORED} MaskAsLength", waives="palindrome"),
        vector("with-empty", "One row has no step.", case(424, mask=("x.x.x", ".....", ".xx..", "...xx")),
               clause=clause, flags=f"{IGNORED} LengthZero"),
        vector("before", "Reset before.", case(425, mask=HOLES, reset="before"), clause=clause, flags=IGNORED),
        vector("none", "No reset gate.", case(426, mask=LEFT, reset="none"), clause=clause, flags=IGNORED),
        vector("full", "Every step counts.", case(428, mask=("xxxxx",) * 4),
               clause=clause, flags="FullMask", waives="padding"),
        vector("no-start", "No initial state.", case(429, mask=HOLES, start=False),
               clause=clause, flags=f"{IGNORED} MaskWithoutStart", waives="initial-state"),
        vector("right", "A mask that could be lengths.", case(427, mask=("xxx..", "xxxxx", "x....", "xx...")),
               clause=clause, flags=f"{IGNORED} LengthOffByOne"),
    ]  # fmt: skip


def policies() -> list[Vector]:
    """The two policies of the specification, and the third that exists in implementations."""
    clause = "masked-outputs"
    return [
        vector("carry-lengths", "Outputs after a row's end carry the state.",
               case(430, lengths=LENGTHS, policy="carry"), clause=clause, flags="Policy"),
        vector("zero-lengths", "Outputs after a row's end are zeros.", case(431, lengths=LENGTHS), clause=clause,
               flags="Policy"),
        vector("carry-holes", "Outputs carry the state at holes, and the initial state before the first step.",
               case(432, mask=HOLES, policy="carry"), clause=clause, flags="Policy PolicyBeforeFirst"),
        vector("zero-holes", "Outputs at holes are zeros.", case(433, mask=HOLES), clause=clause, flags="Policy"),
        vector("carry-left", "Outputs before the first step carry the initial state.",
               case(434, mask=LEFT, policy="carry"), clause=clause, flags="Policy PolicyBeforeFirst"),
        vector("zero-before-first-left", "Outputs before the first step are zeros, despite an initial state.",
               case(435, mask=LEFT, policy="zero-before-first"), clause=clause),
        vector("zero-before-first-holes", "Outputs are zeros before the first step and carry the state at holes.",
               case(436, mask=HOLES, policy="zero-before-first"), clause=clause),
    ]  # fmt: skip


def unread() -> list[Vector]:
    """NaN and infinities at masked steps."""
    clause = "padding-unread"
    flags = "PaddingMultiplied LengthsIgnored"
    poison: dict[str, Any] = {"padding": POISON}
    return [
        vector("lengths", "After each row's end.", case(440, lengths=LENGTHS, **poison),
               clause=clause, flags=flags),
        vector("lengths-carry", "Under the policy carry.", case(441, lengths=LENGTHS, policy="carry", **poison),
               clause=clause, flags=flags),
        vector("holes", "At holes.", case(442, mask=HOLES, **poison), clause=clause, flags=flags),
        vector("left", "Before the first step.", case(443, mask=LEFT, **poison),
               clause=clause, flags=flags),
        vector("before", "Reset before.", case(444, lengths=LENGTHS, reset="before", **poison),
               clause=clause, flags=flags),
        vector("none", "No reset gate.", case(445, mask=HOLES, reset="none", **poison),
               clause=clause, flags=flags),
    ]  # fmt: skip


VECTORS = [*lengths(), *length_zero(), *masks(), *policies(), *unread()]

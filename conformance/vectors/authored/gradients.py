"""Vectors of gradients: their values, with padding and in two directions; and gradients at padding."""

from typing import Any

from conformance.interface.case import MERGES
from conformance.vectors.authored.questions import HOLES, LEFT, LENGTHS, POISON, WITH_EMPTY, case, pushed, vector
from conformance.vectors.vector import Vector

FLAGS = "GradientScaled GradientOfFinalState GradientOfInitialState GradientOfRecurrentBias"


def values() -> list[Vector]:
    """Without padding."""
    clause = "gradients"
    return [
        *(
            vector(reset, f"Reset {reset}: numbers of few bits.", case(seed, reset=reset), clause=clause,
                   flags=FLAGS if reset == "none" else f"{FLAGS} GradientOfReset")
            for seed, reset in ((700, "after"), (701, "before"), (702, "none"))
        ),
        *(
            vector(f"saturated-{reset}", "Pre-activations up to 20: 1 - tanh**2 and z (1 - z) cancel.",
                   pushed(case(seed, reset=reset, bits=23), (3, 0, 7, 12)), clause=clause, flags="GradientScaled")
            for seed, reset in ((713, "after"), (714, "before"), (715, "none"))
        ),
        vector("full-precision", "Numbers that fill a float32.", case(706, bits=23), clause=clause, flags=FLAGS),
        *(
            vector(dtype, f"Numbers that fill a {dtype}.", case(seed, bits=bits, dtype=dtype),
                   clause=clause, flags=FLAGS)
            for seed, dtype, bits in ((716, "float16", 10), (717, "bfloat16", 7))
        ),
        vector("no-start", "No initial state: it still has a gradient.", case(707, start=False),
               clause=clause, flags="GradientScaled GradientOfInitialState", waives="initial-state"),
        vector("one-step", "One step.", case(708, sizes=(4, 1, 2, 3)),
               clause=clause, flags=FLAGS, waives="sizes time palindrome"),
        vector("one-unit", "One unit, one input.", case(709, sizes=(4, 6, 1, 1)),
               clause=clause, flags=FLAGS, waives="sizes weights units"),
        vector("no-time", "No time: the initial state gets the final state's cotangent.", case(710, sizes=(4, 0, 2, 3)),
               clause=clause, flags="GradientOfFinalState", waives="sizes time palindrome tails"),
        vector("reverse", "Reverse.", case(711, run="reverse"), clause=clause, flags=FLAGS),
        vector("longer", "Twelve steps.", case(712, sizes=(2, 12, 3, 4)), clause=clause, flags=FLAGS),
        vector("of-final-state", "Only the final state has cotangents.", case(716),
               clause=clause, flags="FinalCotangentAlone", kind="final"),
        vector("of-outputs", "Only the outputs have cotangents.", case(717),
               clause=clause, flags="OutputsCotangentAlone", kind="outputs"),
        vector("large", "Cotangents of some thousand.", case(718), clause=clause, flags="CotangentsClipped",
               kind="large"),
        vector("far", "A candidate's pre-activations of some 400: exp(2 a) overflows.",
               pushed(case(719), (*[0] * 6, -400, 0, 0)), clause=clause, flags="TanhSlopeOverflow"),
    ]  # fmt: skip


def masked() -> list[Vector]:
    """With padding."""
    clause = "gradients-masked"
    return [
        vector("lengths", "Outputs after each row's end are zeros, and their cotangents are ignored.",
               case(720, lengths=LENGTHS), clause=clause, flags=f"{FLAGS} GradientOfMaskedOutput"),
        vector("lengths-carry", "Outputs after each row's end carry the state and pass their cotangents to it.",
               case(721, lengths=LENGTHS, policy="carry"), clause=clause, flags=f"{FLAGS} GradientOfMaskedOutput"),
        vector("with-empty", "A row without steps passes all cotangents to its initial state.",
               case(722, lengths=WITH_EMPTY, policy="carry"), clause=clause, flags=FLAGS),
        vector("all-empty", "No row has a step: the weights' gradients are 0.", case(723, lengths=(0, 0, 0, 0)),
               clause=clause, flags="GradientOfFinalState", waives="palindrome tails"),
        vector("holes", "Outputs at holes are zeros.", case(724, mask=HOLES),
               clause=clause, flags=f"{FLAGS} GradientOfMaskedOutput"),
        vector("holes-carry", "Outputs at holes carry the state.", case(725, mask=HOLES, policy="carry"),
               clause=clause, flags=f"{FLAGS} GradientOfMaskedOutput"),
        vector("left-carry", "Outputs before the first step carry the initial state.",
               case(726, mask=LEFT, policy="carry"), clause=clause, flags=f"{FLAGS} GradientOfMaskedOutput"),
        vector("reverse", "Reverse.", case(727, lengths=LENGTHS, run="reverse"), clause=clause, flags=FLAGS),
        vector("before", "Reset before.", case(728, lengths=LENGTHS, reset="before"), clause=clause, flags=FLAGS),
        vector("none", "No reset gate.", case(729, mask=HOLES, reset="none"), clause=clause, flags=FLAGS),
    ]  # fmt: skip


def both() -> list[Vector]:
    """Two directions."""
    clause = "gradients-bidirectional"
    two: dict[str, Any] = {"run": "both"}
    return [
        *(
            vector(merge, f"Joined by {merge}.", case(740 + seed, merge=merge, **two),
                   clause=clause, flags=f"{FLAGS} GradientsSwapped")
            for seed, merge in enumerate(MERGES)
        ),
        vector("lengths", "Rows that end early.", case(750, merge="concat", lengths=LENGTHS, **two),
               clause=clause, flags=FLAGS),
        vector("holes-mul", "The product of both at holes.", case(751, merge="mul", mask=HOLES, **two),
               clause=clause, flags=FLAGS),
        vector("before", "Reset before.", case(752, merge="concat", reset="before", **two), clause=clause, flags=FLAGS),
        vector("none", "No reset gate.", case(753, merge="concat", reset="none", **two), clause=clause, flags=FLAGS),
    ]  # fmt: skip


def padding() -> list[Vector]:
    """The gradient to a masked input is 0, and its value changes no gradient."""
    zero, unchanged = "masked-gradient", "padding-gradient"
    poison: dict[str, Any] = {"padding": POISON}
    return [
        vector("lengths", "After each row's end.", case(600, lengths=LENGTHS), clause=zero, flags="GradientAtMasked"),
        vector("holes", "At holes.", case(601, mask=HOLES), clause=zero, flags="GradientAtMasked"),
        vector("left-carry", "Before the first step, under the policy carry: cotangents reach the initial state.",
               case(602, mask=LEFT, policy="carry"), clause=zero, flags="GradientAtMasked"),
        vector("reverse", "Reverse.", case(603, lengths=LENGTHS, run="reverse"), clause=zero, flags="GradientAtMasked"),
        vector("lengths", "NaN after each row's end.", case(610, lengths=LENGTHS, **poison),
               clause=unchanged, flags="GradientNaN"),
        vector("holes", "NaN at holes.", case(611, mask=HOLES, **poison), clause=unchanged, flags="GradientNaN"),
        vector("reverse", "NaN in the padding of a reverse run.", case(612, lengths=LENGTHS, run="reverse", **poison),
               clause=unchanged, flags="GradientNaN"),
        vector("before", "Reset before.", case(613, lengths=LENGTHS, reset="before", **poison),
               clause=unchanged, flags="GradientNaN"),
        vector("both", "Two directions.", case(614, lengths=LENGTHS, run="both", merge="concat", **poison),
               clause=unchanged, flags="GradientNaN"),
    ]  # fmt: skip


VECTORS = [*values(), *masked(), *both(), *padding()]

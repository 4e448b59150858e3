"""The weaker arithmetics of a diagnosis: a closed list of classes that are less precise than the claimed one.

A class is as precise as another if none of its formats is narrower and its activations are no rougher. TF32, float16
and bfloat16 products are common replacements of float32 products in accelerators; whole steps may also use a narrower
format. An explanation by a class means only that the answers agree with it.

Left out: sums in fewer bits than float32's, whose bound explains almost any answer.
"""

from collections.abc import Sequence
from dataclasses import replace

from conformance.interface.arithmetic import ACTIVATIONS, FORMATS, Arithmetic, contains

ROUGHER = ("8 ULP above 4u", "2^-10")
"""The accuracies of activations to try."""

NARROWER = ("float32", "float16", "bfloat16")
"""The formats of whole steps to try."""

PRODUCTS = ("float32", "tf32", "float16", "bfloat16")
"""The formats of the operands of products to try."""


def weaker(claim: Arithmetic) -> list[Arithmetic]:
    """The classes in the list that are weaker than a claim. No class precedes one that is as precise."""
    steps = [replace(claim, activation=activation) for activation in ROUGHER]
    steps += [replace(claim, products=format) for format in PRODUCTS]
    for format in NARROWER:
        sums = None if format == "float32" else "float32"
        steps.append(
            replace(claim, compute=format, products=None, accumulator=sums, output=None, activation="8 ULP above 4u")
        )
    different = {_measures(step): step for step in reversed(steps)}
    found = [step for step in different.values() if as_precise(claim, step) and not as_precise(step, claim)]
    return sorted(found, key=lambda step: sum(as_precise(other, step) for other in found))


def as_precise(one: Arithmetic, other: Arithmetic) -> bool:
    """True if a class is included in another: an answer that meets it meets the other."""
    *formats, activation = _measures(one)
    *others, rougher = _measures(other)
    return activation <= rougher and all(contains(FORMATS[a], FORMATS[b]) for a, b in zip(formats, others, strict=True))


def strictest(met: Sequence[Arithmetic]) -> list[Arithmetic]:
    """The classes that are included in no other of them."""
    return [one for one in met if not any(as_precise(other, one) for other in met if other is not one)]


def telling(claim: Arithmetic, weak: Arithmetic) -> bool:
    """True if conventions can be distinguished in a weaker class: whole steps must use at least float32."""
    return weak.format == claim.format or contains(weak.format, FORMATS["float32"])


def weaker_parts(claim: Arithmetic, weak: Arithmetic) -> str:
    """The difference between a weaker class and the claim, in words; if whole steps use less, nothing else."""
    compute, products, sums, shown, _ = _measures(weak)
    if weak.format != claim.format:
        return f"steps in {compute}" + (f" with sums in {sums}" if weak.sums != weak.format else "")
    told: list[str] = []
    if weak.operands != claim.operands:
        told.append(f"products of operands in {NAMES.get(products, products)}")
    if weak.sums != claim.sums:
        told.append(f"sums in {sums}")
    if weak.output_format != claim.output_format:
        told.append(f"states shown in {shown}")
    if weak.activation != claim.activation:
        within = "to 2^-10" if weak.accuracy.absolute else f"to {weak.activation}"
        told.append(f"sigma and tanh accurate {within}")
    return " and ".join(told)


NAMES = {"tf32": "TF32"}


def _measures(claim: Arithmetic) -> tuple[str, str, str, str, int]:
    compute = claim.compute or claim.dtype
    shown = claim.output or (compute if contains(claim.interface, claim.format) else claim.dtype)
    rough = list(ACTIVATIONS).index(claim.activation)
    return compute, claim.products or compute, claim.accumulator or compute, shown, rough

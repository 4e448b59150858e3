"""The catalogue of known mistakes. A mutant, a deviation and a vector's flag refer to the entry with their name."""

from conformance.diagnosis.catalogue import (
    activations,
    axes,
    blends,
    blocks,
    calls,
    contract,
    formats,
    gates,
    gradient_kinds,
    gradients,
    history,
    numbers,
    options,
    orders,
    padding,
    sizes,
    state,
    time,
    values,
    weights,
)
from conformance.diagnosis.catalogue.mistake import Mistake

FAMILIES = (
    orders, gates, weights, state, padding, time, numbers, gradients, contract,
    sizes, options, gradient_kinds, values, history, calls, formats,
    blocks, activations, blends, axes,
)  # fmt: skip

MISTAKES: dict[str, Mistake] = {name: entry for family in FAMILIES for name, entry in family.MISTAKES.items()}
"""Every known mistake by its name, which is also the name of its mutant and of its deviation, if there are any."""

__all__ = ["MISTAKES", "Mistake"]

"""The catalogue of known mistakes. A mutant, a deviation and a vector's flag refer to the entry with their name."""

from conformance.diagnosis.catalogue import contract, gates, gradients, numbers, orders, padding, state, time, weights
from conformance.diagnosis.catalogue.mistake import Mistake

FAMILIES = (orders, gates, weights, state, padding, time, numbers, gradients, contract)

MISTAKES: dict[str, Mistake] = {name: entry for family in FAMILIES for name, entry in family.MISTAKES.items()}
"""Every known mistake by its name, which is also the name of its mutant and of its deviation, if there are any."""

__all__ = ["MISTAKES", "Mistake"]

"""The catalogue of known mistakes: a mutant, a deviation and a vector's flag are about the entry of their name."""

from conformance.diagnosis.catalogue import contract, gates, gradients, numbers, orders, padding, state, time, weights
from conformance.diagnosis.catalogue.mistake import Mistake

FAMILIES = (orders, gates, weights, state, padding, time, numbers, gradients, contract)

MISTAKES: dict[str, Mistake] = {name: entry for family in FAMILIES for name, entry in family.MISTAKES.items()}
"""Every known mistake by its name: the name of its mutant, where one ships, and of its deviation, where one does."""

__all__ = ["MISTAKES", "Mistake"]

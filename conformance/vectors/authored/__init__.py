"""The cases of the golden vectors, one file for each topic: what is special in a case, and the seed of its numbers."""

from conformance.specification import CLAUSES
from conformance.vectors.authored import contract, directions, gradients, large, padding, state, steps
from conformance.vectors.vector import Vector

_ALL = [
    vector for family in (steps, state, padding, directions, gradients, contract, large) for vector in family.VECTORS
]

AUTHORED: dict[str, Vector] = {vector.name: vector for clause in CLAUSES for vector in _ALL if vector.clause == clause}
"""Every vector by its name, in the order of the clauses."""

"""Wrong GRUs, one file for each family, each wrong in one line. They prove that the checks can fail.

A new one also needs its sentence under the same name in conformance/diagnosis/catalogue. Each can be judged:
python -m conformance run conformance.mutants:NAME. emulated.py is the right GRU; wrong gradients deviate from
backward.py. Beside them, probed.py has mutants that only the probe detects, and equivalent.py deviations that are not
wrong.

Examples:
    >>> from conformance.mutants import gates_swapped
    >>> gates_swapped().name
    'gates_swapped'
"""

from types import ModuleType

from conformance.mutants import (
    activations,
    biases,
    calls,
    contract,
    directions,
    equivalent,
    formats,
    gates,
    gradient_kinds,
    gradients,
    history,
    numerics,
    options,
    padding,
    probed,
    sizes,
    state,
    time,
    values,
    weights,
)
from conformance.mutants.activations import *
from conformance.mutants.biases import *
from conformance.mutants.calls import *
from conformance.mutants.contract import *
from conformance.mutants.directions import *
from conformance.mutants.emulated import Emulated
from conformance.mutants.equivalent import *
from conformance.mutants.formats import *
from conformance.mutants.gates import *
from conformance.mutants.gradient_kinds import *
from conformance.mutants.gradients import *
from conformance.mutants.history import *
from conformance.mutants.numerics import *
from conformance.mutants.options import *
from conformance.mutants.padding import *
from conformance.mutants.probed import *
from conformance.mutants.sizes import *
from conformance.mutants.state import *
from conformance.mutants.time import *
from conformance.mutants.values import *
from conformance.mutants.weights import *


def _one_of_each(family: ModuleType) -> tuple[Emulated, ...]:
    """One instance of each mutant of a file, in order."""
    own = (thing for thing in vars(family).values() if getattr(thing, "__module__", None) == family.__name__)
    return tuple(mutant() for mutant in own if isinstance(mutant, type) and issubclass(mutant, Emulated))


FAMILIES: dict[str, tuple[Emulated, ...]] = {
    family.__name__.rpartition(".")[2]: _one_of_each(family)
    for family in (
        gates, biases, weights, state, padding, time, directions, numerics, activations, gradients, contract,
        sizes, options, gradient_kinds, values, history, calls, formats,
    )
}  # fmt: skip
"""One instance of each mutant, by its file. Each has a name, and a sentence and a link in the catalogue."""

MUTANTS: tuple[Emulated, ...] = tuple(mutant for family in FAMILIES.values() for mutant in family)
"""All mutants, in the order of the families."""

PROBED: tuple[Emulated, ...] = _one_of_each(probed)
"""Mutants within the bound of every step: the probe detects them, and no clause does."""

EQUIVALENT: tuple[Emulated, ...] = _one_of_each(equivalent)
"""Deviations that are not wrong, each with the proof."""

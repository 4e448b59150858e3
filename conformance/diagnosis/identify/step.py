"""One step of a black box: the position of the reset gate, the sense of z, the order of blocks, and the effect of each
bias.

The search first compares every reading in the list at once, without biases; then each of the six bias vectors
separately, which may act in any place, once or twice, or not at all. A reading of the whole is right only if it is the
only one that fits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from conformance.diagnosis.identify.asking import REFUSED, Arrays, Asking
from conformance.diagnosis.identify.hypotheses import (
    ACTIVATIONS,
    NAMED,
    TRAITS,
    UNKNOWN,
    Parts,
    Reading,
    classes,
    holds,
    parts,
    readings,
)
from conformance.diagnosis.identify.probes import GATES as STORED
from conformance.diagnosis.identify.probes import Slot, biased, plain, slots, vectors
from conformance.diagnosis.known.deviation import Deviation
from conformance.diagnosis.known.running_error import Near
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case

NAMES = {0: "input", 1: "recurrent"}
GATES = {"z": "update", "r": "reset", "n": "candidate"}
ITSELF, NOTHING = "as given", "no effect"


@dataclass
class Step:
    """A step in one format and with one requested position of the reset gate.

    Attributes:
        dtype: The format.
        asked: The requested position of the reset gate.
        traits: A value for each of TRAITS, "biases" (the class) and "arithmetic" (the class in which the reading fits);
            or "refused" or "unknown" alone.
        effects: The effect of each bias vector, by the gate whose block it is in the order of the kernels.
        names: The parts of the only reading that fits, or None.
        places: The places where a bias vector acts once.
        sums: True if two biases of a gate may have a sum that rounds.
    """

    dtype: str
    asked: str
    traits: dict[str, str] = field(default_factory=dict[str, str])
    effects: dict[str, str] = field(default_factory=dict[str, str])
    names: tuple[str, ...] | None = None
    claim: Arithmetic | None = None
    places: dict[Slot, Slot] = field(default_factory=dict[Slot, Slot])
    sums: bool = True
    started: bool = False

    @property
    def known(self) -> bool:
        """True if there is exactly one reading."""
        return self.names is not None

    @property
    def parts(self) -> Parts:
        """The parts of the reading."""
        return tuple(NAMED[name] for name in self.names or ())

    def to_json(self) -> dict[str, Any]:
        """The step as JSON values."""
        return {"dtype": self.dtype, "asked": self.asked, **self.traits, "bias vectors": self.effects}


def step(asking: Asking, dtype: str, reset: str) -> Step:
    """Identify a step in one format with a requested reset."""
    found = Step(dtype, reset)
    case = plain(dtype, reset)
    name = f"{dtype}, reset {reset}"
    given = asking.arrays(f"{name}: no biases", case)
    if given is None:
        zeros = np.zeros_like(case.starts[0])
        case, found.started = replace(case, initial_state=(zeros,)), True
        given = asking.arrays(f"{name}: no biases, zeros as the initial state", case)
    if given is None:
        found.traits = dict.fromkeys(TRAITS, REFUSED)
        return found
    fitting, found.claim = _fitting(case, given)
    found.traits = {
        trait: " or ".join(dict.fromkeys(reading.values[place] for reading in fitting)) or UNKNOWN
        for place, trait in enumerate(TRAITS)
    }
    if len(fitting) != 1 or found.claim is None:
        return found
    found.names = tuple(part.__name__ for part in fitting[0].parts)
    found.traits["arithmetic"] = str(found.claim)
    for slot in slots(reset):
        _effect(asking, found, case, slot)
    found.traits["biases"] = _class(asking, found, case)
    return found


def _fitting(case: Case, given: Arrays) -> tuple[list[Reading], Arithmetic | None]:
    """The readings that fit in the strictest class in which one does. Other activations are tried in the first class
    only.
    """
    first, *_ = every = classes(case.dtype)
    usual, *others = ACTIVATIONS
    for claim, activations in [(first, (usual,)), (first, others), *((claim, (usual,)) for claim in every[1:])]:
        possible = _beginning(readings(case.reset, activations), case, given, claim)
        fitting = [reading for reading in possible if fits(reading.parts, case, given, claim)]
        if fitting:
            return fitting, claim
    return [], None


def _beginning(listed: list[Reading], case: Case, given: Arrays, claim: Arithmetic) -> list[Reading]:
    """The readings with the subject's first step: from zeros and without biases, few traits matter in it."""
    if len(given) == 1:
        return listed
    case = replace(case, inputs=case.inputs[:, :1])
    given = given[0][:, :1], given[0][:, 0]
    places = [TRAITS.index(trait) for trait in ("update gate", "kernel", "activations")]
    alike = {tuple(reading.values[place] for place in places): reading for reading in listed}
    first = {values: holds(reading.parts, case, given, claim) for values, reading in alike.items()}
    return [reading for reading in listed if first[tuple(reading.values[place] for place in places)]]


def fits(parts: Parts, case: Case, given: Arrays, claim: Arithmetic) -> bool:
    """True if each step agrees with these parts, from the state that the subject returned before it.

    Without outputs, the whole run is compared with the final state.
    """
    if len(given) == 1:
        return holds(parts, case, given, claim)
    outputs, final = given
    first, later = replace(case, inputs=case.inputs[:, :1]), case.inputs[:, 1:].reshape(-1, 1, case.inputs.shape[2])
    if not holds(parts, first, (outputs[:, :1], outputs[:, 0]), claim):
        return False
    before, after = (part.reshape(-1, case.units) for part in (outputs[:, :-1], outputs[:, 1:]))
    rest = replace(case, inputs=later, initial_state=(before,))
    last = np.concatenate([outputs[:, 1:-1], final[:, None]], axis=1).reshape(-1, case.units)
    return holds((carried, *parts), rest, (after[:, None], last), claim)


class carried(Deviation):
    """The returned state is a rounded copy of the carried one."""

    def start(self, case: Case, direction: int) -> Near:
        """The initial state, rounded like a returned one."""
        return self.ops.shown(super().start(case, direction))


def _effect(asking: Asking, found: Step, case: Case, slot: Slot) -> None:
    row, gate = slot
    order = found.traits[("kernel", "recurrent kernel")[row]].split()
    own = order[STORED[found.asked].index(gate)]
    name = f"{NAMES[row]} {GATES[own]}"
    vector = vectors(case.dtype)[slot]
    given = asking.arrays(f"{found.dtype}, reset {found.asked}: the {name} bias alone", biased(case, [(slot, vector)]))
    if given is None:
        found.effects[name] = REFUSED
        return
    assert found.claim is not None
    fitting = [
        (told, place)
        for told, place, some, effective in _effects(found, case, (row, own), vector)
        if fits((*some, *found.parts), effective, given, found.claim)
    ]
    found.effects[name] = " or ".join(told for told, _ in fitting) or UNKNOWN
    if len(fitting) == 1 and fitting[0][1] is not None:
        found.places[slot] = fitting[0][1]


def _effects(found: Step, case: Case, slot: Slot, vector: np.ndarray) -> Iterator[tuple[str, Slot | None, Parts, Case]]:
    """Possible effects of a bias: words, its place if it acts once, and a hypothesis. No two have the same numbers."""
    row, own = slot
    yield NOTHING, None, (), case
    after = found.traits["reset"] == "after"
    for gate in "zn" if found.traits["reset"] == "none" and len(case.single.kernel) == 2 else "zrn":
        if gate == "r" and found.traits["reset"] == "none":
            continue  # it is never read
        for at in (0, 1) if gate == "n" and after else (row,):
            place = at, gate
            once = ITSELF if place == slot else _misplaced(place, own)
            yield once, place, (), biased(case, [(place, vector)])
            yield f"{once}, twice", None, (), biased(case, [(place, 2 * vector)])
    if row == 1 and own != "r":  # from zeros, the reset gate does not matter in the first step
        told = "as given, but not in the first step"
        yield told, None, parts("recurrent_bias_skipped_without_initial_state"), biased(case, [(slot, vector)])


def _misplaced(place: Slot, own: str) -> str:
    row, gate = place
    if gate == own == "n":
        return "outside the reset" if row == 0 else "inside the reset"
    return f"as the {NAMES[row]} {GATES[gate]} bias"


def _class(asking: Asking, found: Step, case: Case) -> str:
    """The class of biases. B6: both biases of each gate; B4: the sum of both, but separately for the candidate; B3:
    one bias of each gate.
    """
    effects, inside = found.effects, found.traits["reset"] == "after"
    input, recurrent = ([effects.get(f"{NAMES[row]} {gate}") for gate in GATES.values()] for row in (0, 1))
    if "none" in (found.asked, found.traits["reset"]):
        input, recurrent = [input[0], input[2]], [recurrent[0], recurrent[2]]
    if all(effect in (NOTHING, REFUSED) for effect in effects.values()):
        return "none"
    if any(effect != ITSELF for effect in input):
        return "other"
    *gates, candidate = recurrent
    if all(effect == ITSELF for effect in gates):
        if candidate == "outside the reset":
            return "B3"
        if candidate == ITSELF:
            found.sums = _sums(asking, found, case)
            return "B6" if found.sums else "B4" if inside else "B3"
    if all(effect in (NOTHING, REFUSED) for effect in gates):
        if candidate in (NOTHING, REFUSED, "outside the reset"):
            return "B3"
        if candidate == ITSELF:
            return "B4"
    return "other"


def _sums(asking: Asking, found: Step, case: Case) -> bool:
    """True if two biases of the update gate are accepted although their sum is not a number of the format."""
    ones = np.ones(case.units, case.dtype)
    small = ones * 2.0 ** -(FORMATS[case.dtype].precision + 1)
    given = [((0, "z"), ones), ((1, "z"), small.astype(case.dtype))]
    return (
        asking.arrays(f"{found.dtype}, reset {found.asked}: biases whose sum rounds", biased(case, given)) is not None
    )

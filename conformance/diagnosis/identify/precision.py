"""The best class of arithmetic that a black box meets, from the list of grades.py, in its own convention.

Each question is a run of the specification, passed to the subject in the identified order and sense, and with the
identified biases. If z takes the candidate, the update gate is negated. Its answer 1 - z then has no relative accuracy
where it is small, so it may meet a class with a floor in place of a stricter one. Subnormals do not matter here.
"""

from dataclasses import replace
from typing import cast

import numpy as np

from conformance.diagnosis.grades import ladder, meets
from conformance.diagnosis.identify.asking import REFUSED, Asking
from conformance.diagnosis.identify.hypotheses import TAKES, UNKNOWN
from conformance.diagnosis.identify.probes import GATES, Slot, slots
from conformance.diagnosis.identify.step import Step
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case, Outputs
from conformance.interface.strategies import DISTINCT, WIDE, Numbers
from reference import Parameters
from reference.parameters import Reset


def precision(asking: Asking, step: Step) -> str:
    """The first class in the list that contains every number of plain runs, in words."""
    if not step.known or step.traits["activations"] != "sigma and tanh":
        return UNKNOWN
    asked: list[tuple[Case, Outputs]] = []
    for size in (DISTINCT, WIDE):
        meant, given = _question(step, size)
        answer = asking.outputs(f"{step.dtype}, reset {step.asked}: a run of {size[0]} rows for its precision", given)
        if answer is None:
            return REFUSED
        asked.append((meant, answer))
    for arithmetic in ladder(step.dtype, flush=True):
        if meets(asked, arithmetic) is not None:
            return str(replace(arithmetic, flush=False))
    return UNKNOWN


def _question(step: Step, size: tuple[int, int, int, int]) -> tuple[Case, Case]:
    """A case of the specification, and the same case in the subject's convention."""
    batch, time, input_dim, units = size
    numbers = Numbers(np.random.default_rng(units), step.dtype, FORMATS[step.dtype].precision, "plain")
    traits = step.traits
    computes, stored = traits["reset"], GATES[step.asked]
    meant = numbers.parameters(input_dim, units, computes)
    effective, given = np.zeros_like(meant.bias), np.zeros((2, len(stored), units), step.dtype)
    for (row, gate), (at, acts) in _used(step).items():
        vector = meant.bias[row, GATES[computes].index(gate if gate in GATES[computes] else "z")]
        effective[at, GATES[computes].index(acts)] = vector
        given[row, stored.index(gate)] = -vector if acts == "z" and traits["update gate"] == TAKES else vector
    kernels = {
        "kernel": _blocks(meant.kernel, traits["kernel"], step, computes),
        "recurrent kernel": _blocks(meant.recurrent_kernel, traits["recurrent kernel"], step, computes),
    }
    turned = kernels["recurrent kernel"]
    if traits["recurrent blocks"] == "transposed":
        turned = np.ascontiguousarray(turned.swapaxes(1, 2))
    case = Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=(Parameters(meant.kernel, meant.recurrent_kernel, effective, cast(Reset, computes)),),
        initial_state=(np.zeros((batch, units), step.dtype),) if step.started else None,
    )
    return case, replace(case, parameters=(Parameters(kernels["kernel"], turned, given, cast(Reset, step.asked)),))


def _blocks(meant: np.ndarray, order: str, step: Step, computes: str) -> np.ndarray:
    """Blocks in the order in which they are read. A block that is never read replaces a missing gate."""
    own = dict(zip(GATES[computes], meant, strict=True))
    if step.traits["update gate"] == TAKES:
        own["z"] = -own["z"]
    return np.stack([own.get(gate, own["z"]) for gate in order.split()])


def _used(step: Step) -> dict[Slot, Slot]:
    """The bias vectors to pass: one for each place, and only one of a gate's two if a sum may not round."""
    used: dict[Slot, Slot] = {}
    for slot in slots(step.asked):
        place = step.places.get(slot)
        if place is None or place in used.values():
            continue
        summed = place[1] != "n" or step.traits["reset"] != "after"
        if not step.sums and summed and any(other[1] == place[1] for other in used.values()):
            continue
        used[slot] = place
    return used

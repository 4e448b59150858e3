"""The one call to cite: everything that a case's equations give, each number correctly rounded to float64.

Source: the specification's equations, evaluated by oracle, oracle_gradients. Left out: forward-mode derivatives (see
oracle_tangents).
"""

from typing import Any, NamedTuple

import numpy as np

from conformance.balls import settle
from conformance.case import Case, Gradients
from conformance.oracle import Run, merged, outputs_of, require_finite, scans, states


class Steps(NamedTuple):
    """What one direction computed at every step: (batch, time, units) each, NaN at masked steps.

    z: the update gate. r: the reset gate, None where there is none. n: the candidate. h: the state after the step.
    """

    z: np.ndarray
    r: np.ndarray | None
    n: np.ndarray
    h: np.ndarray


class Truth(NamedTuple):
    """The answer to a case and how it comes about, correctly rounded float64 numbers, with their certificate.

    outputs, final_state: in the shapes of Outputs, under the case's policy and merge. steps: one for each direction.
    gradients: None where no cotangents were given. bits: the most precision that any number took. radius: the exponent
    of a power of two that no number's ball exceeds in radius when it was rounded; None where every ball was exact.
    """

    outputs: Any
    final_state: Any
    steps: tuple[Steps, ...]
    gradients: Gradients | None
    bits: int
    radius: int | None


def truth(case: Case) -> Truth:
    """The truth for a case.

    Raises InvalidCase for a number that is read and not finite, NotCertified where no precision settles the rounding.
    """
    require_finite(case)
    directions = range(len(case.parameters))
    names = ("z", "n", "new") if case.reset == "none" else ("z", "r", "n", "new")

    def evaluate() -> list[np.ndarray]:
        runs = scans(case)
        parts = [_shown(case, direction, runs[direction]) for direction in directions]
        return [
            *(states(case, run, name) for run in runs for name in names),
            *(run.final for run in runs),
            *merged(case, parts),
        ]

    arrays, bits, radius = settle(evaluate)
    found = iter(arrays)
    steps = [{name: next(found) for name in names} for _ in directions]
    finals = [next(found) for _ in directions]
    outputs = tuple(found)
    return Truth(
        outputs if case.merge == "apart" else outputs[0],
        finals[0] if case.merge is None else tuple(finals),
        tuple(Steps(step["z"], step.get("r"), step["n"], step["new"]) for step in steps),
        None,
        bits,
        radius,
    )


def _shown(case: Case, direction: int, run: Run) -> np.ndarray:
    return outputs_of(case, direction, states(case, run), run.start)

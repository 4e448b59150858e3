"""The one call to cite: everything that a case's equations give, each number correctly rounded to float64.

Source: the specification's equations, evaluated by oracle and oracle_gradients. Left out: forward-mode derivatives (see
oracle_tangents), and what the certificate means (see balls).
"""

from typing import Any, NamedTuple

import numpy as np

from conformance.interface.case import Case, Gradients, InvalidCase, Outputs
from conformance.interface.numbers import read_arrays, require_keys, short, written
from conformance.interface.type_guards import is_list
from conformance.truth.balls import settle
from conformance.truth.forward import Scan, answer, require_finite, scans, states
from conformance.truth.gradients import certify_gradients


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
    of a power of two that no number's ball exceeded in radius when it was rounded; None where every ball was exact.
    """

    outputs: Any
    final_state: Any
    steps: tuple[Steps, ...]
    gradients: Gradients | None
    bits: int
    radius: int | None

    def to_json(self) -> dict[str, Any]:
        """The truth as JSON values, pairs as lists; from_json gives it back bit for bit."""
        return {
            "outputs": written(self.outputs),
            "final_state": written(self.final_state),
            "steps": [written(step) for step in self.steps],
            "gradients": written(self.gradients),
            "bits": self.bits,
            "radius": self.radius,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Truth":
        """The truth that to_json wrote. Raises InvalidCase for anything else."""
        require_keys(data, "the truth", Truth._fields)
        steps, gradients, bits, radius = (data[name] for name in ("steps", "gradients", "bits", "radius"))
        if not is_list(steps):
            raise InvalidCase(f"steps is {short(steps)}, expected a list, one object for each direction")
        for step in steps:
            require_keys(step, "steps", Steps._fields)
        if gradients is not None:
            require_keys(gradients, "gradients", Gradients._fields)
        if type(bits) is not int or not (radius is None or type(radius) is int):
            raise InvalidCase(f"bits and radius: got {bits!r} and {radius!r}, expected an integer, and one or null")
        return Truth(
            _read(data, "outputs"),
            _read(data, "final_state"),
            tuple(Steps(*(_read(step, name) for name in Steps._fields)) for step in steps),
            None if gradients is None else Gradients(*(_read(gradients, name) for name in Gradients._fields)),
            bits,
            radius,
        )


def _read(data: dict[str, Any], name: str) -> Any:
    return read_arrays(data[name], "float64", name)


def truth(case: Case, cotangents: Outputs | None = None) -> Truth:
    """The truth for a case; with cotangents of its answer, the gradients too.

    cotangents: in the shapes of the answer, of any of the three formats; None in it is zeros. Where the policy puts a
    0, they are not read. Raises InvalidCase for what does not fit and for a number that is read and not finite,
    NotCertified where no precision settles the rounding.
    """
    require_finite(case)

    def evaluate() -> tuple[Outputs, tuple[Steps, ...]]:
        runs = scans(case)
        return answer(case, runs), tuple(_steps(case, run) for run in runs)

    (outputs, steps), bits, radius = settle(evaluate)
    if cotangents is None:
        return Truth(*outputs, steps, None, bits, radius)
    gradients, more, wider = certify_gradients(case, cotangents)
    radii = [exponent for exponent in (radius, wider) if exponent is not None]
    return Truth(*outputs, steps, gradients, max(bits, more), max(radii, default=None))


def _steps(case: Case, run: Scan) -> Steps:
    z, n, h = (states(case, run, name) for name in ("z", "n", "new"))
    return Steps(z, None if case.reset == "none" else states(case, run, "r"), n, h)

"""The one call to cite: everything that a case's equations give, each number correctly rounded to float64.

Source: the specification's equations, evaluated by oracle and oracle_gradients. Left out: forward-mode derivatives (see
oracle_tangents), and what the certificate means (see balls).
"""

from typing import Any, NamedTuple

import numpy as np

from conformance.interface.case import Case, Gradients, InvalidCase, Outputs, from_hex, require_known, to_hex
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
            "outputs": in_hex(self.outputs),
            "final_state": in_hex(self.final_state),
            "steps": [in_hex(step) for step in self.steps],
            "gradients": in_hex(self.gradients),
            "bits": self.bits,
            "radius": self.radius,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Truth":
        """The truth that to_json wrote. Raises InvalidCase for anything else."""
        try:
            require_known(data, "the truth", Truth._fields)
            gradients, bits, radius = data["gradients"], data["bits"], data["radius"]
            for kind, objects in ((Steps, data["steps"]), (Gradients, [] if gradients is None else [gradients])):
                for each in objects:
                    require_known(each, kind.__name__.lower(), kind._fields)
            if type(bits) is not int or not (radius is None or type(radius) is int):
                raise InvalidCase(f"bits and radius: got {bits!r} and {radius!r}, expected an integer, and one or null")
            return Truth(
                arrays(data["outputs"]),
                arrays(data["final_state"]),
                tuple(Steps(*(arrays(step[name]) for name in Steps._fields)) for step in data["steps"]),
                None if gradients is None else Gradients(*(arrays(gradients[name]) for name in Gradients._fields)),
                bits,
                radius,
            )
        except InvalidCase:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"{type(error).__name__}: {error}"
            raise InvalidCase(f"this JSON is no truth: {what}; write it with Truth.to_json") from error


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


def in_hex(value: Any) -> Any:
    """Arrays as to_hex gives them; a pair of them as a list, what has named fields as an object, None as it is."""
    if value is None:
        return None
    if type(value) is np.ndarray:
        return to_hex(value)
    if hasattr(value, "_asdict"):
        return {name: in_hex(part) for name, part in value._asdict().items()}
    return [in_hex(part) for part in value]


def arrays(value: Any, dtype: str = "float64") -> Any:
    """What in_hex wrote of an array, of None, or of a pair of such. Raises InvalidCase, or ValueError for no pair."""
    if is_list(value):
        forward, backward = value
        return arrays(forward, dtype), arrays(backward, dtype)
    return None if value is None else from_hex(value, dtype)

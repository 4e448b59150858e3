"""The function to cite: every quantity that a case's equations define, correctly rounded to float64.

Source: the specification's equations, evaluated by forward.py and gradients.py.

Left out: forward-mode derivatives (see tangents.py), and the meaning of the certificate (see balls.py).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conformance.interface.case import Case, Gradients, InvalidCase, Outputs
from conformance.interface.numbers import read_arrays, require_keys, short, to_hex, written
from conformance.interface.type_guards import is_list
from conformance.truth.balls import settle
from conformance.truth.forward import Scan, answer, require_finite, scans, states
from conformance.truth.gradients import certify_gradients


class Steps(NamedTuple):
    """The quantities of one direction at every step: arrays (batch, time, units), NaN at masked steps.

    Attributes:
        z: The update gate.
        r: The reset gate; None without one.
        n: The candidate state.
        h: The state after the step.
    """

    z: np.ndarray
    r: np.ndarray | None
    n: np.ndarray
    h: np.ndarray


class Truth(NamedTuple):
    """The answer to a case and its intermediate quantities as correctly rounded float64 numbers, with their
    certificate.

    Attributes:
        outputs: In the shape of `Outputs.outputs`, under the case's policy and merge.
        final_state: In the shape of `Outputs.final_state`.
        steps: One for each direction.
        gradients: The gradients for the given cotangents; None without cotangents.
        bits: The highest precision that a number needed.
        radius: The exponent of a power of two that bounds the radius of every ball before rounding; None if every ball
            was exact.
    """

    outputs: Any
    final_state: Any
    steps: tuple[Steps, ...]
    gradients: Gradients | None
    bits: int
    radius: int | None

    def to_json(self, write: Callable[[np.ndarray], dict[str, Any]] = to_hex) -> dict[str, Any]:
        """The truth as JSON values, with pairs as lists. `from_json` restores it bit for bit.

        Args:
            write: Writes an array as JSON values, as the functions of numbers.py do. Final states are written in full.

        Returns:
            The JSON values.
        """
        return {
            "outputs": written(self.outputs, write),
            "final_state": written(self.final_state),
            "steps": [written(step, write) for step in self.steps],
            "gradients": written(self.gradients, write),
            "bits": self.bits,
            "radius": self.radius,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Truth":
        """Read the JSON that `to_json` writes. Raises InvalidCase for any other data."""
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


def truth(case: Case, cotangents: Outputs | None = None, *, every: bool = True) -> Truth:
    """Compute the certified answer to a case, and its gradients if cotangents are given.

    Args:
        case: The case. Numbers at masked steps may be anything, all others must be finite.
        cotangents: Cotangents of the answer, in its shapes and of float16, float32 or float64; None in it means zeros.
            Cotangents of outputs that the policy sets to 0 are ignored.
        every: True if every number must be certified. Otherwise a number without a certificate is NaN.

    Returns:
        The answer, its intermediate quantities and its gradients.

    Raises:
        InvalidCase: If shapes do not fit, or a number that is read is not finite.
        NotCertified: If no precision settles a rounding, and `every` is True.
    """
    require_finite(case)

    def evaluate() -> tuple[Outputs, tuple[Steps, ...]]:
        runs = scans(case)
        return answer(case, runs), tuple(_steps(case, run) for run in runs)

    (outputs, steps), bits, radius = settle(evaluate, every=every)
    if cotangents is None:
        return Truth(*outputs, steps, None, bits, radius)
    gradients, more, wider = certify_gradients(case, cotangents, every=every)
    radii = [exponent for exponent in (radius, wider) if exponent is not None]
    return Truth(*outputs, steps, gradients, max(bits, more), max(radii, default=None))


def _steps(case: Case, run: Scan) -> Steps:
    z, n, h = (states(case, run, name) for name in ("z", "n", "new"))
    return Steps(z, None if case.reset == "none" else states(case, run, "r"), n, h)

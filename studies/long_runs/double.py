"""Released GRUs in float64, judged by float64's own bounds: worst margins and distances, forward and for gradients.

Each number is judged by the proven bound of its adapter's class. The output also contains the largest distance from
certified truth. The usual tolerance of 10^-5 is ten orders of magnitude larger.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from conformance.checks.clauses.gradients import cotangents
from conformance.checks.runs import judge_gradients, judge_run
from conformance.interface.adapter import GRU, ask, ask_gradients
from conformance.interface.case import Case, Gradients
from conformance.interface.strategies import Numbers
from conformance.truth.forward import certify
from conformance.truth.gradients import certify_gradients

SIZES = ((4, 8, 3, 5), (2, 32, 16, 16))


class Distance(NamedTuple):
    """The margins and largest distances from truth of one subject, position of the reset gate and size."""

    reset: str
    size: tuple[int, ...]
    forward_margin: float
    forward_distance: float
    gradient_margin: float
    gradient_distance: float

    @property
    def holds(self) -> bool:
        """True if every number is within its bound."""
        return self.forward_margin <= 1 and self.gradient_margin <= 1


def judged(gru: GRU) -> bool:
    """True if the subject has float64 and gradients."""
    return "float64" in gru.capabilities.arithmetic and gru.capabilities.gradients


def distances(gru: GRU) -> Iterator[Distance]:
    """Yield the distances for every position of the reset gate that the subject supports."""
    claim = gru.capabilities.arithmetic["float64"]
    for reset in gru.capabilities.resets:
        for size in SIZES:
            case = _drawn(reset, size)
            given = cotangents(case)
            answer = ask(gru, case)
            computed = ask_gradients(gru, case, given)
            truth = certify_gradients(case, given).gradients
            yield Distance(
                reset,
                size,
                judge_run(case, answer, claim).margin,
                float(np.abs(answer.outputs - certify(case).outputs[0]).max()),
                judge_gradients(case, given, computed, claim).margin,
                _largest(computed, truth),
            )


def _largest(computed: Gradients, truth: Gradients) -> float:
    """The largest distance, for each array in units of its largest number."""
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(computed, truth, strict=True))


def _drawn(reset: str, size: tuple[int, int, int, int]) -> Case:
    batch, time, input_dim, units = size
    numbers = Numbers(np.random.default_rng(batch), "float64", 53, "plain")
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=(numbers.parameters(input_dim, units, reset),),
        initial_state=(numbers.states((batch, units)),),
    )

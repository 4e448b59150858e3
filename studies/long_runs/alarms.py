"""The false alarm rate of the statistical rules on honest GRUs. Their model is an assumption, so its rate is measured.

Forward, it runs emulated float32 GRUs with random orders, blends and activation errors (studies.softfloat.gru), rounded
to nearest; backward, the specification in float32. Each run has the numbers of one verdict. Under the model an alarm
has a probability below 2^-40, so none is expected. The output also contains the largest value of each rule (1 is an
alarm).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from conformance.checks.clauses.gradients import cotangents
from conformance.checks.runs import judge_gradients
from conformance.checks.steps import judge_steps
from conformance.interface.arithmetic import ACTIVATIONS, Arithmetic
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers
from conformance.mutants.emulated import Emulated
from studies.softfloat.gru import SoftGRU

RESETS = ("after", "before", "none")
CLASSES = [
    claim for name in ACTIVATIONS if (claim := Arithmetic(dtype="float32", activation=name, source="emulated")).expects
]
CLAIM = Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")


class Closest(NamedTuple):
    """The result of one rule over many honest runs: the number of alarms, and the largest value."""

    rule: str
    runs: int
    alarms: int
    largest: float


def drawn(seed: int) -> Case:
    """A plain case of a few rows and steps."""
    numbers = Numbers(np.random.default_rng(seed), "float32", 24, "plain")
    return Case(
        inputs=numbers.inputs((3, 3, 2)),
        parameters=(numbers.parameters(2, 3, RESETS[seed % 3]),),
        initial_state=(numbers.states((3, 3)),),
    )


def forward(seed: int) -> dict[str, float]:
    """Spread and drift of one honest run, with a class of activations that the seed draws."""
    claim = CLASSES[seed % len(CLASSES)]
    case = drawn(seed)
    judgement, _ = judge_steps(case, SoftGRU(claim, seed, rounding="nearest").run(case).outputs, claim)
    return {"spread": judgement.sample.spread, "drift": judgement.sample.leaning}


def backward(seed: int) -> dict[str, float]:
    """Scale of one honest run's gradients."""
    case = drawn(seed)
    given = cotangents(case)
    judgement = judge_gradients(case, given, Emulated().gradients(case, given), CLAIM)
    return {"scale": judgement.scale.leaning}


def observed(runs: int) -> Iterator[Closest]:
    """Yield the result of each rule over this number of runs."""
    for rules in (forward, backward):
        found: dict[str, list[float]] = {}
        for seed in range(runs):
            for name, value in rules(seed).items():
                found.setdefault(name, []).append(value)
        for name, values in found.items():
            yield Closest(name, len(values), sum(value > 1 for value in values), max(values))

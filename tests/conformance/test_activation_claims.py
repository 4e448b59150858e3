"""What the shipped adapters claim of sigma and tanh, swept through each GRU's own interface.

A GRU of one unit is a probe: an update gate at -64 makes the next state from 0 the candidate, tanh of the input; a
candidate of 0 makes the next state from 1 the update gate, sigma of the input.
"""

import numpy as np
import pytest
from flint import arb

from conformance.adapter import ask
from conformance.adapters import REGISTERED, load
from conformance.arithmetic import Arithmetic
from conformance.case import Case
from conformance.mutants import MUTANTS
from conformance.oracle import precision
from reference import Parameters

SUBJECTS = [name for name in REGISTERED if not name.startswith("keras")]
ACTIVATIONS = ("tanh", "sigma")


def arguments(dtype: str) -> np.ndarray:
    """Both signs, every order of magnitude that matters, and evenly where the curve bends."""
    sizes = np.concatenate([np.geomspace(1e-30, 60, 700), np.linspace(0.01, 12, 700)])
    return np.concatenate([sizes, -sizes]).astype(dtype)


def probe(activation: str, dtype: str) -> Case:
    """One row for each argument."""
    points = arguments(dtype)
    kernel, bias = np.zeros((3, 1, 1), dtype), np.zeros((2, 3, 1), dtype)
    kernel[2 if activation == "tanh" else 0] = 1
    if activation == "tanh":
        bias[0, 0] = -64
    state = np.full((len(points), 1), 0 if activation == "tanh" else 1, dtype)
    p = Parameters(kernel, np.zeros((3, 1, 1), dtype), bias, "after")
    return Case(inputs=points[:, None, None], parameters=(p,), initial_state=(state,))


def excess(activation: str, computed: np.ndarray, claim: Arithmetic) -> float:
    """The worst error as a part of what is claimed: so many spacings at the exact value, the floor, and underflow."""
    worst = 0.0
    with precision(200):
        for point, value in zip(arguments(claim.dtype), computed.ravel(), strict=True):
            a = arb(float(point))
            exact = a.tanh() if activation == "tanh" else 1 / (1 + (-a).exp())
            spacing = float(np.spacing(np.abs(np.asarray(float(exact), claim.dtype))))
            floor = claim.accuracy.floor * float(claim.format.unit_roundoff)
            allowed = float(claim.accuracy.ulps) * spacing + floor + float(claim.underflow(claim.format))
            worst = max(worst, float(abs(arb(float(value)) - exact)) / allowed)
    return worst


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_activations_are_as_accurate_as_claimed(name, activation):
    gru = load(name)
    for dtype, claim in gru.capabilities.arithmetic.items():
        if dtype != "float16":  # 1e-30 is 0 there
            assert excess(activation, ask(gru, probe(activation, dtype)).outputs, claim) <= 1


@pytest.mark.parametrize("name", ["rough_tanh", "sigmoid_of_twice_the_argument"])
def test_a_rough_activation_is_not_what_is_claimed(name):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    claim = mutant.capabilities.arithmetic["float32"]
    assert max(excess(kind, ask(mutant, probe(kind, "float32")).outputs, claim) for kind in ACTIVATIONS) > 1

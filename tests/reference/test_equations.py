"""The equations and their gradients on balls overlap an independent truth."""

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import Parameters, Weights
from reference.sequence import checked_run, results
from tests.reference.truth import (
    GATES,
    MASKS,
    POLICIES,
    RESETS,
    Case,
    balls,
    check_bigru,
    check_gru,
    check_overlap,
    in_balls,
    numbers,
    true_gru,
)


@pytest.mark.parametrize("initial_state", [True, False], ids=["state", "no-state"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("reset", RESETS)
def test_results_and_gradients_overlap_the_truth(
    reset: str, reverse: bool, mask: str, policy: str, initial_state: bool
) -> None:
    """Every result and every gradient of one direction is right, under any mask."""
    check_gru(Case(reset, reverse, mask, policy, initial_state))


@pytest.mark.parametrize("mask", ["trailing", "holes"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave", "apart"])
def test_two_directions_overlap_the_truth(merge: str, policy: str, mask: str) -> None:
    """Every result and every gradient of two directions is right, for any merge."""
    check_bigru(Case(mask=mask, policy=policy, merge=merge))


@pytest.mark.parametrize("mask", ["absent", "leading", "nothing left in one row"])
@pytest.mark.parametrize("reset", RESETS)
def test_two_directions_overlap_the_truth_for_every_reset(reset: str, mask: str) -> None:
    """Every reset works in two directions, with and without an initial state."""
    check_bigru(Case(reset, mask=mask, merge="mul", initial_state=reset == "none"))


@given(
    st.sampled_from(RESETS),
    st.booleans(),
    st.sampled_from(POLICIES),
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(1, 3), st.integers(1, 3)),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_results_overlap_the_truth_at_every_size(
    reset: str, reverse: bool, policy: str, sizes: tuple[int, int, int, int], seed: int
) -> None:
    """The results are right for any sizes, 0 batch rows and 0 steps included, and for any mask."""
    batch, time, input_dim, units = sizes
    gates = GATES[reset]
    valid = np.random.default_rng(seed).random((batch, time)) < 0.6
    p = Parameters(
        numbers(seed, gates, input_dim, units),
        numbers(seed + 1, gates, units, units),
        numbers(seed + 2, 2, gates, units),
        reset,
    )
    x, h = numbers(seed + 3, batch, time, input_dim), numbers(seed + 4, batch, units)

    computed = results(in_balls(checked_run(x, p, h, None, valid, reverse, policy)))

    W, U, b = map(balls, p.weights)
    check_overlap(computed, true_gru(balls(x), balls(h), W, U, b, valid, reset, reverse, policy))


def test_a_ball_beside_the_truth_is_seen() -> None:
    """The check fails for a ball next to the truth, a vague ball, a NaN and another shape."""
    true = [balls(numbers(0, 2, 2))]
    check_overlap(true, true)

    for wrong in (flint.arb(1) / 2**90, flint.arb(0, 1), flint.arb.nan()):
        computed = true[0].copy()
        computed[1, 0] += wrong
        with pytest.raises(AssertionError):
            check_overlap([computed], true)
    with pytest.raises(AssertionError):
        check_overlap([true[0][:1]], true)


def test_zero_weights_halve_the_state() -> None:
    """With all weights 0 the update gate is 1/2 and the candidate 0, so each step halves the state, exactly."""
    weights = Weights(np.zeros((3, 2, 2)), np.zeros((3, 2, 2)), np.zeros((2, 3, 2)))
    h = numbers(1, 3, 2)

    run = checked_run(numbers(0, 3, 5, 2), Parameters(*weights), h, None, None, False, "carry")

    assert (results(run).final_state == h / 32).all()

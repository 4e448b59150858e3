"""The oracle's numbers are true: an independent evaluation agrees, and its certificate holds."""

import ast
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.interface.case import Case
from conformance.interface.strategies import REGIMES, cases
from conformance.truth import balls
from conformance.truth import forward as oracle
from reference import Parameters
from tests.conformance.oracle_cases import drawn
from tests.conformance.tape import evaluated

CASES = st.sampled_from(("float32", "float64")).flatmap(
    lambda dtype: cases(
        dtype,
        shapes=((2, 3, 3, 2), (1, 2, 1, 3)),
        resets=("after", "before", "none"),
        padding=("none", "lengths with zero", "masks"),
        runs=("forward", "reverse"),
    )
)


def states(case: Case, direction: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The states after each valid step, NaN elsewhere, and the final ones, by the tape."""
    found = evaluated(case)
    return found.steps[direction].h, found.final_state[direction] if case.merge else found.final_state


@given(CASES)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_an_independent_evaluation_rounds_to_the_same_numbers(case):
    truth = oracle.certify(case)
    outputs, finals = states(case)
    assert np.array_equal(truth.outputs[0], outputs, equal_nan=True)
    assert np.array_equal(truth.final_state[0], finals)


@pytest.mark.parametrize("wrong", ["_after", "sigma", "times"])
def test_a_wrong_oracle_would_be_seen(monkeypatch, wrong):
    replacements = {
        "_after": oracle._before,
        "sigma": lambda a: balls.sigma(-a),
        "times": lambda rows, factor: balls.times(rows, factor if factor.nrows() == 3 else factor.transpose()),
    }
    case = drawn(2, 3, 3, 2)
    monkeypatch.setattr(oracle, wrong, replacements[wrong])
    assert not np.array_equal(oracle.certify(case).outputs[0], states(case)[0])


@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_two_precisions_overlap(reset):
    case = drawn(2, 4, 3, 5, reset=reset)
    with balls.precision(80):
        coarse = balls_of(case)
    with balls.precision(300):
        fine = balls_of(case)
    assert all(a.overlaps(b) and a.contains(b.mid()) for a, b in zip(coarse.flat, fine.flat, strict=True))


def test_the_certificate_bounds_every_radius():
    case = drawn(2, 4, 3, 5)
    truth = oracle.certify(case)
    with balls.precision(truth.bits):
        found = balls_of(case)
    assert truth.radius is not None
    assert all(ball.rad() <= 2.0**truth.radius for ball in found.flat)
    assert any(ball.rad() > 2.0 ** (truth.radius - 1) for ball in found.flat)


def test_each_direction_is_certified():
    two = drawn(2, 3, 2, 3, dtype="float64", merge="apart")
    truth = oracle.certify(two)
    assert all(np.array_equal(truth.outputs[k], states(two, k)[0]) for k in (0, 1))
    assert not np.array_equal(truth.outputs[0], truth.outputs[1])


def test_masked_steps_have_no_output_and_are_not_read():
    case = replace(drawn(2, 3, 3, 2), lengths=np.array([0, 2]))
    case.inputs[~case.valid] = np.nan
    truth = oracle.certify(case)
    assert np.array_equal(np.isnan(truth.outputs[0]).all(-1), ~case.valid)
    assert np.array_equal(truth.final_state[0][0], case.starts[0][0])


def test_an_exact_zero_is_certified():
    p = Parameters(np.ones((3, 2, 2)), np.ones((3, 2, 2)), np.zeros((2, 3, 2)), "after")
    truth = oracle.certify(Case(inputs=np.array([[[1.0, -1.0]]]), parameters=(p,)))
    assert np.array_equal(truth.outputs[0], np.zeros((1, 1, 2)))


@pytest.mark.parametrize("scale", [1e308, -1e308, 1e4, 5e-324])
def test_the_largest_and_the_smallest_arguments_end(scale):
    p = Parameters(np.full((3, 1, 1), 1.0), np.full((3, 1, 1), 0.5), np.zeros((2, 3, 1)), "after")
    truth = oracle.certify(Case(inputs=np.array([[[scale]]]), parameters=(p,), initial_state=(np.array([[0.75]]),)))
    assert np.isfinite(truth.outputs[0]).all()


def test_a_state_as_large_as_the_largest_number_is_certified():
    """Before the precision is high enough, balls extend above it."""
    kernel = np.full((3, 2, 1), 45888991265.81741) * np.array([1, -1])[:, None]
    p = Parameters(kernel, np.zeros((3, 1, 1)), np.zeros((2, 3, 1)), "after")
    largest = np.finfo(np.float64).max
    inputs = np.full((1, 1, 2), -23362264380.206253)
    truth = oracle.certify(Case(inputs=inputs, parameters=(p,), initial_state=(np.full((1, 1), largest),)))
    assert np.array_equal(truth.outputs[0], np.full((1, 1, 1), largest / 2))


def test_a_number_that_no_precision_settles_is_not_certified(monkeypatch):
    monkeypatch.setattr(balls, "LAST_BITS", 32)
    with pytest.raises(balls.NotCertified, match="more than 32 bits"):
        oracle.certify(drawn(1, 1, 1, 1))


def test_a_ball_across_a_rounding_boundary_is_not_rounded():
    with balls.precision(100):
        halfway = arb(1) + arb(2) ** -53
        with pytest.raises(balls.Undecided):
            balls.round_balls(np.array([arb(halfway, arb(2) ** -200)], object))
        assert balls.round_balls(np.array([halfway], object)) == [1.0]
        assert balls.round_balls(np.array([arb(0, arb(2) ** -1080)], object)) == [0.0]


def test_a_ball_without_bounds_is_not_rounded():
    for ball in (arb(0, float("inf")), arb("nan"), arb(1, arb(2) ** 70000)):
        with pytest.raises(balls.Undecided):
            balls.round_balls(np.array([ball], object))


@pytest.mark.parametrize("exponent", [1024, 70000, 1 << 60])
def test_a_number_past_the_largest_float64_is_not_certified(exponent):
    for number in (arb(2) ** exponent, -(arb(2) ** exponent)):
        with pytest.raises(balls.NotCertified, match="above the largest float64"):
            balls.round_balls(np.array([number], object))


@pytest.mark.parametrize("exponent", [1077, 70000, 1 << 60])
def test_a_number_below_the_smallest_float64_is_zero_and_moves_no_other(exponent):
    with balls.precision(100):
        tiny = arb(2) ** -exponent
        found = balls.round_balls(np.array([tiny, -tiny, arb(1, tiny), arb(tiny, tiny)], object))
    assert found.tolist() == [0, 0, 1, 0]
    assert not np.signbit(found).any()


@pytest.mark.parametrize("a", [-5000.0, -40.0, -3.0, -0.0, 2.0**-1074, 20.0, 40.0, 5000.0])
def test_slopes_lose_no_bits_where_gates_are_saturated(a):
    """Compared with 20000 bits, where 1 - tanh^2 is sharp too."""
    with balls.precision(64):
        here = np.array([arb(a)], object)
        slopes = (balls.sigma(here), balls.sigma_slope(here), balls.tanh_slope(here))
        assert all(slope[0].rel_accuracy_bits() >= 60 for slope in slopes)
        assert (1 - arb(40).tanh() ** 2).rel_accuracy_bits() < 0 < (1 - arb(3).tanh() ** 2).rel_accuracy_bits() < 60
    with balls.precision(20000):
        s, t = 1 / (1 + (-arb(a)).exp()), arb(a).tanh()
        exact = (s, s * (1 - s), 1 - t * t)
        assert all(slope[0].overlaps(e) for slope, e in zip(slopes, exact, strict=True))


def test_four_rows_of_thirty_two_steps_cost_under_half_a_second():
    """The median of three runs, because other processes share the machine."""
    case = drawn(4, 32, 16, 16)
    times = []
    for _ in range(3):
        start = time.process_time()
        oracle.certify(case)
        times.append(time.process_time() - start)
    assert sorted(times)[1] < 0.5


@pytest.mark.parametrize("regime", REGIMES)
def test_every_regime_is_certified(regime):
    case = drawn(2, 3, 3, 2, regime=regime)
    assert np.array_equal(oracle.certify(case).outputs[0], states(case)[0])


def balls_of(case: Case) -> np.ndarray:
    """Every state in balls, at the current precision."""
    (run,) = oracle.scans(case)
    return oracle.states(case, run)


CASE = "conformance.interface.case"
ORACLE = (
    "conformance.interface.type_guards",
    "conformance.interface.numbers",
    "conformance.interface.arithmetic",
    CASE,
    *(f"conformance.truth.{name}" for name in ("balls", "forward", "gradients", "tangents", "reading", "certified")),
)


def imported(name: str) -> list[tuple[str, str]]:
    """The imports of a module, each as a module and a name in it, without the standard library."""
    tree = ast.walk(ast.parse(Path(import_module(name).__file__).read_text()))
    pairs = [
        (node.module if isinstance(node, ast.ImportFrom) else alias.name, alias.name)
        for node in tree
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
    return [pair for pair in pairs if pair[0].partition(".")[0] not in sys.stdlib_module_names]


@pytest.mark.parametrize("name", [name for name in ORACLE if name != CASE])
def test_the_oracle_imports_nothing_that_it_judges(name):
    modules = {f"{module}.{name}" if f"{module}.{name}" in ORACLE else module for module, name in imported(name)}
    assert modules <= {"numpy", "ml_dtypes", "flint", *ORACLE}


def test_a_case_holds_a_container_of_the_reference_and_none_of_its_arithmetic():
    """Reset is the type of one of its fields. Parts of the suite are checked above, because the oracle imports them
    too.
    """
    foreign = [pair for pair in imported(CASE) if not pair[0].startswith("conformance.")]
    assert foreign == [("numpy", "numpy"), ("reference", "Parameters")]

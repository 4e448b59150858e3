"""The statistical rules: silent for honest roundings, loud if all numbers are within their bounds but off together."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.bounds.expected import Expected
from conformance.bounds.statistical import NO_SAMPLE, NO_SCALE, Sample, Scale
from conformance.checks.check import Check
from conformance.checks.clauses.gradients import gradients_are_right
from conformance.checks.judge import Profile, judge
from conformance.checks.judgement import Judgement
from conformance.checks.steps import judge_steps
from conformance.checks.verdict import FAIL, PASS, STATISTICAL
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients
from conformance.mutants.emulated import Emulated
from reference import Parameters
from tests.conformance.drawn import claim, drawn

ROUNDED = Arithmetic(dtype="float32", activation="correctly rounded", source="float64, rounded")


class Rounded(Emulated):
    """An honest GRU: exact products and activations, rounded once."""

    capabilities = replace(Emulated.capabilities, arithmetic={"float32": ROUNDED})

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a.astype(np.float64) @ b.astype(np.float64)).astype(a.dtype)

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(a.astype(np.float64)).astype(a.dtype)

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return super().tanh(a.astype(np.float64)).astype(a.dtype)


class RoundedDown(Rounded):
    """A GRU that sums products with every rounding down, like a unit whose rounding mode was changed and left so."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = np.zeros((len(a), b.shape[1]))
        for column, row in zip(a.T.astype(np.float64), b.astype(np.float64), strict=True):
            total = down(total + column[:, None] * row)
        return total.astype(a.dtype)


def down(a: np.ndarray) -> np.ndarray:
    """The largest float32 numbers that are not larger, as float64."""
    near = a.astype(np.float32)
    return np.where(near > a, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float64)


def wide(time: int) -> Case:
    return drawn(shape=(4, time, 64, 64), seed=1, start=False)


@pytest.mark.parametrize(("subject", "alarms"), [(Rounded(), False), (RoundedDown(), True)])
def test_a_rounding_mode_that_hides_within_the_bound_leans_to_one_side(subject, alarms):
    case = wide(64)
    judgement, _ = judge_steps(case, subject.run(case).outputs, ROUNDED)
    assert not judgement.findings
    assert (judgement.sample.alarm is not None) == alarms
    if alarms:
        assert "lean to one side" in judgement.sample.alarm


class SlightlyLarge(Emulated):
    """A GRU whose gradients are too large by 8 * 2^-22 of themselves: a fraction of their bounds."""

    def gradients(self, case, cotangents):
        factor = 1 + 8 * 2.0**-22
        return Gradients(*((part * factor).astype(part.dtype) for part in super().gradients(case, cotangents)))


def a_hundred_one_step_gradients(gru, _) -> Judgement:
    """Always the same cases, because the numbers decide whether such a factor stays within the bounds."""
    total = Judgement()
    for seed in range(100):
        total = total.add(gradients_are_right(gru, drawn(shape=(16, 1, 1, 4), seed=seed, start=False)))
    return total


HUNDRED = Check(clause="gradients", examine=a_hundred_one_step_gradients, options=lambda _: {}, sizes=((1, 1, 1, 1),))


@pytest.mark.parametrize(("subject", "kind"), [(Emulated(), PASS), (SlightlyLarge(), STATISTICAL)])
def test_gradients_off_by_one_factor_within_their_bounds_are_a_verdict_of_their_own(subject, kind):
    verdict = judge(subject, HUNDRED, "float32", Profile(1))
    assert verdict.kind == kind, verdict
    if kind == STATISTICAL:
        assert verdict.margin < 1
        assert "too large by one factor" in verdict.reason
        assert "claimed class not met (statistical, p < 2^-40)" in verdict.reason


def test_errors_that_are_too_large_on_the_whole_alarm():
    rng = np.random.default_rng(0)
    error, ones = rng.choice((-1.0, 1.0), 4000), np.ones(4000)
    assert Sample.of(error, 0 * ones, ones).alarm is None
    assert "too large as a whole" in Sample.of(1.2 * error, 0 * ones, ones).alarm
    assert Sample.of(1.2 * error, 0.5 * ones, ones).alarm is None


def test_a_state_that_is_kept_out_by_a_gate_that_rounds_to_one_is_no_alarm():
    """z = sigma(41) rounds to 1 and the candidate's sum to 0, in float64 too; (1 - z) n is about 2^-115."""
    kernel = np.array([[[0], [0]], [[1], [1]]], np.float32)
    bias = np.array([[[41], [-1]], [[0], [0]]], np.float32)
    parameters = Parameters(kernel, np.zeros((2, 1, 1), np.float32), bias, "none")
    case = Case(inputs=np.array([[[1, 2**-56]]], np.float32), parameters=(parameters,))
    outputs = Emulated().run(case).outputs
    judgement, _ = judge_steps(case, outputs, claim("float32"))
    assert not outputs.any()
    assert judgement.sample.size == 1 and judgement.sample.spread < 1


def test_a_gate_and_its_complement_may_each_have_the_claimed_error():
    """If state and candidate are equal, an error of the gate alone would cancel."""
    ops = Expected(claim("float32", activation="8 ULP above 4u"))
    z, keep = ops.sigma_and_complement(ops.read(np.array([0.3], np.float32)))
    half = ops.read(np.array([0.5], np.float32))
    assert ops.blend(z, keep, half, half).claimed >= (z.own + keep.own) / 2


def test_reaches_of_arrays_with_everything_in_common_add():
    scale = Scale(size=8, drift=2.0, squares=4.0)
    assert Scale.together([scale, scale]) == Scale(size=16, drift=4.0, squares=16.0)


def test_biased_errors_alarm_only_beyond_the_claim():
    ones = np.ones(4000)
    assert Sample.of(0.3 * ones, 0 * ones, ones).alarm is not None
    assert Sample.of(0.3 * ones, 0.3 * ones, ones).alarm is None
    assert Sample.of(np.resize([0.3, -0.3], 4000), 0 * ones, ones).alarm is None


def test_a_common_factor_alarms_and_independent_errors_within_their_bounds_do_not():
    rng = np.random.default_rng(0)
    exact, bound = rng.standard_normal(4000), np.ones(4000)
    assert Scale.of(rng.uniform(-1, 1, 4000), exact, bound).alarm is None
    assert "too large" in Scale.of(0.2 * exact, exact, bound).alarm
    assert "too small" in Scale.of(-0.2 * exact, exact, bound).alarm


def test_samples_of_independent_errors_add():
    error, ones = np.array([1.0, -2.0, 3.0, 5.0]), np.ones(4)
    parts = [Sample.of(error[half], ones[half], ones[half]) for half in (slice(2), slice(2, None))]
    assert parts[0] + parts[1] == Sample.of(error, ones, ones)
    parts = [Scale.of(error[half], ones[half], 2 * ones[half]) for half in (slice(2), slice(2, None))]
    assert parts[0] + parts[1] == Scale.of(error, ones, 2 * ones)


def test_allowed_errors_count_little_and_their_noise_less():
    """An error of 1, where 1 is claimed and the noise is 1: nothing of it is beyond the claim.

    In units of noise and claim together, error, claim and noise are 1/2 each. The weight is the noise's share, 1/2 too,
    so the sums get 1/4 of error and claim, and the weighted noise has a variance of (1/4)^2.
    """
    one = np.ones(1)
    assert Sample.of(one, one, one) == Sample(size=1, squares=0.0, drift=0.25, claimed=0.25, variance=1 / 16)


@pytest.mark.parametrize(("shared", "squares"), [(None, 6), (1, 18), (0, 12)])
def test_errors_that_share_a_rounding_count_as_one_as_large_as_all_of_them(shared, squares):
    """Six errors alone, two groups of three (3^2 + 3^2), three groups of two (2^2 + 2^2 + 2^2)."""
    ones = np.ones((2, 3))
    assert Scale.of(ones, ones, ones, shared).squares == squares


def test_arrays_of_one_case_count_as_one_error():
    """Errors that have everything in common reach as far as their sum: (2 + 3)^2, not 2^2 + 3^2."""
    assert Scale.together([Scale(1, 0.5, 4.0), Scale(2, 0.25, 9.0)]) == Scale(3, 0.75, 25.0)


def test_nothing_is_no_alarm():
    none = np.zeros(0)
    assert NO_SAMPLE.alarm is None and NO_SCALE.alarm is None
    assert Sample.of(none, none, none) == NO_SAMPLE
    assert Scale.of(none, none, none) == NO_SCALE


def test_no_rule_applies_to_rounding_that_is_not_to_nearest():
    case = wide(4)
    anyhow = replace(claim("float32"), rounding="any")
    judgement, _ = judge_steps(case, Emulated().run(case).outputs, anyhow)
    assert judgement.judged and judgement.sample == NO_SAMPLE


def test_a_failure_comes_before_an_alarm():
    class Wrong(Emulated):
        def gradients(self, case, cotangents):
            return Gradients(*(2 * part for part in super().gradients(case, cotangents)))

    assert judge(Wrong(), HUNDRED, "float32", Profile(1), shrink=False).kind == FAIL

"""The bounds of whole runs: their middle is the oracle's number, every conforming GRU is inside, or they are
refused.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.bounds import BITS, OutsideDomain, run
from conformance.checks.check import Check
from conformance.checks.clauses.gradients import cotangents, gradients_are_right
from conformance.checks.judge import NOTHING, Profile, judge, judge_case
from conformance.checks.runs import final_bounds, gradient_bounds, judge_final_states
from conformance.checks.verdict import ERROR
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import MERGES, POLICIES, Case, Gradients
from conformance.mutants import tf32_products
from conformance.mutants.emulated import Emulated
from conformance.truth.balls import precision
from conformance.truth.forward import certify
from conformance.truth.gradients import certify_gradients
from reference import Parameters
from tests.conformance.any_order import AnyOrder, native, software
from tests.conformance.drawn import claim, drawn, judged

DTYPES = ("float16", "float32", "float64")
RESETS = ("after", "before", "none")


# The middle of each set is the oracle's number.

KINDS = {
    "plain": {},
    "reverse": {"reverse": True, "padded": True},
    **{f"masks, {policy}": {"masked_outputs": policy, "padded": True} for policy in POLICIES},
    **{f"both, {merge}": {"merge": merge} for merge in MERGES},
    **{f"both, {merge}, masks": {"merge": merge, "padded": True, "masked_outputs": "zero"} for merge in MERGES},
}


def middles(sets):
    """The rounded middles of sets, in the shapes of the sets."""
    if isinstance(sets, (list, Gradients)) or type(sets) is tuple:
        return [middles(part) for part in sets]
    with precision(BITS):
        return sets.exact.astype(np.float64)


def the_middles_are_the_oracle_s(case: Case) -> None:
    given, arithmetic = cotangents(case), claim(case.dtype)
    exact = certify_gradients(case, given).gradients
    for middle, truth in zip(middles(gradient_bounds(case, given, arithmetic)), exact, strict=True):
        pairs = [(middle, truth)] if isinstance(truth, np.ndarray) else zip(middle, truth, strict=True)
        for found, right in pairs:
            assert np.array_equal(found, right)
    for found, right in zip(middles(final_bounds(case, arithmetic)), certify(case).final_state, strict=True):
        assert np.array_equal(found, right)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reset", RESETS)
def test_the_oracle_certifies_the_middle_of_each_set(reset, kind, dtype):
    the_middles_are_the_oracle_s(drawn(dtype, reset=reset, seed=3, **KINDS[kind]))


# Every conforming GRU is inside.


def options_of(kind: str) -> st.SearchStrategy:
    merges, policies = st.sampled_from(MERGES), st.sampled_from(tuple(POLICIES))
    return {
        "plain": st.fixed_dictionaries({"reverse": st.booleans()}),
        "padded": st.fixed_dictionaries(
            {"padded": st.just(True), "masked_outputs": policies, "reverse": st.booleans()}
        ),
        "both": st.fixed_dictionaries({"merge": merges, "padded": st.booleans(), "masked_outputs": policies}),
    }[kind]


SHAPES = st.tuples(st.integers(1, 2), st.sampled_from((1, 2, 3, 6)), st.integers(1, 3), st.integers(1, 3))
REGIMES = ("plain", "large weights", "saturated gates", "near underflow")
CASES = dict(
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from(DTYPES),
    reset=st.sampled_from(RESETS),
    regime=st.sampled_from(REGIMES),
    shape=SHAPES,
    options=st.sampled_from(("plain", "padded", "both")).flatmap(options_of),
)


def inside(case: Case, gru: AnyOrder, arithmetic: Arithmetic) -> int:
    """The number of judged numbers."""
    judgement = judged(case, gru, arithmetic).add(judge_final_states(case, gru.run(case).final_state, arithmetic))
    assert not judgement.findings
    return judgement.judged


@given(**CASES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_honest_run_of_numpy_is_outside(seed, dtype, reset, regime, shape, options):
    case = drawn(dtype, shape, reset=reset, regime=regime, seed=seed, **options)
    assert inside(case, native(seed), claim(dtype)) or dtype == "float16"


FORMATS_OF = st.fixed_dictionaries(
    {},
    optional={
        "compute": st.sampled_from(("float64", "float32", "float16", "bfloat16")),
        "products": st.sampled_from(("tf32", "float16", "bfloat16")),
        "accumulator": st.sampled_from(("float64", "float32", "float16")),
        "summation": st.just("any order"),
        "flush": st.just(True),
        "rounding": st.just("any"),
    },
)


@given(**CASES, parts=FORMATS_OF, activation=st.sampled_from(("correctly rounded", "8 ULP above u", "2^-10")))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_no_honest_run_of_any_class_is_outside(seed, dtype, reset, regime, shape, options, parts, activation):
    case = drawn(dtype, shape, reset=reset, regime=regime, seed=seed, **options)
    arithmetic = claim(dtype, activation=activation, **parts)
    inside(case, software(arithmetic, seed), arithmetic)


# Without a proven bound, nothing is judged.


def chaotic() -> Case:
    """A run whose end depends on one float32 rounding."""
    case = drawn("float32", (1, 40, 3, 16))
    p = case.single
    return replace(case, parameters=(Parameters(p.kernel, p.recurrent_kernel * np.float32(64), p.bias, p.reset),))


@pytest.mark.parametrize(
    "allowed", [lambda case: final_bounds(case, claim()), lambda case: gradient_bounds(case, cotangents(case), claim())]
)
def test_a_bound_that_proves_nothing_is_refused_by_name(allowed):
    with pytest.raises(OutsideDomain, match="prove nothing"):
        allowed(chaotic())


def test_a_clause_that_is_not_judged_is_not_counted_and_no_pass():
    case = chaotic()
    assert judge_final_states(case, np.full((1, 16), np.nan, np.float32), claim()).judged == 0
    assert judged(case, tf32_products(), claim()).judged == 0

    check = Check(
        clause="gradients",
        examine=lambda gru, _: gradients_are_right(gru, case),
        options=lambda capabilities: {"regimes": ("plain",)},
        sizes=((1, 1, 1, 1),),
    )
    gru = tf32_products()
    gru.capabilities = replace(Emulated.capabilities, arithmetic={"float32": claim()})
    for verdict in (judge(gru, check, "float32", Profile(1)), judge_case(gru, check, case)):
        assert (verdict.kind, verdict.reason, verdict.judged) == (ERROR, NOTHING, 0)


# Balls that grow with time get enough bits.


def long() -> Case:
    return drawn("float64", (1, 200, 3, 4), reset="none")


@pytest.fixture
def bits(monkeypatch) -> list[int]:
    """The precisions at which runs are evaluated."""
    found: list[int] = []
    right = run.precision
    monkeypatch.setattr(run, "precision", lambda count: found.append(count) or right(count))
    return found


def test_precision_rises_by_itself_where_balls_grow_thick(bits):
    judgement = judged(long(), Emulated(), claim("float64"))
    assert bits == [BITS, 2 * BITS]
    assert judgement.judged and 0 < judgement.margin < 1
    (final,) = final_bounds(long(), claim("float64"))
    assert all(bound.is_finite() and bound < 1 for bound in final.bound.flat)


def test_where_no_precision_will_do_nothing_is_proven(monkeypatch):
    monkeypatch.setattr(run, "LAST_BITS", BITS)
    with pytest.raises(OutsideDomain, match="need more than"):
        final_bounds(long(), claim("float64"))

"""The GRU in software is honest: its sums and steps stay within its class, and use all its freedom."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.bounds import BLENDS
from conformance.checks.clauses import CHECKS
from conformance.checks.judge import judge, wired
from conformance.checks.steps import judge_steps
from conformance.checks.verdict import PASS
from conformance.interface.arithmetic import FORMATS, Arithmetic, Format
from studies.softfloat.formats import MODES, Soft
from studies.softfloat.gru import FORMS, ROUNDINGS, SKEWS, SoftGRU
from studies.softfloat.sums import ALIGNED, TREES, Sums
from tests.conformance.drawn import drawn
from tests.conformance.profiles import OWN_OR_ALL

SHAPE = (6, 3, 3, 4)
FLOAT32 = Arithmetic(dtype="float32", activation="8 ULP", source="software")


# Sums.


@pytest.mark.parametrize("order", [*TREES, ALIGNED])
@pytest.mark.parametrize("terms", [0, 1, 2, 5, 19])
def test_a_sum_that_needs_no_rounding_has_every_term_once(order, terms):
    rng = np.random.default_rng(terms)
    rows, matrix, bias = (rng.integers(-9, 9, shape).astype(float) for shape in ((5, terms), (terms, 3), (3,)))
    more, other = rng.integers(-9, 9, (5, 2)).astype(float), rng.integers(-9, 9, (2, 3)).astype(float)
    soft = Soft(FORMATS["float32"], "toward zero")
    for seed in range(9):
        sums = Sums(lambda: soft, np.random.default_rng(seed), order)
        expected = rows @ matrix + bias + more @ other
        assert np.array_equal(sums([(rows, matrix), (more, other)], [bias]), expected)
        assert np.array_equal(sums([(rows, matrix)], [bias]), np.broadcast_to(rows @ matrix + bias, (5, 3)))


@pytest.mark.parametrize("order", TREES)
def test_orders_and_contraction_round_in_many_ways(order):
    rng = np.random.default_rng(0)
    rows, matrix = rng.standard_normal((1, 12)), rng.standard_normal((12, 1))
    soft = Soft(FORMATS["float16"])
    sums = Sums(lambda: soft, rng, order)
    assert len({float(sums([(rows, matrix)])[0, 0]) for _ in range(50)}) > 5


def test_aligned_terms_are_cut_off_behind_the_last_place_of_the_largest():
    """8 + 15/16 + 15/16 in three bits and up to two more: multiples of 2, 1 or 1/2, then truncated to three bits."""
    soft = Soft(Format(3, -9, 9), "toward zero")
    rows, matrix = np.array([[8.0, 15 / 16, 15 / 16]]), np.ones((3, 1))
    found = {float(Sums(lambda: soft, np.random.default_rng(s), ALIGNED)([(rows, matrix)])[0, 0]) for s in range(40)}
    assert found == {8.0}
    rows = np.array([[8.0, 1.75, 1.75]])  # 8 + 1 + 1 with one more place
    found = {float(Sums(lambda: soft, np.random.default_rng(s), ALIGNED)([(rows, matrix)])[0, 0]) for s in range(40)}
    assert found == {8.0, 10.0}


def test_products_of_wide_operands_are_rounded_once():
    """In float16, from float64 operands. By way of float32 the last one would be half way, and even."""
    a, b = 1 + 2.0**-30, 1 + 2.0**-11
    soft = Soft(FORMATS["float16"])
    sums = Sums(lambda: soft, np.random.default_rng(0))
    assert sums([(np.array([[a]]), np.array([[b]]))])[0, 0] == 1 + 2.0**-10


# Steps.

CLASSES = {
    "plain": FLOAT32,
    "any rounding": replace(FLOAT32, rounding="any"),
    "one sum": replace(FLOAT32, summation="any order"),
    "flushed": replace(FLOAT32, flush=True),
    "bfloat16 inside": replace(FLOAT32, compute="bfloat16", accumulator="float32", activation="correctly rounded"),
    "tf32": replace(FLOAT32, products="tf32", accumulator="float32"),
    "float16 shown": Arithmetic(
        dtype="float16", compute="float32", output="float16", products="float16", activation="4 ULP", source="software"
    ),
    "bfloat16 shown": replace(FLOAT32, output="bfloat16", rounding="any"),
    "float64": Arithmetic(dtype="float64", activation="correctly rounded", source="software"),
    "rough": replace(FLOAT32, activation="2^-10", products="bfloat16", accumulator="float16"),
}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("regime", ["plain", "near underflow"])
def test_every_step_is_within_the_bound_of_its_class(name, regime):
    claim, judged = CLASSES[name], 0
    for seed, reset in enumerate(("after", "before", "none")):
        case = drawn(claim.dtype, SHAPE, reset=reset, regime=regime, seed=seed)
        judgement, _ = judge_steps(case, SoftGRU(claim, seed).run(case).outputs, claim)
        assert not judgement.findings
        judged += judgement.judged
    assert judged


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("any rounding", replace(FLOAT32, activation="correctly rounded")),
        ("tf32", FLOAT32),
        ("bfloat16 inside", FLOAT32),
        ("rough", FLOAT32),
        ("plain", replace(FLOAT32, activation="correctly rounded")),
        ("bfloat16 shown", replace(FLOAT32, rounding="any")),
        ("bfloat16 inside", replace(CLASSES["bfloat16 inside"], accumulator="float64", compute="float32")),
    ],
)
def test_a_class_that_claims_more_than_is_done_is_not_met(name, claimed):
    """Some run of the rougher class is outside the bound of the finer one."""
    findings = []
    for seed in range(8):
        case = drawn(claimed.dtype, SHAPE, seed=seed)
        findings += judge_steps(case, SoftGRU(CLASSES[name], seed, skew="most").run(case).outputs, claimed)[0].findings
    assert findings


def test_flushing_shows_only_near_underflow():
    case = drawn(shape=SHAPE, regime="near underflow")
    outputs = SoftGRU(CLASSES["flushed"], 1).run(case).outputs
    assert not judge_steps(case, outputs, CLASSES["flushed"])[0].findings
    assert judge_steps(case, outputs, FLOAT32)[0].findings


@pytest.mark.parametrize(
    ("freedom", "choices"),
    [("rounding", ROUNDINGS["any"]), ("form", FORMS), ("order", (*TREES, ALIGNED)), ("skew", tuple(SKEWS))],
)
def test_every_freedom_is_used(freedom, choices):
    """Each choice gives other numbers than the others."""
    claim = replace(FLOAT32, rounding="any")
    fixed = {"rounding": "toward zero", "form": FORMS[0], "order": "sequential", "skew": "least"}
    case = drawn(shape=(60, 3, 3, 4))
    runs = {choice: SoftGRU(claim, 1, **{**fixed, freedom: choice}).run(case).outputs.tobytes() for choice in choices}
    assert len(set(runs.values())) == len(choices)


def test_one_sum_may_contain_the_numbers_that_the_reset_gate_scaled():
    """Otherwise it is added to the sum of the other terms: other numbers, both in the class."""
    claim, case = CLASSES["one sum"], drawn(shape=(60, 3, 3, 4))
    fixed = {"rounding": "nearest", "form": FORMS[0], "order": "sequential", "skew": "least"}
    runs = []
    for joins in (False, True):
        gru = SoftGRU(claim, 1, **fixed)
        gru.joins_reset = joins
        runs.append(gru.run(case).outputs)
        assert not judge_steps(case, runs[-1], claim)[0].findings
    assert not np.array_equal(*runs)


def test_a_seed_gives_the_same_answer_again():
    case, claim = drawn(shape=SHAPE), CLASSES["any rounding"]
    for seed in range(6):
        first, again = (SoftGRU(claim, seed).run(case) for _ in range(2))
        assert np.array_equal(first.outputs, again.outputs)


def test_all_forms_of_the_closed_list_are_drawn():
    assert {form.split(" by ")[0] for form in FORMS} == set(BLENDS)
    assert {SoftGRU(FLOAT32, seed).form for seed in range(60)} == set(FORMS)
    assert {SoftGRU(CLASSES["any rounding"], seed).rounding for seed in range(60)} >= set(MODES)


CLAUSES = (
    "final-state", "length-zero", "masks", "masked-outputs", "padding-unread", "reverse-masked", "bidirectional",
    "time-zero", "batch-zero",
)  # fmt: skip
"""Without calls-independent, because this GRU draws its errors anew at each call."""


@OWN_OR_ALL
@pytest.mark.parametrize("clause", CLAUSES)
def test_clauses_without_arithmetic_hold_too(clause, profile):
    """The returned state has fewer bits than the carried one."""
    gru = SoftGRU(CLASSES["bfloat16 shown"], 5)
    (check,) = (check for check in CHECKS if check.clause == clause)
    assert wired(gru) is None
    assert judge(gru, check, "float32", profile).kind == PASS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rounding": "up"}, "allows nearest, nearest away"),
        ({"form": "h + z"}, "allows z h"),
        ({"skew": "worse"}, "allows most"),
    ],
)
def test_arithmetic_outside_its_class_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SoftGRU(**{"arithmetic": FLOAT32, "seed": 0, **arguments})

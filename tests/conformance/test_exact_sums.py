"""Sums that no rounding changes: the lemma in every rounding and order, its edges, and the faults that it uncovers."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.bounds import BITS, exact_sums, proven
from conformance.bounds.elementwise import exactly, nothing
from conformance.bounds.exact_sums import numbers_of, summed_exactly
from conformance.bounds.proven import Computed, Matrix, Proven
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.few_bits import STEPS, few_bits
from conformance.checks.judge import PROFILES, judge
from conformance.checks.steps import judge_steps
from conformance.checks.verdict import FAIL, PASS
from conformance.interface.arithmetic import FORMATS, Format
from conformance.mutants.emulated import Emulated
from conformance.truth.balls import precision
from reference import Parameters
from studies.softfloat.formats import MODES, Soft
from studies.softfloat.gru import SoftGRU
from studies.softfloat.sums import TREES, Sums
from tests.conformance.drawn import claim

CLASSES = [
    claim(),
    claim("float64"),
    claim("float16", activation="correctly rounded"),
    claim("bfloat16"),
    claim(rounding="any", products="tf32", accumulator="float32"),
    claim(summation="any order", flush=True, products="bfloat16"),
    claim("float16", accumulator="float32"),
    claim(compute="float64", accumulator="float16", products="float16"),
]


def known(numbers: np.ndarray) -> Computed:
    balls = exactly(numbers)
    return Computed(balls, nothing(balls))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", TREES)
def test_a_sum_at_the_limit_is_exact_in_every_rounding_and_order(mode, order):
    """Eight terms of three bits that add up to 2^p q exactly, with signs; every tree and contraction."""
    terms = np.array([[15.0, 1, 15, 1, 16, 8, 7, 1]])
    soft = Soft(Format(6, -9, 9), mode, rng=np.random.default_rng(0))
    assert terms.sum() == 2**6
    for seed in range(20):
        rng = np.random.default_rng(seed)
        signs = rng.choice((-1.0, 1.0), (8, 1))
        sums = Sums(lambda: soft, rng, order)
        assert sums([(terms, signs)])[0, 0] == (terms @ signs)[0, 0]


@pytest.mark.parametrize("arithmetic", CLASSES, ids=str)
@pytest.mark.parametrize("reset", STEPS.values())
def test_honest_steps_with_exact_sums_are_inside(arithmetic, reset):
    for seed in range(3):
        case = few_bits(np.random.default_rng(seed), arithmetic, reset, 9)
        assert case is not None
        judgement, _ = judge_steps(case, SoftGRU(arithmetic, seed).run(case).outputs, arithmetic)
        assert judgement.judged and not judgement.findings


@pytest.mark.parametrize("arithmetic", CLASSES, ids=str)
@pytest.mark.parametrize("units", [2, 9, 40])
def test_every_sum_that_reads_given_numbers_alone_is_drawn_exact(arithmetic, units):
    case = few_bits(np.random.default_rng(0), arithmetic, "none", units)
    if case is None:
        assert arithmetic.format.precision == 8 and units == 40
        return
    p = case.single
    with precision(BITS):
        ops = Proven(arithmetic)
        x, h = (ops.read(part) for part in (case.inputs[:, 0], case.starts[0]))
        kernels = zip(p.kernel, p.recurrent_kernel, *p.bias, strict=True)
        for W, U, b, c in kernels:
            sides = [(x, Matrix(ops.read(W))), (h, Matrix(ops.read(U)))]
            biases = [ops.read(b), ops.read(c)]
            assert (ops.sum(sides, biases).error == 0).all()
            apart = (ops.sum([side], [bias]) for side, bias in zip(sides, biases, strict=True))
            assert (ops.add(*apart).error == 0).all()


def test_a_number_beyond_the_limit_or_with_an_error_is_not_exact():
    format = FORMATS["float16"]
    exact = exactly(np.array([2047.0, 2049.0, 2.0**-24, 2.0**-25, 0.0, 2.0**-15, 7e4, 1.0]))
    error = nothing(exact)
    error[-1] = exactly(np.array([2.0**-60]))[0]
    assert numbers_of(format, exact, error, flush=False).tolist() == [
        True,
        False,
        True,
        False,
        True,
        True,
        False,
        False,
    ]
    assert not numbers_of(format, exact, error, flush=True)[5]


def test_a_sum_of_more_than_the_limit_is_not_exact():
    sizes = exactly(np.array([63.0, 64.5, 65.0]))
    format = Format(6, -9, 9)
    assert summed_exactly(np.zeros(3), sizes, (format,), flush=False).tolist() == [True, False, False]
    assert not summed_exactly(np.full(3, -15.0), sizes * 2**-15, (format,), flush=False).any()


@pytest.mark.parametrize("places", [1, 200])
def test_a_limit_that_is_too_high_would_be_seen(monkeypatch, places):
    """With more places than the format has, honest roundings are outside the bound."""
    right = exact_sums.summed_exactly

    def wrong(lowest, sizes, formats, *, flush):
        return right(lowest, sizes, [each._replace(precision=each.precision + places) for each in formats], flush=flush)

    monkeypatch.setattr(proven, "summed_exactly", wrong)
    rows = np.array([[1.0, 2.0**-11], [1.0, 3 * 2.0**-11]])
    with precision(BITS):
        allowed = Proven(claim("float16")).sum([(known(rows), Matrix(known(np.ones((2, 1)))))])
    computed = (rows.astype(np.float16) @ np.ones((2, 1), np.float16)).astype(np.float64)
    assert (np.abs(computed - rows.sum(axis=1, keepdims=True)) > allowed.error.astype(np.float64)).any()


class OneWeightOff(Emulated):
    """One weight of one gate is off by 2^-10 of itself, in the largest matrices only."""

    def __init__(self, gate: int) -> None:
        self.gate = gate

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        U = p.recurrent_kernel.copy()
        if len(U[0]) == 64:
            U[self.gate, 7, 11] *= np.float32(1 + 2.0**-10)
        return U


@pytest.mark.parametrize(
    ("clause", "gate"),
    [("step-after", 0), ("step-after", 1), ("step-after", 2), ("step-before", 0), ("step-before", 1), ("step-none", 1)],
)
def test_one_weight_of_four_thousand_that_is_a_little_off_fails(clause, gate):
    profile = replace(PROFILES["dev"], examples=1, free=PROFILES["dev"].free._replace(rounds=0))
    found = [
        judge(OneWeightOff(gate), BY_CLAUSE[clause], "float32", replace(profile, widths=widths), shrink=False).kind
        for widths in ((), (64,))
    ]
    assert found == [PASS, FAIL]


def test_an_honest_gru_passes_at_every_width():
    profile = replace(PROFILES["ci"], examples=1, free=PROFILES["dev"].free._replace(rounds=0), widths=(16, 64, 128))
    for clause in STEPS:
        verdict = judge(Emulated(), BY_CLAUSE[clause], "float32", profile, shrink=False)
        assert verdict.kind == PASS and verdict.asked["units"][1] == 128

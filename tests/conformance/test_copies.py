"""If no step is valid, the initial state is returned unchanged or rounded once to a claimed format."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from conformance.bounds.exact_copies import allowed_copies, once_rounded
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import judge
from conformance.checks.verdict import FAIL, PASS
from conformance.interface.arithmetic import FORMATS, Arithmetic
from studies.softfloat.gru import SoftGRU
from tests.conformance.profiles import OWN, OWN_OR_ALL

FLOAT32 = Arithmetic(dtype="float32", activation="8 ULP", source="a test")
INSIDE = replace(FLOAT32, compute="bfloat16", accumulator="float32")
SHOWN = replace(FLOAT32, output="bfloat16")
CLAUSES = ("time-zero", "length-zero", "masked-outputs")


class Rounding(SoftGRU):
    """An honest GRU except for a change of the initial state."""

    def __init__(self, arithmetic, start):
        super().__init__(arithmetic, 1)
        self.rounds = start

    def start(self, case, direction):
        start = self.rounds(case.starts[direction]).astype(np.float64)
        return np.stack([self.read(start), start])


def to_bfloat16(state):
    return state.astype(ml_dtypes.bfloat16).astype(state.dtype)


def rounded_twice(state):
    return to_bfloat16(state.astype(np.float16).astype(state.dtype))


def cut(state):
    return (state.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


def verdict(claim, start, clause, profile=OWN):
    return judge(Rounding(claim, start), BY_CLAUSE[clause], "float32", profile, shrink=False)


@OWN_OR_ALL
@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("claim", [INSIDE, SHOWN], ids=["inside", "shown"])
@pytest.mark.parametrize("start", [to_bfloat16, lambda state: state], ids=["rounded", "copied"])
def test_a_state_that_is_copied_or_rounded_once_passes(claim, start, clause, profile):
    found = verdict(claim, start, clause, profile)
    assert (found.kind, found.reason) == (PASS, "")


@pytest.mark.parametrize("clause", CLAUSES[:2])
@pytest.mark.parametrize(
    "start",
    [rounded_twice, cut, lambda state: state.astype(np.float16).astype(state.dtype), np.zeros_like],
    ids=["rounded twice", "cut off", "to another format", "lost"],
)
def test_anything_else_fails(start, clause):
    assert verdict(INSIDE, start, clause).kind == FAIL


def test_where_the_class_is_not_narrower_nothing_is_rounded():
    assert verdict(FLOAT32, to_bfloat16, "time-zero").kind == FAIL
    state = np.array([0.1], np.float32)
    assert allowed_copies(state, FLOAT32) == [state]


@pytest.mark.parametrize(("name", "dtype"), [("bfloat16", ml_dtypes.bfloat16), ("float16", np.float16)])
def test_the_nearest_number_belongs_to_the_format(name, dtype):
    numbers = np.random.default_rng(1).standard_normal(1000).astype(np.float32)
    numbers = np.concatenate([numbers, numbers * np.float32(2.0**-20), numbers * np.float32(2.0**-130)])
    low, high = once_rounded(numbers, FORMATS[name], FLOAT32)
    expected = numbers.astype(dtype).astype(np.float32)
    assert np.all((low == expected) | (high == expected))
    assert np.array_equal(low, high) or np.all(np.abs(numbers[low != high] * 2) == np.abs(low + high)[low != high])


def test_at_a_tie_both_and_anyhow_either_side_and_flushed_zero():
    tie = np.array([1 + 2.0**-8, 2.0**-130 * 1.0], np.float32)
    low, high = once_rounded(tie, FORMATS["bfloat16"], FLOAT32)
    assert (low[0], high[0]) == (1, 1 + 2.0**-7)
    third = np.array([1 / 3], np.float32)
    anyhow = once_rounded(third, FORMATS["bfloat16"], replace(FLOAT32, rounding="any"))
    assert anyhow[0] < third < anyhow[1]
    flushed = once_rounded(tie, FORMATS["bfloat16"], replace(FLOAT32, flush=True))
    assert {float(way[1]) for way in flushed} == {2.0**-130, 0.0}

"""Cases, verdicts and reports in float16 and bfloat16: every claimed format is judged."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from conformance.adapters.reference import Reference
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.free_cases import free_cases
from conformance.checks.judge import PROFILES, describe, judge, verdicts, wired
from conformance.checks.verdict import DECLINED, DTYPES, FAIL, PASS, Subject, formats
from conformance.diagnosis.grades import grade
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case, cast
from conformance.interface.numbers import InvalidCase, named, read_array, rounded
from conformance.interface.strategies import REGIMES, Numbers
from conformance.mutants.emulated import Emulated
from reference import Invalid, gru
from tests.conformance.drawn import drawn
from tests.conformance.profiles import OWN_OR_ALL

NARROW = ("float16", "bfloat16")
DEV = PROFILES["dev"]
BFLOAT16 = Reference.capabilities.arithmetic["bfloat16"]


class Narrow:
    """The reference with a claim of only one format, or of another class. A function makes its answers worse."""

    def __init__(self, *dtypes, worse=lambda case, answer: answer):
        claims = {dtype: Reference.capabilities.arithmetic[dtype] for dtype in dtypes}
        self.capabilities, self.worse = replace(Reference.capabilities, arithmetic=claims), worse

    def run(self, case):
        return self.worse(case, Reference().run(case))

    def gradients(self, case, cotangents):
        return Reference().gradients(case, cotangents)


@pytest.mark.parametrize(
    ("claims", "asked"),
    [
        ((), ("float32", "float64")),
        (("float64",), ("float32", "float64")),
        (("float32", "float16"), ("float32", "float64", "float16")),
        (("float16",), ("float16",)),
        (("bfloat16", "float16"), ("float16", "bfloat16")),
        (DTYPES, DTYPES),
    ],
)
def test_all_that_is_claimed_is_asked(claims, asked):
    assert formats(claims) == asked


@OWN_OR_ALL
@pytest.mark.parametrize("dtype", NARROW)
def test_one_who_claims_16_bits_alone_is_judged_in_them(dtype, profile):
    gru = Narrow(dtype)
    assert wired(gru) is None
    chosen = tuple(BY_CLAUSE[clause] for clause in ("step-after", "lengths", "gradients", "nan-propagated"))
    found = list(verdicts(gru, profile, chosen))
    assert [(v.clause, v.dtype, v.kind) for v in found] == [(check.clause, dtype, PASS) for check in chosen]
    assert all(verdict.judged for verdict in found)


@pytest.mark.long
@pytest.mark.parametrize("dtype", NARROW)
def test_the_reference_passes_every_clause_in_16_bits(dtype):
    kinds = {check.clause: judge(Reference(), check, dtype, DEV).kind for check in CHECKS}
    assert set(kinds.values()) == {PASS}, kinds


@pytest.mark.parametrize("dtype", NARROW)
def test_one_last_place_too_many_is_seen(dtype):
    """Every state is off by 2 in its last place, where a step in float32 and one rounding may be off by half of it."""

    def worse(case, answer):
        return cast(answer._replace(outputs=answer.outputs * (1 + 4 * 2.0 ** -FORMATS[dtype].precision)), dtype)

    narrow = Narrow(dtype, worse=worse)
    claim = Arithmetic(dtype=dtype, compute="float32", activation="8 ULP", source="")
    narrow.capabilities = replace(narrow.capabilities, arithmetic={dtype: claim})
    assert judge(narrow, BY_CLAUSE["step-after"], dtype, DEV, shrink=False).kind == FAIL


def test_a_gru_that_is_wrong_in_16_bits_alone_is_caught_in_them():
    class wrong(Emulated):
        def bias(self, p):
            return p.bias * (p.dtype.itemsize > 2)

    kinds = {v.dtype: v.kind for v in verdicts(wrong(), DEV, (BY_CLAUSE["step-after"],), shrink=False)}
    assert kinds == {"float32": PASS, "float64": PASS, "float16": FAIL}


def test_a_run_of_float32_and_float64_is_asked_what_it_was():
    usual = replace(Reference.capabilities, arithmetic=Narrow("float32", "float64").capabilities.arithmetic)
    one, other = (free_cases(usual, dtypes, DEV.free, 0).cases for dtypes in (DTYPES[:2], DTYPES))
    assert {key: [case.to_text() for case in cases] for key, cases in one.items()} == {
        key: [case.to_text() for case in cases] for key, cases in other.items()
    }


@pytest.mark.parametrize("dtype", NARROW)
def test_the_bias_of_each_unit_adds_up_without_rounding(dtype):
    for regime in REGIMES:
        p = Numbers(np.random.default_rng(0), dtype, 2, regime).parameters(3, 4, "after")
        b, c = p.bias
        assert np.array_equal((b + c).astype(np.float64), b.astype(np.float64) + c.astype(np.float64)), regime


@pytest.mark.parametrize("dtype", NARROW)
def test_a_case_of_16_bits_travels_bit_for_bit(dtype):
    case = drawn(dtype, padded=True)
    case.inputs[0, 0, 0] = np.nan
    again = Case.from_text(case.to_text())
    assert (again.dtype, again.to_json()) == (dtype, case.to_json())
    assert again.inputs.view(np.uint16).tolist() == case.inputs.view(np.uint16).tolist()


def test_a_decimal_is_rounded_to_bfloat16_once():
    """It is not rounded to float32 first, where this one is halfway between two numbers."""
    just_above = 1 + 2**-8 + 2**-40
    assert rounded(just_above, just_above, "bfloat16", "here") == 1 + 2**-7
    assert read_array([just_above], "bfloat16", "here")[0] == 1 + 2**-7
    with pytest.raises(InvalidCase, match="above the largest bfloat16 number"):
        read_array([3.4e38], "bfloat16", "here")


@pytest.mark.parametrize("number", [0.1, 1 / 3, 2.0**-132, 3e38, 1.0, 260.0])
def test_a_bfloat16_number_is_named_by_four_digits_and_as_a_float32(number):
    value = ml_dtypes.bfloat16(number)
    exact = float(value)
    as_float32 = float(np.format_float_scientific(np.float32(value), unique=True))
    for text in (f"{exact:.3e}", f"{exact:.8e}", repr(as_float32), repr(exact)):
        assert read_array([float(text)], "bfloat16", "here", named)[0] == value, text
    with pytest.raises(InvalidCase, match="is not a bfloat16 number; round it to bfloat16 before you write it"):
        named(exact * 1.001234567, exact * 1.001234567, "bfloat16", "here")


def test_the_specification_holds_bfloat16_and_does_not_compute_in_it():
    case = drawn("bfloat16")
    assert case.single.dtype == ml_dtypes.bfloat16
    with pytest.raises(Invalid, match=r"bfloat16, in which NumPy does not compute; make Parameters of its arrays'"):
        gru(case.inputs, case.single)


@pytest.mark.parametrize("dtype", NARROW)
def test_the_grade_names_the_format_that_was_computed_in(dtype):
    found = grade(Narrow(dtype), dtype)
    assert found.met is not None
    assert ("compute" in found.met) == (dtype == "bfloat16")


def test_the_score_counts_the_formats_of_the_subject():
    capabilities = Capabilities(arithmetic={"bfloat16": BFLOAT16})
    subject = describe("mine", type("Mine", (), {"capabilities": capabilities})())
    assert subject.formats == ("bfloat16",)
    subject = Subject(name="mine", claims={"float16": "", "float32": ""})
    assert subject.formats == ("float32", "float64", "float16")


def test_nothing_of_16_bits_is_declined_where_it_is_not_claimed():
    found = list(verdicts(Narrow("float32"), DEV, (BY_CLAUSE["step-none"],)))
    assert [(v.dtype, v.kind) for v in found] == [("float32", PASS), ("float64", DECLINED)]

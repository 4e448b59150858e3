"""The shipped subjects in the suite: passes, findings, and their words."""

import subprocess
import sys

import pytest

from conformance.adapters import REGISTERED, load
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.judge import PROFILES, describe, judge, verdicts, wired
from conformance.checks.verdict import DECLINED, FAIL, PASS, USUAL
from conformance.interface.adapter import UsageError
from tests.conformance.profiles import OWN, OWN_OR_ALL

DEV = PROFILES["dev"]


@pytest.mark.parametrize(
    ("name", "clauses"),
    [
        ("tf_gru:eager", ("closed-forms", "step-before", "masks", "bidirectional-masked", "gradients-masked")),
        ("tf_gru:graph", ("reverse-masked", "padding-unread")),
        ("tf_gru:xla", ("lengths",)),
        ("torch", ("step-after", "bidirectional", "gradients")),
    ],
)
def test_a_subject_passes_some_clauses(name, clauses):
    """`tox -e suite` covers all clauses for tf_gru; long tests cover them for the others."""
    gru = load(name)
    judged = [judge(gru, BY_CLAUSE[clause], dtype, OWN) for clause in clauses for dtype in USUAL]
    assert [(v.clause, v.dtype, v.reason) for v in judged if v.kind != PASS] == []


@pytest.mark.long
def test_torch_passes_its_declared_clauses():
    gru = load("torch")
    assert wired(gru) is None
    assert [v for v in verdicts(gru, DEV) if v.kind not in (PASS, DECLINED)] == []


def test_torch_says_why_it_declines():
    gru = load("torch")
    declined = [judge(gru, check, "float32", DEV) for check in CHECKS if check.declined(gru.capabilities)]
    assert {v.kind for v in declined} == {DECLINED}
    assert all("torch" in v.reason or "pack" in v.reason for v in declined)


@OWN_OR_ALL
def test_onnxruntime_ends_an_empty_row_in_zeros_loses_nan_and_passes_the_rest(profile):
    """Its final state of a row of length 0 is 0, even with another initial state, in each direction. With a bias, a
    state after a NaN is a number.
    """
    gru = load("onnxruntime")
    assert wired(gru) is None
    judged = [v for v in verdicts(gru, profile) if v.kind != DECLINED]
    assert [v.clause for v in judged if v.kind == FAIL] == ["length-zero", "nan-propagated"]
    assert {v.kind for v in judged} == {PASS, FAIL}


@pytest.mark.long
def test_keras_passes_but_for_nan_in_the_padding():
    gru = load("keras:graph")
    assert wired(gru) is None
    judged = [v for v in verdicts(gru, DEV) if v.kind != DECLINED]
    assert {v.clause for v in judged if v.kind != PASS} == {"padding-gradient"}


def test_keras_has_nan_in_the_gradient_of_the_padding_and_its_policy_is_put_in_words():
    gru = load("keras:eager")
    assert judge(gru, BY_CLAUSE["padding-gradient"], "float32", DEV, shrink=False).kind == FAIL
    assert judge(gru, BY_CLAUSE["gradients-masked"], "float32", OWN).kind == PASS
    assert any(
        "zero-before-first" in remark and "not of the specification" in remark and "beside an initial state" in remark
        for remark in describe("keras", gru).remarks
    )


@pytest.mark.parametrize("dtype", USUAL)
def test_keras_does_not_follow_the_policy_of_the_specification(dtype):
    """Declaring the policy does not help: the outputs are judged by it."""
    gru = load("keras:eager")
    gru.capabilities = type(gru.capabilities)(**{**vars(gru.capabilities), "masked_outputs": ("carry",)})
    verdict = judge(gru, BY_CLAUSE["masked-outputs"], dtype, DEV, shrink=False)
    assert verdict.kind == FAIL
    assert 'does not follow the policy "carry"' in verdict.reason


FLOAT16 = ("closed-forms", "final-state", "masks", "bidirectional", "gradients")


@pytest.mark.parametrize("clauses", [FLOAT16, pytest.param(BY_CLAUSE, marks=pytest.mark.long)], ids=["some", "all"])
def test_float16_is_judged_where_it_is_claimed(clauses):
    kinds = {clause: judge(load("reference"), BY_CLAUSE[clause], "float16", DEV).kind for clause in clauses}
    assert {*kinds.values()} == {PASS}, kinds


@pytest.mark.parametrize("name", [name for name in REGISTERED if name != "reference"])
def test_a_framework_that_is_not_there_is_named_with_its_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, REGISTERED[name].modules[-1], None)
    with pytest.raises(UsageError, match=r"which is not installed: pip install 'tf-gru\["):
        load(name)


def test_no_framework_is_imported_before_it_is_chosen():
    frameworks = "{'tensorflow', 'keras', 'torch', 'onnxruntime', 'jax', 'flax', 'openvino'}"
    code = f"import sys, conformance.__main__; print(sorted({frameworks} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

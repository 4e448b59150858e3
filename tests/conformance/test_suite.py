"""The suite passes honest subjects and tests everything that it should. test_matrix_record.py shows that each check
fails.
"""

import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from conformance.adapters import load
from conformance.checks.check import runs_with_padding
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.judge import PROFILES, Profile, describe, judge, judge_case, verdicts, wired
from conformance.checks.judgement import Judgement
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, formats
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers
from conformance.mutants.emulated import Emulated
from conformance.specification import CLAUSES
from reference import Parameters
from tests.conformance.profiles import OWN

DEV = PROFILES["dev"]


def test_each_clause_has_one_check_and_each_check_a_clause():
    assert [check.clause for check in CHECKS] == list(dict.fromkeys(check.clause for check in CHECKS))
    assert set(CLAUSES) == set(BY_CLAUSE)


@pytest.mark.parametrize(
    ("subject", "profile"),
    [
        pytest.param(Emulated(), OWN, id="emulated"),
        pytest.param(Emulated(), DEV, id="emulated, all cases", marks=pytest.mark.long),
        pytest.param(load("reference"), PROFILES["ci"], id="reference", marks=pytest.mark.long),
    ],
)
def test_an_honest_gru_passes_every_clause(subject, profile):
    """The reference replays every golden vector before each change: `tox -e tests`."""
    assert wired(subject) is None
    judged = list(verdicts(subject, profile))
    assert [(v.clause, v.dtype, v.reason) for v in judged if v.kind != PASS] == []
    assert len(judged) == len(CLAUSES) * len(formats(subject.capabilities.arithmetic))
    assert all(v.judged for v in judged)


class Noted(Emulated):
    """An honest GRU that records the sizes of its cases."""

    def __init__(self, **known):
        self.capabilities, self.sizes = replace(Emulated().capabilities, **known), set()

    def run(self, case):
        self.sizes.add((*case.inputs.shape, case.units))
        return super().run(case)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_wide_profile_uses_any_sizes_for_a_subject_that_compiles_nothing(compiled):
    check, subject = BY_CLAUSE["step-after"], Noted(compiles_per_shape=compiled)
    assert judge(subject, check, "float64", Profile(24, wide=True, widths=())).kind == PASS
    assert compiled == (subject.sizes <= set(check.sizes))


def test_two_directions_get_padding_only_under_a_policy_that_holds_for_one_too():
    known = Emulated().capabilities
    both = replace(known, masked_outputs=("zero", "carry"), bidirectional_masked_outputs=("carry",))
    neither = replace(known, masked_outputs=("zero",), bidirectional_masked_outputs=("carry",))
    asked = [(chosen["runs"], chosen["masked_outputs"]) for chosen in map(runs_with_padding, (both, neither))]
    assert asked == [(("forward", "reverse", "bidirectional"), ("carry",)), (("forward", "reverse"), ("zero",))]


def test_a_merge_of_states_that_may_overflow_is_not_judged():
    p = Numbers(np.random.default_rng(0), "float16", 11, "plain").parameters(4, 3, "after")
    huge = Parameters(np.full_like(p.kernel, 6e4), p.recurrent_kernel, p.bias, "after")
    case = Case(inputs=np.ones((2, 3, 4), np.float16), parameters=(huge, huge), merge="sum")
    with np.errstate(over="ignore"):
        judged = BY_CLAUSE["merge"].examine(Emulated(), case)
    assert (judged.judged, judged.findings) == (0, [])


def test_a_failure_shrinks_to_a_small_case_that_fails_again():
    verdict = judge(load("conformance.mutants:update_sense_flipped"), BY_CLAUSE["step-after"], "float32", DEV)
    assert verdict.kind == FAIL
    assert verdict.again is not None
    case = Case.from_text(verdict.again)
    assert case.inputs.shape == (1, 1, 1)
    again = judge_case(load("conformance.mutants:update_sense_flipped"), BY_CLAUSE["step-after"], case)
    assert (again.kind, again.reason) == (FAIL, verdict.reason)
    assert judge_case(load("reference"), BY_CLAUSE["step-after"], case).kind == PASS


def test_every_subject_gets_the_same_cases():
    """Subjects with the same declaration are compared: one that only records, and another."""
    seen = []
    for _ in range(2):
        subject = Emulated()
        asked: list[str] = []

        def run(case, asked=asked, subject=subject):
            asked.append(case.to_text())
            return Emulated.run(subject, case)

        subject.run = run
        judge(subject, BY_CLAUSE["masks"], "float32", DEV)
        seen.append(asked)
    assert seen[0] == seen[1] != []


def test_the_cases_do_not_depend_on_other_imports(tmp_path, monkeypatch):
    """Hypothesis prefers large integers that are constants of imported modules."""
    drawn = []
    for name in ("nothing", "constants"):
        path = tmp_path / f"{name}.py"
        path.write_text(f"A = {tuple(range(101, 9999, 97)) if name == 'constants' else ()}")
        module = ModuleType(name)
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, name, module)
        cases: list[str] = []
        check = replace(BY_CLAUSE["masks"], examine=lambda gru, case, cases=cases: _noted(cases, case))
        judge(Emulated(), check, "float32", replace(DEV, examples=200))
        drawn.append(cases)
    assert len(drawn[0]) >= 200
    assert drawn[0] == drawn[1]


def _noted(cases: list[str], case) -> Judgement:
    cases.append(case.to_text())
    return Judgement(judged=1)


def test_an_undeclared_clause_is_declined_with_its_reason():
    class Forward(Emulated):
        capabilities = replace(Emulated.capabilities, reverse=False, because={"reverse": "it only looks ahead"})

    verdict = judge(Forward(), BY_CLAUSE["reverse"], "float32", DEV)
    assert (verdict.kind, verdict.reason) == (DECLINED, "does not declare reverse: it only looks ahead")


def test_a_policy_cannot_be_declared_away():
    """A subject that declares one policy of the closed list and follows another fails."""

    class Says(Emulated):
        capabilities = replace(Emulated.capabilities, masked_outputs=("zero-before-first",))

    assert judge(Says(), BY_CLAUSE["masked-outputs"], "float32", DEV, shrink=False).kind == FAIL


def test_a_subject_that_changes_its_mind_is_not_passed():
    class Moody(Emulated):
        calls = 0

        def run(self, case):
            self.calls += 1
            if self.calls == 2:
                raise RuntimeError("not today")
            return super().run(case)

    verdict = judge(Moody(), BY_CLAUSE["step-after"], "float32", DEV, shrink=False)
    assert verdict.kind == ERROR
    assert "not today" in verdict.reason


def test_a_subject_cannot_change_the_case_it_is_judged_by():
    mutant = load("conformance.mutants:inputs_overwritten")
    assert judge(mutant, BY_CLAUSE["step-after"], "float32", DEV).kind == PASS
    assert judge(mutant, BY_CLAUSE["inputs-unmodified"], "float32", DEV, shrink=False).kind == FAIL


def test_findings_say_where_and_by_how_much():
    verdict = judge(load("conformance.mutants:rough_tanh"), BY_CLAUSE["step-after"], "float32", DEV, shrink=False)
    assert verdict.finding is not None
    finding = verdict.finding
    assert None not in (finding.computed, finding.exact, finding.bound, finding.margin)
    assert abs(finding.computed - finding.exact) > finding.bound
    assert "outputs[" in verdict.reason and "exact" in verdict.reason and "bounds" in verdict.reason


def test_a_missing_package_is_reported_as_missing():
    subject = Emulated()
    subject.packages = ("no-such-distribution",)
    assert describe("x", subject).versions["no-such-distribution"] == "not installed"


def test_subject_errors_are_one_line():
    class Chatty(Emulated):
        def run(self, case):
            raise RuntimeError("first\nsecond")

    verdict = judge(Chatty(), BY_CLAUSE["step-after"], "float32", DEV, shrink=False)
    assert verdict.kind == ERROR
    assert verdict.reason == "run raised RuntimeError: first second"

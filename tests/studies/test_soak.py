"""The soak separates alarms from findings, continues where it stopped, and draws other cases for another seed."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge
from conformance.checks.judgement import Judgement
from studies.__main__ import main
from studies.long_runs import soak as soaking
from studies.long_runs.soak import FIXED, SUBJECTS, Outcome, alarms, judged, left, outcomes, soak
from studies.matrix.code import digest
from tests.studies import soaked
from tests.studies.soaked import few, honest

HONEST, WRONG = (f"tests.studies.soaked:{name}" for name in ("honest", "wrong_in_float64_too"))


@pytest.fixture
def few_checks(monkeypatch):
    """Three checks on their own cases, in processes too."""
    few(monkeypatch)
    monkeypatch.setattr(soaking, "_one", soaked.one)


@pytest.mark.usefixtures("few_checks")
def test_an_honest_subject_passes_and_declined_clauses_are_not_counted():
    outcome = judged(HONEST, 3)
    assert (outcome.seed, outcome.passed, outcome.failures) == (3, 2, [])
    assert outcome.judged > 0
    assert 0 < outcome.margin <= 1


@pytest.mark.usefixtures("few_checks")
def test_a_failure_comes_with_its_reproducing_line():
    outcome = judged(WRONG, 3)
    assert outcome.passed == 2
    assert outcome.failed == {(c, d) for c in ("step-after", "final-state") for d in ("float64", "float16")}
    assert all(kind == "fail" and reason and case for *_, kind, reason, case in outcome.failures)


def test_each_seed_has_cases_of_its_own_and_the_same_ones_again():
    def drawn(seed):
        cases = []

        def note(_, case):
            cases.append(case.to_text())
            return Judgement(judged=1)

        judge(honest(), replace(BY_CLAUSE["step-after"], examine=note), "float32", soaking.profile(seed))
        return cases

    fixed, other = drawn(FIXED), drawn(7)
    assert soaking.profile(FIXED) == PROFILES["dev"]
    assert drawn(7) == other
    assert len(set(fixed) & set(other)) <= 1  # the simplest case occurs under every seed


def outcome(seed, *failures):
    found = [[clause, dtype, "fail", "", None] for clause, dtype in failures]
    return Outcome(seed=seed, versions={}, code=digest(), passed=1, judged=1, margin=0.0, seconds=0.0, failures=found)


def test_only_a_failure_that_the_fixed_seed_does_not_show_is_an_alarm():
    known, new = ("padding-gradient", "float32"), ("padding-gradient", "float64")
    found = [outcome(FIXED, known), outcome(1, known), outcome(2, known, new)]
    assert [(seed, tuple(failure[:2])) for seed, failure in alarms(found)] == [(2, new)]


@pytest.mark.usefixtures("few_checks")
def test_a_run_continues_where_it_was_stopped(tmp_path):
    seeds = {HONEST: 2}
    assert left(tmp_path, seeds) == 3
    done = [found.seed for _, found in soak(tmp_path, {HONEST: 1}, 1)]
    assert sorted(done) == [FIXED, 1]
    assert left(tmp_path, seeds) == 1
    assert [found.seed for _, found in soak(tmp_path, seeds, 1)] == [2]
    assert set(outcomes(tmp_path, HONEST)) == {FIXED, 1, 2}


@pytest.mark.usefixtures("few_checks")
def test_a_line_of_other_versions_does_not_count(tmp_path):
    seeds = {HONEST: 1}
    (file,) = [tmp_path / f"{HONEST.replace(':', '-')}.jsonl"]
    lines = [judged(HONEST, seed).__dict__ for seed in (FIXED, 1)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert left(tmp_path, seeds) == 0
    for changed in ({"versions": {**lines[1]["versions"], "numpy": "1.0"}}, {"code": "another"}):
        file.write_text("".join(json.dumps(line) + "\n" for line in (lines[0], lines[1] | changed)))
        assert left(tmp_path, seeds) == 1


@pytest.mark.usefixtures("few_checks")
def test_a_line_that_is_none_is_passed_over(tmp_path):
    whole = json.dumps(judged(HONEST, FIXED).__dict__)
    file = tmp_path / f"{HONEST.replace(':', '-')}.jsonl"
    file.write_bytes(b"[]\n{}\n\xff\n" + whole.encode() + b"\n" + whole[:40].encode())
    assert set(outcomes(tmp_path, HONEST)) == {FIXED}


@pytest.mark.parametrize(
    "arguments", [("soak", "nope", "--seeds", "1"), ("float64", "nope"), ("soak", "--folder", __file__)]
)
def test_an_unknown_subject_or_a_file_as_folder_is_a_usage_error(arguments):
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 2 and "Error: " in result.output


def test_the_command_prints_the_table_and_fails_for_an_alarm(tmp_path, monkeypatch):
    monkeypatch.setattr("studies.long_runs.soak.soak", lambda *_: [])
    file = tmp_path / f"{HONEST.replace(':', '-')}.jsonl"
    versions = asked_versions()
    for failures, code in (((), 0), ((("step-after", "float32"),), 1)):
        lines = [replace(outcome(FIXED), versions=versions), replace(outcome(1, *failures), versions=versions)]
        file.write_text("".join(json.dumps(line.__dict__) + "\n" for line in lines))
        result = CliRunner().invoke(main, ["soak", HONEST, "--seeds", "1", "--folder", str(tmp_path)])
        assert result.exit_code == code, result.output
        assert (f"WRONG: {HONEST}, seed 1: step-after float32" in result.output) == bool(code)


def asked_versions():
    from conformance.checks.judge import describe

    return describe(HONEST, honest()).versions


def test_a_subject_without_a_number_of_its_own_needs_one():
    result = CliRunner().invoke(main, ["soak", HONEST])
    assert result.exit_code == 2
    assert "--seeds" in result.output
    assert set(SUBJECTS) == {"reference", "tf_gru:graph", "keras:graph"}

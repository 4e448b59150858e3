"""`run --baseline`: known failures do not fail, new ones do, and nothing is silent. Nothing is judged here."""

import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, Subject
from tests.conformance.made_reports import report, subject

KNOWN = subject(step_after=PASS, masks=FAIL, lengths=PASS)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The exit code and the output of a run with a baseline, whose subjects are given as already judged."""

    def command(baseline, *judged, decide=("ours",), options=()):
        file = tmp_path / "baseline.json"
        file.write_text(baseline if isinstance(baseline, str) else json.dumps(baseline))
        monkeypatch.setattr("conformance.cli.run.judge_apart", lambda names, *_, **__: list(judged))
        done = CliRunner().invoke(main, ["run", *decide, "--baseline", str(file), *options], catch_exceptions=False)
        return done.exit_code, " ".join(done.output.split())

    return command


def test_a_known_failure_does_not_fail(run):
    code, output = run(report(KNOWN), KNOWN)
    assert code == 0
    assert "nothing changed 1 known failures, which do not fail this run; 0 new failures, which do" in output


@pytest.mark.parametrize("now", [{"lengths": FAIL}, {"lengths": ERROR}, {"masks": ERROR}, {"merge": FAIL}])
def test_a_new_failure_fails_beside_a_known_one(run, now):
    code, output = run(report(KNOWN), subject(**{"step_after": PASS, "masks": FAIL, "lengths": PASS, **now}))
    assert code == 1
    assert "1 new failures, which do" in output
    assert f"→ {next(iter(now.values()))}: {next(iter(now))} (float32)" in output


def test_a_failure_that_is_mended_asks_for_a_new_baseline(run):
    code, output = run(report(KNOWN), subject(step_after=PASS, masks=PASS, lengths=PASS))
    assert code == 0
    assert "better fail → pass: masks (float32)" in output
    assert "1 no longer fail: make the baseline anew, with --json" in output


def test_a_clause_that_becomes_declined_is_mentioned_and_does_not_fail(run):
    code, output = run(report(KNOWN), subject(step_after=PASS, masks=FAIL, lengths=DECLINED))
    assert code == 0
    assert "worse pass → declined: lengths (float32)" in output


def test_a_baseline_of_another_subject_is_mentioned_and_its_failures_are_no_excuse(run):
    code, output = run(report(subject("theirs", masks=FAIL)), KNOWN)
    assert code == 1
    assert "the baseline has no subject 'ours', it has 'theirs': every failure of 'ours' is new" in output
    assert "subject 'theirs' stands only in the earlier report" in output
    assert run(report(), KNOWN)[0] == 1


def test_a_clause_that_has_vanished_or_was_not_judged_is_mentioned(run):
    before = report(KNOWN)
    before["clauses"]["older"] = "a sentence"
    code, output = run(before, subject(step_after=PASS))
    assert code == 0
    assert "gone pass → not judged: lengths (float32)" in output
    assert "2 verdicts of the baseline were not judged now: nothing is known about them" in output
    assert "clause 'older' is gone from the specification" in output


def test_a_subject_without_a_score_still_ends_with_2(run):
    broken = Subject(name="ours", broken="it cannot be found")
    assert run(report(KNOWN), broken)[0] == 2
    assert run(report(broken), broken)[0] == 2


def test_a_subject_beside_is_compared_and_does_not_decide(run):
    before = report(subject(masks=PASS), subject("other:one", masks=PASS))
    judged = subject(masks=PASS), subject("other:one", masks=FAIL)
    code, output = run(before, *judged, options=["--beside", "other:one"])
    assert code == 0
    assert "worse pass → fail: masks (float32)" in output
    assert run(before, *judged, decide=["ours", "other:one"])[0] == 1


def test_files_tell_known_failures_from_new_ones(run, tmp_path):
    files = [tmp_path / name for name in ("report.xml", "summary.md")]
    later = subject(step_after=PASS, masks=FAIL, lengths=FAIL)
    assert run(report(KNOWN), later, options=["--junit", str(files[0]), "--markdown", str(files[1])])[0] == 1
    cases = {case.get("name"): [part.tag for part in case] for case in ElementTree.parse(files[0]).iter("testcase")}
    assert cases == {"step-after[float32]": [], "masks[float32]": ["skipped"], "lengths[float32]": ["failure"]}
    assert "a known failure: " in files[0].read_text()
    text = files[1].read_text()
    assert "## Compared with the baseline baseline.json" in text
    assert "pass → fail: lengths (float32)" in text


def test_a_baseline_that_is_no_report_is_refused_before_anything_is_judged(run):
    code, output = run("{}", KNOWN)
    assert code == 2
    assert "is not a report" in output and "known failures" not in output


def test_a_run_does_not_replace_its_own_baseline(run, tmp_path):
    code, output = run(report(KNOWN), KNOWN, options=["--json", str(tmp_path / "baseline.json")])
    assert code == 2
    assert "is read and would be replaced; write to another file" in output


def test_a_badge_in_json_is_an_endpoint_of_shields(run, tmp_path):
    file = tmp_path / "badge.json"
    assert run(report(KNOWN), KNOWN, options=["--badge", str(file)])[0] == 0
    badge = json.loads(file.read_text())
    assert (badge["schemaVersion"], badge["label"], badge["color"]) == (1, "GRU conformance", "#b3261e")
    assert badge["message"].startswith("2 of ") and "1 failed" in badge["message"]

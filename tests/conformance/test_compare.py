"""`compare`: the changes between two reports, and files that are no reports."""

import copy
import json

import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, Subject
from conformance.interface import schemas
from tests.conformance.made_reports import report, subject, verdict


@pytest.fixture
def compared(tmp_path):
    """The exit code and the output of comparing two reports, and the comparison as JSON."""

    def run(before, after):
        for name, data in (("before", before), ("after", after)):
            (tmp_path / f"{name}.json").write_text(json.dumps(data))
        files = [str(tmp_path / f"{name}.json") for name in ("before", "after", "changes")]
        done = CliRunner().invoke(main, ["compare", *files[:2], "--json", files[2]], catch_exceptions=False)
        return done.exit_code, done.output, json.loads((tmp_path / "changes.json").read_text())

    return run


def test_equal_reports_have_no_changes(compared):
    same = report(subject(step_after=PASS, masks=FAIL))
    code, output, found = compared(same, same)
    assert (code, output, found) == (0, "nothing changed\n", {"changes": [], "remarks": []})


@pytest.mark.parametrize("worse", range(1, 4))
def test_each_later_verdict_is_worse_and_the_way_back_is_better(compared, worse):
    order = (PASS, DECLINED, FAIL, ERROR)
    good, bad = (report(subject(masks=kind)) for kind in (order[worse - 1], order[worse]))
    code, output, found = compared(good, bad)
    assert code == 1
    assert f"worse        {order[worse - 1]} → {order[worse]}: masks (float32)" in output
    assert [change["kind"] for change in found["changes"]] == ["worse"]
    assert compared(bad, good)[0] == 0
    assert "better" in compared(bad, good)[1]


def test_worse_better_new_and_gone_stand_apart_with_subject_clause_and_format(compared):
    before = report(subject(step_after=PASS, masks=FAIL, lengths=PASS, split=PASS), subject("left", masks=PASS))
    later = subject(step_after=ERROR, masks=PASS, split=PASS, merge=FAIL)
    later.verdicts.append(verdict("split", FAIL, "float64"))
    code, output, found = compared(before, report(later))
    assert code == 1
    rows = {(c["kind"], c["subject"], c["clause"], c["dtype"]) for c in found["changes"]}
    assert rows == {
        ("worse", "ours", "step-after", "float32"),
        ("better", "ours", "masks", "float32"),
        ("new", "ours", "merge", "float32"),
        ("new", "ours", "split", "float64"),
        ("gone", "ours", "lengths", "float32"),
        ("gone", "left", "masks", "float32"),
    }
    assert "1 worse, 1 better, 0 other cause, 2 new, 2 gone" in output
    assert "subject 'left' stands only in the earlier report" in output
    assert not schemas.violations("comparison", found)
    assert schemas.violations("comparison", {**found, "changes": [{}]})


def test_new_failures_alone_are_not_worse(compared):
    assert compared(report(subject(masks=PASS)), report(subject(masks=PASS, lengths=FAIL)))[0] == 0


def test_a_failure_with_another_cause_is_mentioned_and_is_not_worse(compared):
    one, other, unknown = (subject(split=PASS) for _ in range(3))
    one.verdicts.append(verdict("masks", FAIL, mistake="reset_ignored"))
    other.verdicts.append(verdict("masks", FAIL, mistake="gates_swapped"))
    unknown.verdicts.append(verdict("masks", FAIL))
    code, output, _ = compared(report(one), report(other))
    assert code == 0
    assert "other cause  fail: masks (float32)" in output
    assert compared(report(one), report(unknown))[1] == "nothing changed\n"


def test_a_subject_without_a_score_is_one_change(compared):
    scored, broken = report(subject(masks=PASS, lengths=PASS)), report(Subject(name="ours", broken="not found"))
    code, output, found = compared(scored, broken)
    assert code == 1
    assert "worse        scored → no score" in output
    assert len(found["changes"]) == 1
    code, _, found = compared(broken, scored)
    assert (code, [change["kind"] for change in found["changes"]]) == (0, ["better", "new", "new"])
    assert compared(broken, broken)[1] == "nothing changed\n"


def test_another_profile_version_claim_or_clause_is_mentioned(compared):
    before = report(subject(masks=PASS))
    after = report(subject(masks=PASS), profile="ci")
    after["suite"]["version"] = "9.9"
    after["subjects"][0]["claims"]["float32"] = "300 ULP"
    before["clauses"]["vanished"] = "a sentence"
    _, output, _ = compared(before, after)
    for words in (
        "the profile was dev and is ci",
        "and is 9.9",
        "'ours' claims another arithmetic in float32: 300 ULP; before: 8 ULP",
        "clause 'vanished' is gone from the specification",
    ):
        assert words in output


def test_markdown_shows_the_same_and_no_name_is_markup(tmp_path):
    for name, kind in (("before", PASS), ("after", FAIL)):
        (tmp_path / f"{name}.json").write_text(json.dumps(report(subject("```<b>", masks=kind))))
    files = [str(tmp_path / name) for name in ("before.json", "after.json", "out.md")]
    assert CliRunner().invoke(main, ["compare", *files[:2], "--markdown", files[2]]).exit_code == 1
    text = (tmp_path / "out.md").read_text()
    assert text.startswith("## GRU conformance: before.json and after.json compared")
    assert text.count("``````text\n") == 1
    assert "pass → fail: masks (float32)" in text


GOOD = report(subject(masks=PASS))
TWICE = copy.deepcopy(GOOD)
TWICE["subjects"] *= 2
REPEATED = copy.deepcopy(GOOD)
REPEATED["subjects"][0]["verdicts"] *= 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is not JSON"),
        (b"\xff", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("9" * 5000, "is not JSON"),
        ("[]", "is not a report: $: [] is not of type 'object'"),
        ("{}", "'clauses' is a required property (5 differences)"),
        (json.dumps(TWICE), "the subject 'ours' stands 2 times"),
        (json.dumps(REPEATED), "'ours' has 2 verdicts on masks in float32"),
    ],
)
def test_a_file_that_is_no_report_ends_with_2_and_advice(tmp_path, content, words):
    file, good = tmp_path / "file.json", tmp_path / "good.json"
    good.write_text(json.dumps(GOOD))
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    for order in ((file, good), (good, file)):
        done = CliRunner().invoke(main, ["compare", *map(str, order)], catch_exceptions=False)
        assert done.exit_code == 2
        assert words in done.stderr
        assert "gru-conformance run NAME --json FILE" in " ".join(done.stderr.split())

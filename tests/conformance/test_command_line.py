"""The command line: verdicts, exit codes, and one line of advice for every kind of bad input."""

import base64
import json
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from conformance.__main__ import main
from conformance.specification import CLAUSES

HERE = Path(__file__).parent
FAST = ("--clause", "units-permuted", "--clause", "padding-appended")
"""Two clauses of few cases, of which one needs lengths."""


@pytest.fixture(autouse=True)
def miniatures_can_be_imported(monkeypatch):
    """Make the miniatures importable, for this process and for processes of subjects."""
    monkeypatch.syspath_prepend(HERE)


def conformance(*arguments: str) -> Result:
    """Run the command in this process. Exceptions that it does not handle are raised here, and it shows no
    traceback.
    """
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert "Traceback" not in done.output
    return done


def in_a_process(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run python -m conformance, with this folder's miniatures importable."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "conformance", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout, check=False)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "conformance.mutants:lengths_ignored", *FAST), 1, "FAIL   lengths or masks are accepted and not used"),
        (("run", "nonsense"), 2, "did you mean 'nonsense:gru'?"),
    ],
)
def test_a_process_ends_with_the_exit_code_of_the_command(arguments, code, words):
    done = in_a_process(*arguments)
    assert done.returncode == code
    assert words in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_an_honest_subject_ends_with_0_and_shows_its_margins():
    done = conformance("run", "reference", *FAST)
    assert done.exit_code == 0
    assert "8 pass, 0 fail, 0 error, 0 declined; of 8" in done.stdout
    assert "worst margin 0." in done.stdout


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("gates_swapped", "step-after"),
        ("initial_state_ignored", "split"),
        ("lengths_ignored", "lengths"),
        ("padding_is_multiplied_away", "padding-unread"),
        ("tf32_products", "step-none"),
    ],
)
def test_a_wrong_gru_ends_with_1_and_a_line_that_reproduces_it(name, clause):
    done = conformance("run", f"conformance.mutants:{name}", "--jobs", "1", "--clause", clause)
    assert done.exit_code == 1
    assert "FAIL" in done.stdout
    line = next(line for line in done.stdout.splitlines() if "again: " in line)
    again = conformance(*line.split("again: gru-conformance ")[1].split())
    assert again.exit_code == 1
    assert "FAIL" in again.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nonsense", "neither a registered name nor module:attribute; did you mean 'nonsense:gru'?"),
        ("tutorial:grph", "; registered are 'tutorial:graph'"),
        ("numpy.linalg", "did you mean 'numpy:linalg'?"),
        ("not_there:gru", "no module named 'not_there'; check its spelling and sys.path"),
        ("miniatures:not_there", "the module 'miniatures' has no attribute 'not_there'"),
        ("miniatures:no_run", "is a object without a method run"),
        ("miniatures:no_capabilities", "capabilities is None, but must be a Capabilities"),
        ("miniatures:needs_an_argument", "calling it to get an adapter raised TypeError"),
        ("miniatures:gradients_missing", "declares gradients, but has no method gradients(case, cotangents)"),
        ("broken_module:gru", "importing 'broken_module' raised ZeroDivisionError"),
        ("a b:c", "not well formed"),
        ("keras:gpu", "has no attribute 'gpu'"),
    ],
)
def test_a_name_that_is_no_adapter_ends_with_2_and_advice(name, message):
    done = conformance("run", name)
    assert done.exit_code == 2
    assert message in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", "run raised RuntimeError: the kernel is not available"),
        ("returns_none", "run returned None, but must return Outputs(outputs, final_state)"),
        ("returns_one_array", "run returned a ndarray, but must return Outputs(outputs, final_state)"),
        ("returns_lists", "outputs is a list, but must be a NumPy array"),
        ("returns_nan", "= nan"),
        ("wrong_shape", "outputs has shape (5, 3, 4), but must have (3, 5, 4)"),
        ("wrong_dtype", "outputs is float64, but the case is float32"),
        ("zeros", "no closed form holds in float32"),
        ("leaves", "run raised SystemExit"),
        ("dies", "the process ended with exit code 7; the last it printed: about to go"),
    ],
)
def test_a_subject_that_gives_no_answer_fails_the_smoke_stage(name, message):
    done = conformance("run", f"miniatures:{name}")
    assert done.exit_code == 2
    assert message in done.stdout


def test_a_subject_that_hangs_is_stopped():
    done = conformance("run", "miniatures:hangs", "--time-limit", "2")
    assert done.exit_code == 2
    assert "there was no answer for 2 s, so it was stopped" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [("raises_with_masks", "no lengths today"), ("dies_with_masks", "the process ended with exit code 7")],
)
def test_a_subject_that_breaks_later_keeps_its_score_and_its_denominator(name, message):
    done = conformance("run", f"miniatures:{name}")
    assert done.exit_code == 1
    assert "ERROR" in done.stdout and message in done.stdout
    assert f"of {2 * len(CLAUSES)}" in done.stdout


def test_only_the_question_at_which_a_process_ends_is_an_error():
    done = conformance("run", "miniatures:dies_with_masks", "--clause", "lengths", "--clause", "rows-permuted")
    (line,) = (line for line in done.stdout.splitlines() if " declined; of " in line)
    passed, errors = (int(re.search(rf"(\d+) {kind}", line)[1]) for kind in ("pass", "error"))
    assert passed == errors > 0


def test_a_subject_with_another_answer_the_second_time_fails_and_keeps_its_score():
    done = conformance("run", "miniatures:flaky", "--clause", "rows-permuted", "--clause", "split")
    assert done.exit_code == 1
    assert "FAIL" in done.stdout


def test_nothing_but_declined_ends_with_2():
    assert conformance("run", "miniatures:claims_nothing").exit_code == 2
    assert conformance("run", "miniatures:right", "--clause", "masks").exit_code == 2


def test_report_only_judges_without_deciding():
    done = conformance("run", "miniatures:raises_with_masks", "--report-only", "--clause", "padding-appended")
    assert done.exit_code == 0
    assert "no lengths today" in done.stdout


def test_subjects_beside_the_judged_one_do_not_decide():
    done = conformance("run", "reference", "--beside", "conformance.mutants:lengths_ignored", *FAST)
    assert done.exit_code == 0
    assert "FAIL" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", "reference", "--profile", "slow"),
        ("run", "reference", "--clause", "no-such-clause"),
        ("run", "reference", "--json", "no/such/folder/report.json"),
        ("again", "reference", "masks", "nonsense"),
        ("again", "reference", "no-such-clause", "nonsense"),
        ("again", "reference", "masks", "é"),
        ("again", "reference", "masks", base64.b64encode(zlib.compress(b"[" * 2_000_000)).decode()),
        ("again", "reference", "masks", "{}"),
        ("run", "reference", "--json", "a.out", "--html", "a.out"),
        ("run", "reference", "--beside", "nonsense"),
        ("nonsense",),
    ],
)
def test_a_usage_error_ends_with_2_and_says_so(arguments):
    done = conformance(*arguments)
    assert done.exit_code == 2
    assert "Error" in done.stderr


@pytest.mark.parametrize("seconds", ["nan", "inf"])
@pytest.mark.parametrize("command", [("run", "--time-limit"), ("diagnose", "--case-limit")])
def test_a_length_of_time_is_finite(command, seconds):
    name, option = command
    done = conformance(name, "reference", option, seconds)
    assert done.exit_code == 2
    assert f"{seconds} is not a length of time." in done.output


@pytest.mark.parametrize("kind", ["json", "junit", "html", "markdown", "badge"])
def test_a_report_that_cannot_be_written_is_reported_last(kind):
    done = conformance("run", "miniatures:right", f"--{kind}", "x" * 300, *FAST)
    assert done.exit_code == 2
    assert "1 pass" in done.stdout
    assert "cannot be written: File name too long" in done.stderr


def test_children_of_a_subject_do_not_delay_the_report():
    done = in_a_process("run", "miniatures:forks", "--time-limit", "300", *FAST, timeout=60)
    assert done.returncode == 0, done.stdout


def test_a_case_in_a_file_may_be_written_by_hand(tmp_path):
    weights = {"kernel": [[[0]], [[0]], [[0]]], "recurrent_kernel": [[[0]], [[0]], [[0]]], "bias": [[[0]] * 3] * 2}
    case = {"dtype": "float32", "reset": "after", "inputs": [[[1], [2]]], "parameters": weights, "lengths": [1]}
    (tmp_path / "case.json").write_text(json.dumps(case))
    assert conformance("again", "reference", "lengths", f"@{tmp_path / 'case.json'}").exit_code == 0


@pytest.mark.parametrize(
    ("name", "why"), [("folder", "Is a directory"), ("binary", "can't decode byte"), ("none", "No such file")]
)
def test_a_file_without_text_is_refused_as_such(name, why, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff")
    done = CliRunner().invoke(main, ["again", "reference", "masks", f"@{tmp_path / name}"])
    assert done.exit_code == 2
    said = " ".join(done.output.replace("│", " ").split())
    assert "cannot be read as a case: " in said and why in said and "name a text file that holds one" in said


def test_factories_are_called():
    assert conformance("run", "miniatures:makes_one", "--clause", "units-permuted").exit_code == 0


def test_json_and_junit_say_the_same(tmp_path):
    json_file, junit_file = tmp_path / "report.json", tmp_path / "report.xml"
    names = ("reference", "conformance.mutants:lengths_ignored", "miniatures:returns_nan", "miniatures:right")
    conformance("run", *names, *FAST, "--json", str(json_file), "--junit", str(junit_file))
    report = json.loads(json_file.read_text())
    kinds = {subject["name"]: [v["kind"] for v in subject["verdicts"]] for subject in report["subjects"]}
    assert kinds == {
        "reference": ["pass"] * 8,
        "conformance.mutants:lengths_ignored": ["pass"] * 3 + ["fail"] * 3,
        "miniatures:returns_nan": [],
        "miniatures:right": ["pass", "declined", "declined", "declined"],
    }
    assert [subject["code"] for subject in report["subjects"]] == [0, 1, 2, 0]
    assert set(report["clauses"]) == set(CLAUSES)
    suites = {suite.get("name"): suite for suite in ElementTree.parse(junit_file).getroot()}
    took = [v["seconds"] for subject in report["subjects"] for v in subject["verdicts"]]
    times = [case.get("time") for case in ElementTree.parse(junit_file).iter("testcase") if case.get("name") != "smoke"]
    assert min(took) > 0
    assert list(map(float, times)) == took
    totals = {
        name: tuple(int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped"))
        for name, suite in suites.items()
    }
    assert totals == {
        "reference": (8, 0, 0, 0),
        "conformance.mutants:lengths_ignored": (6, 3, 0, 0),
        "miniatures:returns_nan": (1, 0, 1, 0),
        "miniatures:right": (4, 0, 0, 3),
    }


def test_the_list_names_every_subject_and_clause():
    listed = in_a_process("list").stdout
    for name in ("reference", "tf_gru:eager", "tf_gru:graph", "tf_gru:xla", "keras:xla", "torch", "onnxruntime"):
        assert name in listed
    assert all(clause in conformance("clauses").stdout for clause in CLAUSES)

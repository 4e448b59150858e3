"""The statements of docs/is-my-gru-right.md and docs/protocol.md hold, and the GRU in JavaScript of examples/ is
right.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters.process.messages import PROTOCOL, violation
from conformance.adapters.process.subject import CASE_SECONDS, START_SECONDS
from conformance.interface.case import Case
from conformance.truth.certified import truth
from reference import Parameters
from tests.conformance.node import node
from tests.documents import ROOT, blocks

FEW = ("--jobs", "1", "--clause", "units-permuted", "--clause", "split")


IN_PYTHON, BY_PROGRAM, BY_PYTEST = blocks("docs/is-my-gru-right.md", "bash")


@pytest.fixture
def project(tmp_path):
    """A folder with the documents' files only, each named by its first line."""
    for language in ("python", "js"):
        for text in blocks("docs/is-my-gru-right.md", language):
            (tmp_path / text.split()[1]).write_text(text)
    return tmp_path


def run(project: Path, command: str, *more: str) -> subprocess.CompletedProcess[str]:
    program, *words = shlex.split(command)
    assert program == "python"
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    path = os.pathsep.join([environment["PATH"], str(Path(node()).parent)])
    command = [sys.executable, *words, *more]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=project, env={**environment, "PATH": path}, check=False
    )


def test_the_function_in_numpy_is_right(project):
    done = run(project, IN_PYTHON, *FEW, "--clause", "rows-permuted", "--clause", "padding-appended")
    assert done.returncode == 0, done.stdout
    assert "6 pass, 0 fail, 0 error, 2 declined; of 8" in done.stdout


def test_its_adapter_and_function_are_of_under_twenty_lines(project):
    assert all(len((project / name).read_text().splitlines()) < 20 for name in ("blog.py", "judged.py"))


def test_in_the_other_convention_it_gets_that_explanation(project):
    text = (project / "blog.py").read_text()
    assert text.count("h = z * h + (1 - z) * n") == 1
    (project / "blog.py").write_text(text.replace("h = z * h + (1 - z) * n", "h = (1 - z) * h + z * n"))
    done = run(project, IN_PYTHON, *FEW[:2], "--clause", "step-before")
    assert done.returncode == 1
    (said,) = blocks("docs/is-my-gru-right.md", "text")
    assert all(line.strip() in done.stdout for line in said.splitlines())


def test_the_function_in_javascript_is_right(project):
    done = run(project, BY_PROGRAM, *FEW)
    assert done.returncode == 0, done.stdout
    assert "2 pass, 0 fail, 0 error, 2 declined; of 4" in done.stdout


def test_pytest_judges_it_beside_a_projects_own_tests(project):
    (project / "test_own.py").write_text("def test_own():\n    assert True\n")
    done = run(project, BY_PYTEST, "-q", "-k", "own or smoke or rows-permuted or lengths")
    assert done.returncode == 0, done.stdout
    assert "4 passed, 2 skipped" in done.stdout


def test_one_line_of_a_project_is_enough_and_a_wrong_gru_fails_it(project):
    (line,) = blocks("docs/is-my-gru-right.md", "toml")
    (project / "pyproject.toml").write_text(line)
    (project / "blog.py").write_text((project / "blog.py").read_text().replace("(r * h) @ U_n", "r * (h @ U_n)"))
    done = run(project, "python -m pytest", "-q", "-k", "smoke or step-before")
    assert done.returncode == 1
    assert "2 failed, 1 passed" in done.stdout


def test_the_line_holds_wherever_in_the_project_pytest_is_started(project):
    (line,) = blocks("docs/is-my-gru-right.md", "toml")
    (project / "pyproject.toml").write_text(line)
    (project / "deep").mkdir()
    done = run(project / "deep", "python -m pytest", "-q", "-k", "smoke")
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_pytest_itself_finds_the_module_and_a_suite_named_twice_is_collected_once(project):
    pytest_itself = Path(sys.executable).parent / "pytest"
    command = [str(pytest_itself), "-q", "--gru", "judged:my_gru", "--pyargs", "conformance", "-k", "smoke"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project, check=False)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_the_messages_of_the_document_are_as_the_schema_has_them():
    (text,) = blocks("docs/protocol.md", "json")
    messages = [json.loads(line) for line in text.splitlines()]
    assert [message["kind"] for message in messages] == [
        "start", "started", "case", "result", "declined", "error", "stop"
    ]  # fmt: skip
    assert all(violation(message, message["kind"]) is None for message in messages)
    assert messages[0]["protocol"] == messages[1]["protocol"] == PROTOCOL


def test_the_answer_of_the_document_is_right():
    """One step from zeros with one weight: half of tanh(0.5), as the nearest float64."""
    (text,) = blocks("docs/protocol.md", "json")
    asked, answered = (json.loads(line) for line in text.splitlines()[2:4])
    (p,) = asked["case"]["parameters"]
    arrays = {name: np.array(p[name]["values"], float).reshape(p[name]["shape"]) for name in p}
    inputs = np.array(asked["case"]["inputs"]["values"]).reshape(asked["case"]["inputs"]["shape"])
    found = truth(Case(inputs=inputs, parameters=(Parameters(**arrays, reset="after"),), lengths=np.array([1])))
    assert answered["outputs"]["values"] == found.outputs.ravel().tolist()
    assert answered["final_state"]["values"] == found.final_state.ravel().tolist()


def test_the_time_limits_of_the_document_are_those_of_the_code():
    said = (ROOT / "docs/protocol.md").read_text()
    assert f"`--case-limit` seconds ({CASE_SECONDS:g}; {START_SECONDS:g} until it has started)" in " ".join(
        said.split()
    )


# examples/javascript.

EXAMPLE = ROOT / "examples/javascript"
DOES = ("step-after", "step-before", "time-zero", "lengths", "length-zero", "reverse", "reverse-masked", "split")
DOES_NOT = ("step-none", "masks", "merge", "gradients")


def report(folder: Path, file: Path, *options: str) -> dict:
    """The JSON report of `run` on the program in a folder."""
    command = [sys.executable, "-m", "conformance", "run", "--jobs", "1", "--json", str(file), *options]
    command += ["--process", shlex.join((node(), str(folder / "judged.mjs")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (subject,) = json.loads(file.read_text())["subjects"]
    assert done.returncode == subject["code"], done.stderr
    return subject


def test_the_gru_in_javascript_is_right(tmp_path):
    options = [word for clause in (*DOES, *DOES_NOT) for word in ("--clause", clause)]
    subject = report(EXAMPLE, tmp_path / "report.json", *options)
    assert (subject["code"], subject["broken"]) == (0, None)
    found = {(v["clause"], v["dtype"]): v["kind"] for v in subject["verdicts"]}
    assert {clause for clause in DOES if found[clause, "float64"] == "pass"} == set(DOES)
    assert {found[clause, "float64"] for clause in DOES_NOT} == {"declined"}
    assert {kind for (_, dtype), kind in found.items() if dtype == "float32"} == {"declined"}
    assert subject["versions"]["node"]


def test_with_one_line_changed_the_gru_in_javascript_is_wrong(tmp_path):
    line, changed = "z[i] * state + (1 - z[i]) * n[i]", "z[i] * n[i] + (1 - z[i]) * state"
    text = (EXAMPLE / "gru.mjs").read_text()
    assert text.count(line) == 1
    (tmp_path / "gru.mjs").write_text(text.replace(line, changed))
    shutil.copy(EXAMPLE / "judged.mjs", tmp_path)
    subject = report(tmp_path, tmp_path / "report.json", "--clause", "step-after")
    assert {v["kind"] for v in subject["verdicts"] if v["dtype"] == "float64"} == {"fail"}
    assert subject["diagnosis"]["explanations"]

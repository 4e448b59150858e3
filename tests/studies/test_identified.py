"""The findings about adapters in the tree, from their answers alone, equal their declarations; one for each way to run.

`python -m studies identified` covers the others; its output is docs/records/identified.txt.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.adapters import REGISTERED, load
from conformance.diagnosis.identify import identity
from conformance.diagnosis.identify.identity import identify_in_a_process
from conformance.interface.arithmetic import Arithmetic
from studies.__main__ import main
from studies.long_runs import identified
from studies.long_runs.identified import DECLARED_AND_WRONG, SILENT, differences

RECORD = Path(__file__).parents[2] / "docs/records/identified.txt"

HALF = Arithmetic(dtype="float16", activation="8 ULP", source="declared by this test")


@pytest.fixture(scope="module")
def onnxruntime():
    return identify_in_a_process("onnxruntime", 300)


@pytest.mark.parametrize("name", ["torch", pytest.param("tf_gru:graph", marks=pytest.mark.long)])
def test_declared_conventions_are_found(name):
    assert list(differences(name, load(name), identify_in_a_process(name, 300))) == []


def test_wrongly_declared_conventions_are_found(onnxruntime):
    gru = load("onnxruntime")
    assert list(differences("onnxruntime", gru, onnxruntime)) == []
    (trait,) = DECLARED_AND_WRONG["onnxruntime"]
    (found,) = differences("another", gru, onnxruntime)  # without known faults
    assert found.startswith(f"{trait}: zeros; declared: initial state")


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"initial_state": False}, "initial state: used; declared: not supported"),
        ({"reverse": False}, "reverse: aligned; declared: not supported"),
        ({"gradients": True}, "gradients: "),
        ({"resets": ("before",)}, "reset after: answered, and not declared"),
        ({"masked_outputs": ("carry",)}, "lengths, carry asked: "),
        ({"arithmetic": {"float16": HALF}}, "float16 is declared, and not answered"),
    ],
)
def test_another_declaration_is_reported(declared, told, onnxruntime):
    class Other:
        capabilities = replace(load("onnxruntime").capabilities, **declared)

    assert any(told in each for each in differences("onnxruntime", Other, onnxruntime))


def test_the_command_names_the_differences_from_the_declaration(monkeypatch, onnxruntime):
    monkeypatch.setattr(identity, "identify_in_a_process", lambda name, limit: onnxruntime)

    result = CliRunner().invoke(main, ["identified", "onnxruntime"])
    assert result.exit_code == 0 and "WRONG" not in result.output, result.output

    monkeypatch.setattr(identified, "DECLARED_AND_WRONG", {})
    result = CliRunner().invoke(main, ["identified", "onnxruntime"])
    assert result.exit_code == 1 and "WRONG: onnxruntime: a row of length 0: zeros; declared:" in result.output


def test_every_adapter_that_can_run_is_on_record():
    text = RECORD.read_text()
    assert "WRONG" not in text
    missing = [name for name in REGISTERED if f"│ {name} " not in text and name not in SILENT]
    native = ["tf_gru:native", "tf_gru:native-graph", "tf_gru:native-recompute"]  # the kernel of tf_gru:eager and graph
    assert missing == [*native, "tf_gru:cudnn"]  # needs a GPU

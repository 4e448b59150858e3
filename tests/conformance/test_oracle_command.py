"""python -m conformance oracle prints the truth, and no file causes a traceback."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from conformance.__main__ import main
from conformance.interface.case import Case, InvalidCase
from conformance.interface.numbers import exact_float
from conformance.truth import balls
from conformance.truth.certified import Truth, truth
from tests.conformance.oracle_cases import MASK, drawn, drawn_cotangents
from tests.documents import blocks

(WRITTEN,) = map(json.loads, blocks("docs/citing.md", "json"))


def asked(folder: Path, content: object, *options: str) -> Result:
    """The command's result for a file with this content."""
    file = folder / "case.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return CliRunner().invoke(main, ["oracle", str(file), *options])


def test_the_commands_of_the_document_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.json").write_text(json.dumps(WRITTEN))
    commands = [line for block in blocks("docs/citing.md", "bash") for line in block.splitlines()]
    assert commands and all(command.startswith("python -m conformance oracle") for command in commands)
    for command in commands:
        assert CliRunner().invoke(main, command.split()[3:]).exit_code == 0
    assert json.loads((tmp_path / "truth.json").read_text())["truth"]["bits"] == 64


def test_a_person_reads_every_number_its_certificate_and_how_to_cite_it(tmp_path):
    said = asked(tmp_path, WRITTEN)
    assert said.exit_code == 0 and said.stderr == ""
    lines = said.stdout.splitlines()
    for name in ("outputs[0, 1, 1]", "final_state[0, 0]", "gradients.inputs[0, 2, 0]", "gradients.bias[1, 2, 1]"):
        (line,) = [line for line in lines if line.startswith(name + " ")]
        decimal, literal = line.removeprefix(name).split()
        assert float(decimal) == float.fromhex(literal)
    assert "Proof: ball arithmetic with 64 bits; no ball's radius was over 2^-60" in said.stdout
    assert "tf-gru 0.1.0, python -m conformance oracle (python-flint" in said.stdout
    assert len(lines[-1].removeprefix("  case sha256 ")) == 64
    (shown,) = blocks("docs/citing.md", "text")
    assert set(shown.splitlines()) - {"…"} <= set(lines)


@pytest.mark.parametrize("merge", [None, "apart", "concat"])
def test_json_is_the_truth_bit_for_bit(tmp_path, merge):
    case = drawn(merge=merge, mask=MASK, masked_outputs="zero-before-first")
    said = asked(tmp_path, case.to_json(), "--json", "-")
    data = json.loads(said.stdout)
    assert said.exit_code == 0
    assert data["truth"] == truth(case).to_json()
    assert data["case"] == case.to_json()
    assert Truth.from_json(data["truth"]).gradients is None


@pytest.mark.parametrize("merge", [None, "apart", "mul"])
def test_cotangents_may_be_written(tmp_path, merge):
    case = drawn(2, 2, 2, 2, merge=merge, dtype="float64")
    d = drawn_cotangents(case)
    lists = [part.tolist() if isinstance(part, np.ndarray) else [p.tolist() for p in part] for part in d]
    said = asked(tmp_path, {**case.to_json(), "cotangents": dict(zip(d._fields, lists, strict=True))}, "--json", "-")
    assert json.loads(said.stdout)["truth"] == truth(case, d).to_json()
    shown = asked(tmp_path, {**case.to_json(), "cotangents": dict(zip(d._fields, lists, strict=True))})
    assert ("gradients.kernel backward[2, 1, 1]" in shown.stdout) == (merge is not None)


def test_the_digest_covers_the_numbers(tmp_path):
    written = asked(tmp_path, WRITTEN).stdout
    spaced = asked(tmp_path, json.dumps(WRITTEN, indent=3).replace("0.5", "5E-1")).stdout
    moved = asked(tmp_path, {**WRITTEN, "lengths": [3]}).stdout
    assert written == spaced
    assert written.splitlines()[-1] != moved.splitlines()[-1]


def test_json_goes_into_a_file_beside_the_printed_text(tmp_path):
    said = asked(tmp_path, WRITTEN, "--json", str(tmp_path / "truth.json"))
    assert "final_state[0, 0]" in said.stdout
    data = json.loads((tmp_path / "truth.json").read_text())
    assert Truth.from_json(data["truth"]).gradients is not None
    assert Case.from_json(data["case"]).lengths == [2]


def refused(said: Result, message: str) -> None:
    """Require exit code 2, one message, no traceback."""
    assert said.exit_code == 2, said.output
    assert isinstance(said.exception, SystemExit)
    assert message in " ".join(said.stderr.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "this is not JSON: Expecting value: line 1 column 1"),
        ("[1, 2]", "the case is a list of 2, expected an object with the keys dtype"),
        ("[" * 100_000, "nested too deep"),
        ("9" * 10_000, "the case is 999"),
        ('{"inputs": 1e99999999999999999999}', "a number has an exponent outside every format"),
        ('{"dtype": "float32", "dtype": "float16"}', "dtype is given twice; remove one"),
        ("{}", "the case lacks dtype, reset, inputs, parameters; the keys are dtype"),
    ],
)
def test_a_file_without_a_case_is_refused(tmp_path, content, message):
    refused(asked(tmp_path, content), message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": 1}, 'the case has the unknown key "weights"; the keys are dtype'),
        ({"dtype": "tf32"}, 'dtype is "tf32", expected one of float16, bfloat16, float32, float64'),
        ({"reset": "later"}, "reset is 'later', but must be one of 'after', 'before', 'none'"),
        ({"reset": "none"}, "parameters[0]: kernel has shape (3, 1, 2), but must be (2, 1, 2)"),
        ({"inputs": 3}, "inputs is 3, expected nested lists of numbers"),
        ({"inputs": [[0.5]]}, "inputs: got shape (1, 1), expected (batch, time, input_dim)"),
        ({"inputs": [[[1], [1, 2]]]}, "inputs[0][1] has 2 entries, expected a list of 1, like its neighbours"),
        ({"inputs": [[[1], 2]]}, "inputs[0][1] has 2, expected a list of 1"),
        ({"inputs": [[["0.5"]]]}, 'inputs[0][0][0] is "0.5", expected a number, or a hexadecimal literal'),
        ({"inputs": [[["0xg"]]]}, "which is not a hexadecimal literal"),
        ({"inputs": [[["0x1.0000001p0"]]]}, "which is not a float32 number; write a decimal to have it rounded"),
        ({"inputs": [[["0x1p5000"]]]}, "which is not a hexadecimal literal"),
        ({"inputs": [[[1e300]]]}, "which is above the largest float32 number; scale it down"),
        ({"inputs": [[[None]]]}, "inputs[0][0][0] is null, expected a number"),
        ({"inputs": [[[True]]]}, "inputs[0][0][0] is true, expected a number"),
        ({"inputs": {"shape": [1, 2, 1], "values": [1]}}, "inputs has 1 values, but its shape [1, 2, 1]"),
        ({"inputs": {"shape": [10**17, 0, 1], "values": []}}, "inputs has 0 values, but its shape"),
        (
            {"inputs": {"shape": [1] * 5, "values": [1]}},
            "inputs has the shape [1, 1, 1, 1, 1] ..., expected at most 4 axes",
        ),
        ({"inputs": {"shape": [2**20, 2**20, 0], "values": []}}, "4 axes and fewer numbers"),
        ({"inputs": {"shape": [1]}}, "inputs lacks values; the keys are shape, values"),
        ({"parameters": []}, "parameters: got 0 elements, expected one, or a pair"),
        ({"parameters": [{"kernel": []}]}, "parameters[0] lacks recurrent_kernel, bias; the keys are kernel"),
        ({"lengths": [1.5]}, "lengths[0] is 1.5, expected an integer"),
        ({"lengths": [9]}, "lengths: got [9], expected integers from 0 to time, 3"),
        ({"mask": [[1, 2, 1]]}, "mask[0][1] is 2, expected true or false"),
        ({"mask": [[1, 1, 0]]}, "mask and lengths: got both, expected one of them"),
        ({"reverse": 1}, "reverse is 1, expected true or false"),
        ({"merge": "sum"}, "merge: got sum with one direction, expected None"),
        ({"merge": []}, "merge is a list of 0, expected a string"),
        ({"merge": {}}, "merge is an object, expected a string"),
        ({"masked_outputs": "last"}, "masked_outputs: got last, expected one of"),
        ({"initial_state": 3}, "initial_state[0] is 3, expected nested lists of numbers"),
        ({"initial_state": [[1, 2, 3]]}, "initial_state: got shapes [(1, 3)], expected [(1, 2)]"),
        ({"cotangents": {"output": 1}}, 'cotangents has the unknown key "output"; the keys are outputs, final_state'),
        ({"cotangents": {"outputs": [[[1]]]}}, "cotangents.outputs: got shape (1, 1, 1), expected (1, 3, 2)"),
        ({"cotangents": {"final_state": [["nan", 0]]}}, "cotangents.final_state[0, 0] is nan, but"),
        ({"inputs": [[["nan"], [1], [1]]]}, "inputs[0, 0, 0] is nan, but the oracle needs finite numbers"),
        ({"initial_state": [["-inf", 0]]}, "initial_state[0, 0] is -inf, but"),
    ],
)
def test_input_that_does_not_fit_is_refused_by_name(tmp_path, change, message):
    refused(asked(tmp_path, {**WRITTEN, **change}), message)


def test_a_pair_of_cotangents_is_wanted_for_two_directions(tmp_path):
    both = {**WRITTEN, "parameters": [WRITTEN["parameters"]] * 2, "merge": "apart"}
    refused(
        asked(tmp_path, {**both, "cotangents": {"final_state": [[1, 0]]}}),
        "cotangents.final_state is a list of 1, expected a list of two, [forward, backward]",
    )
    assert asked(tmp_path, {**both, "cotangents": {"final_state": [[[1, 0]], None]}}).exit_code == 0


def test_numbers_that_are_not_read_may_be_anything(tmp_path):
    clean, dirty = (
        asked(tmp_path, {**WRITTEN, "inputs": [[[0.5], [-1.25], [value]]]}, "--json", "-") for value in (2, "nan")
    )
    assert clean.exit_code == dirty.exit_code == 0
    assert json.loads(clean.stdout)["truth"] == json.loads(dirty.stdout)["truth"]
    assert asked(tmp_path, json.dumps(WRITTEN).replace("[2]]]", "[-Infinity]]]")).exit_code == 0


def test_files_that_cannot_be_read_or_written_are_refused(tmp_path):
    runner = CliRunner()
    refused(
        runner.invoke(main, ["oracle", str(tmp_path / "none.json")]), "none.json: No such file or directory; name a"
    )
    refused(runner.invoke(main, ["oracle", str(tmp_path)]), "Is a directory")
    (tmp_path / "latin").write_bytes(b'{"dtype": "\xff"}')
    refused(runner.invoke(main, ["oracle", str(tmp_path / "latin")]), "is no text in UTF-8")
    refused(asked(tmp_path, WRITTEN, "--json", str(tmp_path / "no/such.json")), "there is no folder")
    refused(asked(tmp_path, WRITTEN, "--json", str(tmp_path)), "cannot be written: Is a directory; name another file")
    refused(runner.invoke(main, ["oracle"]), "Missing argument 'CASE.json'")


def test_a_number_that_no_precision_settles_is_reported_plainly(tmp_path, monkeypatch):
    monkeypatch.setattr(balls, "LAST_BITS", 32)
    said = asked(tmp_path, WRITTEN)
    assert said.exit_code == 1
    assert (
        said.stderr
        == "Error: not certified: a number needs more than 32 bits to be rounded, so it cannot be certified\n"
    )


@pytest.mark.parametrize(
    ("dtype", "decimal", "literal"),
    [
        ("float32", "0.1", "0x1.99999ap-4"),
        ("float16", "0.1", "0x1.998p-4"),
        ("bfloat16", "0.1", "0x1.9ap-4"),
        ("float64", "0.1", "0x1.999999999999ap-4"),
        ("float32", "1.000000059604644775390625", "0x1p0"),
        ("float32", "1.000000059604644775390625000000001", "0x1.000002p0"),  # rounded to float64 first, it would be 1
        ("float32", "-1.000000059604644775390625000000001", "-0x1.000002p0"),
        ("bfloat16", "1.00390625", "0x1p0"),
        ("bfloat16", "1.003906250000000000001", "0x1.02p0"),  # rounded to float32 first, it would be 1
        ("float16", "65519.999", "0x1.ffcp15"),
        ("float16", "5.9604644775390625E-8", "0x1p-24"),
        ("float16", "2.98023223876953125E-8", "0x0p0"),
        ("float16", "2.98023223876953126E-8", "0x1p-24"),
        ("float64", "4.94065645841246544E-324", "0x1p-1074"),
        ("float64", "1E-400", "0x0p0"),
        ("float64", "1E-40000", "0x0p0"),
        ("float32", "123456789012345678901234567890", "0x1.8ee91p96"),
    ],
)
def test_decimals_are_rounded_once(tmp_path, dtype, decimal, literal):
    exact = {**WRITTEN, "dtype": dtype, "parameters": json.loads(json.dumps(WRITTEN["parameters"]))}
    text = json.dumps({**exact, "inputs": [["HERE"]], "lengths": None})
    said = asked(tmp_path, text.replace('"HERE"', f"[{decimal}]"), "--json", "-")
    (value,) = json.loads(said.stdout)["case"]["inputs"]["values"]
    assert float.fromhex(value) == float.fromhex(literal)


@pytest.mark.parametrize(
    ("dtype", "decimal"),
    [("float16", "65520"), ("bfloat16", "3.4e38"), ("float32", "3.4028235677973367e38"), ("float64", "1e99999")],
)
def test_a_number_that_would_round_to_an_infinity_is_refused(tmp_path, dtype, decimal):
    refused(
        asked(tmp_path, json.dumps({**WRITTEN, "dtype": dtype}).replace("[2]]]", f"[{decimal}]]]")), "above the largest"
    )


@pytest.mark.parametrize("literal", ["0x1.00000000000000000001p0", "0x1p-2000", "0x1.8"])
def test_a_hexadecimal_literal_is_exact_or_refused(literal):
    with pytest.raises(InvalidCase, match="write"):
        exact_float(literal)


@pytest.mark.parametrize("number", [1.5, -0.1, 2.0**-1074, 0.0, float("inf"), 2.0**1023])
def test_the_text_of_float_hex_is_read(number):
    assert exact_float(number.hex()) == number

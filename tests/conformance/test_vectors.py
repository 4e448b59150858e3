"""The vectors' files: their content, that every byte follows from the authored cases, and that their data can fail a
GRU.
"""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.interface.case import MERGES, Case
from conformance.interface.schemas import validator
from conformance.specification import CLAUSES
from conformance.truth.certified import truth
from conformance.vectors import files
from conformance.vectors.authored import AUTHORED
from conformance.vectors.authored.questions import HOLES, LENGTHS, case, with_weights
from conformance.vectors.drawing import Numbers
from conformance.vectors.lint import RULES, broken, lint, over_all
from conformance.vectors.notes import FLAGS
from conformance.vectors.validate import violations, violations_of
from conformance.vectors.vector import identity
from tests.conformance.golden import STORED
from tests.conformance.node import node
from tests.documents import ROOT, blocks

FEW = ("closed-forms-kept-after", "masks-one-step", "time-zero-both")
NAMES = list(AUTHORED)


def data(name: str) -> dict:
    return json.loads((files.FOLDER / f"{name}.json").read_text())


def test_there_is_a_file_for_each_vector_that_is_authored_and_no_other():
    assert set(STORED) == set(AUTHORED)


def test_every_byte_is_made_again():
    assert files.check() == []


def test_every_file_follows_the_schema():
    assert violations() == []


def test_every_clause_flag_and_option_has_a_vector():
    cases = [vector.case for vector in AUTHORED.values()]
    assert {vector.clause for vector in AUTHORED.values()} == set(CLAUSES)
    assert {flag for vector in AUTHORED.values() for flag in vector.flags} == set(FLAGS)
    assert {found.merge for found in cases} == {None, *MERGES}
    assert {found.reset for found in cases} == {"after", "before", "none"}
    assert {found.masked_outputs for found in cases} == {"carry", "zero", "zero-before-first"}
    assert {0, 1, 32} <= {found.time for found in cases}
    assert {0, 1} <= {found.batch for found in cases}
    assert 1 in {found.units for found in cases} and 1 in {found.inputs.shape[2] for found in cases}


def test_ids_never_change():
    assert {name: STORED[name].vector.id[:16] for name in FEW} == {
        "closed-forms-kept-after": "07daa5c71b732813",
        "masks-one-step": "53d1a6266b9bef98",
        "time-zero-both": "7d0b7aa3e87df7df",
    }


def test_an_id_is_the_hash_of_the_question_alone():
    for name in NAMES:
        found = data(name)
        assert found["id"] == identity({"case": found["case"], "cotangents": found["cotangents"]})
    assert len({vector.id for vector in AUTHORED.values()}) == len(AUTHORED)
    vector = AUTHORED["masks-one-step"]
    assert replace(vector, name="other", flags=(), description="other").id == vector.id
    assert replace(vector, case=replace(vector.case, masked_outputs="carry")).id != vector.id


@pytest.mark.parametrize("name", NAMES)
def test_a_file_gives_back_the_authored_case(name):
    vector, found = AUTHORED[name], STORED[name].vector
    assert found.question == vector.question
    assert (found.clause, found.flags, found.description) == (vector.clause, vector.flags, vector.description)
    for dtype in vector.dtypes:
        wide, _ = found.cast(dtype)
        assert wide.dtype == dtype
        assert np.array_equal(wide.inputs.astype(float), vector.case.inputs.astype(float), equal_nan=True)


def test_numbers_are_the_same_on_every_machine():
    assert Numbers(1).inputs((2, 2)).tolist() == [[-1.375, 1.375], [1.0, -1.0]]
    assert [float(v).hex() for v in Numbers(2, bits=23).inputs((2,))] == [
        "0x1.d2faa60000000p+0",
        "0x1.ca934a0000000p+0",
    ]


# Findings of `check`.


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with few vectors, which replace all others."""
    for name in FEW:
        shutil.copy(files.FOLDER / f"{name}.json", tmp_path)
    monkeypatch.setattr(files, "AUTHORED", {name: AUTHORED[name] for name in FEW})
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    return tmp_path


def check_of(folder) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["vectors", "check"])
    return done.exit_code, done.output


def test_check_passes_a_right_file(folder):
    assert check_of(folder) == (0, "3 vectors, 0 differences\n")


def test_check_sees_a_changed_byte(folder):
    path = folder / f"{FEW[0]}.json"
    path.write_text(path.read_text().replace("p-1", "p-2", 1))
    code, output = check_of(folder)
    assert code == 1
    assert re.search(rf'{FEW[0]}\.json: line 28: got ".*p-2", expected ".*p-1"', output)


def test_check_sees_a_byte_more(folder):
    path = folder / f"{FEW[0]}.json"
    path.write_text(path.read_text() + "\n")
    assert check_of(folder)[0] == 1


def test_check_sees_a_missing_file(folder):
    (folder / f"{FEW[1]}.json").unlink()
    code, output = check_of(folder)
    assert code == 1
    assert f"{FEW[1]}.json: missing" in output


def test_check_sees_a_file_too_many(folder):
    shutil.copy(folder / f"{FEW[1]}.json", folder / "masks-more.json")
    code, output = check_of(folder)
    assert code == 1
    assert "masks-more.json: no vector of this name is authored" in output
    assert "its name is 'masks-one-step', but the file must have the name of its vector" in output


def test_write_mends_all_of_it(folder):
    (folder / f"{FEW[0]}.json").write_text("{}")
    (folder / f"{FEW[1]}.json").unlink()
    (folder / "masks-more.json").write_text("{}")
    done = CliRunner().invoke(main, ["vectors", "write"])
    assert done.exit_code == 0
    assert "3 files changed" in done.output
    assert check_of(folder)[0] == 0


def test_the_list_names_every_vector():
    output = CliRunner().invoke(main, ["vectors", "list"]).output
    assert all(name in output for name in NAMES)
    assert all(clause in output for clause in CLAUSES)


# Findings of the schema.


def _replaced(found: dict, path: str, value: object) -> dict:
    *parents, last = path.split(".")
    inside = found
    for key in parents:
        inside = inside[int(key)] if isinstance(inside, list) else inside[key]
    inside[int(last) if isinstance(inside, list) else last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("surplus", 1, "Additional properties"),
        ("case.surplus", 1, "Additional properties"),
        ("clause", "Masks", "does not match"),
        ("clause", "lengths", "its name does not begin with its clause 'lengths'"),
        ("id", "0" * 63, "does not match"),
        ("id", "0" * 64, "its id is not the hash of its question"),
        ("case.inputs.values.0", "1.5", "does not match"),
        ("case.inputs.values", [], "do not fill the shape"),
        ("case.parameters.0.bias.values.0", "nan", "does not match"),
        ("case.initial_state.0.shape", [12], "too short|not valid"),
        ("case.merge", "max", "is not one of"),
        ("truth.final_state.values.0", "inf", "does not match|not valid"),
        ("truth.bits", "128", "is not of type"),
        ("flags", ["LengthsIgnored"], "it has notes on"),
        ("dtypes", ["tf32"], "is not one of"),
    ],
)
def test_the_schema_sees(path, value, message):
    lines = violations_of(_replaced(data("masks-one-step"), path, value), "masks-one-step")
    assert any(re.search(message, line) for line in lines)


def test_every_field_of_the_schema_is_described_and_strict():
    def objects(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    for described in objects(validator("vector").schema):
        assert described.get("additionalProperties") is not None and described["additionalProperties"] is not True
        for name, field in described.get("properties", {}).items():
            assert "description" in field or "$ref" in field or name in ("shape", "values")


# Findings of the lint.


@pytest.mark.parametrize("name", NAMES)
def test_the_data_of_a_vector_can_see(name):
    assert list(lint(AUTHORED[name], STORED[name].truth)) == []


def test_most_vectors_waive_nothing():
    assert sum(not vector.waives for vector in AUTHORED.values()) > len(AUTHORED) / 2


def test_the_vectors_together_can_see():
    assert list(over_all(STORED)) == []


def _equal_gates(found: Case) -> Case:
    return with_weights(found, kernel=found.single.kernel[:1])


def _equal_rows(found: Case) -> Case:
    state = np.repeat(found.starts[0][:1], found.batch, axis=0)
    return replace(found, inputs=np.repeat(found.inputs[:1], found.batch, axis=0), initial_state=(state,))


def _equal_directions(found: Case) -> Case:
    return replace(found, parameters=found.parameters[:1] * 2)


BAD = {
    "sizes": lambda: case(1, sizes=(4, 4, 2, 3)),
    "time": lambda: case(1, sizes=(4, 2, 3, 5)),
    "weights": lambda: with_weights(case(1), recurrent_kernel=np.eye(3)),
    "initial-state": lambda: case(1, start=False),
    "bias": lambda: with_weights(case(1), bias=case(1).single.bias * np.array([1, 0])[:, None, None]),
    "gates": lambda: _equal_gates(case(1)),
    "units": lambda: with_weights(case(1), kernel=case(1).single.kernel[:, :, :1]),
    "rows": lambda: _equal_rows(case(1)),
    "steps": lambda: replace(case(1), inputs=np.repeat(case(1).inputs[:, :1], 5, axis=1)),
    "palindrome": lambda: replace(case(1), inputs=case(1).inputs + case(1).inputs[:, ::-1]),
    "directions": lambda: _equal_directions(case(1, run="both")),
    "padding": lambda: case(1, lengths=LENGTHS, padding=(0.5,)),
    "tails": lambda: with_weights(case(1), kernel=1 / 8, recurrent_kernel=1 / 8, bias=1 / 8),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_the_lint_sees_a_violation(rule):
    bad = BAD[rule]()
    vector = replace(AUTHORED["step-after-few-bits"], case=bad)
    found = truth(bad)
    assert rule in broken(bad, found)
    assert any(f"breaks {rule!r}" in line for line in lint(vector, found))
    assert not any(repr(rule) in line for line in lint(replace(vector, waives=(rule,)), found))


def test_a_waiver_without_need_and_one_of_no_rule_are_seen():
    vector, found = AUTHORED["step-after-few-bits"], STORED["step-after-few-bits"].truth
    assert "without need" in next(lint(replace(vector, waives=("sizes",)), found))
    assert "not of" in next(lint(replace(vector, waives=("luck",)), found))


@pytest.mark.parametrize(
    ("without", "message"),
    [
        (lambda found: found.lengths is not None, "lengths"),
        (lambda found: np.isnan(found.inputs).any(), "NaN"),
        (lambda found: np.isinf(found.inputs).any(), "infinite"),
        (lambda found: (~found.valid).any(), "finite and far"),
        (lambda found: any(not p.bias.any() for p in found.parameters), "three rows and no bias"),
    ],
)
def test_a_gap_of_all_vectors_together_is_seen(without, message):
    fewer = {name: stored for name, stored in STORED.items() if not without(stored.vector.case)}
    assert any(message in line for line in over_all(fewer))


# The document.

DOCUMENT = (ROOT / "docs" / "vectors.md").read_text()


def test_the_example_of_the_document_reads_every_vector():
    """It is in JavaScript, and prints a line for each file: the first number of its inputs, of a kernel and of the
    states.
    """
    (code,) = blocks("docs/vectors.md", "js")
    command = [node(), "--input-type=module", "--eval", code]
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.splitlines()
    assert len(said) == len(STORED)
    for line in said:
        name, shape, *numbers = re.fullmatch(r"(\S+) \[ (.*) \] (\S+) (\S+) (\S+)", line).groups()
        vector, found = STORED[name]
        assert [int(size) for size in shape.split(",")] == [*vector.case.inputs.shape]
        arrays = vector.case.inputs, vector.case.parameters[0].kernel, found.steps[0].h
        for array, number, dtype in zip(arrays, numbers, ("float32", "float32", "float64"), strict=True):
            if array.size:
                exact = array.ravel()[0].astype(dtype)
                np.testing.assert_array_equal(np.array(number.replace("Infinity", "inf"), float).astype(dtype), exact)
            else:
                assert number == "undefined"


def test_every_literal_is_of_the_form_that_the_example_reads():
    form = re.compile(r"(-?)0x([01])\.([0-9a-f]+)p([+-]\d+)|nan|-?inf")
    texts = set(re.findall(r'"((?:-?0x[^"]*)|nan|-?inf)"', "".join(path.read_text() for path in files.paths())))
    assert len(texts) > 10_000
    for text in texts:
        found = form.fullmatch(text)
        assert found is not None
        if found[2] is not None:
            exact = Fraction(int(found[2] + found[3], 16)) * Fraction(2) ** (int(found[4]) - 4 * len(found[3]))
            assert Fraction(float.fromhex(text)) == (-exact if found[1] else exact)


def test_the_document_names_every_field():
    found = data(FEW[0])
    for field in (*found, *found["case"], *found["truth"]):
        assert f"`{field}`" in DOCUMENT or f'"{field}"' in DOCUMENT, field


def test_masks_are_read_as_they_are_written():
    assert case(1, mask=HOLES).valid.tolist()[0] == [True, False, True, True, False]


@pytest.mark.parametrize("command", [["list"], ["replay", "reference"]])
@pytest.mark.parametrize("text", ["{}", "{"])
def test_a_file_that_is_no_vector_is_named_by_every_command(tmp_path, monkeypatch, command, text):
    (tmp_path / "stray.json").write_text(text)
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    result = CliRunner().invoke(main, ["vectors", *command])
    assert result.exit_code == 2
    assert "stray" in result.output and "Traceback" not in result.output

"""Vectors by recipe: the recipe in another language, the stored numbers of an answer, and the bugs that they show."""

import json
import subprocess

import numpy as np
import pytest

from conformance.mutants.emulated import Emulated
from conformance.vectors import files
from conformance.vectors.compact import STORED as MOST
from conformance.vectors.compact import expand, numbers, recipe, sample
from conformance.vectors.replay import _distance
from conformance.vectors.validate import violations_of
from tests.conformance.flagged import WRONG
from tests.conformance.golden import STORED
from tests.conformance.node import node
from tests.documents import ROOT, blocks

COMPACT = {name: one for name, one in STORED.items() if one.vector.compact is not None}
FLAGGED = [(flag, name) for name, one in COMPACT.items() for flag in one.vector.flags]


def data(name: str) -> dict:
    return json.loads((files.FOLDER / f"{name}.json").read_text())


def recipes(value: object) -> list[dict]:
    """Every recipe, in the order of the file."""
    if isinstance(value, dict) and "recipe" in value:
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for part in parts for found in recipes(part)]


def test_the_document_computes_every_recipe_in_javascript():
    (code,) = blocks("docs/vectors.md", "js")
    functions = code.partition("const folder")[0]
    arrays = [array for name in COMPACT for array in recipes(data(name))]
    ask = 'console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(values)));'
    command = [node(), "--input-type=module", "--eval", functions + ask]
    done = subprocess.run(command, input=json.dumps(arrays), capture_output=True, text=True, cwd=ROOT, check=True)
    assert len(arrays) > 100
    assert json.loads(done.stdout) == [expand(array)["values"] for array in arrays]


def test_a_recipe_by_hand():
    """1664525 * 1 + 1013904223 = 1015568748, whose highest 2 bits of 32 are 0: 2 * 0 + 1 - 4 = -3."""
    runs = [(1, 2, -2, 0), (2, 0, 100, 1), (1, 2, 0, 8)]
    states = [1]
    for _ in range(4):
        states.append((1664525 * states[-1] + 1013904223) % 2**32)
    last = 2 * (states[-1] // 2**30) + 1 - 4 + 8
    assert list(numbers(1, runs)) == [-0.75, 2.0**100, 2.0**100, last]


@pytest.mark.parametrize("name", COMPACT)
def test_the_numbers_of_a_case_are_exact_and_their_file_is_small(name):
    path, case = files.FOLDER / f"{name}.json", COMPACT[name].vector.case
    for array in recipes(data(name)["case"]):
        values = np.array(expand(array)["values"])
        assert np.array_equal(values.astype(case.dtype).astype(float), values)
    assert path.stat().st_size < max(one.stat().st_size for one in files.paths() if one.stem not in COMPACT)


@pytest.mark.parametrize("shape", [(2, 3), (4, 4, 4), (2, 4, 65), (3, 129, 129), (2, 512, 4)])
def test_what_is_stored_is_read_back_in_its_place(shape):
    array = np.random.default_rng(1).standard_normal(shape)
    written = sample(array)
    assert len(written["values"]) <= MOST
    read = np.array([float.fromhex(value) for value in expand(written)["values"]]).reshape(shape)
    there = ~np.isnan(read)
    assert there.sum() == len(written["values"]) and np.array_equal(read[there], array[there])
    assert there.all() == (array.size <= MOST)
    assert all(size % written["every"] for size in shape) if "every" in written else True


def distance(gru: Emulated, name: str) -> float:
    """The largest distance of an answer from the numbers in the file, in float64."""
    vector, truth = COMPACT[name]
    case, given = vector.cast("float64")
    answer = gru.run(case) if given is None else gru.gradients(case, given)
    pairs = zip(answer, truth[:2] if given is None else truth.gradients, strict=True)
    return max(_distance(*pair) for pair in pairs if pair[0] is not None)


@pytest.mark.parametrize(("flag", "name"), FLAGGED)
def test_the_stored_numbers_alone_show_the_bug(flag, name):
    """In other languages there is nothing else to compare with."""
    assert distance(type(WRONG[flag])(), name) > distance(Emulated(), name)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("case", "inputs", "recipe", "runs"), [[3, 6, -5, 0]], "3 values do not fill the shape"),
        (("case", "inputs", "recipe", "runs"), [[24, 33, -5, 0]], "33 is greater than"),
        (("case", "inputs", "recipe", "runs"), [[24, 6, -5]], "too short"),
        (("case", "inputs", "recipe", "seed"), -1, "-1 is less than"),
        (("case", "inputs", "values"), [], "is valid under each of|not valid"),
        (("truth", "outputs", "every"), 1, "1 is less than"),
        (("truth", "outputs", "every"), 97, "do not fill the shape [2, 4, 64], 97 apart"),
    ],
)
def test_the_schema_sees_a_wrong_recipe(path, value, message):
    wrong = data("step-after-64-units")
    *parents, last = path
    inside = wrong
    for key in parents:
        inside = inside[key]
    inside[last] = value
    lines = violations_of(wrong, "step-after-64-units")
    assert any(part in line for line in lines for part in message.split("|")), lines


def test_a_recipe_is_written_as_it_is_read():
    written = recipe((2, 3), 5, (6, 4, -4, 0))
    assert expand(written) == {"shape": [2, 3], "values": list(numbers(5, [(6, 4, -4, 0)]))}

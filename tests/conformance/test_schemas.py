"""The JSON of each command, and each record, fits its schema, and the schema can refuse."""

import copy
import json

import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from conformance.__main__ import main
from conformance.cli.report import caught
from conformance.interface import schemas
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers
from studies.matrix import summary
from studies.matrix.record import RECORD, Record
from studies.record import json_text
from tests.documents import ROOT

WRONG = "conformance.mutants:gates_swapped"


def question(folder):
    """A file with a case."""
    draw = Numbers(np.random.default_rng(1), "float32", 12, "plain")
    case = Case(inputs=draw.inputs((1, 2, 1)), parameters=(draw.parameters(1, 1, "after"),))
    file = folder / "case.json"
    file.write_text(json.dumps(case.to_json()))
    return str(file)


COMMANDS = {
    "report": lambda _: ["run", "reference", WRONG, "--clause", "step-after", "--report-only"],
    "probe": lambda _: ["probe", "reference", "--dtype", "float32", "--rounds", "0"],
    "identify": lambda _: ["identify", WRONG],
    "diagnose": lambda _: ["diagnose", WRONG],
    "oracle": lambda folder: ["oracle", question(folder)],
    "replay": lambda _: ["vectors", "replay", WRONG, "--vector", "step-after-far", "--vector", "time-zero-start"],
}


@pytest.fixture(scope="module", params=COMMANDS)
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    file = folder / "written.json"
    result = CliRunner().invoke(main, [*COMMANDS[request.param](folder), "--json", str(file)])
    assert result.exit_code in (0, 1), result.output
    return request.param, json.loads(file.read_text())


def objects(value, path=()):
    """Yield every object in it, as its path."""
    if isinstance(value, dict):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from objects(item, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


OPEN = (
    "versions",
    "claims",
    "policies",
    "formats",
    "swept",
    "declined",
    "ids",
    "clauses",
    "around",
    "refusals",
    "subjects",
    "bias vectors",
)
"""Objects whose keys are names of something. Also, an identified step has a key for each trait."""


def place(path):
    """The path of an object without its free parts: indices of lists, and keys that are names of something."""
    free = (isinstance(key, int) or before in OPEN for before, key in zip((None, *path), path, strict=False))
    return tuple("*" if each else key for each, key in zip(free, path, strict=True))


def test_it_is_as_its_schema_has_it(written):
    assert schemas.violations(*written) == []


def test_its_schema_refuses_a_missing_or_additional_key(written):
    """Among objects with the same place in the schema and the same keys, the first is tested."""
    name, data = written
    closed = [path for path in objects(data) if not path or path[-1] not in OPEN]
    firsts = {(place(path), frozenset(at(data, path))): path for path in reversed(closed)}
    tried = 0
    for path in firsts.values():
        for key in at(data, path):
            if "steps" in path and name == "identify" and key not in ("dtype", "asked", "bias vectors"):
                continue
            changed = copy.deepcopy(data)
            del at(changed, path)[key]
            assert schemas.violations(name, changed), (path, key)
            tried += 1
        changed = copy.deepcopy(data)
        at(changed, path)["one more"] = 1
        assert schemas.violations(name, changed), path
    assert tried


def test_a_replay_reports_a_subject_as_a_run_does_and_names_vectors():
    """One schema contains the form of the other, except the vector of a verdict."""
    report, replay = (json.loads(schemas.FILES[name].read_text())["$defs"] for name in ("report", "replay"))
    inward = json.loads(json.dumps(replay).replace("urn:tf-gru:report#", "#"))
    assert inward["subject"] == report["subject"]
    vector = inward["verdict"]["properties"].pop("vector")
    inward["verdict"]["required"].remove("vector")
    inward["verdict"]["description"] = report["verdict"]["description"]
    assert inward["verdict"] == report["verdict"]
    assert vector["type"] == "string"


@pytest.mark.parametrize("name", schemas.FILES)
def test_every_schema_is_one(name):
    assert schemas.validator(name).schema["$schema"].endswith("2020-12/schema")


def test_there_is_no_schema_without_a_name():
    with pytest.raises(KeyError):
        schemas.validator("nothing")


# Records.

RECORDS = {
    "paths.json": ROOT / "docs/records/judged.schema.json",
    "scoreboard.json": ROOT / "docs/records/judged.schema.json",
    "peers.json": ROOT / "docs/records/peers.schema.json",
    "matrix.json": ROOT / "studies/matrix/schema.json",
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_as_its_schema_has_it_and_the_schema_can_refuse(name):
    schema = json.loads(RECORDS[name].read_text())
    Draft202012Validator.check_schema(schema)
    record = json.loads((ROOT / "docs/records" / name).read_text())
    validator = Draft202012Validator(schema)
    assert not list(validator.iter_errors(record))
    one = record if name == "matrix.json" else next(iter(record.values()))
    for key in list(one):
        assert list(validator.iter_errors(_without(record, one, key))), key


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_as_its_writer_writes_it_with_a_line_a_verdict(name):
    text = (ROOT / "docs/records" / name).read_text()
    record = json.loads(text)
    assert text == json_text(record)
    verdicts = [v for one in record.values() if isinstance(one, dict) for v in one.get("verdicts", [])]
    assert {json.dumps(verdict, ensure_ascii=False) for verdict in verdicts} <= {
        line.strip().removesuffix(",") for line in text.splitlines()
    }


def _without(record, one, key):
    """A copy of a record without a key."""
    kept = one.pop(key)
    changed = copy.deepcopy(record)
    one[key] = kept
    return changed


def test_the_summary_of_the_matrix_is_as_its_schema_has_it():
    assert not schemas.violations("matrix-summary", caught.read())
    assert schemas.violations("matrix-summary", caught.read() | {"vectors": -1})


def test_the_summary_follows_from_the_record():
    record = Record(**{"code": ""} | json.loads((ROOT / RECORD).read_text()))  # its digest does not matter here
    assert summary.summary(record) == caught.read()
    name, *_ = record.mutants
    record.mutants[name]["checks"] = "." * len(record.checks)
    assert summary.summary(record) != caught.read()

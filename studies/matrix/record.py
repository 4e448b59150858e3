"""The record of one run of the whole matrix: JSON, described by the schema in this folder."""

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from conformance.mutants import EQUIVALENT, MUTANTS, PROBED
from conformance.specification import CLAUSES
from studies.matrix.cells import KILLED, PROFILE, stored
from studies.matrix.code import digest
from studies.matrix.columns import PACKAGES, Column
from studies.record import json_text

RECORD = Path("docs/records/matrix.json")
"""A path in the repository."""
AGAIN = "python -m studies matrix --write"
"""The command that makes the record again, with everything drawn from it."""
SCHEMA = Path(__file__).parent / "schema.json"
GROUPS = {"mutants": MUTANTS, "probed": PROBED, "equivalent": EQUIVALENT}


class InvalidRecord(ValueError):
    """A file that is not a record of a matrix. The message tells the reason and what to do."""


@dataclass(frozen=True)
class Record:
    """One run.

    Attributes:
        date: ISO 8601.
        versions: The versions of the packages that computed it.
        code: The digest of the suite (studies.matrix.code).
        checks: The clauses, in order.
        vectors: Name to id, in order.
        mutants: For each wrong GRU by its name its cells: a letter (studies.matrix.cells.LETTERS) for each check under
            "checks", and one for each vector under "vectors".
        probed: The same for mutants that only `probe` detects.
        equivalent: The same for mutants that are proven to be right.
    """

    date: str
    versions: dict[str, str]
    code: str
    profile: str
    checks: list[str]
    vectors: dict[str, str]
    mutants: dict[str, dict[str, str]]
    probed: dict[str, dict[str, str]]
    equivalent: dict[str, dict[str, str]]

    def checks_that_kill(self, name: str) -> list[str]:
        """The clauses whose checks kill a mutant, or another wrong GRU of the record, by its name."""
        return self.killing("checks", name)

    def vectors_that_kill(self, name: str) -> list[str]:
        """The vectors that kill it."""
        return self.killing("vectors", name)

    def killing(self, part: str, name: str) -> list[str]:
        """The columns of a part, "checks" or "vectors", that kill it."""
        letters = (self.mutants | self.probed | self.equivalent)[name][part]
        return [column for column, letter in zip(getattr(self, part), letters, strict=True) if letter in KILLED]


def present() -> dict[str, Any]:
    """The content of a record made now: its checks, its vectors, and the names in each group."""
    names = {group: [gru.name for gru in grus] for group, grus in GROUPS.items()}
    return {"checks": list(CLAUSES), "vectors": {name: one.vector.id for name, one in stored().items()}, **names}


def made(columns: Iterable[Column]) -> Record:
    """The record of these columns, one for each of the present checks and vectors, in any order."""
    now = present()
    letters = {column.name: column.letters for column in columns}
    versions = {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}

    def cells(name: str) -> dict[str, str]:
        return {part: "".join(letters[column][name] for column in now[part]) for part in ("checks", "vectors")}

    groups = {group: {name: cells(name) for name in now[group]} for group in GROUPS}
    return Record(date.today().isoformat(), versions, digest(), PROFILE, now["checks"], now["vectors"], **groups)


def stale(record: Record) -> list[str]:
    """A line for each difference between the record's mutants, checks, vectors or code and the present ones."""
    now = present()
    lines: list[str] = []
    for part in ("checks", "vectors", *GROUPS):
        there, here = getattr(record, part), now[part]
        missing, gone = [name for name in here if name not in there], [name for name in there if name not in here]
        changed = [name for name in here if part == "vectors" and name in there and here[name] != there[name]]
        for names, what in ((missing, "is not in"), (gone, "is only in"), (changed, "is another in")):
            lines += [f"{name} ({part}) {what} the record; make it again: {AGAIN}" for name in names]
        if not lines and list(there) != list(here):
            lines.append(f"{part} are in another order in the record; make it again: {AGAIN}")
    if not lines and record.code != digest():
        lines.append(f"the record was made by other code than the present checks, bounds and mutants; again: {AGAIN}")
    return lines


def write(path: Path, record: Record) -> None:
    """Write the record with a line for each mutant, so that a person can compare two records."""
    data = asdict(record)
    wrong = violations(data)
    if wrong:
        raise InvalidRecord(f"the data is not a valid record: {wrong[0]}")
    path.write_text(json_text(data))


def read(path: Path) -> Record:
    """Read the record in a file. Raises InvalidRecord if there is none."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise InvalidRecord(f"{path}: {error.strerror}; make it: {AGAIN}") from error
    except ValueError as error:
        raise InvalidRecord(f"{path} is no JSON: {error}; make it again: {AGAIN}") from error
    wrong = violations(data)
    if wrong:
        raise InvalidRecord(f"{path} is no record of a matrix: {wrong[0]}; make it again: {AGAIN}")
    return Record(**data)


@cache
def validator() -> Draft202012Validator:
    """The validator of the schema. The schema itself is checked against its meta-schema."""
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def violations(data: Any) -> list[str]:
    """A line for each violation in a record's JSON."""
    lines = [f"{error.json_path}: {error.message[-160:]}" for error in sorted(validator().iter_errors(data), key=str)]
    if lines:
        return lines
    for group in GROUPS:
        for name, cells in data[group].items():
            for part in ("checks", "vectors"):
                got, expected = len(cells[part]), len(data[part])
                if got != expected:
                    lines.append(f"$.{group}.{name}.{part}: got {got} letters, expected one for each of {expected}")
    return lines

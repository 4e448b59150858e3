"""Records: measurements with their machine and versions, stored row by row, so that a stopped run can continue.

The format is schema.json. A line of the journal counts for the machine, the versions and the sources it was made with.
"""

import hashlib
import json
import os
import platform
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema

from benchmarks import c_entry
from benchmarks.peers import FAMILIES
from benchmarks.rows import Row, rows
from benchmarks.schedule import Effort
from studies.journal import entries

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((Path(__file__).parent / "schema.json").read_text())
RECORD = ROOT / "docs/records/benchmarks.json"


class RecordError(ValueError):
    """A record that cannot be used. The message tells what to do."""


def checked(record: Any, of: Path | str = "this") -> dict[str, Any]:
    """Return the record if it fits schema.json. of: its name in the message. Raises RecordError."""
    try:
        jsonschema.validate(record, SCHEMA)
    except jsonschema.ValidationError as error:
        message = f"{of} is not a record: {error.json_path}: {error.message}; delete it and measure again"
        raise RecordError(message) from error
    return record


def _read(path: Path) -> Any:
    """The JSON content of a file. Raises RecordError for another file."""
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise RecordError(f"{path} is not JSON: {error}; delete it and measure again") from error


def head(effort: Effort) -> dict[str, Any]:
    """Everything in a record except its rows: the day, the machine, the versions."""
    return {
        "date": date.today().isoformat(),
        "machine": {
            "cpu": cpu(),
            "cores": len(os.sched_getaffinity(0)),
            "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "system": f"{platform.system()} {platform.machine()}",
            "vectors": vectors(),
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "sources": sources(),
        "effort": effort._asdict(),
        "rows": [],
    }


def cpu() -> str:
    """The name of the CPU; its kind if Linux does not know the name, as for many ARM processors."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def vectors() -> str:
    """The instruction set of the native kernel here, or why there is none."""
    if not c_entry.PATH.exists():
        return "not built"
    return (c_entry.opened().tf_gru_instruction_set() or b"none").decode()


def _versions() -> dict[str, str]:
    names = [name for family in FAMILIES.values() if not family.missing for name in family.packages]
    return {name: metadata.version(name) for name in names}


def sources() -> str:
    """A digest of the code that is measured and of the code that measures."""
    digest = hashlib.sha256()
    for package in ("tf_gru", "benchmarks"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".h", ".cpp"):
                digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


class Journal:
    """A file of measured rows, one line for each.

    head: the head of the first valid row, or of this run. A line is valid for one machine, its versions and sources.
    """

    def __init__(self, file: Path, effort: Effort):
        self.file, self.head = file, head(effort)
        self._rows: dict[Row, dict[str, Any]] = {}
        for line in entries(file):
            then = line.get("head")
            if not isinstance(then, dict) or {**then, "date": ""} != {**self.head, "date": ""}:
                continue
            if not self._rows:
                self.head = then
            (entry,) = checked({**then, "rows": [line.get("row")]}, file)["rows"]
            self._rows[row_of(entry)] = entry
        file.parent.mkdir(parents=True, exist_ok=True)

    def get(self, row: Row) -> dict[str, Any] | None:
        """A row in the form of a record, or None if it is not stored."""
        return self._rows.get(row)

    def keep(self, row: Row, entry: dict[str, Any]) -> None:
        """Store a row in the form of a record."""
        checked({**self.head, "rows": [entry]})
        self._rows[row] = entry
        with self.file.open("a") as file:
            file.write(f"\n{json.dumps({'head': self.head, 'row': entry})}\n")  # ends an incomplete last line


def entry_of(row: Row, found: dict[str, Any]) -> dict[str, Any]:
    """A row and its measurements, in the form of a record."""
    return {**row._asdict(), "shape": list(row.shape), **found}


def row_of(entry: dict[str, Any]) -> Row:
    """The row that an entry of a record describes."""
    return Row(entry["section"], entry["step"], entry["reset"], tuple(entry["shape"]))


def load(path: Path = RECORD) -> dict[str, Any] | None:
    """The record in a file, or None if there is no file. Raises RecordError for another file."""
    return checked(_read(path), path) if path.exists() else None


def save(record: dict[str, Any], path: Path) -> None:
    """Write a record that has every row and no error. Raises RecordError for another one."""
    checked(record)
    if [row_of(entry) for entry in record["rows"]] != rows():
        raise RecordError("the record does not have every row, so it is not the one to publish; measure the others")
    wrong = [entry for entry in record["rows"] if entry["error"]]
    if wrong:
        raise RecordError(
            f"{row_of(wrong[0]).name} has an error: {wrong[0]['error']}; see to it, then measure it again"
        )
    path.write_text(text(record))


def text(record: dict[str, Any]) -> str:
    """A record as JSON, one row on each line."""
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in record.items() if name != "rows"]
    entries = ",\n".join(json.dumps(entry) for entry in record["rows"])
    return "{" + ",\n".join(lines) + ',\n"rows": [\n' + entries + "\n]}\n"

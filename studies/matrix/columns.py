"""All columns, computed in processes and stored in a journal, so that a stopped run can continue.

The work is divided by column, so that the honest GRU answers and is judged once for each column.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from conformance import mutants
from studies.journal import answered, entries
from studies.matrix.cells import cell, stored
from studies.matrix.code import digest

PACKAGES = ("numpy", "python-flint", "hypothesis")


@dataclass(frozen=True)
class Column:
    """The clause of a check or the name of a vector, and a letter for each mutant by its name."""

    name: str
    letters: dict[str, str]


def column(name: str, asked: list[str]) -> Column:
    """The column's cells for the mutants of these names."""
    return Column(name, {mutant: cell(getattr(mutants, mutant), name) for mutant in asked})


def columns(names: list[str], asked: list[str], jobs: int, journal: Path) -> Iterator[Column]:
    """Yield these columns when they are finished, for the named mutants; those in the journal first.

    journal: a file whose lines are columns with the fingerprint of the code that made them. Columns of other code, or
    of other mutants, are ignored.
    """
    code = fingerprint()
    kept = {
        entry["name"]: Column(entry["name"], entry["letters"])
        for entry in entries(journal)
        if entry.keys() == {"code", "name", "letters"} and entry["code"] == code and list(entry["letters"]) == asked
    }
    yield from (kept[name] for name in names if name in kept)
    left = [(name, asked) for name in names if name not in kept]
    if left:
        # New processes: nothing that was imported or drawn before affects a cell.
        for _, found in answered(column, left, min(jobs, len(left)), lambda question: journal, code=code):
            yield found


def fingerprint() -> str:
    """A hash of everything that determines a cell: the code, the vectors, and the versions."""
    told = [metadata.version(name) for name in PACKAGES] + [one.vector.id for one in stored().values()]
    return hashlib.sha256(" ".join([digest(), *told]).encode()).hexdigest()

"""All columns, in processes; each is kept in a journal, so that a run that was stopped goes on where it was.

By column, since then the honest GRU, of which every mutant differs, is asked and judged once for each.
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
    """The clause of a check, or the name of a vector; and a letter for each mutant, by its name."""

    name: str
    letters: dict[str, str]


def column(name: str, asked: list[str]) -> Column:
    """The column's cells for the mutants of these names."""
    return Column(name, {mutant: cell(getattr(mutants, mutant), name) for mutant in asked})


def columns(names: list[str], asked: list[str], jobs: int, journal: Path) -> Iterator[Column]:
    """These columns as they are done, for the mutants of the names asked; those of the journal first.

    journal: a file of lines, each a column with the fingerprint of the code that made it; those of other code, or of
    other mutants, are not taken.
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
        # New processes: nothing that was imported or drawn before reaches a cell.
        for _, found in answered(column, left, min(jobs, len(left)), lambda question: journal, code=code):
            yield found


def fingerprint() -> str:
    """A hash of all that a cell follows from: the code, the vectors, and the versions."""
    told = [metadata.version(name) for name in PACKAGES] + [one.vector.id for one in stored().values()]
    return hashlib.sha256(" ".join([digest(), *told]).encode()).hexdigest()

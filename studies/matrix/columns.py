"""All columns, in processes; each is kept in a journal, so that a run that was stopped goes on where it was.

By column, since then the honest GRU, of which every mutant differs, is asked and judged once for each.
"""

import hashlib
import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from conformance import mutants
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
    kept = _kept(journal, code, asked)
    yield from (kept[name] for name in names if name in kept)
    left = [name for name in names if name not in kept]
    if not left:
        return
    # Spawned: nothing that was imported or drawn before reaches a cell.
    with ProcessPoolExecutor(min(jobs, len(left)), mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(column, name, asked) for name in left]
        try:
            for future in as_completed(futures):
                found = future.result()
                with journal.open("a") as file:
                    file.write(json.dumps({"code": code, **asdict(found)}) + "\n")
                yield found
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _kept(journal: Path, code: str, asked: list[str]) -> dict[str, Column]:
    if not journal.exists():
        return {}
    found: dict[str, Column] = {}
    for line in journal.read_text().splitlines():
        try:
            entry = json.loads(line)
            if entry.pop("code") == code and list(entry["letters"]) == asked:
                found[entry["name"]] = Column(**entry)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # a line that was being written when the run was stopped
    return found


def fingerprint() -> str:
    """A hash of all that a cell follows from: the code, the vectors, and the versions."""
    told = [metadata.version(name) for name in PACKAGES] + [one.vector.id for one in stored().values()]
    return hashlib.sha256(" ".join([digest(), *told]).encode()).hexdigest()

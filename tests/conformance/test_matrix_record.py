"""The record of the kill matrix is of what is here, a sample of it is judged again, and documents say what it says."""

from pathlib import Path
from random import Random

import pytest

from conformance import mutants
from conformance.checks.verdict import DTYPES
from studies.matrix import cells, facts, figure, page, peers, record

ROOT = Path(__file__).parents[2]
RECORD = record.read(ROOT / record.RECORD)
PEERS = peers.read(ROOT / peers.PEERS)
DRAW = f"python -m studies matrix --from {record.RECORD} --write"

SAMPLED = 6
"""So many cells that kill, and as many that do not, of checks and of vectors; another record has others."""


def sample(part: str, columns: list[str]) -> list[tuple[str, str, str]]:
    """Mutants, columns and what is recorded there, drawn from the record's date."""
    random = Random(RECORD.date)
    recorded = [
        (name, column, letter)
        for name, row in RECORD.mutants.items()
        for column, letter in zip(columns, row[part], strict=True)
    ]
    killed = [cell for cell in recorded if cell[2] in cells.KILLED]
    spared = [cell for cell in recorded if cell[2] not in cells.KILLED]
    return random.sample(killed, SAMPLED) + random.sample(spared, SAMPLED)


def test_the_record_is_of_the_present_mutants_checks_and_vectors():
    assert record.stale(RECORD) == []


def test_every_mutant_is_killed_both_ways_and_every_check_kills():
    assert list(facts.broken(RECORD)) == []


@pytest.mark.parametrize(("name", "clause", "recorded"), sample("checks", RECORD.checks))
def test_a_check_judged_again_ends_as_recorded(name, clause, recorded):
    """Without the comparison by bits, which is held by this as well."""
    letter = cells.ended(getattr(mutants, name), DTYPES, cells.judged_by_check(clause))
    assert letter == recorded, f"{name}, {clause}: the record is stale; make it again: {record.AGAIN}"


@pytest.mark.parametrize(("name", "vector", "recorded"), sample("vectors", list(RECORD.vectors)))
def test_a_vector_replayed_again_ends_as_recorded(name, vector, recorded):
    dtypes = cells.stored()[vector].vector.dtypes
    letter = cells.ended(getattr(mutants, name), dtypes, cells.judged_by_vector(vector))
    assert letter == recorded, f"{name}, {vector}: the record is stale; make it again: {record.AGAIN}"


def test_the_page_says_what_the_record_says():
    assert (ROOT / "docs/matrix.md").read_text() == page.page(RECORD, PEERS), f"draw it again: {DRAW}"


def test_the_readme_says_what_the_record_says():
    readme = (ROOT / "README.md").read_text()
    assert readme == page.with_block(readme, page.block(RECORD, PEERS)), f"write it again: {DRAW}"


def test_the_figure_is_of_the_record_and_of_the_suites():
    assert figure.told(RECORD, PEERS) in (ROOT / "docs/matrix.svg").read_text(), f"draw it again: {DRAW}"

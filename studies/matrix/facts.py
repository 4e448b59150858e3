"""Conclusions from a record: requirements, and useful facts."""

from collections.abc import Iterator

from conformance.mutants import FAMILIES
from studies.matrix.cells import stored
from studies.matrix.record import Record


def broken(record: Record) -> Iterator[str]:
    """Yield a line for each requirement that does not hold."""
    for name in record.mutants:
        if not record.checks_that_kill(name):
            yield f"{name} is killed by no check: it needs a case, or a proof that it is equivalent"
        if not record.vectors_that_kill(name):
            yield f"{name} is killed by no golden vector: author one that shows it"
    killed = killed_by_check(record)
    for clause in record.checks:
        if not killed[clause]:
            yield f"the check of {clause} kills no mutant: it needs one that breaks its clause"
    for group in (record.probed, record.equivalent):
        for name in group:
            by = [*record.checks_that_kill(name), *record.vectors_that_kill(name)]
            if by:
                yield f"{name} is held not to be told by clauses, but {by[0]} kills it: move it to the mutants"


def killed_by_check(record: Record) -> dict[str, set[str]]:
    """For each clause the mutants that its check kills."""
    return {
        clause: {name for name in record.mutants if clause in record.checks_that_kill(name)} for clause in record.checks
    }


def killed_by_vectors_of(record: Record) -> dict[str, set[str]]:
    """For each clause the mutants that some golden vector of it kills."""
    clause_of = {name: one.vector.clause for name, one in stored().items()}
    found: dict[str, set[str]] = {clause: set() for clause in record.checks}
    for name in record.mutants:
        for vector in record.vectors_that_kill(name):
            found[clause_of[vector]].add(name)
    return found


def only_by(record: Record) -> dict[str, list[str]]:
    """For each check the mutants that no other check kills."""
    found: dict[str, list[str]] = {clause: [] for clause in record.checks}
    for name in record.mutants:
        by = record.checks_that_kill(name)
        if len(by) == 1:
            found[by[0]].append(name)
    return found


def covered(record: Record) -> dict[str, list[str]]:
    """For each check whose kills another check covers: the other checks that do so."""
    killed = killed_by_check(record)
    found = {
        clause: [other for other in record.checks if other != clause and mine <= killed[other]]
        for clause, mine in killed.items()
    }
    return {clause: others for clause, others in found.items() if others}


def silent_vectors(record: Record) -> list[str]:
    """The vectors that kill no mutant: every mutant passed or declined them."""
    speaking = {vector for name in record.mutants for vector in record.vectors_that_kill(name)}
    return [name for name in record.vectors if name not in speaking]


def families(record: Record) -> dict[str, list[str]]:
    """The mutants of the record by family, in order."""
    named = {family: [mutant.name for mutant in mutants] for family, mutants in FAMILIES.items()}
    return {family: [name for name in names if name in record.mutants] for family, names in named.items()}

"""The matrix on the terminal: a summary by family, or every cell."""

from rich.console import Console
from rich.table import Table

from studies.matrix.cells import KILLED
from studies.matrix.facts import covered, families, killed_by_check, only_by
from studies.matrix.peers import Peer
from studies.matrix.record import Record


def show(console: Console, record: Record, peers: list[Peer]) -> None:
    """Print each family's counts, then the mutants that need each check."""
    table = Table("family", "mutants", "killed by checks", "killed by vectors", *(peer.name for peer in peers))
    for family, names in [*families(record).items(), ("all", list(record.mutants))]:
        table.add_row(
            family,
            str(len(names)),
            str(sum(bool(record.checks_that_kill(name)) for name in names)),
            str(sum(bool(record.vectors_that_kill(name)) for name in names)),
            *(str(len(peer.killed & set(names))) for peer in peers),
        )
    console.print(table)
    alone, beyond, killed = only_by(record), covered(record), killed_by_check(record)
    table = Table("clause", "its check kills", "killed by it alone", "all killed too by")
    for clause in record.checks:
        table.add_row(clause, str(len(killed[clause])), "\n".join(alone[clause]), ", ".join(beyond.get(clause, [])))
    console.print(table)


def show_whole(console: Console, record: Record) -> None:
    """Print every cell of mutants and checks, and the number of vectors that kill."""
    table = Table("mutant", *(str(number) for number in range(1, len(record.checks) + 1)), "vectors", padding=(0, 0))
    for name, cells in (record.mutants | record.probed | record.equivalent).items():
        marks = ("." if letter not in KILLED else letter for letter in cells["checks"])
        table.add_row(name, *marks, str(len(record.vectors_that_kill(name))))
    console.print(table)
    for number, clause in enumerate(record.checks, start=1):
        console.print(f"{number:3} {clause}", highlight=False)
    console.print("F: a failure, E: no answer; each kills.", highlight=False)

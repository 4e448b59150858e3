"""python -m conformance clauses: the specification's clauses."""

import click
from rich.table import Table

from conformance.cli.terminal import paper
from conformance.specification import CLAUSES


@click.command("clauses")
def list_clauses() -> None:
    """The specification's clauses."""
    table = Table("clause", "what every conforming GRU does")
    for clause, sentence in CLAUSES.items():
        table.add_row(clause, sentence)
    paper().print(table)

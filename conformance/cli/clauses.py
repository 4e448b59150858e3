"""The command `clauses`: list the clauses of the specification."""

import click
from rich.table import Table

from conformance.cli.terminal import paper
from conformance.specification import CLAUSES


@click.command("clauses")
def list_clauses() -> None:
    """List the clauses of the specification."""
    table = Table("clause", "what every conforming GRU does")
    for clause, sentence in CLAUSES.items():
        table.add_row(clause, sentence)
    paper().print(table)

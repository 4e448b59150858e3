"""The command `list`: list the registered subjects."""

import click
from rich.table import Table

from conformance.adapters import REGISTERED
from conformance.cli.terminal import paper


@click.command("list")
def list_subjects() -> None:
    """List the registered subjects, and whether the packages that they need are installed."""
    table = Table("name", "needs", "installed")
    for name, subject in REGISTERED.items():
        todo = "yes" if subject.installed else f"no: pip install 'tf-gru\\[{subject.extra}]'"
        table.add_row(name, ", ".join(subject.modules), todo)
    paper().print(table)
    paper().print("Anything else is module:attribute, or process:COMMAND for a program.")

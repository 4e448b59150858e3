"""What every study prints: when and with what it was run, a table, and how it ended."""

import platform
import sys
from datetime import date
from importlib import metadata

from rich.console import Console
from rich.table import Table

PACKAGES = ("numpy", "python-flint", "ml_dtypes")


def paper() -> Console:
    """The terminal, or a page wide enough for every table."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(emoji=False, width=160)


def head(study: str, packages: tuple[str, ...] = ()) -> None:
    """The day, the command, and the versions."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in (*PACKAGES, *packages))
    console = paper()
    console.print(f"{date.today()}: python -m studies {study}", highlight=False)
    console.print(f"Python {platform.python_version()}, {versions}; {platform.machine()}\n", highlight=False)


def end(table: Table, failures: list[str]) -> None:
    """The table, then what is wrong, if anything; the exit code says which."""
    console = paper()
    console.print(table)
    for failure in failures:
        console.print(f"WRONG: {failure}", highlight=False, soft_wrap=True)
    sys.exit(1 if failures else 0)

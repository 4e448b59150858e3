"""The form of every study's result: its output, and the text of a record in JSON."""

import json
import platform
import sys
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

PACKAGES = ("numpy", "python-flint", "ml_dtypes")
STDERR = Console(stderr=True)
ON_A_LINE = 8
"""The largest number of values on a line: a verdict is one line, and a list of names has one name on each line."""


def paper() -> Console:
    """The terminal, or a page wide enough for every table."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(emoji=False, width=160)


def head(study: str, packages: tuple[str, ...] = ()) -> None:
    """Print the day, the command, and the versions."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in (*PACKAGES, *packages))
    console = paper()
    console.print(f"{date.today()}: python -m studies {study}", highlight=False)
    console.print(f"Python {platform.python_version()}, {versions}; {platform.machine()}\n", highlight=False)


def end(table: Table, failures: list[str]) -> None:
    """Print the table and the failures, and exit with 1 if there are any."""
    console = paper()
    console.print(table)
    for failure in failures:
        console.print(f"WRONG: {failure}", highlight=False, soft_wrap=True)
    sys.exit(1 if failures else 0)


def written(path: Path, content: str | bytes) -> None:
    """Write a page or a figure, in a clone's root. Raises click.UsageError elsewhere."""
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent} here; go to a clone's root")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    click.echo(f"wrote {path.name}")


def json_text(value: Any) -> str:
    """The text of a record, in which each object or list of a few plain values is one line."""
    return f"{_lines(value, '')}\n"


def _lines(value: Any, indent: str) -> str:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if len(items) <= ON_A_LINE and not any(isinstance(item, dict | list) for item in items):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    names = (
        [f"{json.dumps(name, ensure_ascii=False)}: " for name in value]
        if isinstance(value, dict)
        else [""] * len(items)
    )
    inner = [f"{indent} {name}{_lines(item, indent + ' ')}" for name, item in zip(names, items, strict=True)]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([start, ",\n".join(inner), indent + end])

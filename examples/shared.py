"""What the examples share: where a plot goes, how far they have come, and what their exit code says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Svg(click.Path):
    """A file to draw into: refused before anything is computed, where it cannot be written or is no SVG."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True)

    def convert(self, value, param, ctx):
        """The name, once it ends in .svg and its folder is there."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.suffix != ".svg":
            self.fail(f"{path} does not end in .svg", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{path.parent} is no folder: make it first", param, ctx)
        return str(path)


def plot(what: str) -> Callable:
    """The option --plot."""
    return click.option("--plot", type=Svg(), help=f"Draw {what} into this SVG")


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield bars


def end(promised: dict[str, bool]) -> NoReturn:
    """Exit code 0 where all of this holds; else 1, and what does not is named on standard error."""
    broken = [what for what, holds in promised.items() if not holds]
    for what in broken:
        click.echo(f"does not hold: {what}", err=True)
    raise SystemExit(1 if broken else 0)

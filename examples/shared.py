"""Common parts of the examples: some options, progress bars, and the exit code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Svg(click.Path):
    """A file for a drawing. A name that does not end in .svg, or cannot be written, is refused before any
    computation.
    """

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True)

    def convert(self, value, param, ctx):
        """Return the name if it ends in .svg and its folder exists."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.suffix != ".svg":
            self.fail(f"{path} does not end in .svg", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{path.parent} is no folder: make it first", param, ctx)
        return str(path)


def plot(what: str) -> Callable:
    """The option --plot."""
    return click.option("--plot", type=Svg(), help=f"Draw {what} into this SVG")


def goal(default: float, what: str) -> Callable:
    """The option --goal, because a shorter training reaches less and must promise less."""
    part = click.FloatRange(0, 1)
    return click.option("--goal", type=part, default=default, show_default=True, help=f"{what}, promised")


def held_out(default: int) -> Callable:
    """The option --held-out, for scikit-learn's handwritten digits: all ten classes are on both sides."""
    count = click.IntRange(10, 1797 - 10)
    return click.option("--held-out", type=count, default=default, show_default=True, help="Images that are judged")


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress bars on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield bars


def epochs(bars: Progress, name: str, count: int) -> Any:
    """A callback of Keras that moves a bar by one step for each pass over the data, with the loss beside it."""
    import keras  # here, because not every example imports it

    task = bars.add_task(f"{name}, epochs", total=count)

    def told(_: int, logs: dict[str, float]) -> None:
        bars.update(task, advance=1, description=f"{name}, epochs; loss {logs['loss']:.3f}")

    return keras.callbacks.LambdaCallback(on_epoch_end=told)


def end(promised: dict[str, bool]) -> NoReturn:
    """Exit with code 0 if all of this holds; otherwise with 1, and name each failure on standard error."""
    broken = [what for what, holds in promised.items() if not holds]
    for what in broken:
        click.echo(f"does not hold: {what}", err=True)
    raise SystemExit(1 if broken else 0)

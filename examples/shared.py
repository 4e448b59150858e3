"""What the examples share: some of their options, how far they have come, and what their exit code says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

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


def goal(default: float, what: str) -> Callable:
    """The option --goal: a shorter training than the usual one reaches less, and may promise less."""
    part = click.FloatRange(0, 1)
    return click.option("--goal", type=part, default=default, show_default=True, help=f"{what}, promised")


def held_out(default: int) -> Callable:
    """The option --held-out, of scikit-learn's handwritten digits: all ten classes are on both sides."""
    count = click.IntRange(10, 1797 - 10)
    return click.option("--held-out", type=count, default=default, show_default=True, help="Images that are judged")


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield bars


def epochs(bars: Progress, name: str, count: int) -> Any:
    """A callback of Keras that moves a bar: one step for each pass over the data, the loss beside it."""
    import keras  # here, because not every example has it imported

    task = bars.add_task(f"{name}, epochs", total=count)

    def told(_: int, logs: dict[str, float]) -> None:
        bars.update(task, advance=1, description=f"{name}, epochs; loss {logs['loss']:.3f}")

    return keras.callbacks.LambdaCallback(on_epoch_end=told)


def end(promised: dict[str, bool]) -> NoReturn:
    """Exit code 0 where all of this holds; else 1, and what does not is named on standard error."""
    broken = [what for what, holds in promised.items() if not holds]
    for what in broken:
        click.echo(f"does not hold: {what}", err=True)
    raise SystemExit(1 if broken else 0)

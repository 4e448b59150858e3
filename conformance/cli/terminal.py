"""The output of commands: a terminal, or without one a wide page without progress bars."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def paper() -> Console:
    """The terminal, or without one a page wide enough for every row."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(emoji=False, width=200)


def progress_bars() -> Progress:
    """Progress bars on the terminal. Without a terminal nothing is drawn, and the console prints each finished part."""
    console = Console(stderr=True, emoji=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)

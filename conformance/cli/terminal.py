"""Where a command prints: the terminal; or where there is none, a page, without bars."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def paper() -> Console:
    """The terminal, or where there is none, a page wide enough for every row."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(emoji=False, width=200)


def progress_bars() -> Progress:
    """Bars on the terminal, beside what is printed; elsewhere nothing is drawn, and its console tells what is done."""
    console = Console(stderr=True, emoji=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)

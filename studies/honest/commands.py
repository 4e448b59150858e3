"""The command that judges honest GRUs of many makes."""

from pathlib import Path

import click
from rich.progress import track

from studies.record import STDERR, end, head, paper


@click.command()
@click.option("--seeds", type=click.IntRange(1), default=9, show_default=True, help="Lists of drawn cases")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".honest",
    show_default=True,
    help="Where outcomes are kept, to be continued",
)
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
def honest(seeds: int, folder: Path, processes: int) -> None:
    """Judge honest GRUs of many makes on the same drawn cases."""
    from studies.honest.run import alarms, left, outcomes, run, table

    waiting = run(folder, seeds, processes)
    for _ in track(waiting, total=left(folder, seeds), console=STDERR, disable=not STDERR.is_terminal):
        pass
    head(f"honest --seeds {seeds}", ("numba", "torch", "tensorflow"))
    found = outcomes(folder, seeds)
    cases, seconds = (sum(getattr(each, name) for each in found) for name in ("cases", "seconds"))
    paper().print(f"{cases:,} cases, {seconds / 60:.0f} minutes of one process\n", highlight=False)
    end(table(found), alarms(found))

"""The command that exports models in every way."""

from pathlib import Path

import click
from rich.progress import track
from rich.table import Table

from studies.record import STDERR, end, json_text


@click.command()
@click.option("--journal", type=click.Path(path_type=Path), default=Path("build/exports.jsonl"), show_default=True)
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
@click.option("--first", type=click.IntRange(1), help="So many models: every pair of values is among the first 122")
@click.option("--page-only", is_flag=True, help="Write docs/paths.md from the record as it is")
def exports(journal: Path, processes: int, first: int | None, page_only: bool) -> None:
    """Export models of every kind in every way, and write docs/paths.md. A stopped run continues."""
    from datetime import date

    from studies.exports.cells import drawn
    from studies.exports.page import RECORD, load, recorded, wrong
    from studies.exports.run import run, versions
    from studies.pages import paths

    if not page_only:
        journal.parent.mkdir(parents=True, exist_ok=True)
        cells = drawn()[:first]
        quiet = not STDERR.is_terminal
        found = dict(track(run(cells, journal, processes), total=len(cells), console=STDERR, disable=quiet))
        RECORD.write_text(json_text(recorded(found, str(date.today()), versions())))
    paths.PAGE.write_text(paths.page(paths.load()))
    end(Table("written", str(paths.PAGE)), list(wrong(load())))

"""The command line: python -m benchmarks."""

import os
import sys
from pathlib import Path

if sys.platform != "linux":
    sys.exit(
        "benchmarks stop and wake processes, count the cores that they may use, and read memory in ways that "
        f"{sys.platform} does not have: run them on Linux"
    )

import click
from rich.console import Console

from benchmarks import page, tables
from benchmarks.measure import Children, measure
from benchmarks.peers import absent
from benchmarks.record import RECORD, Journal, RecordError, entry_of, head, save, text
from benchmarks.rows import SUBJECTS, Row, rows
from benchmarks.schedule import FULL, QUICK
from conformance.cli.files import require_folders

STDERR = Console(stderr=True)
FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
NAMES = sorted({name for names in SUBJECTS.values() for name in names})


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Two shapes and fewer rounds, in minutes; kept nowhere")
@click.option("--only", multiple=True, metavar="TEXT", help="Rows whose name has this text, as --list shows them")
@click.option("--peer", "peers", multiple=True, type=click.Choice(NAMES), help="Only these beside ours; kept nowhere")
@click.option("--list", "listed", is_flag=True, help="Name the rows, measured or not, and stop")
@click.option(
    "--journal",
    type=FILE,
    default="build/benchmarks.jsonl",
    show_default=True,
    help="Where measured rows are kept, so that a run that was stopped goes on",
)
@click.option("--json", "json_file", type=FILE, help="Write the record here too")
@click.option("--plot", type=FILE, help="Draw the ratios into this SVG")
@click.option("--write", is_flag=True, help="Once every row is measured: docs/performance.md and what belongs to it")
def main(
    quick: bool,
    only: tuple[str, ...],
    peers: tuple[str, ...],
    listed: bool,
    journal: Path,
    json_file: Path | None,
    plot: Path | None,
    write: bool,
) -> None:
    """Time tf_gru and its peers. Each result is judged before it is timed.

    Exit code 0: every row was measured. 1: a row has an error. 2: a usage error. Run it on an otherwise idle machine.
    """
    if write and (quick or peers or only):
        raise click.UsageError("--write publishes every row of every peer: leave out --quick, --only and --peer")
    require_folders(json_file, plot)
    if plot is not None and plot.suffix != ".svg":
        raise click.UsageError(f"--plot draws an SVG, and {plot} does not end in .svg: name it so")
    chosen = [row for row in rows(quick) if not only or any(part in row.name for part in only)]
    if not chosen:
        raise click.UsageError(f"no row's name has {' or '.join(map(repr, only))}: --list names them")
    if listed:
        for row in chosen:
            click.echo(row.name)
        return
    effort = QUICK if quick else FULL
    try:
        kept = None if quick or peers else Journal(journal, effort)
        entries = _measured(chosen, effort, peers or None, kept)
        record = {**(kept.head if kept else head(effort)), "rows": entries}
        _show(record)
        if json_file is not None:
            json_file.write_text(text(record))
        if plot is not None or write:
            from benchmarks import plot as plots

            if plot is not None:
                plots.draw(record, plot)
            if write:
                save(record, RECORD)
                plots.draw(record, plots.PLOT)
                page.write(record, page.PAGE, page.README)
    except RecordError as error:
        raise click.ClickException(str(error)) from error
    sys.exit(1 if any(entry["error"] for entry in entries) else 0)


def _measured(chosen: list[Row], effort, peers: tuple[str, ...] | None, kept: Journal | None) -> list[dict]:
    """The rows in the form of a record. Stored rows are not measured again, and errors are not stored."""
    children, entries = Children(), []
    try:
        for count, row in enumerate(chosen, 1):
            known = kept and kept.get(row)
            if known:
                entries.append(known)
                continue
            STDERR.print(f"{count} of {len(chosen)}: {row.name}", highlight=False)
            load = os.getloadavg()[0]
            entry = entry_of(row, {**measure(row, effort, children, peers), "load": load})
            if entry["error"]:
                STDERR.print(f"ERROR: {entry['error']}", highlight=False, soft_wrap=True)
            elif kept is not None:
                kept.keep(row, entry)
            entries.append(entry)
    finally:
        children.close()
    return entries


def _show(record: dict) -> None:
    """Print the tables, then the peers that were missing."""
    console = Console(emoji=False)
    console = console if console.is_terminal else Console(emoji=False, width=240)
    for table in tables.with_rows(record):
        console.print(table.rich(), highlight=False)
    for name in NAMES:
        if why := absent(name):
            console.print(f"{name} was not measured: {why}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()

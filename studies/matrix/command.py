"""The command `matrix`: the checks and golden vectors that catch each wrong GRU."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.files import require_folders, save
from conformance.cli.terminal import paper, progress_bars
from conformance.interface.adapter import UsageError
from conformance.specification import CLAUSES

if TYPE_CHECKING:
    from studies.matrix.columns import Column
    from studies.matrix.peers import Peer
    from studies.matrix.record import Record

README, PAGE, FIGURE = Path("README.md"), Path("docs/matrix.md"), Path("docs/matrix.svg")


@click.command()
@click.option("--whole", is_flag=True, help="Print every cell, too")
@click.option("--write", is_flag=True, help="Write the record, page, figure and README's summary, in a clone's root")
@click.option("--from", "source", type=click.Path(path_type=Path), help="Judge nothing: take what this record says")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the record as JSON")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, help="Processes")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".matrix.jsonl",
    show_default=True,
    help="Where columns are kept, so that a run that is stopped goes on",
)
def matrix(whole: bool, write: bool, source: Path | None, json_file: Path | None, jobs: int, journal: Path) -> None:
    """Judge every shipped mutant by every check and every golden vector.

    It takes minutes. A stopped run continues.

    Exit code 0: a check and a vector kill every mutant, and every check kills one. 1: a line for each exception. 2: a
    usage error.
    """
    # Here, because they would double the start time of the command line.
    from studies.matrix import peers, record
    from studies.matrix.facts import broken
    from studies.matrix.show import show, show_whole

    if write and not (README.is_file() and record.RECORD.parent.is_dir()):
        raise click.UsageError(f"--write: there is no {README} or no {record.RECORD.parent} here; go to a clone's root")
    require_folders(json_file, journal)
    try:
        found = _judged(jobs, journal) if source is None else record.read(source)
        other = peers.read(peers.PEERS)
        if stale := record.stale(found):
            raise record.InvalidRecord(f"{source}: {stale[0]} ({len(stale)} such differences)")
        if json_file is not None:
            save(json_file, lambda file: record.write(file, found))
        if write:
            _write(found, other)
    except (record.InvalidRecord, UsageError) as error:
        raise click.UsageError(str(error)) from error
    console = paper()
    console.print(f"{found.date}: profile {found.profile}", highlight=False)
    if whole:
        show_whole(console, found)
    show(console, found, other)
    lines = list(broken(found))
    for line in lines:
        console.print(f"WRONG: {line}", highlight=False, soft_wrap=True)
    raise SystemExit(bool(lines))


def _judged(jobs: int, journal: Path):
    from studies.matrix import record
    from studies.matrix.columns import columns

    now = record.present()
    names = [*CLAUSES, *now["vectors"]]
    asked = [mutant for group in record.GROUPS for mutant in now[group]]
    with progress_bars() as bars:
        task = bars.add_task("checks and vectors", total=len(names))
        found: list[Column] = []
        for done in columns(names, asked, jobs, journal):
            found.append(done)
            bars.advance(task)
            if not bars.console.is_terminal:
                bars.console.print(f"{len(found)} of {len(names)}: {done.name}", highlight=False)
    return record.made(found)


def _write(found: "Record", other: "list[Peer]") -> None:
    """Write the record and everything drawn from it. The README comes first, because it may be refused."""
    from studies.matrix import record
    from studies.matrix.figure import draw
    from studies.matrix.page import block, page, with_block
    from studies.matrix.summary import write as write_summary

    readme = with_block(README.read_text(), block(found, other))
    draw(FIGURE, found, other)
    record.write(record.RECORD, found)
    write_summary(found)
    PAGE.write_text(page(found, other))
    README.write_text(readme)

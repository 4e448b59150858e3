"""The commands `vectors list | check | write | replay` for the golden vectors."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.table import Table

from conformance.cli.files import require_folders, save
from conformance.cli.report.replayed import show, write_json
from conformance.cli.seconds import FROM_ONE
from conformance.cli.subjects import subject
from conformance.cli.terminal import paper, progress_bars
from conformance.vectors import files
from conformance.vectors.replay import questions
from conformance.vectors.replay import replay as replayed
from conformance.vectors.validate import violations


@click.group()
def vectors() -> None:
    """List, check, write and replay the golden vectors: fixed cases with certified answers (docs/vectors.md)."""


@vectors.command("list")
def list_vectors() -> None:
    """List every vector: its id (the first digits), name, clause, and the mistakes that it shows."""
    _require_sound()
    table = Table("id", "name", "clause", "flags")
    for name, (vector, _) in files.stored(files.FOLDER).items():
        table.add_row(vector.id[:12], name, vector.clause, " ".join(vector.flags))
    paper().print(table)


@vectors.command()
def check() -> None:
    """Make every byte of the files again and compare, and check every file against the schema.

    Exit code 0: all files are as authored and certified. 1: some differ; a line names each.
    """
    with _progress("checking", len(files.AUTHORED)) as advance:
        lines = [*files.check(files.FOLDER, progress=lambda name: advance()), *violations(files.FOLDER)]
    for line in lines:
        click.echo(line)
    click.echo(f"{len(files.AUTHORED)} vectors, {len(lines)} differences")
    raise SystemExit(bool(lines))


@vectors.command()
def write() -> None:
    """Write every file again, and remove files that belong to no vector."""
    with _progress("writing", len(files.AUTHORED)) as advance:
        changed = files.write(files.FOLDER, progress=lambda name: advance())
    for path in changed:
        click.echo(path.name)
    click.echo(f"{len(files.AUTHORED)} vectors, {len(changed)} files changed")


@vectors.command()
@subject
@click.option("--vector", "chosen", multiple=True, metavar="VECTOR", help="Only this; repeatable")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as JSON")
@click.option("--time-limit", type=FROM_ONE, default=300, show_default=True, help="Seconds for one answer")
def replay(name: str, chosen: tuple[str, ...], json_file: Path | None, time_limit: float) -> None:
    """Judge NAME by the files alone.

    NAME is a registered name or module:attribute; --process COMMAND names a program instead.

    Exit code 0: something was judged and nothing failed. 1: a failure or an error. 2: a usage error, an adapter for
    which no closed form holds, or declined vectors only.
    """
    require_folders(json_file)
    _require_sound()
    found = {key: stored.vector for key, stored in files.stored(files.FOLDER).items()}
    unknown = [key for key in chosen if key not in found]
    if unknown:
        raise click.UsageError(f"there is no vector {unknown[0]!r}; `python -m conformance vectors list` names them")
    asked = list(questions(found[key] for key in chosen or found))
    with _progress(name, len(asked)) as advance:
        report = replayed(name, asked, time_limit=time_limit, progress=advance)
    show(paper(), report, found)
    if json_file is not None:
        save(json_file, lambda file: write_json(file, report, found))
    raise SystemExit(report.code)


def _require_sound() -> None:
    """Refuse a folder with a file that is not a valid vector. Raises click.UsageError."""
    lines = violations(files.FOLDER)
    if lines:
        raise click.UsageError(f"{lines[0]}; `python -m conformance vectors check` names all, `write` makes them again")


@contextmanager
def _progress(description: str, total: int) -> Generator[Callable[[], None], None, None]:
    """A bar on the terminal; without one nothing."""
    with progress_bars() as bars:
        task = bars.add_task(description, total=total)
        yield lambda: bars.advance(task)

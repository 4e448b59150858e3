"""The command `compare`: the changes from one report to another."""

from pathlib import Path

import click

from conformance.cli.files import require_folders, save
from conformance.cli.report.changes import WORSE, changes, remarks
from conformance.cli.report.compared import changes_as_markdown, show_changes, write_changes
from conformance.cli.report.stored import read_report
from conformance.cli.terminal import paper
from conformance.interface.adapter import UsageError

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write it as JSON")
@click.option("--markdown", "markdown_file", type=click.Path(dir_okay=False, path_type=Path), help="... as Markdown")
def compare(before: Path, after: Path, json_file: Path | None, markdown_file: Path | None) -> None:
    """Compare two reports of `run --json`: verdicts that are worse, better, new or gone.

    A verdict is worse in this order: pass, declined, fail, error.

    Exit code 0: nothing got worse. 1: something got worse. 2: a usage error, or a file that is not a report.
    """
    require_folders(json_file, markdown_file)
    try:
        old, new = read_report(before), read_report(after)
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    found, notes = changes(old, new), remarks(old, new)
    show_changes(paper(), found, notes)
    title = f"GRU conformance: {before.name} and {after.name} compared"
    if json_file is not None:
        save(json_file, lambda file: write_changes(file, found, notes))
    if markdown_file is not None:
        save(markdown_file, lambda file: file.write_text(changes_as_markdown(title, found, notes), encoding="utf-8"))
    raise SystemExit(any(change.kind == WORSE for change in found))

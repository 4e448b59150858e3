"""The command `diagnose`: explain a GRU's wrong answers."""

import dataclasses
import json
from pathlib import Path

import click
from rich.console import Console

from conformance.adapters import load_apart
from conformance.cli.files import require_folders, save
from conformance.cli.subjects import subject
from conformance.diagnosis import diagnosed
from conformance.diagnosis.examination import FORMATS_ASKED
from conformance.interface.adapter import UsageError


@click.command()
@subject
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write it as JSON too")
def diagnose(name: str, json_file: Path | None) -> None:
    """Find known conventions or mistakes that explain the answers of NAME.

    NAME is a registered name or module:attribute; --process COMMAND names a program instead. The GRU answers a few
    dozen tiny questions, in this process unless it is a program. The result is no verdict; use `run` for that.

    Exit code 0: all answers follow the specification. 1: an answer differs or is missing, or the diagnosis failed. 2: a
    usage error.
    """
    require_folders(json_file)
    try:
        gru = load_apart(name)
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    if not set(FORMATS_ASKED) & set(gru.capabilities.arithmetic):
        raise click.UsageError(f"{name} declares none of {', '.join(FORMATS_ASKED)}, so nothing can be asked of it")
    found, _ = diagnosed(gru)
    paper = Console(emoji=False)
    for line in ["all questions are answered as specified"] if found is None else found.lines:
        paper.print(line, highlight=False, markup=False, soft_wrap=True)
    if json_file is not None:
        value = None if found is None else dataclasses.asdict(found)
        text = json.dumps({"subject": name, "diagnosis": value}, indent=1)
        save(json_file, lambda file: file.write_text(text + "\n"))
    raise SystemExit(0 if found is None else 1)

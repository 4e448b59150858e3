"""The command `identify`: find the conventions of a black box by questions, whatever it declares."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.cli.files import require_folders, save
from conformance.cli.seconds import FROM_ONE
from conformance.cli.subjects import subjects
from conformance.cli.terminal import paper
from conformance.diagnosis.identify.asking import REFUSED
from conformance.diagnosis.identify.hypotheses import TRAITS, UNKNOWN
from conformance.diagnosis.identify.identity import Identity, Unidentified, identify_in_a_process
from gru_conformance import version

ROWS = (*TRAITS, "biases", "arithmetic", "precision")


@click.command()
@subjects
@click.option("--time-limit", type=FROM_ONE, default=120, show_default=True, help="Seconds for one question")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all of it as JSON")
def identify(names: tuple[str, ...], time_limit: float, json_file: Path | None) -> None:
    """Identify the equations that each GRU computes, whatever it declares.

    NAME is a registered name or module:attribute; --process COMMAND names a program instead.

    Exit code 0: a step of each GRU was recognized. 1: no step of some GRU was. 2: a usage error, or no answer at all.
    """
    require_folders(json_file)
    found: dict[str, Identity] = {}
    told = Console(stderr=True, emoji=False)
    for name in dict.fromkeys(names):
        try:
            with told.status(f"asking {name}") as status:
                found[name] = identify_in_a_process(
                    name, time_limit, lambda what, name=name, status=status: status.update(escape(f"{name}: {what}"))
                )
        except Unidentified as error:
            raise click.UsageError(f"{name}: {error}") from error
    console = paper()
    for name, identity in found.items():
        _show(console, name, identity)
    if json_file is not None:
        suite = {"name": "tf-gru conformance", "version": version()}
        whole = {"suite": suite, "subjects": {name: identity.to_json() for name, identity in found.items()}}
        text = json.dumps(whole, indent=1, allow_nan=False)
        save(json_file, lambda file: file.write_text(text + "\n"))
    raise SystemExit(any(identity.asked_with is None for identity in found.values()))


def _show(console: Console, name: str, identity: Identity) -> None:
    console.print(f"[bold]{escape(name)}[/], formats {', '.join(identity.formats) or 'none'}", highlight=False)
    answered = [step for step in identity.steps if step.traits["reset"] != REFUSED]
    for dtype in identity.formats:
        steps = [step for step in answered if step.dtype == dtype]
        table = Table(f"{dtype}: a step", *(f"asked for reset {step.asked}" for step in steps))
        for row in ROWS:
            table.add_row(row, *(_cell(step.traits.get(row, UNKNOWN)) for step in steps))
        for vector in dict.fromkeys(vector for step in steps for vector in step.effects):
            table.add_row(f"{vector} bias", *(_cell(step.effects.get(vector, "")) for step in steps))
        console.print(table)
    if identity.around:
        table = Table("asked", "found", title=f"around the step ({identity.asked_with})", title_justify="left")
        for trait, value in identity.around.items():
            table.add_row(trait, _cell(value))
        console.print(table)
    for what, why in identity.refusals.items():
        console.print(f"[dim]{escape(what)}: refused: {escape(why)}[/]", highlight=False, soft_wrap=True)


def _cell(value: str) -> str:
    return f"[bold yellow]{value}[/]" if value == UNKNOWN else f"[dim]{value}[/]" if value == REFUSED else escape(value)

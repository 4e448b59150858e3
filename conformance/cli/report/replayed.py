"""The result of a replay, for a person and as JSON: a table, then the failures and the mistakes that would explain
them.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.checks.verdict import DECLINED, DTYPES, KINDS, PASS, Subject
from conformance.cli.report import STYLE
from conformance.vectors.notes import note
from conformance.vectors.replay import Replayed
from conformance.vectors.suspects import Suspect, suspects
from conformance.vectors.vector import Vector


def show(console: Console, report: Subject, vectors: dict[str, Vector]) -> None:
    """Print the table of vectors (unless there is no answer), the score, and the failures with the likely mistakes."""
    if report.verdicts:
        console.print(_table(_replayed(report)))
        console.print("A number is the largest part of a bound that was used (1 is all of it).")
        console.print("A dash is a pass where nothing is arithmetic and so nothing may differ.\n")
    if report.broken is not None:
        broken = f"[bold red]{escape(report.name)}: no score.[/] {escape(report.broken)}"
        console.print(broken, highlight=False, soft_wrap=True)
        return
    counts = ", ".join(f"{report.count(kind)} {kind}" for kind in KINDS if report.count(kind) or kind == PASS)
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    console.print(
        f"[bold]{escape(report.name)}[/] ({escape(versions)}): {counts}; of {len(report.verdicts)}", highlight=False
    )
    for dtype in DTYPES:
        _show_worst(console, report, dtype)
    for reason, names in _grouped(_replayed(report)).items():
        console.print(f"  [dim]declined: {escape(reason)} ({len(names)} vectors)[/]", highlight=False, soft_wrap=True)
    for verdict in _replayed(report):
        if verdict.kind not in (PASS, DECLINED):
            shows = ", ".join(vectors[verdict.vector].flags)
            text = f"  [{STYLE[verdict.kind]}]{verdict.kind.upper()}[/] {verdict.vector} {verdict.dtype}: "
            text += escape(verdict.reason) + (f" (shows {shows})" if shows else "")
            console.print(text, highlight=False, soft_wrap=True)
    _show_suspects(console, suspects(_replayed(report), vectors))


def write_json(path: Path, report: Subject, vectors: dict[str, Vector]) -> None:
    """Write the whole report as JSON. Infinities and NaN become strings."""
    found = [{**suspect._asdict(), **note(suspect.flag)} for suspect in suspects(_replayed(report), vectors)]
    ids = {name: vector.id for name, vector in vectors.items()}
    text = json.dumps({"subject": report.to_json(), "ids": ids, "suspects": found})
    whole = json.loads(text, parse_constant=lambda name: str(float(name)))
    path.write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n")


def _show_worst(console: Console, report: Subject, dtype: str) -> None:
    if (found := report.worst(dtype)) is not None:
        worst, ulps = cast(tuple[Replayed, float], found)
        text = f"  {dtype}: worst margin {worst.margin:.3f} ({worst.vector}) of: {report.claims[dtype]}; "
        text += f"whole runs end within {ulps:.2f} ULP (of 1) of certified truth"
        console.print(text, highlight=False, soft_wrap=True)


def _replayed(report: Subject) -> list[Replayed]:
    """The report's verdicts, one for each vector and format."""
    return cast(list[Replayed], report.verdicts)


def _table(verdicts: list[Replayed]) -> Table:
    table = Table("vector", *DTYPES)
    rows: dict[str, dict[str, Replayed]] = {}
    for verdict in verdicts:
        rows.setdefault(verdict.vector, {})[verdict.dtype] = verdict
    for name, found in rows.items():
        table.add_row(name, *(_cell(found.get(dtype)) for dtype in DTYPES))
    return table


def _cell(verdict: Replayed | None) -> str:
    if verdict is None:
        return ""
    text = "decl." if verdict.kind == DECLINED else verdict.kind.upper()
    if verdict.kind == PASS:
        text = f"{verdict.margin:.3f}" if verdict.margin else "–"
    return f"[{STYLE[verdict.kind]}]{text}[/]"


def _grouped(verdicts: Iterable[Replayed]) -> dict[str, set[str]]:
    """The names of declined vectors by reason."""
    found: dict[str, set[str]] = {}
    for verdict in verdicts:
        if verdict.kind == DECLINED:
            found.setdefault(verdict.reason, set()).add(verdict.vector)
    return found


def _show_suspects(console: Console, found: list[Suspect]) -> None:
    if found:
        console.print("\nLikely bugs. Every vector with the flag fails, or some where no bug explains more:")
    for flag, failing, asked in found:
        said = note(flag)
        text = f"  [bold]{flag}[/] ({failing} of {asked}): {escape(said['bug'])}. {escape(said['description'])} "
        console.print(text + " ".join(said["links"]), highlight=False, soft_wrap=True)

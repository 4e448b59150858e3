"""The command `probe`: measure the accuracy of a GRU's sigmoid and tanh, and compare it with the claim."""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.adapters import load_apart
from conformance.adapters.worker import QUIET
from conformance.checks.judge import describe
from conformance.cli.files import require_folders, save
from conformance.cli.subjects import subjects
from conformance.cli.terminal import paper
from conformance.diagnosis.probe.probe import ROUNDS, Point, Probed, Swept
from conformance.diagnosis.probe.probe import probe as sweep
from conformance.interface.adapter import GRU, SubjectError, UsageError
from conformance.interface.case import DTYPES
from conformance.interface.printable import all_printable, printable
from gru_conformance import version


@dataclass
class _Report:
    """The results of one subject: measurements by format, reasons for formats without one, and an error if it broke."""

    name: str
    versions: dict[str, str]
    probed: list[Probed] = field(default_factory=list[Probed])
    declined: dict[str, str] = field(default_factory=dict[str, str])
    error: str | None = None

    @property
    def code(self) -> int:
        """The exit code. 0: something was measured, and no claim is refuted. 1: a claim is refuted, or an answer is
        missing. 2: nothing to measure.
        """
        if self.error is not None or not all(probed.met for probed in self.probed):
            return 1
        return 0 if self.probed else 2

    def to_json(self) -> dict[str, Any]:
        """The results as JSON values."""
        return {
            "name": self.name,
            "versions": self.versions,
            "formats": {probed.dtype: probed.to_json() for probed in self.probed},
            "declined": self.declined,
            "error": self.error,
            "code": self.code,
        }


@click.command()
@subjects
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(DTYPES), help="Only this format; repeatable")
@click.option(
    "--rounds", type=click.IntRange(0), default=ROUNDS, show_default=True, help="Sweeps closer to the largest errors"
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all of it as JSON")
def probe(names: tuple[str, ...], dtypes: tuple[str, ...], rounds: int, json_file: Path | None) -> None:
    """Measure the accuracy of each GRU's sigmoid and tanh.

    NAME is a registered name or module:attribute; --process COMMAND names a program instead.

    Exit code 0: everything measured is as accurate as claimed. 1: a claim is refuted, or a GRU gave no answer. 2: a
    usage error, or a GRU that declares nothing to measure.
    """
    require_folders(json_file)
    told = Console(stderr=True, emoji=False)
    try:
        with _quietly():
            subjects = {name: load_apart(name) for name in names}
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    reports: list[_Report] = []
    for name, gru in subjects.items():
        with _quietly():
            report = _probed(name, gru, dtypes, rounds)
        told.print(
            f"probed {name}: {', '.join(probed.dtype for probed in report.probed) or 'nothing'}", highlight=False
        )
        reports.append(report)
    _show(paper(), reports, rounds)
    if json_file is not None:
        suite = {"name": "tf-gru conformance", "version": version()}
        whole = {
            "suite": suite,
            "machine": platform.machine(),
            "rounds": rounds,
            "subjects": [report.to_json() for report in reports],
        }
        text = json.dumps(whole, indent=1, allow_nan=False)
        save(json_file, lambda file: file.write_text(text + "\n"))
    raise SystemExit(max(report.code for report in reports))


def _probed(name: str, gru: GRU, dtypes: tuple[str, ...], rounds: int) -> _Report:
    report = _Report(name, all_printable(describe(name, gru).versions))
    declared = gru.capabilities.arithmetic
    for dtype in dtypes or declared:
        if dtype not in declared:
            report.declined[dtype] = printable(gru.capabilities.lacks(dtype))
            continue
        try:
            report.probed.append(sweep(gru, dtype, rounds=rounds))
        except SubjectError as error:
            report.error = f"{dtype}: {error}"
            break
    if not declared:
        report.declined["every format"] = "declares no arithmetic"
    return report


@contextmanager
def _quietly() -> Generator[None, None, None]:
    """Set the variables that frameworks read at import, and discard their output."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    kept = [(stream, os.dup(stream)) for stream in (1, 2)]
    with tempfile.TemporaryFile() as nowhere:
        try:
            _flush()  # flush first: earlier output must appear, and output in between must not
            for stream, _ in kept:
                os.dup2(nowhere.fileno(), stream)
            yield
        finally:
            _flush()
            for stream, original in kept:
                os.dup2(original, stream)
                os.close(original)


def _flush() -> None:
    """Flush Python's output buffers."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def _show(console: Console, reports: list[_Report], rounds: int) -> None:
    about = f"tf-gru {version()} on {platform.machine()}, {rounds} rounds closer to the largest errors"
    console.print(about, highlight=False)
    table = Table("subject", "format", "", "claims", title="sigma and tanh through the GRU", title_justify="left")
    for column in ("most ULP", "at", "most u", "at", "results"):
        table.add_column(column, justify="right")
    for column in ("subnormal", "monotone", "meets"):
        table.add_column(column)
    for report in reports:
        for probed in report.probed:
            for swept in probed.swept.values():
                table.add_row(*_row(report, probed, swept))
    if table.row_count:
        console.print(table)
        console.print(
            "most ULP: the largest error, in units in the last place of an exact value that is a normal number."
        )
        console.print("most u: the largest error in unit roundoffs. subnormal: what becomes of results that small.\n")
    for report in reports:
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        console.print(f"[bold]{escape(report.name)}[/] ({escape(versions)})", highlight=False, soft_wrap=True)
        for line in _lines(report):
            console.print(f"  {line}", highlight=False, soft_wrap=True)


def _row(report: _Report, probed: Probed, swept: Swept) -> list[str]:
    number = np.dtype(probed.dtype).type
    inside = "" if swept.inside else "[bold red]outside: [/]"
    return [
        report.name,
        probed.dtype,
        swept.activation,
        probed.claim.activation + (", flush" if probed.claim.flush else ""),
        _size(swept.ulps.error),
        f"{swept.ulps.argument:.9g}",
        f"{swept.absolute.error:.3f}",
        f"{swept.absolute.argument:.9g}",
        f"{inside}{number(swept.least)!s} to {number(swept.greatest)!s}",
        swept.subnormals,
        "yes" if swept.monotone else "no",
        (swept.meets or "none") if swept.refutes is None else f"[bold red]{swept.meets or 'none'}[/]",
    ]


def _lines(report: _Report) -> Iterator[str]:
    for probed in report.probed:
        for swept in probed.swept.values():
            yield f"{probed.dtype} {swept.activation}: {_sentence(probed, swept)}"
            if swept.refutes is not None:
                yield f"  [bold red]refuted[/] {_point_in_words(swept.refutes, probed.dtype)}"
        for activation, why in probed.declined.items():
            yield f"[dim]{probed.dtype} {activation}: declined: {escape(why)}[/]"
    for dtype, why in report.declined.items():
        yield f"[dim]{dtype}: declined: {escape(why)}[/]"
    if report.error is not None:
        yield f"[bold red]error[/] {escape(report.error)}"


def _sentence(probed: Probed, swept: Swept) -> str:
    """The claim, the measured error beyond other claimed errors, and the class that is met."""
    _, ulp, above = probed.claim.activation.partition(" ULP")
    above = above if ulp else f" above {probed.claim.activation}" if probed.claim.accuracy.absolute else ""
    at = np.dtype(probed.dtype).type(swept.beyond.argument)
    meets = f"'{swept.meets}'" if swept.meets else "no class"
    blend = "" if swept.blend == "adds nothing" else f"; the blend {swept.blend}"
    return (
        f"claims {probed.claim.activation}, measured {_size(swept.beyond.error)} ULP{above} at x = {at!s} "
        f"({swept.points} numbers): meets {meets}{blend}"
    )


def _point_in_words(point: Point, dtype: str) -> str:
    number = np.dtype(dtype).type
    return (
        f"at x = {number(point.argument)!s}: computed {number(point.computed)!s}, exact {point.exact!r}, "
        f"{_size(point.error)} times what is allowed (in a GRU of width {point.units})"
    )


def _size(error: float) -> str:
    return f"{error:.3f}" if error < 1000 else f"{error:.3g}"

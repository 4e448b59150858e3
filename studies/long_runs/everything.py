"""Run the commands that take too long for the tests, one after another, with their time and exit code."""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.table import Table

COMMANDS = (
    "-P -m pytest -n 2 --dist worksteal -m long",
    "-m conformance run tf_gru:xla tf_gru:graph tf_gru:eager --beside keras:eager --profile ci",
    "-m conformance run reference tutorial:graph tutorial:eager --profile ci",
    "-m studies matrix",
    "-m studies confusion --pairs 40",
    "-m studies lemmas",
    "-m studies attained",
    "-m studies teeth --largest 64",
    "-m studies alarms --share 0.01 --journal .alarms-few.jsonl",
    "-m studies steps --count 40000",
    "-m studies honest --seeds 1",
    "-m studies sanitizers",
    "-m studies native-mutants",
)
"""Arguments of Python, in a clone. They take under 80 minutes in total, on two cores."""


class Ran(NamedTuple):
    """A finished command: its exit code, and the last line of its output."""

    command: str
    seconds: float
    code: int
    last: str


def run(commands: Iterable[str]) -> Iterator[Ran]:
    """Run each command to its end, whatever happened to earlier ones."""
    for command in commands:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, *command.split()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        lines = done.stdout.split("\n")
        printed = next((line.strip() for line in reversed(lines) if line.strip(" └┘─┴")), "")
        if done.returncode:
            print(done.stdout, file=sys.stderr)
        yield Ran(command, time.monotonic() - started, done.returncode, printed)


def table(found: Iterable[Ran]) -> Table:
    """A table with one row for each command."""
    rows = Table("python", "minutes", "exit code", "last line")
    for ran in found:
        rows.add_row(ran.command, f"{ran.seconds / 60:.1f}", str(ran.code), ran.last)
    return rows

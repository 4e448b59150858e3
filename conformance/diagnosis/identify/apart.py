"""A black box in a process of its own, which may crash or hang: a question that ended it counts as refused."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from conformance.diagnosis.identify.identity import Identity
from conformance.interface.printable import printable
from conformance.suite import QUIET, STARTING, end, heard, in_a_group, next_message


class Unidentified(RuntimeError):
    """There is no subject to ask, or its process ended before the first question."""


def identify_apart(name: str, time_limit: float, told: Callable[[str], None] = lambda what: None) -> Identity:
    """The conventions of a registered name or module:attribute.

    time_limit: seconds for one question, after which the process is stopped. told is called with each question's name.
    Raises Unidentified where nothing can be asked, and where the search itself fails.
    """
    skip: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        while True:
            found, last = _once(name, skip, time_limit, told, Path(folder) / "log")
            if isinstance(found, Identity):
                return found
            if last is None or last in skip:
                raise Unidentified(found)
            skip[last] = found


def _once(
    name: str, skip: dict[str, str], time_limit: float, told: Callable[[str], None], log: Path
) -> tuple[Identity | str, str | None]:
    """What was found, or what ended the process; and the last question it was asked."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(name, skip, theirs, str(log)), daemon=True)
    process.start()
    theirs.close()
    last, seconds = None, max(time_limit, STARTING)
    try:
        while heard(ours, process, seconds):
            kind, content = next_message(ours)
            if kind != "asked":
                return content, None
            last, seconds = content, time_limit
            told(content)
        return f"there was no answer for {seconds:.0f} s, so the process was stopped", last
    except EOFError:
        process.join()
        printed = printable(" ".join(log.read_text(errors="replace").split())[-300:])
        how = f"the process ended with exit code {process.exitcode}"
        return f"{how}; the last it printed: {printed}" if printed else how, last
    finally:
        end(process)
        ours.close()


def _work(name: str, skip: dict[str, str], pipe: Connection, log: str) -> None:
    """The child: what the subject prints goes to the log."""
    in_a_group()
    file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)
    from conformance.adapters import load
    from conformance.diagnosis.identify.identity import identify
    from conformance.interface.adapter import UsageError

    try:
        gru = load(name, declares=False)
    except UsageError as error:
        pipe.send(("unusable", str(error)))
        return
    try:
        pipe.send(("found", identify(gru, lambda what: pipe.send(("asked", what)), skip)))
    except Exception as error:  # what the subject raises is a refusal: this is our own, and no answer of the subject
        pipe.send(("failed", f"identify itself failed: {type(error).__name__}: {error}"))

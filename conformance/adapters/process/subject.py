"""A program as an adapter: it is started once, answers case by case, and is started again after it breaks."""

import re
import shlex
import shutil
from typing import Any

import numpy as np

from conformance.adapters.process.lines import Broken, Lines
from conformance.adapters.process.messages import (
    PROTOCOL,
    Foreign,
    capabilities_of,
    gradients_of,
    line,
    outputs_of,
    read,
)
from conformance.interface.adapter import Declined, SubjectError, UsageError
from conformance.interface.arithmetic import InvalidClaim
from conformance.interface.case import Case, Gradients, Outputs
from conformance.interface.numbers import to_decimals, written

NAME = re.compile(r"process(?:@(?P<seconds>\d+(?:\.\d+)?))?:(?P<command>.*)", re.DOTALL)
CASE_SECONDS = 30.0
START_SECONDS = 60.0
SAID = 1 << 16
"""Bytes that an answer may have besides its numbers."""

A_NUMBER = 64
"""Bytes that a number of an answer may take, including the separator."""


def named(command: str, seconds: float = CASE_SECONDS) -> str:
    """The name by which every command of the suite knows a program."""
    limit = np.format_float_positional(seconds, trim="-")  # all its digits, and never an exponent
    return f"process:{command}" if seconds == CASE_SECONDS else f"process@{limit}:{command}"


def is_process(name: str) -> bool:
    """True if a name is the name of a program."""
    return NAME.fullmatch(name) is not None


def from_name(name: str) -> "Process":
    """The program of a name that `named` returned. Raises UsageError if it does not start."""
    found = NAME.fullmatch(name)
    if found is None:
        raise UsageError(f"{name!r} names no program; expected process:COMMAND, or process@SECONDS:COMMAND")
    seconds = float(found["seconds"] or CASE_SECONDS)
    try:
        command = tuple(shlex.split(found["command"]))
    except ValueError as error:
        raise UsageError(f"{name!r}: the command cannot be split into words: {error}; check its quotes") from error
    if not command or seconds <= 0:
        raise UsageError(f"{name!r}: there is no {'time' if command else 'command'}; expected process:COMMAND")
    return Process(command, seconds=seconds)


class Process:
    """The program of a command, run without a shell.

    A program loses a case, which is then an error, if it ends, takes too long, writes more than an answer can have, or
    writes something that is not an answer. A new process answers the next case.

    Args:
        command: The program and its arguments.
        seconds: The limit for one case.
        starting: The limit for the program's first message.

    Raises:
        UsageError: If the first process does not start.
    """

    def __init__(self, command: tuple[str, ...], *, seconds: float = CASE_SECONDS, starting: float = START_SECONDS):
        self.command, self.seconds, self.starting = command, seconds, starting
        self._lines: Lines | None = None
        self._asked = 0
        if shutil.which(command[0]) is None:
            raise UsageError(f"there is no program {command[0]!r}; install it, or write its path")
        try:
            self._said = self._start()
            self.capabilities = capabilities_of(self._said)
        except (SubjectError, UsageError, InvalidClaim) as error:
            self.end()
            raise UsageError(f"{shlex.join(command)!r} does not start as docs/protocol.md says: {error}") from error
        self.versions = {"program": self._said["name"], **self._said["versions"]}

    def run(self, case: Case) -> Outputs:
        """The program's answer to a case. Raises Declined or SubjectError."""
        parts = case.batch * case.time * case.units * 2 + case.batch * case.units * 2
        question = {"kind": "case", "case": case.to_json(to_decimals)}
        return outputs_of(self._answer(question, "result", parts), case.dtype)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """The program's gradients. Raises Declined or SubjectError."""
        parts = case.inputs.size + case.batch * case.units * 2
        parts += sum(array.size for p in case.parameters for array in (p.kernel, p.recurrent_kernel, p.bias))
        asked = {"case": case.to_json(to_decimals), "cotangents": written(cotangents, to_decimals)}
        return gradients_of(self._answer({"kind": "gradients", **asked}, "gradients", parts), case.dtype)

    def end(self) -> None:
        """Stop the program. A later question starts it again."""
        if self._lines is not None:
            self._lines.end()
            self._lines = None

    def _answer(self, question: dict[str, Any], kind: str, numbers: int) -> dict[str, Any]:
        if self._lines is None and self._start() != self._said:
            self._break()
            raise SubjectError("started again, it says something else of itself than before; it must not change")
        self._asked += 1
        message = self._ask(
            {**question, "id": self._asked}, (kind, "declined", "error"), self.seconds, numbers, self._asked
        )
        if message["kind"] == "declined":
            link = f" ({message['link']})" if "link" in message else ""
            raise Declined(message["reason"] + link)
        if message["kind"] == "error":
            raise SubjectError(f"answered with an error: {message['reason']}")
        return message

    def _start(self) -> dict[str, Any]:
        self._lines = Lines(self.command, line({"kind": "stop"}))
        message = self._ask({"kind": "start", "protocol": PROTOCOL}, ("started", "error"), self.starting)
        if message["kind"] == "error":
            self._break()
            raise SubjectError(f"answered with an error: {message['reason']}")
        return message

    def _ask(
        self, question: dict[str, Any], kinds: tuple[str, ...], seconds: float, numbers: int = 0, id: int | None = None
    ) -> dict[str, Any]:
        assert self._lines is not None, "the program is started"
        try:
            said = self._lines.ask(line(question), seconds=seconds, limit=SAID + A_NUMBER * numbers)
            return read(said, kinds, id)
        except Broken as error:
            self._break()
            raise SubjectError(str(error)) from error
        except Foreign:
            self._break()
            raise

    def _break(self) -> None:
        assert self._lines is not None, "the program is started"
        self._lines.kill()
        self._lines = None

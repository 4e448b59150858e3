"""A separate process for a subject, so that a crash, a hang or output of the subject affects nothing else.

A worker is started, receives questions, sends messages, and is ended with everything that it started. On Linux it also
ends if its parent is killed. Its output goes to a log, whose end appears in the message if the process breaks. The text
of a message is made printable here, where it arrives.

POSIX only: process groups. Left out: a process that hangs in the middle of a message; programs in other languages,
which answer by lines (conformance/adapters/process).
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from conformance.interface.printable import all_printable, printable

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
STARTING = 300
"""Seconds for the import of a subject, if a limit applies to one answer."""
TOLD, READ = 300, 1 << 16
"""Characters from the end of the log in a message, and the bytes that are read for them."""
PR_SET_PDEATHSIG = 1


class Gone(Exception):
    """A worker that has ended, or was stopped because it was silent. The message says which, and quotes its last
    output.

    code: its exit code; None if it was stopped.
    """

    def __init__(self, text: str, code: int | None) -> None:
        super().__init__(text)
        self.code = code


class Worker:
    """A process that runs work(*arguments, pipe). It sends messages and receives questions through the pipe.

    work: a function of a module, so that a new process can import it.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._log = tempfile.NamedTemporaryFile()  # noqa: SIM115 # it is closed by end
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_child, args=(work, arguments, theirs, self._log.name), daemon=True)
        with _quiet():
            self._process.start()
        theirs.close()
        self._since = time.monotonic()

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        assert self._process.pid is not None, "the process is started"
        return self._process.pid

    @property
    def over(self) -> bool:
        """True if the process was ended."""
        return self._pipe.closed

    def fileno(self) -> int:
        """The descriptor at which messages arrive."""
        return self._pipe.fileno()

    def ask(self, question: Any) -> None:
        """Send a question to the process. If the process has ended, `hear` reports it."""
        with contextlib.suppress(OSError):
            self._pipe.send(question)

    def hear(self, seconds: float) -> Any:
        """The next message. Raises Gone if the process has ended, or sends nothing for so many seconds."""
        if self.over:
            raise Gone("the process was ended before", None)
        self._since = time.monotonic()
        while True:
            for _, message in received([self], seconds):
                if isinstance(message, Gone):
                    raise message
                return message

    def end(self) -> None:
        """End the process and everything that it started."""
        if self.over:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the group is gone, or does not exist yet
            os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._pipe.close()
        self._log.close()

    def left(self, seconds: float) -> float:
        """The remaining part of so many seconds of silence."""
        return max(0, self._since + seconds - time.monotonic())

    def news(self, seconds: float) -> list[Any]:
        """The message that has arrived, or Gone, which ends the worker; empty if a message may still come. As for
        `received`.
        """
        if self._pipe.poll():
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):  # also in the middle of a message
                return [self._ended(seconds)]
            self._since = time.monotonic()
            return [all_printable(message)]
        # Processes that it started may hold the pipe open longer than it lives.
        if not self._process.is_alive() and not self._pipe.poll():
            return [self._ended(seconds)]
        if self.left(seconds):
            return []
        return [self._gone(f"there was no answer for {seconds:g} s, so it was stopped", None)]

    def _ended(self, seconds: float) -> Gone:
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            return self._gone("it closed its pipe and went on, so it was stopped", None)
        return self._gone(f"the process ended with exit code {code}", code)

    def _gone(self, how: str, code: int | None) -> Gone:
        self._log.seek(max(0, os.fstat(self._log.fileno()).st_size - READ))
        printed = printable(" ".join(self._log.read().decode(errors="replace").split())[-TOLD:])
        self.end()
        return Gone(f"{how}; the last it printed: {printed}" if printed else how, code)


def received(workers: Sequence[Worker], seconds: float) -> Iterator[tuple[Worker, Any]]:
    """Yield the messages that workers send within a second: at most one message of each, or a Gone in its place.

    seconds: the allowed silence of each after its start, its last message, or the call of `hear`.
    """
    wait(workers, timeout=min(1, *(worker.left(seconds) for worker in workers)))
    for worker in workers:
        for message in worker.news(seconds):
            yield worker, message


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Set variables that frameworks read at import, before a child can set them."""
    added = {name: value for name, value in QUIET.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def lead_a_group() -> None:
    """Lead a process group, so that all its processes can be ended together. On Linux, also end if the suite is
    killed.
    """
    os.setpgid(0, 0)
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _child(work: Callable[..., None], arguments: tuple[Any, ...], pipe: Connection, log: str) -> None:
    lead_a_group()
    file = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    work(*arguments, pipe)

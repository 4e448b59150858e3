"""A process of its own for a subject, so that one that crashes, hangs or prints takes nothing else with it.

A worker is started, asked, heard, and ended with all that it started; on Linux it ends where its parent is killed, too.
What it prints goes to a log, of which the end is told where the process breaks. A message's text is made printable
here, where it comes in, and nowhere after.

POSIX only: process groups. Left out: a process that hangs in the middle of a message; and programs in any language,
which are asked by lines (conformance/adapters/process).
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
"""Seconds within which a subject must be imported where a limit is for one answer."""
TOLD, READ = 300, 1 << 16
"""Characters of the end of the log that are told, and the bytes that are read for them."""
PR_SET_PDEATHSIG = 1


class Gone(Exception):
    """A worker that has ended, or was stopped because it was silent; the text says which, and what it printed last.

    code: its exit code, None where it was stopped.
    """

    def __init__(self, text: str, code: int | None) -> None:
        super().__init__(text)
        self.code = code


class Worker:
    """A process that runs work(*arguments, pipe): what it sends on the pipe is heard, and what it is asked comes there.

    work: a function of a module, where a new process finds it.
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
        """The number of the process, and of its group."""
        assert self._process.pid is not None, "started before"
        return self._process.pid

    @property
    def over(self) -> bool:
        """Whether it was ended."""
        return self._pipe.closed

    def fileno(self) -> int:
        """The descriptor at which a message comes."""
        return self._pipe.fileno()

    def ask(self, question: Any) -> None:
        """Send it a question. Where it has ended since, `hear` says so."""
        with contextlib.suppress(OSError):
            self._pipe.send(question)

    def hear(self, seconds: float) -> Any:
        """Its next message. Raises Gone where it has ended, or says nothing for so many seconds."""
        if self.over:
            raise Gone("the process was ended before", None)
        self._since = time.monotonic()
        while True:
            for _, message in heard([self], seconds):
                if isinstance(message, Gone):
                    raise message
                return message

    def end(self) -> None:
        """End the process, and all that it started."""
        if self.over:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # there is no group any more, or not yet
            os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._pipe.close()
        self._log.close()

    def left(self, seconds: float) -> float:
        """The part of so many seconds of silence that is left."""
        return max(0, self._since + seconds - time.monotonic())

    def news(self, seconds: float) -> list[Any]:
        """The message that is there, or Gone, which ends it; none where it may still say something. As for `heard`."""
        if self._pipe.poll():
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):  # be it in the middle of a message
                return [self._ended(seconds)]
            self._since = time.monotonic()
            return [all_printable(message)]
        # What it started may hold the pipe open for longer than it lives.
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


def heard(workers: Sequence[Worker], seconds: float) -> Iterator[tuple[Worker, Any]]:
    """What some workers say within a second: at most one message of each, or a Gone in its place.

    seconds: how long each may be silent after its start, its last message, or the call of `hear`.
    """
    wait(workers, timeout=min(1, *(worker.left(seconds) for worker in workers)))
    for worker in workers:
        for message in worker.news(seconds):
            yield worker, message


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """An environment that frameworks read when they are imported, before a child has a word to say in it."""
    added = {name: value for name, value in QUIET.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def lead_a_group() -> None:
    """In a process: what it starts can be ended with it, and on Linux it ends where the suite is killed."""
    os.setpgid(0, 0)
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _child(work: Callable[..., None], arguments: tuple[Any, ...], pipe: Connection, log: str) -> None:
    lead_a_group()
    file = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    work(*arguments, pipe)

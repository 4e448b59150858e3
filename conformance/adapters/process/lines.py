"""A program that answers by lines: its process and pipes, and the limits of an answer in time and in length.

All three pipes are served at once, so a full one cannot block: a question is written while an answer or error output is
read. The end of the program's standard error is kept, for the message if the program breaks.

POSIX only: waiting for pipes, and a descriptor that a child inherits.
"""

import contextlib
import os
import selectors
import subprocess
import sys
import time
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO, cast

KEEPER = Path(__file__).parent / "keeper"
CHUNK = 1 << 16
TOLD = 300
"""Characters from the end of standard error that a message contains."""

POLITE = 1.0
"""Seconds between the last line and the end of a program."""


class Broken(Exception):
    """The program ended, gave no answer in time, or wrote too much. The message says which."""


class Lines:
    """A running program. Each question and each answer is one line of bytes, without its end.

    last: the last line, sent before the program is ended, also when this process ends.
    """

    def __init__(self, command: tuple[str, ...], last: bytes) -> None:
        watched, life = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), str(watched), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[watched],
            bufsize=0,
        )
        os.close(watched)
        self._life = life
        self._questions, self._answers, self._complaints = _pipes(self._process)
        self._heard, self._complained = bytearray(), bytearray()
        self.end = Finalize(self, _ended, args=(self._process, life, last), exitpriority=0)
        for stream in (self._questions, self._answers, self._complaints):
            os.set_blocking(stream.fileno(), False)

    def ask(self, question: bytes, *, seconds: float, limit: int) -> bytes:
        """The line that answers the question. Raises Broken if no line within the limit arrives in time."""
        if self._heard:
            raise Broken(f"it wrote something before any question: {_short(self._heard)}")
        until = time.monotonic() + seconds
        left = memoryview(question + b"\n")
        with selectors.DefaultSelector() as ready:
            ready.register(self._questions, selectors.EVENT_WRITE)
            ready.register(self._answers, selectors.EVENT_READ)
            ready.register(self._complaints, selectors.EVENT_READ)
            searched = 0
            while True:
                end = self._heard.find(b"\n", searched)
                searched = len(self._heard)
                if max(end, searched if end < 0 else 0) > limit:
                    raise Broken(f"it said more than {limit} bytes, without the end of a line: {_short(self._heard)}")
                if end >= 0 and not left:
                    answer = bytes(self._heard[:end])
                    del self._heard[: end + 1]
                    return answer
                wait = until - time.monotonic()
                if wait <= 0:
                    raise Broken(f"there was no answer for {seconds:g} s, so it was stopped{self._complaint()}")
                for key, _ in ready.select(wait):
                    if key.fileobj is self._questions:
                        left = self._write(left, ready)
                    elif key.fileobj is self._answers:
                        self._read(until)
                    else:
                        self._read_complaints(ready)

    def kill(self) -> None:
        """End the program and everything that it started, at once. `end` does so within a second after the last
        line.
        """
        self.end.cancel()
        _killed(self._process, self._life)

    def _write(self, left: memoryview, ready: selectors.BaseSelector) -> memoryview:
        try:
            left = left[os.write(self._questions.fileno(), left[:CHUNK]) :]
        except BlockingIOError:
            return left
        except BrokenPipeError:
            left = left[len(left) :]  # it has ended, or reads no more; its output will show
        if not left:
            ready.unregister(self._questions)
        return left

    def _read(self, until: float) -> None:
        said = os.read(self._answers.fileno(), CHUNK)
        self._heard += said
        if said:
            return
        try:
            code = self._process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            raise Broken(f"it closed its output and went on{self._complaint()}") from None
        with contextlib.suppress(BlockingIOError):
            self._complained += os.read(self._complaints.fileno(), CHUNK)
        raise Broken(f"the process ended with exit code {code}{self._complaint()}")

    def _read_complaints(self, ready: selectors.BaseSelector) -> None:
        said = os.read(self._complaints.fileno(), CHUNK)
        if not said:
            ready.unregister(self._complaints)
        self._complained += said
        del self._complained[:-CHUNK]

    def _complaint(self) -> str:
        said = " ".join(self._complained.decode(errors="replace").split())
        return f"; the last it printed: {said[-TOLD:]}" if said else ""


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    streams = (process.stdin, process.stdout, process.stderr)  # all three were requested
    return cast(tuple[IO[bytes], IO[bytes], IO[bytes]], streams)


def _ended(process: subprocess.Popen[bytes], life: int, last: bytes) -> None:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        questions = _pipes(process)[0]
        questions.write(last + b"\n")
        questions.close()
        process.wait(POLITE)
    _killed(process, life)


def _killed(process: subprocess.Popen[bytes], life: int) -> None:
    """Close the pipe of the keeper, which then ends the program and itself."""
    os.close(life)
    process.wait()
    for stream in _pipes(process):
        with contextlib.suppress(OSError):
            stream.close()


def _short(said: bytearray) -> str:
    return repr(bytes(said[:60]).decode(errors="replace"))

"""One process for each framework, stopped while it has no question, so that threads of two frameworks never run
together.

Thread pools spin for a while after a call and compete for the cores if several frameworks share a process. A stopped
process (SIGSTOP) does neither. Linux only: its signals, its /proc for memory, and its end of children with their
parent.
"""

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.peers import FAMILIES, Program, program
from benchmarks.rows import Row
from conformance.adapters.worker import Gone, Worker

TINY = (2, 2, 3, 3)
"""The shape of the first program of a process, so that no row includes the framework's start."""

LIMIT = 600
"""The limit of a question in seconds. The longest, a turn or a compilation, take a few."""


class ChildError(RuntimeError):
    """A process raised an exception, or is gone. The message says which and why."""


class Child:
    """The process of one framework. It is awake only during a question."""

    def __init__(self, family: str):
        self.family = family
        self._worker = Worker(serve, family)

    def ask(self, *question: Any) -> Any:
        """Wake the process, send the question, wait for the answer, and stop the process. Raises ChildError."""
        self._signal(signal.SIGCONT)
        self._worker.ask(question)
        try:
            kind, answer = self._worker.hear(LIMIT)
        except Gone as gone:
            raise ChildError(f"{self.family}, asked {question[0]!r}: {gone}") from gone
        self._signal(signal.SIGSTOP)
        if kind == "error":
            raise ChildError(f"{self.family}: {answer}")
        return answer

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._worker.pid

    def close(self) -> None:
        """End the process, stopped or not."""
        self._worker.end()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself, which the next answer reports
            if not self._worker.over:
                os.kill(self.pid, number)


def serve(family: str, connection: Connection) -> None:
    """Answer questions in the process until it is ended."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["JAX_PLATFORMS"] = "cpu"
    held: dict[str, Program] = {}
    while True:
        question, *arguments = connection.recv()
        try:
            answer = ANSWERS[question](family, held, *arguments)
        except Exception as error:
            connection.send(("error", f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"))
        else:
            connection.send(("answer", answer))


def _make(family: str, held: dict[str, Program], subject: str, row: Row) -> dict[str, Any]:
    """Build a program and call it once, which traces and compiles it."""
    del family
    held[subject] = made = program(subject, row)
    begin = time.perf_counter()
    made.run()
    first = time.perf_counter() - begin
    return {"first": first, "claim": made.claim, "threads": made.threads, "answers": made.outputs is not None}


def _start(family: str, held: dict[str, Program], subject: str, row: Row) -> None:
    """Import the framework, and run something small."""
    del family
    program(subject, row._replace(shape=TINY)).run()
    held.clear()


def _outputs(family: str, held: dict[str, Program], subject: str) -> Any:
    del family
    return held[subject].outputs()  # pyright: ignore[reportOptionalCall]


def _gradients(family: str, held: dict[str, Program], subject: str, cotangents: Any) -> Any:
    del family
    return held[subject].gradients(cotangents)  # pyright: ignore[reportOptionalCall]


def _times(family: str, held: dict[str, Program], subject: str, count: int) -> list[float]:
    """The wall times of this number of calls in sequence, in seconds."""
    del family
    run, times = held[subject].run, []
    gc.disable()
    for _ in range(count):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    gc.enable()
    return times


def _forget(family: str, held: dict[str, Program]) -> None:
    held.clear()
    module = FAMILIES[family].module
    forget = getattr(import_module(module), "forget", None) if module in sys.modules else None
    if forget is not None:
        forget()
    gc.collect()


def _memory(family: str, held: dict[str, Program], subject: str, row: Row, calls: int) -> dict[str, int]:
    """Resident bytes before the program is built, and their maximum after this number of calls."""
    _start(family, held, subject, row)
    gc.collect()
    before = _status("VmRSS")
    made = program(subject, row)
    for _ in range(calls):
        made.run()
    return {"before": before, "peak": _status("VmHWM")}


def _status(name: str) -> int:
    """A field of /proc/self/status in bytes. (getrusage's maximum would be inherited from the parent.)"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"/proc/self/status has no {name}, by which memory is measured")


ANSWERS: dict[str, Callable[..., Any]] = {
    "start": _start,
    "make": _make,
    "outputs": _outputs,
    "gradients": _gradients,
    "times": _times,
    "forget": _forget,
    "memory": _memory,
}

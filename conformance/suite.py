"""Each subject in a process of its own, so that one that crashes, hangs or prints cannot take the report with it."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from conformance.checks.check import Check
from conformance.checks.clauses import CHECKS
from conformance.checks.said import described, shown
from conformance.checks.verdict import DTYPES, ERROR, FAIL, Diagnosis, Grade, Subject, Verdict
from conformance.interface.case import Case
from conformance.interface.printable import printable

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
STARTING = 300
"""Seconds within which a subject must be imported where a limit is for one answer."""
PR_SET_PDEATHSIG = 1


@dataclass
class _Child:
    """A running subject in some formats: its process, its pipe, where its own output goes, and when it last spoke.

    over: its end of the pipe is closed.
    """

    report: Subject
    dtypes: tuple[str, ...]
    process: BaseProcess
    pipe: Connection
    log: Path
    heard: float = field(default_factory=time.monotonic)
    over: bool = False


def judge_apart(
    names: tuple[str, ...],
    profile: str,
    clauses: tuple[str, ...],
    *,
    jobs: int,
    time_limit: float,
    progress: Callable[[Subject], None] = lambda subject: None,
    case: Case | None = None,
) -> list[Subject]:
    """Judge subjects side by side, in at most `jobs` processes at once. In the order of names.

    progress is called at each message from a subject, and when one of its processes ends.
    Where there are processes enough, each format of a subject has one of its own: they share no compiled program.
    clauses: only these, or all where there are none. case: only this one, in place of the cases of the profile.
    A subject that says nothing for time_limit seconds is stopped; what it has not answered is an error.
    """
    reports = {name: Subject(name=name) for name in names}
    apart = case is None and jobs >= len(reports) * len(DTYPES)
    waiting = [(name, of) for name in reports for of in ([(dtype,) for dtype in DTYPES] if apart else [DTYPES])]
    running: dict[Any, _Child] = {}  # by pipe
    with tempfile.TemporaryDirectory() as folder:
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    name, dtypes = waiting.pop(0)
                    child = _start(reports[name], dtypes, profile, clauses, case, Path(folder) / f"{len(waiting)}.log")
                    running[child.pipe] = child
                for pipe in wait(list(running), timeout=1):
                    child = running[pipe]
                    try:
                        message = next_message(child.pipe)
                    except EOFError:
                        child.process.join()
                        child.over = True
                        continue
                    _take(child.report, message)
                    child.heard = time.monotonic()
                    progress(child.report)
                for pipe, child in list(running.items()):
                    # What the subject started may hold the pipe open for longer than the subject lives.
                    over = child.over or (not child.process.is_alive() and not pipe.poll())
                    if over or time.monotonic() - child.heard > time_limit:
                        del running[pipe]
                        end(child.process)
                        stopped = f"there was no answer for {time_limit:.0f} s, so it was stopped"
                        exited = f"the process ended with exit code {child.process.exitcode}"
                        _close(child, clauses, case, exited if over else stopped)
                        progress(child.report)
        finally:
            for child in running.values():
                end(child.process)
    place = {check.clause: place for place, check in enumerate(CHECKS)}
    for report in reports.values():
        report.verdicts.sort(key=lambda verdict: (place[verdict.clause], verdict.dtype))
        report.grades.sort(key=lambda grade: grade.dtype)
    return [reports[name] for name in names]


def _start(
    report: Subject, dtypes: tuple[str, ...], profile: str, clauses: tuple[str, ...], case: Case | None, log: Path
) -> _Child:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    with _environment():
        given = (report.name, dtypes, profile, clauses, case and case.to_text(), theirs, str(log))
        process = context.Process(target=_work, args=given, daemon=True)
        process.start()
    theirs.close()
    return _Child(report, dtypes, process, ours, log)


def in_a_group() -> None:
    """In a child: what it starts can be ended with it, and on Linux it ends where the suite is killed."""
    os.setpgid(0, 0)
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end(process: BaseProcess) -> None:
    """End a child, and all that it started."""
    assert process.pid is not None, "started before"
    with contextlib.suppress(ProcessLookupError, PermissionError):  # there is no group any more, or not yet
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def heard(pipe: Connection, process: BaseProcess, seconds: float) -> bool:
    """Whether it says something within so many seconds. Raises EOFError where it has ended.

    Its end is asked for, too: what it started may hold the pipe open for longer than it lives.
    """
    until = time.monotonic() + seconds
    while not pipe.poll(min(1, max(until - time.monotonic(), 0))):
        if not process.is_alive() and not pipe.poll():
            raise EOFError
        if time.monotonic() >= until:
            return False
    return True


def next_message(pipe: Connection) -> Any:
    """What a child says next. Raises EOFError where it has ended, be it in the middle of a message."""
    try:
        return pipe.recv()
    except OSError as error:
        raise EOFError from error


@contextlib.contextmanager
def _environment() -> Generator[None, None, None]:
    """What the frameworks read when they are imported."""
    before = dict(os.environ)
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _work(
    name: str,
    dtypes: tuple[str, ...],
    profile: str,
    clauses: tuple[str, ...],
    case: str | None,
    pipe: Connection,
    log: str,
) -> None:
    """The child: what the subject prints goes to its log; messages are what _take knows."""
    in_a_group()
    file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    from conformance.adapters import load
    from conformance.checks.judge import PROFILES, describe, judge, judge_case, wired
    from conformance.diagnosis import diagnosed
    from conformance.diagnosis.grades import grades
    from conformance.interface.adapter import UsageError

    try:
        gru = load(name)
    except UsageError as error:
        pipe.send(str(error))
        return
    if case is not None:
        pipe.send(describe(name, gru))
        for check in chosen(clauses):
            pipe.send(judge_case(gru, check, Case.from_text(case)))
        return
    why = wired(gru)
    if why is None:
        pipe.send(describe(name, gru))
    else:
        pipe.send(f"the smoke stage failed, so the adapter is to be looked at first, and there is no score: {why}")
        return
    failed = False
    for check in chosen(clauses):
        for dtype in dtypes:
            verdict = judge(gru, check, dtype, PROFILES[profile])
            failed |= verdict.kind == FAIL
            pipe.send(verdict)
    if not clauses:
        pipe.send(grades(gru, dtypes))
    if getattr(gru, "kernels", ()):
        pipe.send(describe(name, gru))  # again, since it is known only now which kernels ran
    if failed and (diagnosis := diagnosed(gru)) is not None:
        pipe.send(diagnosis)


def chosen(clauses: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of these clauses, or all of them."""
    return tuple(check for check in CHECKS if not clauses or check.clause in clauses)


def _take(report: Subject, message: Subject | Verdict | list[Grade] | Diagnosis | str) -> None:
    """What is known before anything is judged, a verdict, the grades, the diagnosis, or why the subject broke."""
    if isinstance(message, Subject):
        message = described(message)
        report.versions, report.claims, report.policies = message.versions, message.claims, message.policies
        report.kernels = sorted({*report.kernels, *message.kernels})
    elif isinstance(message, Verdict):
        report.verdicts.append(shown(message))
    elif isinstance(message, list):
        report.grades += message
    elif isinstance(message, Diagnosis):
        if report.diagnosis is None or not report.diagnosis.explanations:
            report.diagnosis = message
    else:
        report.broken = printable(message)


def _close(child: _Child, clauses: tuple[str, ...], case: Case | None, how: str) -> None:
    """The denominator is fixed: what a subject did not answer is an error, with the last line it printed."""
    report = child.report
    answered = {(verdict.clause, verdict.dtype) for verdict in report.verdicts}
    dtypes = child.dtypes if case is None else (case.dtype,)
    missing = [(check.clause, dtype) for check in chosen(clauses) for dtype in dtypes]
    missing = [pair for pair in missing if pair not in answered]
    failed = case is None and any(verdict.kind == FAIL for verdict in report.verdicts)
    if failed and child.process.exitcode and report.diagnosis is None and not missing:
        report.diagnosis = Diagnosis(failed=how)
    if report.broken is not None or not missing:
        return
    printed = child.log.read_text(errors="replace").split() if child.log.exists() else []
    reason = f"{how}; the last it printed: {printable(' '.join(printed)[-300:])}" if printed else how
    if not report.versions:
        report.broken = f"nothing was answered: {reason}"
        return
    report.verdicts += [Verdict(clause=clause, dtype=dtype, kind=ERROR, reason=reason) for clause, dtype in missing]

"""A subject in a process of its own, asked one question at a time: where it crashes, it loses that one."""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, cast

from conformance.checks.said import described, shown
from conformance.checks.verdict import DECLINED, ERROR, FAIL, Subject
from conformance.interface.printable import printable
from conformance.suite import QUIET, STARTING, end, heard, in_a_group, next_message
from conformance.vectors.files import stored
from conformance.vectors.replay import Question, Replayed, judge_vector

UNWIRED = "no closed form holds, so the adapter is to be looked at first, and there is no score; the first: "


def judge_apart(
    name: str, asked: Iterable[Question], *, time_limit: float, progress: Callable[[], None] = lambda: None
) -> Subject:
    """The subject's report on these questions. progress is called at each answer.

    A question without an answer in time_limit seconds is an error, and so is one that ends the process; the next is
    asked of a new one. Where no closed form that was asked holds, the adapter is blamed and there is no score.
    """
    worker = _Worker(name, time_limit)
    try:
        report = worker.begin()
        if report.broken is None:
            for question in asked:
                answer = worker.ask(question)
                if isinstance(answer, str):
                    answer = Replayed(**vars(question), kind=ERROR, cases=1, reason=answer)
                report.verdicts.append(answer)
                progress()
    finally:
        worker.end()
    forms = [v for v in report.verdicts if v.clause == "closed-forms" and v.kind != DECLINED]
    if forms and all(v.kind in (FAIL, ERROR) for v in forms):
        report.broken = UNWIRED + forms[0].reason
    return report


class _Worker:
    """The process of a subject; a new one where the last has ended."""

    def __init__(self, name: str, time_limit: float) -> None:
        self.name, self.time_limit = name, time_limit
        self.process: BaseProcess | None = None

    def begin(self) -> Subject:
        """Start the process; its report before anything is judged, broken where there is no such subject."""
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self.name, theirs), daemon=True)
        self.process.start()
        theirs.close()
        said = self._hear(max(self.time_limit, STARTING))
        if isinstance(said, Subject):
            return described(said)
        self.end()
        return Subject(name=self.name, broken=printable(said))

    def ask(self, question: Question) -> Replayed | str:
        """The verdict, or why there is none."""
        if self.process is None:
            report = self.begin()
            if report.broken is not None:
                return report.broken
        with contextlib.suppress(OSError):  # it has ended since, which is heard
            self.pipe.send(question)
        said = self._hear(self.time_limit)
        return cast(Replayed, shown(said)) if isinstance(said, Replayed) else said

    def end(self) -> None:
        """Stop the process."""
        if self.process is not None:
            end(self.process)
            self.pipe.close()
            self.process = None

    def _hear(self, seconds: float) -> Any:
        assert self.process is not None, "asked only while there is one"
        try:
            if heard(self.pipe, self.process, seconds):
                return next_message(self.pipe)
            why = f"there was no answer for {seconds:.0f} s, so it was stopped"
        except EOFError:
            self.process.join()
            why = f"the process ended with exit code {self.process.exitcode}"
        self.end()
        return why


def _serve(name: str, pipe: Connection) -> None:
    """The child: says who it is, or why it cannot be had; then answers questions until it is stopped."""
    in_a_group()
    os.dup2(2, 1)  # what the subject prints is not part of the report
    for key, value in QUIET.items():
        os.environ.setdefault(key, value)
    from conformance.adapters import load
    from conformance.checks.judge import describe
    from conformance.interface.adapter import UsageError

    try:
        gru = load(name)
    except UsageError as error:
        pipe.send(str(error))
        return
    vectors = stored()
    pipe.send(describe(name, gru))
    while True:
        question = pipe.recv()
        pipe.send(judge_vector(gru, vectors[question.vector], question.dtype))

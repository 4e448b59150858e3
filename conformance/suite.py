"""Judge several subjects, each in its own process, then grade them and diagnose failures."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from conformance.adapters import load_apart
from conformance.adapters.worker import Gone, Worker, received
from conformance.checks.check import Check
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.judge import PROFILES, describe, judge, judge_again, wired
from conformance.checks.verdict import DTYPES, ERROR, FAIL, Diagnosis, Grade, Subject, Verdict, formats
from conformance.diagnosis import diagnosed
from conformance.diagnosis.blame import blamed
from conformance.diagnosis.grades import grades
from conformance.interface.adapter import GRU, UsageError
from conformance.interface.case import Case

Question = tuple[str, str]
"""A clause id and a format."""
RESTARTS = 8
HANGS = 1
"""New processes for a subject that ends its own process, and for a subject that hangs. When they are used up, every
unanswered question counts as an error.
"""
TOGETHER = (("float32", "float16"), ("float64", "bfloat16"))
"""The formats of each process of a subject, if there are two; formats in which it is not judged are left out."""


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
    """Judge subjects in at most `jobs` processes at once.

    With enough processes, each subject gets two, for different formats, which share no compiled program. A subject that
    sends no message for `time_limit` seconds is stopped. The question at which a process was stopped or ended counts as
    an error. A new process answers the remaining questions, a few times at most.

    Args:
        names: Registered names or "module:attribute", one for each subject.
        profile: A name in `checks.judge.PROFILES`; it sets the number of cases.
        clauses: Clause ids to judge; an empty tuple means all.
        jobs: The largest number of processes at once.
        time_limit: Seconds without a message after which a subject is stopped.
        progress: Called with the report after each message and after each end of a process.
        case: Judge this case only, instead of the profile's cases.

    Returns:
        One report for each subject, in the order of `names`.
    """
    reports = {name: Subject(name=name) for name in names}
    apart = case is None and jobs >= len(reports) * len(TOGETHER)
    groups = [(case.dtype,)] if case is not None else TOGETHER if apart else [DTYPES]
    waiting: list[tuple[str, list[Question]]] = [
        (name, [(check.clause, dtype) for check in chosen(clauses) for dtype in of])
        for name in reports
        for of in groups
    ]
    whole = not clauses and case is None
    running: dict[Worker, tuple[str, list[Question]]] = {}
    started: Counter[str] = Counter()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name, questions = waiting.pop(0)
                worker = Worker(_work, name, questions, profile, case and case.to_text(), whole)
                running[worker] = name, questions
                started[name] += 1
            for worker, message in received(list(running), time_limit):
                name, questions = running[worker]
                report = reports[name]
                if isinstance(message, Gone):
                    del running[worker]
                    again = started[name] <= (HANGS if message.code is None else RESTARTS)
                    if left := _close(report, questions, message, one_case=case is not None, again=again):
                        waiting.append((name, left))
                else:
                    _take(report, message)
                progress(report)
    finally:
        for worker in running:
            worker.end()
    place = {check.clause: place for place, check in enumerate(CHECKS)}
    for report in reports.values():
        report.verdicts.sort(key=lambda verdict: (place[verdict.clause], DTYPES.index(verdict.dtype)))
        report.grades.sort(key=lambda grade: DTYPES.index(grade.dtype))
    return [reports[name] for name in names]


def _work(name: str, questions: list[Question], profile: str, case: str | None, whole: bool, pipe: Connection) -> None:
    """Answer the questions in the subject's process, and send messages for `_take`. whole: also send grades."""
    try:
        gru = load_apart(name)
    except UsageError as error:
        pipe.send(str(error))
        return
    if case is not None:
        pipe.send(describe(name, gru))
        for clause, _ in questions:
            verdict = blamed(gru, judge_again(gru, BY_CLAUSE[clause], Case.from_text(case)))
            pipe.send(verdict)
            if verdict.kind == FAIL and verdict.cause is None:
                _explain(gru, [verdict], pipe)
        return
    why = wired(gru)
    if why is not None:
        pipe.send(f"the smoke stage failed, so the adapter is to be looked at first, and there is no score: {why}")
        return
    # A subject that compiles for each shape gets a short fixed list of cases, with only some of the pairs.
    pipe.send(describe(name, gru, None if gru.capabilities.compiles_per_shape else PROFILES[profile]))
    wrong: list[Verdict] = []
    questions = [question for question in questions if question[1] in formats(gru.capabilities.arithmetic)]
    for clause, dtype in questions:
        start = time.perf_counter()
        verdict = blamed(gru, judge(gru, BY_CLAUSE[clause], dtype, PROFILES[profile]))
        verdict = replace(verdict, seconds=time.perf_counter() - start)
        if verdict.kind == FAIL:
            wrong.append(verdict)
        pipe.send(verdict)
    if whole:
        pipe.send(grades(gru, tuple(dict.fromkeys(dtype for _, dtype in questions))))
    if getattr(gru, "kernels", ()):
        pipe.send(describe(name, gru))  # again: only now are the kernels that ran known
    if wrong:
        _explain(gru, wrong, pipe)


def _explain(gru: GRU, wrong: list[Verdict], pipe: Connection) -> None:
    """Send the verdicts with a known cause again, now with the cause, and then the diagnosis."""
    diagnosis, explained = diagnosed(gru, wrong)
    for verdict in explained:
        pipe.send(verdict)
    if diagnosis is not None:
        pipe.send(diagnosis)


def chosen(clauses: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of these clauses, or every check if no clause is given."""
    return tuple(check for check in CHECKS if not clauses or check.clause in clauses)


def _take(report: Subject, message: Subject | Verdict | list[Grade] | Diagnosis | str) -> None:
    """Put a message in the report.

    A message is the subject's description, a verdict (the last one for a question counts), grades, a diagnosis, or the
    reason why the subject broke.
    """
    if isinstance(message, Subject):
        report.versions, report.claims, report.policies = message.versions, message.claims, message.policies
        report.pairs = max(report.pairs, message.pairs)
        report.kernels = sorted({*report.kernels, *message.kernels})
    elif isinstance(message, Verdict):
        same = (message.clause, message.dtype)
        report.verdicts = [verdict for verdict in report.verdicts if (verdict.clause, verdict.dtype) != same]
        report.verdicts.append(message)
    elif isinstance(message, list):
        report.grades += message
    elif isinstance(message, Diagnosis):
        if report.diagnosis is None or not report.diagnosis.explanations:
            report.diagnosis = message
    else:
        report.broken = message


def _close(report: Subject, questions: list[Question], how: Gone, *, one_case: bool, again: bool) -> list[Question]:
    """Report the end of a process and return the questions that remain.

    The question at which the process ended becomes an error. Without a further process, all remaining questions become
    errors too, so that the number of verdicts is always the same.
    """
    answered = {(verdict.clause, verdict.dtype) for verdict in report.verdicts}
    missing = [
        question for question in questions if question not in answered and (one_case or question[1] in report.formats)
    ]
    failed = not one_case and any(verdict.kind == FAIL for verdict in report.verdicts)
    if failed and how.code != 0 and report.diagnosis is None and not missing:
        report.diagnosis = Diagnosis(failed=str(how))
    if report.broken is not None or not missing:
        return []
    if not report.versions:
        report.broken = f"nothing was answered: {how}"
        return []
    guilty = missing[:1] if again else missing
    report.verdicts += [Verdict(clause=clause, dtype=dtype, kind=ERROR, reason=str(how)) for clause, dtype in guilty]
    return missing[len(guilty) :]

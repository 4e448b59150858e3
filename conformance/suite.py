"""Several subjects, each in a process of its own: judged, then blamed, graded and diagnosed."""

from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection

from conformance.adapters import load_apart
from conformance.adapters.worker import Gone, Worker, heard
from conformance.checks.check import Check
from conformance.checks.clauses import BY_CLAUSE, CHECKS
from conformance.checks.judge import PROFILES, describe, judge, judge_case, wired
from conformance.checks.verdict import DTYPES, ERROR, FAIL, Diagnosis, Grade, Subject, Verdict
from conformance.diagnosis import diagnosed
from conformance.diagnosis.blame import blamed
from conformance.diagnosis.grades import grades
from conformance.interface.adapter import GRU, UsageError
from conformance.interface.case import Case

Question = tuple[str, str]
"""A clause and a format."""
RESTARTS = 8
HANGS = 1
"""New processes for a subject that ends its own, and for one that hangs; after them all that is left is an error."""


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
    A subject that says nothing for time_limit seconds is stopped. The question that it was stopped at, or ended at by
    itself, is an error; the questions after it are asked in a new process, a few times.
    """
    reports = {name: Subject(name=name) for name in names}
    apart = case is None and jobs >= len(reports) * len(DTYPES)
    formats = (case.dtype,) if case is not None else DTYPES
    waiting: list[tuple[str, list[Question]]] = [
        (name, [(check.clause, dtype) for check in chosen(clauses) for dtype in of])
        for name in reports
        for of in ([(dtype,) for dtype in formats] if apart else [formats])
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
            for worker, message in heard(list(running), time_limit):
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
        report.verdicts.sort(key=lambda verdict: (place[verdict.clause], verdict.dtype))
        report.grades.sort(key=lambda grade: grade.dtype)
    return [reports[name] for name in names]


def _work(name: str, questions: list[Question], profile: str, case: str | None, whole: bool, pipe: Connection) -> None:
    """In the subject's process. Messages are those that _take knows. whole: all clauses are asked, and graded."""
    try:
        gru = load_apart(name)
    except UsageError as error:
        pipe.send(str(error))
        return
    if case is not None:
        pipe.send(describe(name, gru))
        for clause, _ in questions:
            verdict = blamed(gru, judge_case(gru, BY_CLAUSE[clause], Case.from_text(case)))
            pipe.send(verdict)
            if verdict.kind == FAIL:
                _explain(gru, [verdict], pipe)
        return
    why = wired(gru)
    if why is not None:
        pipe.send(f"the smoke stage failed, so the adapter is to be looked at first, and there is no score: {why}")
        return
    # The fixed short list of a subject that compiles for each shape has only some of the pairs.
    pipe.send(describe(name, gru, None if gru.capabilities.compiles_per_shape else PROFILES[profile]))
    wrong: list[Verdict] = []
    for clause, dtype in questions:
        verdict = blamed(gru, judge(gru, BY_CLAUSE[clause], dtype, PROFILES[profile]))
        if verdict.kind == FAIL:
            wrong.append(verdict)
        pipe.send(verdict)
    if whole:
        pipe.send(grades(gru, tuple(dict.fromkeys(dtype for _, dtype in questions))))
    if getattr(gru, "kernels", ()):
        pipe.send(describe(name, gru))  # again, since it is known only now which kernels ran
    if wrong:
        _explain(gru, wrong, pipe)


def _explain(gru: GRU, wrong: list[Verdict], pipe: Connection) -> None:
    """Send the verdicts that have a known cause, with it; then the diagnosis."""
    diagnosis, explained = diagnosed(gru, wrong)
    for verdict in explained:
        pipe.send(verdict)
    if diagnosis is not None:
        pipe.send(diagnosis)


def chosen(clauses: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of these clauses, or all of them."""
    return tuple(check for check in CHECKS if not clauses or check.clause in clauses)


def _take(report: Subject, message: Subject | Verdict | list[Grade] | Diagnosis | str) -> None:
    """Put a message in the report: what a subject is, a verdict (the last one of a question stands), grades, a
    diagnosis, or why the subject broke."""
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
    """Give the question at which a process ended its error, and return those after it, to be asked again.

    The denominator is fixed: where there is no process to come, all that was not answered is an error.
    """
    answered = {(verdict.clause, verdict.dtype) for verdict in report.verdicts}
    missing = [question for question in questions if question not in answered]
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

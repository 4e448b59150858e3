"""Several subjects, each in a process of its own: judged, then blamed, graded and diagnosed."""

from collections.abc import Callable
from multiprocessing.connection import Connection

from conformance.adapters import load_apart
from conformance.adapters.worker import Gone, Worker, heard
from conformance.checks.check import Check
from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, describe, judge, judge_case, wired
from conformance.checks.verdict import DTYPES, ERROR, FAIL, Diagnosis, Grade, Subject, Verdict
from conformance.diagnosis import diagnosed
from conformance.diagnosis.blame import blamed
from conformance.diagnosis.grades import grades
from conformance.interface.adapter import UsageError
from conformance.interface.case import Case


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
    running: dict[Worker, tuple[Subject, tuple[str, ...]]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name, dtypes = waiting.pop(0)
                worker = Worker(_work, name, dtypes, profile, clauses, case and case.to_text())
                running[worker] = reports[name], dtypes if case is None else (case.dtype,)
            for worker, message in heard(list(running), time_limit):
                report, dtypes = running[worker]
                if isinstance(message, Gone):
                    del running[worker]
                    _close(report, dtypes, clauses, message, one_case=case is not None)
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


def _work(
    name: str, dtypes: tuple[str, ...], profile: str, clauses: tuple[str, ...], case: str | None, pipe: Connection
) -> None:
    """In the subject's process. Messages are those that _take knows."""
    try:
        gru = load_apart(name)
    except UsageError as error:
        pipe.send(str(error))
        return
    if case is not None:
        pipe.send(describe(name, gru))
        for check in chosen(clauses):
            pipe.send(blamed(gru, judge_case(gru, check, Case.from_text(case))))
        return
    why = wired(gru)
    if why is not None:
        pipe.send(f"the smoke stage failed, so the adapter is to be looked at first, and there is no score: {why}")
        return
    pipe.send(describe(name, gru))
    failed = False
    for check in chosen(clauses):
        for dtype in dtypes:
            verdict = blamed(gru, judge(gru, check, dtype, PROFILES[profile]))
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
    """Put a message in the report: what a subject is, a verdict, grades, a diagnosis, or why the subject broke."""
    if isinstance(message, Subject):
        report.versions, report.claims, report.policies = message.versions, message.claims, message.policies
        report.kernels = sorted({*report.kernels, *message.kernels})
    elif isinstance(message, Verdict):
        report.verdicts.append(message)
    elif isinstance(message, list):
        report.grades += message
    elif isinstance(message, Diagnosis):
        if report.diagnosis is None or not report.diagnosis.explanations:
            report.diagnosis = message
    else:
        report.broken = message


def _close(report: Subject, dtypes: tuple[str, ...], clauses: tuple[str, ...], how: Gone, *, one_case: bool) -> None:
    """The denominator is fixed: what a subject did not answer is an error, with the last line it printed."""
    answered = {(verdict.clause, verdict.dtype) for verdict in report.verdicts}
    missing = [(check.clause, dtype) for check in chosen(clauses) for dtype in dtypes]
    missing = [pair for pair in missing if pair not in answered]
    failed = not one_case and any(verdict.kind == FAIL for verdict in report.verdicts)
    if failed and how.code != 0 and report.diagnosis is None and not missing:
        report.diagnosis = Diagnosis(failed=str(how))
    if report.broken is not None or not missing:
        return
    if not report.versions:
        report.broken = f"nothing was answered: {how}"
        return
    report.verdicts += [Verdict(clause=clause, dtype=dtype, kind=ERROR, reason=str(how)) for clause, dtype in missing]

"""The report as JUnit XML, which build servers show."""

from collections.abc import Collection
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance.checks.verdict import DECLINED, ERROR, FAIL, Subject
from conformance.cli.report.failure import failure_text


def write_junit(path: Path, subjects: list[Subject], known: Collection[tuple[str, str, str]] = ()) -> None:
    """Write the report as JUnit XML: a suite for each subject, a case with its time for each clause and format.

    Args:
        path: The file.
        subjects: The reports.
        known: The subject, clause and format of each known failure. They are skipped, as declined clauses are.
    """
    xml = JUnitXml("conformance")
    for subject in subjects:
        suite = TestSuite(subject.name)
        if subject.broken is not None:
            case = TestCase("smoke", subject.name)
            case.result = [Error(subject.broken)]
            suite.add_testcase(case)
        for verdict in subject.verdicts:
            case = TestCase(f"{verdict.clause}[{verdict.dtype}]", subject.name)
            if verdict.seconds is not None:
                case.time = verdict.seconds
            result = {FAIL: Failure, ERROR: Error, DECLINED: Skipped}.get(verdict.kind)
            if result is not None:
                said = (
                    verdict.reason if verdict.kind == DECLINED else "\n".join(failure_text(subject.name, verdict)[1:])
                )
                if (subject.name, verdict.clause, verdict.dtype) in known:
                    result, said = Skipped, f"a known failure: {said}"
                case.result = [result(said)]
            suite.add_testcase(case)
        if subject.diagnosis is not None:
            suite.add_property("what would explain it", "\n".join(subject.diagnosis.lines))
        xml.add_testsuite(suite)
    xml.update_statistics()
    xml.write(str(path), pretty=True)  # pyright: ignore[reportUnknownMemberType]

"""The report as JUnit XML, which build servers show."""

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance.checks.verdict import DECLINED, ERROR, FAIL, STATISTICAL, Subject
from conformance.cli.report.failure import failure_text


def write_junit(path: Path, subjects: list[Subject]) -> None:
    """Write the report as JUnit XML: a suite for each subject, a case for each clause and format; declined ones are
    skipped.
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
            result = {FAIL: Failure, STATISTICAL: Failure, ERROR: Error, DECLINED: Skipped}.get(verdict.kind)
            if result is not None:
                said = (
                    verdict.reason if verdict.kind == DECLINED else "\n".join(failure_text(subject.name, verdict)[1:])
                )
                case.result = [result(said)]
            suite.add_testcase(case)
        if subject.diagnosis is not None:
            suite.add_property("what would explain it", "\n".join(subject.diagnosis.lines))
        xml.add_testsuite(suite)
    xml.update_statistics()
    xml.write(str(path), pretty=True)  # pyright: ignore[reportUnknownMemberType]

"""Read a report that `run --json` wrote."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from conformance.interface.adapter import UsageError
from conformance.interface.schemas import violations

TODO = "expected a report that `gru-conformance run NAME --json FILE` of this version writes; make it again"


def read_report(path: Path) -> dict[str, Any]:
    """Read a report and check it by its schema.

    Args:
        path: The file.

    Returns:
        The report as JSON values.

    Raises:
        UsageError: The file cannot be read, is not JSON, or is not a report.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        wrong = violations("report", report)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}; {TODO}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}; {TODO}") from error
    if not wrong:
        wrong = list(_repeated(report))
    if wrong:
        more = f" ({len(wrong)} differences)" if len(wrong) > 1 else ""
        raise UsageError(f"{path} is not a report: {wrong[0]}{more}; {TODO}")
    return report


def _repeated(report: dict[str, Any]) -> list[str]:
    """A line for each subject, and for each clause and format of a subject, that stands twice."""
    names = Counter(subject["name"] for subject in report["subjects"])
    lines = [f"the subject {name!r} stands {count} times" for name, count in names.items() if count > 1]
    for subject in report["subjects"]:
        verdicts = Counter((verdict["clause"], verdict["dtype"]) for verdict in subject["verdicts"])
        lines += [
            f"{subject['name']!r} has {count} verdicts on {clause} in {dtype}"
            for (clause, dtype), count in verdicts.items()
            if count > 1
        ]
    return lines

"""What a report shows of the matrix: how many wrong GRUs of each family each check kills. It ships with the suite.

summary.json follows from the record, which is not part of an installed suite; `python -m conformance matrix --write`
writes both. Its form is summary.schema.json.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.matrix.record import Record

SUMMARY = Path(__file__).parent / "summary.json"
IN_A_CLONE = Path("conformance/matrix/summary.json")


def summary(record: "Record") -> dict[str, Any]:
    """The summary of a record."""
    from conformance.matrix.facts import families, killed_by_check

    named, killed = families(record), killed_by_check(record)
    return {
        "date": record.date,
        "profile": record.profile,
        "mutants": {family: len(names) for family, names in named.items()},
        "killed_by_checks": sum(bool(record.checks_that_kill(name)) for name in record.mutants),
        "vectors": len(record.vectors),
        "killed_by_vectors": sum(bool(record.vectors_that_kill(name)) for name in record.mutants),
        "kills": {
            clause: {family: len(killed[clause] & set(names)) for family, names in named.items()}
            for clause in record.checks
        },
    }


def read() -> dict[str, Any]:
    """The summary that ships with the suite."""
    return json.loads(SUMMARY.read_text())


def write(record: "Record") -> None:
    """Write the summary of a record to where it ships from, in the clone at whose root this is called."""
    IN_A_CLONE.write_text(json.dumps(summary(record), indent=1) + "\n")

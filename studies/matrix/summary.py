"""The summary of a record that ships with the suite: the number of wrong GRUs of each family that each check kills."""

import json
from pathlib import Path
from typing import Any

from studies.matrix.facts import families, killed_by_check
from studies.matrix.record import Record

IN_A_CLONE = Path("conformance/cli/report/caught.json")


def summary(record: Record) -> dict[str, Any]:
    """The summary of a record."""
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


def write(record: Record) -> None:
    """Write the summary of a record to its place in the clone whose root is the current folder."""
    IN_A_CLONE.write_text(json.dumps(summary(record), indent=1) + "\n")

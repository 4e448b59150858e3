"""Judge one build of the kernel by the suite, until a check fails: a program, because a wrong kernel may crash."""

from collections.abc import Iterator

from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, judge, wired
from conformance.checks.verdict import ERROR, FAIL
from studies.native.subject import gru

DIVISIONS = {"one thread": (1, 0), "three threads divide rows": (3, 0), "two threads divide units": (2, 1)}


def failures() -> Iterator[str]:
    """The checks that fail, for each division of the work."""
    subject = gru()
    for name, division in DIVISIONS.items():
        subject.divide(*division)
        if why := wired(subject):
            yield f"smoke, {name}: {why}"
        for check in CHECKS:
            for dtype in subject.capabilities.arithmetic:
                if judge(subject, check, dtype, PROFILES["dev"], shrink=False).kind in (FAIL, ERROR):
                    yield f"{check.clause} {dtype}, {name}"


if __name__ == "__main__":
    print(next(failures(), "nothing"))

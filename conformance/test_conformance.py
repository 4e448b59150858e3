"""The suite's own collection of tests: one for each clause and format of the subjects named by --gru."""

import pytest

from conformance.checks.check import Check
from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, judge, wired
from conformance.checks.verdict import DECLINED, DTYPES, PASS
from conformance.cli.report.failure import failure_text
from conformance.diagnosis.blame import blamed
from conformance.interface.adapter import GRU
from conformance.plugin import SUBJECTS


def test_smoke(subject: GRU) -> None:
    """The adapter is wired to a GRU, and declares something that can be judged."""
    asked = [check for check in CHECKS if check.declined(subject.capabilities) is None]
    assert asked, "every clause is declined"
    assert set(DTYPES) & set(subject.capabilities.arithmetic), f"none of {', '.join(DTYPES)} is declared"
    assert wired(subject) is None, wired(subject)


def test_clause(subject: GRU, check: Check, dtype: str, request: pytest.FixtureRequest) -> None:
    """The clause holds in this format; what the subject does not declare is reported as skipped, with the reason."""
    profile = PROFILES[str(request.config.getoption("gru_profile"))]
    verdict = blamed(subject, judge(subject, check, dtype, profile))
    if verdict.kind == DECLINED:
        pytest.skip(f"declined: {verdict.reason}")
    name = next(name for name, gru in request.config.stash[SUBJECTS].items() if gru is subject)
    assert verdict.kind == PASS, "\n".join(failure_text(name, verdict))

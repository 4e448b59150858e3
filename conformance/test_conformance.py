"""The suite's own collection of tests: one for each clause and format of the subjects named by --gru."""

import pytest

from conformance.adapter import GRU
from conformance.checks import CHECKS
from conformance.checks.check import Check
from conformance.judge import PROFILES, judge, wired
from conformance.verdict import DECLINED, DTYPES, PASS


def test_smoke(subject: GRU) -> None:
    """The adapter is wired to a GRU, and declares something that can be judged."""
    asked = [check for check in CHECKS if check.declined(subject.capabilities) is None]
    assert asked, "every clause is declined"
    assert set(DTYPES) & set(subject.capabilities.arithmetic), f"none of {', '.join(DTYPES)} is declared"
    assert wired(subject) is None, wired(subject)


def test_clause(subject: GRU, check: Check, dtype: str, request: pytest.FixtureRequest) -> None:
    """The clause holds in this format; what the subject does not declare is reported as skipped, with the reason."""
    verdict = judge(subject, check, dtype, PROFILES[request.config.getoption("gru_profile")])
    if verdict.kind == DECLINED:
        pytest.skip(f"declined: {verdict.reason}")
    assert verdict.kind == PASS, f"{verdict.kind}: {verdict.reason}\nagain: {check.clause} {verdict.again}"

"""The scoreboard agrees with the record; every failure in it is a finding, and every finding of a clause is in it."""

import pytest

from conformance.adapters import REGISTERED, load
from conformance.checks.clauses import CHECKS
from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, USUAL
from conformance.specification import CLAUSES
from studies.pages import paths, scoreboard
from studies.pages.known import KNOWN

RECORD = scoreboard.load()
APART = ("keras:jax", "keras:torch")
"""Subjects that need a separate process for their import."""


def test_the_page_equals_the_commands_output():
    assert scoreboard.PAGE.read_text() == scoreboard.page(RECORD)


def test_every_failure_is_explained_and_a_gap_of_the_record_is_named():
    assert list(scoreboard.unexplained(RECORD)) == []
    assert set(RECORD) <= set(REGISTERED)
    assert set(RECORD) | set(paths.missing(RECORD, scoreboard.SUBJECTS)) == set(scoreboard.SUBJECTS)
    assert all(f"`{name}`" in scoreboard.PAGE.read_text() for name in scoreboard.SUBJECTS)


@pytest.mark.parametrize("name", [name for name in KNOWN if name in RECORD])
def test_known_failures_fail_on_record(name):
    failing = {(v["clause"], v["dtype"]) for v in RECORD[name]["verdicts"] if v["kind"] == FAIL}
    for clauses in KNOWN[name].values():
        for clause in clauses:
            which, _, dtype = clause.partition(" ")
            assert {(which, dtype)} <= failing if dtype else which in {of for of, _ in failing}, clause


@pytest.mark.parametrize("name", [name for name in RECORD if name not in APART])
def test_the_record_and_the_adapters_decline_the_same(name):
    """If this fails, run the suite again: python -m studies scoreboard NAME."""
    can = load(name).capabilities
    declined = {
        (check.clause, dtype)
        for check in CHECKS
        for dtype in USUAL
        if dtype not in can.arithmetic or check.declined(can)
    }
    assert {(v["clause"], v["dtype"]) for v in RECORD[name]["verdicts"] if v["kind"] == DECLINED} == declined


def _record(**verdict):
    plain = {"kind": PASS, "reason": "", "margin": 0.5}
    verdicts = [{"clause": c, "dtype": d, **plain} for c in CLAUSES for d in USUAL]
    verdicts[0].update(verdict)
    return {"openvino": {"day": "", "versions": {}, "broken": None, "verdicts": verdicts}}


@pytest.mark.parametrize(
    "verdict", [{"kind": FAIL}, {"kind": ERROR}, {"kind": DECLINED, "reason": "does not declare lengths"}]
)
def test_an_unexplained_failure_is_named(verdict):
    assert list(scoreboard.unexplained(_record())) == []
    record = _record(**verdict)
    assert len(list(scoreboard.unexplained(record))) == 1
    assert "UNEXPLAINED" in scoreboard.page(record)


def test_a_known_failure_links_to_its_finding():
    record = _record(clause="length-zero", kind=FAIL)
    assert list(scoreboard.unexplained(record)) == []
    assert "(findings.md#openvino-a-row-of-length-0-ends-in-zeros)" in scoreboard.page(record)

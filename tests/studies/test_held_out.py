"""The record of the held-out wrong GRUs: some are judged again, and the page is what the record gives."""

from pathlib import Path

import pytest

from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge
from studies.held_out import record, run
from studies.matrix.page import unseen

RECORD = record.load()
QUICK = (
    "first.eighth_lane_of_the_inputs_lost",
    "first.equal_directions_run_once",
    "first.cotangents_overwritten",
    "second.plan_found_by_the_number_of_steps",
    "second.bfloat16_state_carried_narrow",
)


def test_the_record_names_every_wrong_gru_with_its_kind_and_sentence():
    assert tuple(RECORD["subjects"]) == run.NAMES
    for name, subject in RECORD["subjects"].items():
        make = run.made(name)
        assert subject["kind"] == make.kind and subject["sentence"] == " ".join(make.__doc__.split())


def test_of_the_second_set_95_of_100_were_caught_at_first_sight_and_nine_of_each_kind_are_there():
    found = record.kinds(RECORD, "second")
    assert found["all"].first / found["all"].total >= 0.95
    assert all(counts.total >= 9 for counts in found.values())


def test_60_or_more_passed_the_earlier_suite():
    assert sum(subject["before"] is True for subject in RECORD["subjects"].values()) >= 60


@pytest.mark.parametrize("name", QUICK)
def test_one_judged_again_by_the_clause_that_caught_it_is_caught(name):
    clause, dtype, kind = RECORD["subjects"][name]["caught"]
    verdict = judge(run.made(name)(), BY_CLAUSE[clause], dtype, PROFILES[RECORD["profile"]], shrink=False)
    assert verdict.kind == kind


def test_the_page_is_what_the_record_gives():
    assert record.PAGE.read_text() == record.page(RECORD), f"run {record.COMMAND} --page-only"


def test_the_readme_gives_the_verdicts_at_first_sight():
    assert f"\n{unseen()}\n" in Path("README.md").read_text()

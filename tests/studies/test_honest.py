"""Honest makes pass their common cases, a wrong one among them raises an alarm, and the record belongs to this
study.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters.reference import Reference
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.clauses.contract import first_case
from conformance.checks.judge import failure
from conformance.interface.arithmetic import FORMATS
from studies.honest import run
from studies.honest.makes import NUMPY_MAKES, Made, fused
from studies.honest.numba_makes import NUMBA_MAKES
from studies.honest.torch_makes import TORCH_MAKES

MAKES = (*NUMPY_MAKES, *NUMBA_MAKES, *TORCH_MAKES)
RECORD = Path(__file__).parents[2] / "docs/records/honest.txt"


class sum_of_all_but_one(Made):
    """A wrong product: it leaves out the first term."""

    def product(self, a, b):
        return a[:, 1:] @ b[1:]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Few and small cases of one seed."""
    monkeypatch.setattr(run, "EXTENT", run.EXTENT._replace(more=0, dearest=0.005, wide=0, long=0))
    monkeypatch.setattr(run, "PARTS", 40)


def test_no_honest_make_alarms_and_a_wrong_one_does():
    subjects = {make.__name__: make() for make in (*MAKES, sum_of_all_but_one)}
    outcome = run.judged(1, 0, subjects)
    wrong = outcome.makes.pop("sum_of_all_but_one")
    assert wrong[-1]
    assert run.alarms([outcome]) == []
    assert len({row[0] for row in outcome.makes.values()}) == 1, "all are judged on the same cases"
    assert sum(row[1] > 0 for row in outcome.makes.values()) > len(MAKES) / 2, "they are of different make"


@pytest.mark.parametrize("make", MAKES)
def test_the_gradients_of_a_make_are_within_their_bounds_in_one_direction_and_in_two(make):
    one = first_case(Reference.capabilities, "float64")
    two = replace(one, parameters=one.parameters * 2, initial_state=one.initial_state * 2, merge="mul")
    for clause, case in (("gradients", one), ("gradients-bidirectional", two)):
        judgement, wrong = failure(make(), BY_CLAUSE[clause], case)
        assert judgement.judged and wrong is None


def test_a_fused_product_is_rounded_once():
    rng = np.random.default_rng(0)
    a, b, c = (rng.standard_normal(200).astype(np.float32) for _ in range(3))
    c[:100] = -(a * b)[:100]
    exact = [float(np.longdouble(x) * np.longdouble(y) + np.longdouble(z)) for x, y, z in zip(a, b, c, strict=True)]
    assert np.array_equal(fused(a, b, c), np.array(exact, np.float32))
    assert FORMATS["float32"].precision * 2 <= FORMATS["float64"].precision, "a product of two is a float64 number"


def test_a_subject_is_asked_what_it_declares():
    case = next(case for _, case in run.drawn(1) if case.mask is not None)
    able = Reference.capabilities
    assert run.declares(able, case)
    assert not run.declares(replace(able, masks=False), case)


def test_the_record_names_every_make_and_no_alarm():
    text = RECORD.read_text()
    for make in MAKES:
        assert make.__name__ in text
    assert "WRONG" not in text

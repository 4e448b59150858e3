"""Honest makes pass the cases that all are asked; a wrong one among them is an alarm; the record is of this study."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters.reference import Reference
from conformance.checks.clauses.contract import first_case
from conformance.checks.clauses.gradients import cotangents
from conformance.interface.arithmetic import FORMATS
from studies.honest import run
from studies.honest.makes import NUMPY_MAKES, Made, fused
from studies.honest.numba_makes import NUMBA_MAKES
from studies.honest.torch_makes import TORCH_MAKES

MAKES = (*NUMPY_MAKES, *NUMBA_MAKES, *TORCH_MAKES)
RECORD = Path(__file__).parents[2] / "docs/records/honest.txt"


class sum_of_all_but_one(Made):
    """Wrong."""

    def product(self, a, b):
        return a[:, 1:] @ b[1:]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Cases of one seed, few and small."""
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
def test_the_gradients_of_a_make_are_those_of_the_specification(make):
    case = first_case(Reference.capabilities, "float64")
    given = cotangents(case)
    for name, mine, theirs in zip(
        ("inputs", "initial_state", "kernel", "recurrent_kernel", "bias"),
        make().gradients(case.copy(), given),
        Reference().gradients(case, given),
        strict=True,
    ):
        assert mine.shape == theirs.shape and np.allclose(mine, theirs), name


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

"""A wrong GRU is explained rightly, an honest one not at all, and what is not known is not guessed."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from conformance import mutants
from conformance.adapters.reference import gru as reference
from conformance.arithmetic import Arithmetic
from conformance.case import Outputs
from conformance.diagnosis import DEVIATIONS, Catalogue, diagnose
from conformance.diagnosis.near import Rounded
from conformance.diagnosis.questions import questions
from conformance.diagnosis.search import asked
from conformance.emulated import Emulated
from conformance.mutants import EQUIVALENT, FAMILIES
from studies.confusion import EXPECTED, FEWER, KNOWN, NOTHING, RIGHT, SEEN, Study

PAIRS = (
    ("gates_swapped", "update_sense_flipped"),
    ("update_sense_flipped", "bias_rows_swapped"),
    ("recurrent_kernel_transposed", "lengths_ignored"),
    ("initial_state_ignored", "reverse_output_not_aligned"),
    ("reset_ignored", "input_bias_missing"),
    ("hard_sigmoid_gates", "final_state_from_the_first_time"),
)


@cache
def study(reset: str = "after", dtype: str = "float64") -> Study:
    return Study(reset, dtype)


@pytest.mark.parametrize("mutant", KNOWN, ids=lambda mutant: mutant.__name__)
def test_each_known_mistake_alone_is_named_and_nothing_else_is(mutant):
    row = study("before" if mutant is mutants.reset_after_instead_of_before else "after").row(mutant)
    assert row.kind == RIGHT, row


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_two_mistakes_at_once_are_named(names):
    row = study().row(*(getattr(mutants, name) for name in names))
    assert row.kind == RIGHT, row


def test_two_mistakes_that_are_one_are_said_to_be():
    row = study().row(mutants.reset_of_the_input_side_too, mutants.bias_rows_swapped)
    assert row.kind == FEWER, row


@pytest.mark.parametrize("family", ["numerics", "activations"])
def test_a_mistake_of_arithmetic_is_not_taken_for_a_convention(family):
    for mutant in FAMILIES[family]:
        for dtype in ("float32", "float64"):
            catalogue = study(dtype=dtype).catalogue
            answers = asked(mutant, catalogue.cases)
            wrong = catalogue.wrong(answers)
            assert not wrong or not [
                deviation
                for deviation in DEVIATIONS
                if all(catalogue.allows(question, (deviation,), answers[question]) for question in answers)
            ], (mutant.name, dtype)


@pytest.mark.parametrize("honest", [reference, *EQUIVALENT], ids=lambda honest: type(honest).__name__)
def test_an_honest_subject_gets_no_diagnosis(honest):
    assert diagnose(honest) is None


def test_what_is_not_known_is_not_guessed(monkeypatch):
    """Without the deviation that it is, a mistake is explained by no other: the test above fails."""
    known = tuple(deviation for deviation in DEVIATIONS if deviation.__name__ != "update_sense")
    monkeypatch.setattr("conformance.diagnosis.search.DEVIATIONS", known)
    monkeypatch.setattr("conformance.diagnosis.search.AT_ONCE", 1)
    assert Study().row(mutants.update_sense_flipped).kind == NOTHING


def test_a_bound_that_is_too_wide_is_seen(monkeypatch):
    """Answers that anything explains are not uniquely explained, and mistakes pass for right answers."""
    monkeypatch.setattr("conformance.diagnosis.near.Near.contains", lambda near, computed: True)
    assert Study().row(mutants.update_sense_flipped).kind == SEEN


def test_a_bound_that_is_too_narrow_is_seen(monkeypatch):
    """An honest answer in float32 needs its roundings."""
    claim = Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")
    can = Emulated.capabilities
    cases = questions(can, "float32", "after")
    assert not Catalogue(claim, cases).wrong(asked(Emulated(), cases))
    double = Rounded(Arithmetic(dtype="float64", activation="8 ULP", source="NumPy"))
    monkeypatch.setattr("conformance.diagnosis.specified.Rounded", lambda arithmetic: double)
    assert Catalogue(claim, cases).wrong(asked(Emulated(), cases))


def test_words_fix_and_name_are_given():
    assert len({deviation.__name__ for deviation in DEVIATIONS}) == len(DEVIATIONS)
    assert set(EXPECTED.values()) <= {deviation.__name__ for deviation in DEVIATIONS}
    for deviation in DEVIATIONS:
        assert deviation.sentence().endswith(".") and deviation.fix, deviation
    found = diagnose(mutants.gates_swapped())
    assert found is not None
    assert any("p.kernel[[1, 0, 2]]" in line for line in found.lines)


def test_the_fix_of_a_gate_order_mends_it():
    class Mended(mutants.blocks_read_as_n_z_r):
        def run(self, case) -> Outputs:
            order = [2, 0, 1]
            given = tuple(
                type(p)(p.kernel[order], p.recurrent_kernel[order], p.bias[:, order], p.reset) for p in case.parameters
            )
            object.__setattr__(case, "parameters", given)
            return super().run(case)

    (found,) = [d for d in DEVIATIONS if d.__name__ == "order_nzr"]
    assert "p.kernel[[2, 0, 1]]" in found.fix
    case = questions(Emulated.capabilities, "float64", "after")[1]
    assert np.array_equal(Emulated().run(case).outputs, Mended().run(case.copy()).outputs)


def test_the_block_of_the_documentation_runs():
    text = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(block, "docs/diagnosis.md", "exec"), {})

"""A small version of the study of the smallest fault. It can also fail."""

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner

from conformance.bounds import StepSet
from studies.__main__ import main
from studies.long_runs import smallest
from studies.long_runs.smallest import Draw, draw, kinds, least, left


@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_exact_sums_show_smaller_faults_of_weights_at_64_units(reset):
    found = [draw(reset, 64, number) for number in range(5)]
    for gate in "zr" if reset == "before" else smallest.GATES[reset]:
        full, exact, count = least(found, reset, 64, f"weight of {gate}")
        assert exact < full and count == 5


def test_with_wider_bounds_larger_faults_pass(monkeypatch):
    right = draw("none", 4, 0)
    margins = StepSet.margins
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: margins(self, computed) / 100)
    wider = draw("none", 4, 0)
    assert all(wider.exact[name] > right.exact[name] for name in kinds("none"))


def test_a_fault_that_is_never_caught_is_infinite(monkeypatch):
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: 0 * computed)
    assert set(draw("none", 4, 0).full.values()) == {float("inf")}


def test_the_figure_is_that_of_95_in_100_draws():
    def of(number: int) -> Draw:
        return Draw("none", 4, number, {"unit": float(number)}, {"unit": 2.0 * number})

    assert least([of(number) for number in range(1, 101)], "none", 4, "unit") == (95.0, 190.0, 100)


def test_the_command_prints_a_dated_record_and_continues(tmp_path):
    journal = tmp_path / "journal"
    journal.write_text("\n".join(json.dumps(asdict(draw(*key))) for key in left(journal, 1, 4)))
    result = CliRunner().invoke(
        main, ["smallest", "--draws", "1", "--largest", "4", "--journal", str(journal), "--processes", "1"]
    )
    assert result.exit_code == 0, result.output
    assert "python -m studies smallest" in result.output and "weight of z" in result.output
    assert left(journal, 1, 4) == []

"""Small versions of the studies of teeth, false alarms and float64. Each of them can also fail."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from conformance import adapters
from conformance.bounds import StepSet
from conformance.bounds.statistical import Sample
from conformance.interface.case import Gradients, Outputs
from conformance.mutants.emulated import Emulated
from studies.__main__ import main
from studies.long_runs import alarms, double, teeth


def test_nothing_wrong_passes_and_nothing_honest_is_caught():
    found = list(teeth.rows((4, 8), (8,)))
    assert {row.rule for row in found} == {"steps", "final state", "gradients"}
    assert [
        (row, row.wrong_ones_pass, row.honest_fails) for row in found if row.wrong_ones_pass or row.honest_fails
    ] == []


def test_bounds_without_teeth_would_be_seen(monkeypatch):
    margins = StepSet.margins
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: margins(self, computed) / 1000)
    monkeypatch.setattr(Sample, "spread", property(lambda self: 0.0))
    monkeypatch.setattr(Sample, "leaning", property(lambda self: 0.0))
    assert "TF32" in teeth.by_steps(8, 4).wrong_ones_pass
    assert "x 1.0005" not in teeth.by_steps(8, 4).margins
    assert "TF32" in teeth.by_final_state(8, 4).wrong_ones_pass


def test_bounds_too_narrow_would_be_seen(monkeypatch):
    margins = StepSet.margins
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: margins(self, computed) * 1000)
    assert teeth.by_steps(8, 4).honest_fails


def test_honest_runs_do_not_alarm():
    assert [(closest.rule, closest.alarms) for closest in alarms.observed(6)] == [
        ("spread", 0), ("drift", 0), ("scale", 0),
    ]  # fmt: skip


def test_a_model_of_smaller_errors_would_alarm(monkeypatch):
    of = Sample.of
    monkeypatch.setattr(Sample, "of", staticmethod(lambda error, claimed, noise: of(error, 0 * claimed, noise / 30)))
    assert any(closest.alarms for closest in alarms.observed(6) if closest.rule == "spread")


def test_the_specification_holds_in_float64():
    assert all(found.holds for found in double.distances(only_after(Emulated())))


class Single(Emulated):
    """A GRU that computes in float32 behind an interface of float64."""

    def run(self, case):
        outputs, final = super().run(case)
        return Outputs(outputs.astype(np.float32).astype(case.dtype), final)

    def gradients(self, case, cotangents):
        return Gradients(*(part.astype(np.float32).astype(case.dtype) for part in super().gradients(case, cotangents)))


def test_float32_does_not_pass_for_float64():
    assert not any(found.holds for found in double.distances(only_after(Single())))


def only_after(subject: Emulated) -> Emulated:
    """The subject with one position of the reset gate, to save time."""
    subject.capabilities = replace(subject.capabilities, resets=("after",))
    return subject


@pytest.mark.parametrize("command", [["teeth", "--largest", "4"], ["alarms", "--runs", "2"], ["float64", "reference"]])
def test_the_commands_print_a_dated_record(command):
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert f"python -m studies {command[0]}" in result.output
    assert "python-flint" in result.output


def failed(*command: str) -> list[str]:
    """The failures that a command reports. Its exit code must agree."""
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1, result.output
    return [line for line in result.output.splitlines() if line.startswith("WRONG: ")]


def test_the_command_fails_where_an_honest_gru_is_caught(monkeypatch):
    margins = StepSet.margins
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: margins(self, computed) * 1000)
    assert "WRONG: steps, time 32, units 4: the honest one is caught" in failed("teeth", "--largest", "4")


def test_the_command_fails_where_honest_runs_alarm(monkeypatch):
    of = Sample.of
    monkeypatch.setattr(Sample, "of", staticmethod(lambda error, claimed, noise: of(error, 0 * claimed, noise / 30)))
    assert any(line.endswith("honest runs alarm by spread") for line in failed("alarms", "--runs", "6"))


def test_the_command_fails_where_float32_passes_for_float64(monkeypatch):
    monkeypatch.setattr(adapters, "load", lambda name: only_after(Single()))
    assert failed("float64", "reference") == [f"WRONG: reference, reset after, {size}" for size in double.SIZES]


def test_a_subject_without_gradients_in_float64_is_a_usage_error():
    result = CliRunner().invoke(main, ["float64", "reference", "onnxruntime"])
    assert result.exit_code == 2
    assert "'onnxruntime' declares no gradients in float64" in " ".join(result.output.split())

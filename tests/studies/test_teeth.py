"""Small versions of the studies of teeth, false alarms and float64. Each of them can also fail."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from click.testing import CliRunner

from conformance import adapters
from conformance.adapters import REGISTERED, load
from conformance.bounds import StepSet
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
    assert "TF32" in teeth.by_steps(8, 4).wrong_ones_pass
    assert "x 1.0005" not in teeth.by_steps(8, 4).margins
    assert "TF32" in teeth.by_final_state(8, 4).wrong_ones_pass


def test_bounds_too_narrow_would_be_seen(monkeypatch):
    margins = StepSet.margins
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: margins(self, computed) * 1000)
    assert teeth.by_steps(8, 4).honest_fails


@pytest.mark.parametrize("index", range(len(alarms.CLASSES)), ids=map(str, alarms.CLASSES))
def test_honest_runs_of_every_class_do_not_alarm(index):
    """Small runs of every kind of data: among them numbers near underflow with activations at a claimed floor."""
    found = [alarms.chunk(index, next(iter(alarms.SIZES)), number) for number in range(4, 8)]
    assert [each.alarms for each in found] == [0, 0, 0, 0]
    assert all(each.judged for each in found) or "float16" in found[0].claim


@pytest.mark.long
def test_long_honest_runs_do_not_alarm():
    found = [alarms.chunk(index, size, 1) for index in (0, 5) for size in alarms.SIZES]
    assert all(each.judged and not each.alarms for each in found)


def test_a_chunk_that_is_done_is_not_done_again(tmp_path):
    journal = tmp_path / "journal"
    todo = alarms.left(journal, 0.01)
    done = alarms.chunk(*todo[0])
    journal.write_text(json.dumps(asdict(done)))
    assert alarms.left(journal, 0.01) == todo[1:]
    assert alarms.read(journal) == [done]


@pytest.mark.long
def test_every_claim_of_a_shipped_adapter_is_run():
    claims = {
        replace(claim, source="emulated")
        for name, subject in REGISTERED.items()
        if subject.installed and not name.startswith("keras:")
        for claim in load(name).capabilities.arithmetic.values()
    }
    assert claims <= set(alarms.CLASSES)


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


@pytest.mark.parametrize("command", [["teeth", "--largest", "4"], ["float64", "reference"]])
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


def test_the_command_fails_where_honest_runs_alarm(monkeypatch, tmp_path):
    monkeypatch.setattr(alarms, "CLASSES", alarms.CLASSES[:1])
    monkeypatch.setattr(alarms, "SIZES", {"tiny": alarms.Size(1, 2, 1, 1, 2, 2)})
    journal = tmp_path / "journal"
    options = ("alarms", "--journal", str(journal), "--processes", "1")
    found = alarms.Chunk(str(alarms.CLASSES[0]), "tiny", 0, 2, 4, 0, 0.5)
    for wrong in (0, 1):
        journal.write_text(json.dumps(asdict(replace(found, alarms=wrong))))
        result = CliRunner().invoke(main, options)
        assert result.exit_code == wrong, result.output
        assert ("chunk 0: an alarm" in result.output) == bool(wrong)


def test_the_command_fails_where_float32_passes_for_float64(monkeypatch):
    monkeypatch.setattr(adapters, "load", lambda name: only_after(Single()))
    assert failed("float64", "reference") == [f"WRONG: reference, reset after, {size}" for size in double.SIZES]


def test_a_subject_without_gradients_in_float64_is_a_usage_error():
    result = CliRunner().invoke(main, ["float64", "reference", "onnxruntime"])
    assert result.exit_code == 2
    assert "'onnxruntime' declares no gradients in float64" in " ".join(result.output.split())

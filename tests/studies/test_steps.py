"""Emulated steps lie within the bound of their class; a wrong GRU, a wrong bound and a wrong class are detected."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.bounds import Proven, StepSet
from conformance.interface.arithmetic import Arithmetic
from studies.__main__ import main
from studies.long_runs import steps
from studies.long_runs.steps import Tally, chunk, tallied
from studies.searches import attained
from studies.searches.classes import CLASSES, dealt, pairs
from studies.softfloat.gru import SoftGRU

SOME = (2, 6, 17, 39, 154)


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(steps, "BATCH", 6)
    monkeypatch.setattr(steps, "STEPS", 6 * steps.TIME)


def test_every_value_of_a_claim_stands_beside_every_other():
    parts = dealt()
    values = [{row[i] for row in parts} for i in range(len(parts[0]))]
    wanted = sum(len(a) * len(b) for a, b in combinations(values, 2))
    assert len(set().union(*map(pairs, parts))) == wanted
    assert len(set(CLASSES)) == len(CLASSES) == len(parts)


@pytest.mark.parametrize("index", range(0, len(CLASSES), 5))
def test_emulated_steps_are_inside(index):
    number, tally = chunk(index)
    assert number == index
    assert tally.worst <= 1
    assert tally.judged + tally.refused == steps.STEPS


def test_a_chunk_is_the_same_again():
    assert [chunk(number) for number in SOME] == [chunk(number) for number in SOME]


def worst() -> float:
    return max(chunk(number)[1].worst for number in SOME)


@pytest.mark.parametrize("change", ["unit", "activation", "sum"])
def test_a_bound_that_is_too_small_is_seen(monkeypatch, change):
    """Too small are half of u, activations with half the claimed error, and sums without rounding."""
    if change == "unit":
        right = Arithmetic.unit
        monkeypatch.setattr(Arithmetic, "unit", lambda self, format: right(self, format) / 2)
    if change == "activation":
        gate = Proven._gate
        monkeypatch.setattr(Proven, "_gate", lambda self, *parts: (g := gate(self, *parts))._replace(own=g.own / 2))
    if change == "sum":
        monkeypatch.setattr(Proven, "growth", lambda self, terms, **options: 0)
    assert worst() > 1


def test_a_blend_that_is_wrong_by_few_last_places_is_seen(monkeypatch):
    """The blend is off by 32 units in the last place."""
    right = SoftGRU.blend

    def off(self, a, h, n):
        return self.ops.cast(right(self, a, h, n) * (1 + 64 * float(self.arithmetic.format.unit_roundoff)))

    monkeypatch.setattr(SoftGRU, "blend", off)
    assert worst() > 1


def test_steps_outside_the_domain_are_counted_apart(monkeypatch):
    """The class has products in bfloat16 and sums in float16, flushed; its bound often proves nothing."""
    monkeypatch.setattr(steps, "BATCH", 30)
    monkeypatch.setattr(steps, "STEPS", 30 * steps.TIME)
    _, tally = chunk(159)
    assert tally.refused > tally.judged > 0


def test_nan_counts_as_outside(monkeypatch):
    right = SoftGRU.run
    monkeypatch.setattr(
        SoftGRU, "run", lambda self, case: (r := right(self, case))._replace(outputs=r.outputs * np.nan)
    )
    assert chunk(0)[1].worst == np.inf


def test_a_run_in_parts_is_the_run(monkeypatch):
    monkeypatch.setattr(steps, "CLASSES", CLASSES[:3])
    reported: list[Tally] = []
    whole = tallied(steps.run(0, 100, 1), reported.append)
    assert sum(tally.judged for tally in whole.values()) == sum(tally.judged for tally in reported) >= 100
    again = tallied((chunk(number) for number in range(len(reported))), reported.append)
    assert again == whole


def test_chunks_of_other_processes_are_the_same(monkeypatch):
    monkeypatch.undo()  # another process has the unchanged module
    monkeypatch.setattr(steps, "CLASSES", CLASSES[:1])
    ((index, tally),) = steps.run(0, 1, 2)
    assert (index, tally) == chunk(0)


@pytest.mark.parametrize("part", [name for name in attained.PARTS if name != "forms"])
def test_half_of_each_term_is_attained(part):
    with attained.precision(attained.BITS):
        found = list(attained.activations(every=37) if part == "activations" else attained.PARTS[part]())
    assert found and all(row.holds for row in found)


def test_a_term_that_is_twice_as_large_as_needed_would_be_seen(monkeypatch):
    right = Arithmetic.unit
    monkeypatch.setattr(Arithmetic, "unit", lambda self, format: 3 * right(self, format))
    with attained.precision(attained.BITS):
        assert not all(row.holds for row in attained.PARTS["sums"]())
        assert not all(row.holds for row in attained.PARTS["casts"]())


@pytest.mark.parametrize(
    ("arguments", "part", "rows"),
    [
        (["lemmas", "--quick", "operations"], None, "a + b, underflow"),
        (["steps", "--count", "20", "--processes", "1"], "steps", "all"),
        (["attained"], "attained", "operand's cast"),
    ],
)
def test_the_command_line_prints_results_that_hold_and_others(monkeypatch, arguments, part, rows):
    if part == "steps":
        monkeypatch.setattr(steps, "CLASSES", CLASSES[2:3])
    if part == "attained":
        monkeypatch.setattr(attained, "PARTS", {"casts": attained.casts})
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0 and rows in done.output
    right, margins = Arithmetic.unit, StepSet.margins
    monkeypatch.setattr(Arithmetic, "unit", lambda self, format: right(self, format) / 2)
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: 2 * margins(self, computed))
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1 and "WRONG" in done.output


def test_an_unknown_lemma_is_refused():
    done = CliRunner().invoke(main, ["lemmas", "nothing"])
    assert done.exit_code == 2 and "there are sums" in done.output


def test_a_class_is_judged_by_its_own_bound_alone():
    """The same steps, judged by a finer class, are outside."""
    case, claim = steps.case_of(6)
    outputs = SoftGRU(claim, 6).run(case).outputs
    before = np.concatenate([case.starts[0][:, None], outputs[:, :-1]], axis=1)
    rows = [part.reshape(steps.STEPS, -1) for part in (case.inputs, before, outputs)]
    for activation, inside in ((claim.activation, True), ("correctly rounded", False)):
        margins = steps.judged(steps.OneStep(case.single, replace(claim, activation=activation)), *rows)
        assert (np.concatenate(list(margins)).max() <= 1) == inside

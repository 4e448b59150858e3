"""Wrong GRUs have names, sentences and links, and each is still a GRU. test_matrix_record.py shows that they are
wrong.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from conformance import mutants
from conformance.adapters import load
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import judge, wired
from conformance.checks.verdict import PASS
from conformance.diagnosis.catalogue import MISTAKES
from conformance.diagnosis.probe.probe import probe
from conformance.interface.adapter import ask
from conformance.interface.strategies import DISTINCT
from conformance.mutants import EQUIVALENT, FAMILIES, MUTANTS, PROBED
from conformance.mutants.backward import Backward
from conformance.mutants.emulated import Emulated
from tests.conformance.drawn import drawn
from tests.conformance.profiles import OWN_OR_ALL

RESETS = ("after", "before", "none")
LENGTHS = np.array([2, 5, 0])
MASK = np.array([[0, 1, 0, 1, 1], [1, 1, 0, 0, 1], [0, 0, 1, 1, 0]], bool)
SQUARE = (4, 4, 2, 3)
fixed = partial(drawn, shape=DISTINCT, seed=1)


def fresh(gru: Emulated) -> Emulated:
    """A mutant by its name, as a user loads it, that has not been called yet."""
    return load(f"conformance.mutants:{gru.name}")


def test_every_file_is_a_family():
    files = {path.stem for path in Path(mutants.__file__).parent.glob("*.py")}
    assert files == {*FAMILIES, "__init__", "emulated", "backward", "probed", "equivalent"}
    assert [mutant for family in FAMILIES.values() for mutant in family] == list(MUTANTS)
    assert all(FAMILIES.values())


@pytest.mark.parametrize("gru", [*MUTANTS, *PROBED, *EQUIVALENT], ids=lambda gru: gru.name)
def test_each_has_a_name_of_its_own_and_a_description(gru):
    """Its name is the attribute by which it is loaded, so no name hides another. Mutants that no clause detects say
    why.
    """
    assert type(fresh(gru)) is type(gru)
    sentence, *rest = gru.sentence.split("\n")
    assert bool(rest) == (gru not in MUTANTS)
    assert sentence.endswith(".") and "honest" not in sentence
    if gru not in EQUIVALENT:
        assert (sentence, gru.link) == (MISTAKES[gru.name].sentence, MISTAKES[gru.name].link)


HELD_ELSEWHERE = {"recurrent_bias_skipped_without_initial_state", "absent_bias_not_cleared"}
"""Mutants that are wrong only without an initial state, or without any bias."""


@pytest.mark.parametrize("reset", RESETS)
def test_a_convention_is_wrong_where_the_place_of_the_reset_gate_lets_it_be(reset):
    case = fixed("float32", reset=reset)
    right = ask(Emulated(), case)
    conventions = (*FAMILIES["gates"], *FAMILIES["biases"])
    answers = {gru.name: ask(fresh(gru), case) for gru in conventions}
    of_the_reset_gate = {name for name in answers if "reset" in name}
    assert {name for name, answer in answers.items() if all(map(np.array_equal, answer, right))} == HELD_ELSEWHERE | {
        "after": {"reset_after_instead_of_before"},
        "before": {"reset_before_instead_of_after", "recurrent_candidate_bias_outside_the_reset"},
        "none": {*of_the_reset_gate, "blocks_read_as_z_n_r"},
    }[reset]


@OWN_OR_ALL
@pytest.mark.parametrize(
    "clause",
    ["gradients", "gradients-masked", "gradients-bidirectional", "masked-gradient", "padding-gradient"],
)
def test_the_backward_pass_in_parts_is_right(clause, profile):
    assert judge(Backward(), BY_CLAUSE[clause], "float32", profile).kind == PASS


@pytest.mark.parametrize("gru", PROBED, ids=lambda gru: gru.name)
def test_the_probe_finds_mutants_that_no_step_shows(gru):
    assert not probe(fresh(gru), "float32", rounds=0).met
    assert probe(Emulated(), "float32", rounds=0).met


@pytest.mark.parametrize("gru", [*MUTANTS, *PROBED, *EQUIVALENT], ids=lambda gru: gru.name)
def test_some_closed_form_holds_so_that_the_adapter_is_not_blamed(gru):
    assert wired(fresh(gru)) is None


def test_a_double_reversal_equals_two_operations_of_tensorflow():
    import tensorflow as tf

    case = fixed("float32", lengths=LENGTHS, reverse=True, masked_outputs="carry")
    turned = tf.reverse(tf.reverse_sequence(case.inputs, LENGTHS, seq_axis=1, batch_axis=0), [1]).numpy()
    outputs, final = Emulated().run(replace(case, inputs=turned, lengths=None, reverse=False))
    answer = load("conformance.mutants:reversed_twice").run(case)
    assert np.array_equal(answer.final_state, final)
    for row, length in enumerate(LENGTHS):
        padding = case.time - length
        assert np.array_equal(answer.outputs[row, :length], outputs[row, padding:])
        assert np.array_equal(answer.outputs[row, length:], outputs[row, :padding][::-1])

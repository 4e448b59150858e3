"""Wrong GRUs are wrong: each leaves its bound, breaks a copy or a contract on a fixed case, and is still a GRU."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from conformance import mutants
from conformance.adapters import load
from conformance.checks.check import each_step_is_right_masked_or_not
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.clauses.bidirectional import the_merge_is_the_one_asked_for
from conformance.checks.clauses.contract import arguments_are_not_modified
from conformance.checks.clauses.gradients import cotangents
from conformance.checks.clauses.time import poisoned
from conformance.checks.judge import PROFILES, judge, wired
from conformance.checks.runs import gradient_bounds, gradients_within
from conformance.checks.smoke import FORMS
from conformance.checks.verdict import PASS
from conformance.diagnosis.catalogue import MISTAKES
from conformance.diagnosis.probe.probe import probe
from conformance.interface.adapter import SubjectError, ask, ask_gradients
from conformance.interface.case import Case
from conformance.interface.strategies import DISTINCT, LONG, SMALL, WIDE
from conformance.mutants import EQUIVALENT, FAMILIES, MUTANTS, PROBED
from conformance.mutants.backward import Backward
from conformance.mutants.emulated import Emulated
from tests.conformance.drawn import drawn

RESETS = ("after", "before", "none")
LENGTHS = np.array([2, 5, 0])
MASK = np.array([[0, 1, 0, 1, 1], [1, 1, 0, 0, 1], [0, 0, 1, 1, 0]], bool)
SQUARE = (4, 4, 2, 3)
fixed = partial(drawn, shape=DISTINCT, seed=1)


@cache
def runs(dtype: str) -> tuple[Case, ...]:
    """Two of one shape without an initial state stand side by side, for what is kept between calls."""
    padded = [
        fixed(dtype, masked_outputs=policy, reverse=reverse, **padding)
        for padding in ({"lengths": LENGTHS}, {"mask": MASK})
        for policy in ("carry", "zero")
        for reverse in (False, True)
    ]
    return (
        fixed(dtype, shape=(3, 0, 2, 4)),
        fixed(dtype, shape=(0, 5, 2, 4)),
        FORMS[0].case(dtype, "after", True),
        *(fixed(dtype, reset=reset) for reset in RESETS),
        *(fixed(dtype, regime=regime) for regime in ("large weights", "far gates", "near underflow")),
        *(fixed(dtype, start=False, seed=seed) for seed in (2, 3)),
        *padded,
        *(poisoned(case) for case in padded),
        fixed(dtype, reverse=True),
        *(fixed(dtype, merge=merge) for merge in ("apart", "concat", "ave")),
        fixed(dtype, merge="concat", lengths=LENGTHS, masked_outputs="zero"),
        *(fixed(dtype, shape=shape) for shape in (SMALL, SQUARE, LONG, WIDE)),
    )


@cache
def backward_runs(dtype: str) -> tuple[Case, ...]:
    return (
        *(fixed(dtype, reset=reset) for reset in RESETS),
        poisoned(fixed(dtype, mask=MASK)),
        fixed(dtype, mask=MASK, masked_outputs="zero"),
        fixed(dtype, merge="mul", lengths=LENGTHS, reset="before"),
    )


allowed_gradients = cache(lambda dtype, i: gradient_bounds(*_differentiated(dtype, i)))


def _differentiated(dtype, i):
    case = backward_runs(dtype)[i]
    return case, cotangents(case), Emulated.capabilities.arithmetic[dtype]


def is_wrong(gru, case: Case) -> bool:
    """Whether an answer is outside what the claim allows, or does not come, or something else was changed."""
    examined = [the_merge_is_the_one_asked_for if case.merge == "ave" else each_step_is_right_masked_or_not]
    if np.isfinite(case.inputs).all():  # NaN would not equal itself
        examined.append(arguments_are_not_modified)
    try:
        return any(examine(gru, case).findings for examine in examined)
    except SubjectError:
        return True


def is_wrong_backward(gru, dtype: str, i: int) -> bool:
    """Whether some gradient is outside its bound."""
    case, given, claim = _differentiated(dtype, i)
    return bool(gradients_within(allowed_gradients(dtype, i), ask_gradients(gru, case, given), claim).findings)


def deviates(gru, *dtypes: str) -> bool:
    """On a fixed case of some format."""
    for dtype in dtypes:
        if type(gru).gradients is not Emulated.gradients:
            if any(is_wrong_backward(gru, dtype, i) for i in range(len(backward_runs(dtype)))):
                return True
        elif any(is_wrong(gru, case) for case in runs(dtype)):
            return True
    return False


def fresh(gru: Emulated) -> Emulated:
    """By its name, as anyone asks for it; one that nobody has asked yet."""
    return load(f"conformance.mutants:{gru.name}")


def test_every_file_is_a_family():
    files = {path.stem for path in Path(mutants.__file__).parent.glob("*.py")}
    assert files == {*FAMILIES, "__init__", "emulated", "backward", "probed", "equivalent"}
    assert [mutant for family in FAMILIES.values() for mutant in family] == list(MUTANTS)
    assert all(FAMILIES.values())


@pytest.mark.parametrize("gru", [*MUTANTS, *PROBED, *EQUIVALENT], ids=lambda gru: gru.name)
def test_each_has_a_name_of_its_own_and_says_what_it_does(gru):
    """Its name is the attribute by which it is loaded, so no name hides another. Those that no clause sees say why."""
    assert type(fresh(gru)) is type(gru)
    sentence, *rest = gru.sentence.split("\n")
    assert bool(rest) == (gru not in MUTANTS)
    assert sentence.endswith(".") and "honest" not in sentence
    if gru not in EQUIVALENT:
        assert (sentence, gru.link) == (MISTAKES[gru.name].sentence, MISTAKES[gru.name].link)


@pytest.mark.parametrize("name", ["rough_tanh", "padding_is_multiplied_away", "gradients_off_by_a_factor"])
def test_a_deviation_is_seen(name):
    """That of every mutant is seen by a check and a vector: tests of the matrix' record."""
    assert deviates(getattr(mutants, name)(), "float32")


HELD_ELSEWHERE = {"recurrent_bias_skipped_without_initial_state", "absent_bias_not_cleared"}
"""Wrong only without an initial state, or without any bias."""


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


@pytest.mark.parametrize("gru", [Emulated(), Backward()], ids=["forward", "backward"])
def test_what_they_deviate_from_is_right(gru):
    assert not deviates(gru, "float32", "float64")


@pytest.mark.parametrize(
    "clause",
    ["gradients", "gradients-masked", "gradients-bidirectional", "masked-gradient", "padding-gradient"],
)
def test_the_backward_pass_in_parts_is_right(clause):
    assert judge(Backward(), BY_CLAUSE[clause], "float32", PROFILES["dev"]).kind == PASS


@pytest.mark.parametrize("gru", EQUIVALENT, ids=lambda gru: gru.name)
def test_what_is_called_equivalent_is_right(gru):
    assert not deviates(fresh(gru), "float32")


@pytest.mark.parametrize("gru", PROBED, ids=lambda gru: gru.name)
def test_what_no_step_tells_is_told_by_the_probe(gru):
    assert not deviates(fresh(gru), "float32")
    assert not probe(fresh(gru), "float32", rounds=0).met
    assert probe(Emulated(), "float32", rounds=0).met


@pytest.mark.parametrize("gru", [*MUTANTS, *PROBED, *EQUIVALENT], ids=lambda gru: gru.name)
def test_some_closed_form_holds_so_that_the_adapter_is_not_blamed(gru):
    assert wired(fresh(gru)) is None


def test_turned_twice_is_what_the_two_operations_of_tensorflow_do():
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

"""A wrong GRU is explained rightly, an honest one not at all, and an unknown mistake is not guessed."""

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from conformance import mutants
from conformance.__main__ import main
from conformance.adapters import load
from conformance.adapters.reference import gru as reference
from conformance.diagnosis import ALONE, DEVIATIONS, Hypotheses, diagnose, diagnosed
from conformance.diagnosis.catalogue import MISTAKES
from conformance.diagnosis.catalogue.orders import READ_AS
from conformance.diagnosis.known.running_error import Near, Rounded
from conformance.diagnosis.known.step import DEVIATIONS as STEPS
from conformance.diagnosis.questions import questions
from conformance.diagnosis.search import answers_to, composed
from conformance.interface.adapter import Adapter, Capabilities, UsageError
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Outputs
from conformance.mutants import EQUIVALENT, FAMILIES
from conformance.mutants.emulated import Emulated
from reference import Parameters
from studies.long_runs.confusion import CONVENTIONS, EQUAL, KNOWN, LOST, NOTHING, PRECISION, RIGHT, SEEN, Study
from tests.conformance.studied import IN_ONE_WAY, study
from tests.documents import blocks

PAIRS = (
    ("gates_swapped", "update_sense_flipped"),
    ("update_sense_flipped", "bias_rows_swapped"),
    ("recurrent_kernel_transposed", "lengths_ignored"),
    ("initial_state_ignored", "reverse_output_not_aligned"),
    ("reset_ignored", "input_bias_missing"),
    ("reset_of_the_input_side_too", "reset_gate_of_the_step_before"),
    ("hard_sigmoid_gates", "final_state_from_the_first_time"),
)


@pytest.mark.parametrize("mutant", KNOWN, ids=lambda mutant: mutant.__name__)
def test_each_known_mistake_alone_is_named_and_nothing_else_is(mutant):
    row = study("before" if mutant is mutants.reset_after_instead_of_before else "after").row(mutant)
    assert row.kind == RIGHT, row


@pytest.mark.parametrize("names", PAIRS, ids="+".join)
def test_two_mistakes_at_once_are_named(names):
    row = study().row(*(getattr(mutants, name) for name in names))
    assert row.kind == RIGHT, row


def test_two_equivalent_mistakes_are_each_named():
    row = study().row(mutants.reset_of_the_input_side_too, mutants.bias_rows_swapped)
    assert row.kind == EQUAL, row
    assert all(len(named) == 1 for named in row.explained)


def test_pairs_that_inheritance_does_not_compose_count_as_lost():
    row = study().row(mutants.lengths_ignored, mutants.padding_taken_for_neutral)
    assert row.kind == LOST, row


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "mutant",
    [
        mutant
        for family in ("numerics", "activations", "gradients", "contract")
        for mutant in FAMILIES[family]
        if mutant.name not in CONVENTIONS
    ],
    ids=lambda mutant: mutant.name,
)
def test_another_mistake_is_not_taken_for_a_convention(mutant, dtype):
    row = study(dtype=dtype).row(type(mutant))
    assert row.kind in (PRECISION, NOTHING, SEEN), row


def test_steps_that_are_shared_are_those_that_would_be_taken():
    """Every hypothesis about a question gives the same result with shared steps and with its own steps."""
    hypotheses = study().search.claimed
    for parts in [*combinations(DEVIATIONS, 1), *random.Random(0).sample(list(combinations(DEVIATIONS, 2)), 200)]:
        assert _alone(hypotheses, 1, parts) == _numbers(hypotheses.answer(1, parts)), parts


@pytest.mark.parametrize("mutant", [mutants.gates_swapped, mutants.lengths_ignored, mutants.relu_candidate])
def test_the_comparison_at_once_agrees_with_the_single_ones(mutant):
    hypotheses = study().search.claimed
    given = answers_to(mutant(), hypotheses.cases)[0]
    every = list(combinations(DEVIATIONS, 2))
    assert hypotheses.screened(0, 2, given) == [parts for parts in every if hypotheses.allows(0, parts, given)]


def test_every_deviation_answers_in_the_shapes_of_the_specification():
    """Subjects answer in these shapes, so that numbers can be compared one by one."""
    hypotheses = study().search.claimed
    for question in range(len(hypotheses.cases)):
        right = hypotheses.answer(question, ())
        others = [hypotheses.answer(question, parts) for parts in combinations((*DEVIATIONS, *ALONE), 1)]
        shapes = [near.value.shape for near in right]
        assert all([near.value.shape for near in answer] == shapes for answer in others), question


@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_a_deviation_of_the_step_changes_numbers_where_the_place_of_the_reset_gate_lets_it(reset):
    """The test uses a question with an initial state that is not square."""
    hypotheses = study(reset).search.claimed
    right, unchanged, impossible = hypotheses.answer(1, ()), set(), set()
    for deviation in STEPS:
        answer = hypotheses.answer(1, (deviation,))
        if answer is None:
            impossible.add(deviation.__name__)
        elif all(np.array_equal(near.value, same.value) for near, same in zip(answer, right, strict=True)):
            unchanged.add(deviation.__name__)
    names = {deviation.__name__ for deviation in STEPS}
    of_the_reset_gate = {name for name in names if "reset" in name}
    assert (
        unchanged
        == {"recurrent_bias_skipped_without_initial_state", "transposed_where_it_is_square"}
        | {
            "after": {"reset_after_instead_of_before"},
            "before": {"reset_before_instead_of_after", "recurrent_candidate_bias_outside_the_reset"},
            "none": {*of_the_reset_gate, "recurrent_candidate_bias_outside_the_reset"},
        }[reset]
    )
    orders = {name for name, (_, order) in READ_AS.items() if order != "nzr"}
    assert impossible == (orders if reset == "none" else set())


def test_a_step_that_must_not_be_shared_is_seen(monkeypatch):
    (stale,) = [deviation for deviation in DEVIATIONS if deviation.remembers]
    (first,) = [deviation for deviation in DEVIATIONS if deviation.__name__ == "state_not_carried"]
    monkeypatch.setattr(stale, "remembers", False)
    claim = Emulated.capabilities.arithmetic["float64"]
    hypotheses = Hypotheses(claim, questions(Emulated.capabilities, "float64", "after"))
    differ = []
    for parts in ((stale, first), (stale,)):
        for question in range(4, len(hypotheses.cases)):
            differ.append(_alone(hypotheses, question, parts) != _numbers(hypotheses.answer(question, parts)))
    assert any(differ)


def _alone(hypotheses, question, parts):
    try:
        with np.errstate(all="ignore"):
            return _numbers(composed(parts)(Rounded(hypotheses.claim)).answer(hypotheses.cases[question]))
    except (TypeError, IndexError, ValueError, AttributeError):
        return None


def _numbers(answer):
    return answer and [(near.value.tobytes(), near.error.tobytes()) for near in answer]


@pytest.mark.parametrize("honest", [reference, *EQUIVALENT], ids=lambda honest: type(honest).__name__)
def test_an_honest_subject_gets_no_diagnosis(honest):
    assert diagnose(honest) is None


def test_an_unknown_convention_is_not_guessed(monkeypatch):
    """Without its own deviation, no other deviation explains a mistake; the test above then fails."""
    known = tuple(deviation for deviation in DEVIATIONS if deviation.__name__ != "update_sense_flipped")
    monkeypatch.setattr("conformance.diagnosis.search.DEVIATIONS", known)
    monkeypatch.setattr("conformance.diagnosis.search.AT_ONCE", 1)
    assert Study().row(mutants.update_sense_flipped).kind == NOTHING


def test_a_bound_that_is_too_wide_is_seen(monkeypatch):
    """If everything explains the answers, no explanation is unique, and mistakes count as right answers."""
    monkeypatch.setattr("conformance.diagnosis.known.running_error.Near.contains", lambda near, computed, ours: True)
    assert Study().row(mutants.update_sense_flipped).kind == SEEN


def test_a_bound_that_is_too_narrow_is_seen(monkeypatch):
    """An honest answer in float32 needs its roundings."""
    claim = Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")
    can = Emulated.capabilities
    cases = questions(can, "float32", "after")
    assert not Hypotheses(claim, cases).wrong(answers_to(Emulated(), cases))
    double = Rounded(Arithmetic(dtype="float64", activation="8 ULP", source="NumPy"))
    monkeypatch.setattr("conformance.diagnosis.search.Rounded", lambda arithmetic: double)
    assert Hypotheses(claim, cases).wrong(answers_to(Emulated(), cases))


def test_a_subject_that_answers_two_directions_alone_is_diagnosed_by_them(monkeypatch):
    """Two of these deviations exclude each other: one never reads the state that the other starts from."""

    class OnlyTwoDirections(mutants.gates_swapped, mutants.update_sense_flipped):
        capabilities = replace(IN_ONE_WAY, merges=("apart",))

        def run(self, case) -> Outputs:
            if case.merge is None:
                raise ValueError("one direction")
            return super().run(case)

    wrong = {"gates_swapped", "update_sense_flipped"}
    names = {*wrong, "final_state_from_the_last_time", "backward_starts_where_forward_ended"}
    known = tuple(deviation for deviation in DEVIATIONS if deviation.__name__ in names)
    monkeypatch.setattr("conformance.diagnosis.search.DEVIATIONS", known)
    found = diagnose(OnlyTwoDirections())
    assert found is not None
    (explanation,) = found.explanations
    assert {part.name for part in explanation} == wrong


def test_a_subject_without_initial_states_gets_each_question_once_and_no_initial_state():
    can = replace(Emulated.capabilities, initial_state=False)
    asked = questions(can, "float64", "after")
    assert all(case.initial_state is None for case in asked)
    assert len({case.to_text() for case in asked}) == len(asked)


def test_a_subject_that_declares_no_format_is_not_called_right():
    hole = Adapter(lambda case: None, Capabilities(arithmetic={}))
    with pytest.raises(UsageError, match="nothing can be asked"):
        diagnose(hole)


def test_the_fix_of_a_gate_order_mends_it():
    class Mended(mutants.blocks_read_as_n_z_r):
        def run(self, case) -> Outputs:
            order = [2, 0, 1]
            given = tuple(
                type(p)(p.kernel[order], p.recurrent_kernel[order], p.bias[:, order], p.reset) for p in case.parameters
            )
            object.__setattr__(case, "parameters", given)
            return super().run(case)

    assert "p.kernel[[2, 0, 1]]" in MISTAKES["blocks_read_as_n_z_r"].fix
    case = questions(Emulated.capabilities, "float64", "after")[1]
    assert np.array_equal(Emulated().run(case).outputs, Mended().run(case.copy()).outputs)


def test_without_a_reset_gate_a_gate_order_has_one_explanation_whose_fix_mends_it():
    can = replace(IN_ONE_WAY, resets=("none",))
    found = diagnose(Adapter(mutants.blocks_read_as_n_z_r().run, can))
    assert found is not None
    ((explanation,),) = found.explanations
    assert explanation.name == "blocks_read_as_n_z_r" and "(without a reset gate: [1, 0] " in explanation.fix

    def turned(p):
        return Parameters(p.kernel[[1, 0]], p.recurrent_kernel[[1, 0]], p.bias[:, [1, 0]], p.reset)

    mended = Miswired(mutants.blocks_read_as_n_z_r(), turned)
    case = questions(can, "float64", "none")[1]
    assert np.array_equal(Emulated().run(case).outputs, mended.run(case).outputs)


def test_one_reset_gate_a_step_explains_two_mistakes_about_it():
    """The two mistakes occur together: a stale gate belongs to the previous step, however often a step uses it."""

    class Both(Emulated):
        capabilities = replace(IN_ONE_WAY, reverse=False, masks=False)

        def start(self, case, direction):
            self.last = None
            return super().start(case, direction)

        def candidate(self, x_side, h, p):
            fresh = self.reset(x_side, h, p)
            used, self.last = fresh if self.last is None else self.last, fresh
            return used * (x_side[2] + self.recurrent(h, p, 2))

    found = diagnose(Both())
    assert found is not None
    (explanation,) = found.explanations
    assert {part.name for part in explanation} == {"reset_of_the_input_side_too", "reset_gate_of_the_step_before"}


class Miswired:
    """A subject whose adapter passes its parameters wrongly."""

    def __init__(self, gru, read) -> None:
        self.inner, self.read, self.capabilities = gru, read, gru.capabilities

    def run(self, case) -> Outputs:
        return self.inner.run(replace(case, parameters=tuple(self.read(p) for p in case.parameters)))


def swapped(p):
    order = [1, 0, 2]
    return Parameters(p.kernel[order], p.recurrent_kernel[order], p.bias[:, order], p.reset)


def transposed(p):
    return Parameters(p.kernel, p.recurrent_kernel.swapaxes(1, 2).copy(), p.bias, p.reset)


@pytest.mark.parametrize(
    ("name", "read", "deviation"),
    [
        ("torch", swapped, "gates_swapped"),
        ("onnxruntime", swapped, "gates_swapped empty_row_ends_in_zeros"),
        ("tf_gru:graph", transposed, "recurrent_kernel_transposed"),
    ],
)
def test_an_adapter_that_hands_weights_over_wrongly_is_diagnosed(name, read, deviation):
    """Each has one format and position only, so that few programs are compiled."""
    gru = Miswired(load(name), read)
    claims = {"float32": gru.capabilities.arithmetic["float32"]}
    only = {"resets": ("after",), "merges": (), "reverse": False, "masked_outputs": gru.capabilities.masked_outputs[:1]}
    gru.capabilities = replace(gru.capabilities, arithmetic=claims, **only)
    (explanation,) = diagnose(gru).explanations
    assert " ".join(part.name for part in explanation) == deviation


def test_a_diagnosis_that_fails_says_why(monkeypatch):
    def broken(near, computed, ours) -> bool:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(Near, "contains", broken)
    found, _ = diagnosed(mutants.gates_swapped())
    assert found.lines == [
        "the diagnosis itself failed, and says nothing of the subject: KeyError: 'a mistake of ours'"
    ]


def test_a_subject_that_ends_its_process_in_the_diagnosis_keeps_its_verdicts(tmp_path):
    """Its clause uses no mask, but the diagnosis does."""
    (tmp_path / "ends_late.py").write_text(
        "import os\n"
        "from conformance.mutants import gates_swapped\n"
        "class gru(gates_swapped):\n"
        "    def run(self, case):\n"
        "        return os._exit(7) if case.mask is not None else super().run(case)\n"
    )
    report = tmp_path / "report.json"
    subprocess.run(
        [sys.executable, "-m", "conformance", "run", "ends_late:gru", "--clause", "step-after", "--json", str(report)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    (subject,) = json.loads(report.read_text())["subjects"]
    assert "fail" in {verdict["kind"] for verdict in subject["verdicts"]}
    assert subject["diagnosis"]["failed"] == "the process ended with exit code 7"


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("reference", 0, "all questions are answered as specified"),
        ("conformance.mutants:gates_swapped", 1, "the gate blocks are read as r, z, n"),
        ("conformance.mutants:masked_answers_in_float64", 1, "21 of them got no answer, the first: outputs is float64"),
        (
            "conformance.mutants:inputs_centred_over_the_batch",
            1,
            "no known convention, nor any two, nor less precision",
        ),
        ("nothing", 2, "neither a registered name nor module:attribute"),
        ("miniatures:opaque", 2, "reading its attribute 'capabilities' raised RuntimeError: not today"),
        (
            "miniatures:claims_nothing",
            2,
            "declares none of float64, float32, float16, bfloat16, so nothing can be asked of it",
        ),
    ],
)
def test_the_command_prints_its_findings(name, code, words, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    written = tmp_path / "diagnosis.json"
    done = CliRunner().invoke(main, ["diagnose", name, "--json", str(written)])
    assert done.exit_code == code, done.output
    assert words in done.output
    if code < 2:
        found = json.loads(written.read_text())
        assert (found["subject"], found["diagnosis"] is None) == (name, code == 0)


BLOCKS = blocks("docs/diagnosis.md", "python")


@pytest.mark.parametrize("block", BLOCKS, ids=range(1, len(BLOCKS) + 1))
def test_the_blocks_of_the_documentation_run(block):
    exec(compile(block, "docs/diagnosis.md", "exec"), {})

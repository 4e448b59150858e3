"""Wrong GRUs in plain loops are named, at some sizes or at all sizes, and unknown mistakes are not named."""

from dataclasses import replace
from math import tanh

import numpy as np
import pytest

from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge, judge_case
from conformance.checks.verdict import FAIL, Cause, Subject, Verdict
from conformance.cli.report.terminal import unexplained
from conformance.diagnosis import diagnose, diagnosed
from conformance.diagnosis.alike import Options, alike
from conformance.diagnosis.attribution import VARIES
from conformance.diagnosis.reach import where
from conformance.interface.case import Outputs
from tests.conformance.loops import Loops, sigma


class RecurrentBiasDoubled(Loops):
    def weights(self, W, U, b, c):
        return W, U, b, c + c


class BiasesPermutedAlone(Loops):
    def weights(self, W, U, b, c):
        return W, U, b[[1, 0, 2]], c[[1, 0, 2]]


class InputBiasPermutedAlone(Loops):
    def weights(self, W, U, b, c):
        return W, U, b[[2, 1, 0]], c


class ResetOnTheStateOfTheUpdate(Loops):
    def seen(self, gate, x, h, W, U, b, c):
        return np.array([sigma(x @ W[1, :, k] + b[1, k] + h @ U[1, :, k] + c[1, k]) for k in range(len(h))]) * h


class NoBlend(Loops):
    def blend(self, z, h, n):
        return n


class TanhClipped(Loops):
    def candidate(self, a):
        return min(0.9, max(-0.9, tanh(a)))


class HardTanh(Loops):
    def candidate(self, a):
        return min(1.0, max(-1.0, a))


class TanhOfSigmoid(Loops):
    def candidate(self, a):
        return tanh(sigma(a))


class PreActivationsClipped(Loops):
    def gate(self, which, a):
        return super().gate(which, min(3.0, max(-3.0, a)))

    def candidate(self, a):
        return super().candidate(min(3.0, max(-3.0, a)))


class DirectionsSwappedInTheOutput(Loops):
    def answer(self, case, outputs):
        if case.merge is None:
            return outputs
        shown, finals = outputs
        if case.merge == "apart":
            shown = shown[1], shown[0]
        elif case.merge == "concat":
            shown = np.concatenate((shown[..., case.units :], shown[..., : case.units]), 2)
        return Outputs(shown, (finals[1], finals[0]))


class LastStepSkipped(Loops):
    def times(self, case, backwards):
        return super().times(case, backwards)[:-1]


class TimeAndBatchConfused(Loops):
    def read(self, case):
        batch, time, inputs = case.inputs.shape
        flat = case.inputs.ravel()
        turned = np.empty_like(case.inputs)
        for row in range(batch):
            for t in range(time):
                turned[row, t] = flat[(t * batch + row) * inputs :][:inputs]
        return replace(case, inputs=turned)


class OutputsShifted(Loops):
    def answer(self, case, outputs):
        if case.merge is not None:
            return outputs
        shown = np.zeros_like(outputs.outputs)
        shown[:, 1:] = outputs.outputs[:, :-1]
        return Outputs(shown, outputs.final_state)


class OutputsReversedInTime(Loops):
    def one(self, case, which, backwards):
        shown, final = super().one(case, which, backwards)
        return shown[:, ::-1].copy(), final


class BatchReversed(Loops):
    def one(self, case, which, backwards):
        shown, final = super().one(case, which, backwards)
        return shown[::-1].copy(), final[::-1].copy()


class UnitsReversed(Loops):
    def one(self, case, which, backwards):
        shown, final = super().one(case, which, backwards)
        return shown[..., ::-1].copy(), final[..., ::-1].copy()


class CandidateWithoutItsInputBias(Loops):
    def weights(self, W, U, b, c):
        return W, U, np.concatenate((b[:-1], b[-1:] * 0)), c


class ResetWithoutItsState(Loops):
    def weights(self, W, U, b, c):
        return W, np.stack((U[0], U[1] * 0, U[2])) if len(U) == 3 else U, b, c


class UpdateTransposed(Loops):
    def weights(self, W, U, b, c):
        return W, np.stack((U[0].T, *U[1:])), b, c


class InputsOneStepLate(Loops):
    def read(self, case):
        late = np.zeros_like(case.inputs)
        late[:, 1:] = case.inputs[:, :-1]
        return replace(case, inputs=late)


class FeaturesReversed(Loops):
    def weights(self, W, U, b, c):
        return W[:, ::-1], U, b, c


class ZerosTakenForPadding(Loops):
    def read(self, case):
        mask = case.valid & (np.abs(case.inputs).sum(axis=2) > 0)
        return replace(case, lengths=None, mask=mask)


class StartsFromTheFirstRow(Loops):
    def begin(self, case, which, row):
        return super().begin(case, which, 0)


class KeepsItsState(Loops):
    def __init__(self):
        self.kept = {}

    def run(self, case):
        if case.initial_state is None and case.merge is None and (case.batch, case.units) in self.kept:
            case = replace(case, initial_state=(self.kept[case.batch, case.units].astype(case.dtype),))
        given = super().run(case)
        if case.merge is None:
            self.kept[case.batch, case.units] = given.final_state
        return given


NAMED = {
    RecurrentBiasDoubled: "recurrent_bias_doubled",
    BiasesPermutedAlone: "bias_order_rzn",
    InputBiasPermutedAlone: "input_bias_order_nrz",
    ResetOnTheStateOfTheUpdate: "reset_scales_the_state_of_the_update",
    NoBlend: "blend_is_the_candidate",
    TanhClipped: "candidate_clipped_at_0_9",
    HardTanh: "candidate_hard_tanh",
    TanhOfSigmoid: "candidate_tanh_of_sigmoid",
    PreActivationsClipped: "clip_of_arguments_at_3",
    DirectionsSwappedInTheOutput: "directions_swapped_in_the_answer",
    LastStepSkipped: "last_step_not_written",
    TimeAndBatchConfused: "time_read_as_batch",
    OutputsReversedInTime: "outputs_reversed_in_time",
    BatchReversed: "answer_reversed_in_batch",
    UnitsReversed: "answer_reversed_in_units",
    CandidateWithoutItsInputBias: "input_bias_of_candidate_missing",
    ResetWithoutItsState: "recurrent_kernel_of_reset_missing",
    UpdateTransposed: "recurrent_kernel_of_update_transposed",
    InputsOneStepLate: "inputs_late",
    FeaturesReversed: "inputs_reversed_in_features",
    ZerosTakenForPadding: "zero_input_taken_for_padding",
    StartsFromTheFirstRow: "initial_states_of_the_first_row",
    KeepsItsState: "state_kept_between_calls",
}
"""The catalogue's name of the mistake of each class."""


@pytest.fixture(autouse=True)
def few_sizes(monkeypatch, request):
    """Use only the sizes on both sides of the limits below, because loops are slow."""
    named = "named_and_nothing_else" in request.node.name
    sizes = (1, 8, 17) if named else (1, 2, 3, 7, 8, 9, 12, 15, 16, 17, 32, 33)
    monkeypatch.setattr("conformance.diagnosis.reach.SIZES", sizes)


def test_the_loops_are_right():
    assert diagnose(Loops()) is None


@pytest.mark.parametrize("wrong", NAMED, ids=lambda wrong: wrong.__name__)
def test_a_wrong_gru_in_loops_is_named_and_nothing_else_is(wrong):
    found = diagnose(wrong())
    assert found is not None
    assert [[part.name for part in explanation] for explanation in found.explanations] == [[NAMED[wrong]]], found.lines
    assert found.limits is None, found.limits


def test_what_depends_on_the_merge_is_named_with_it():
    found = diagnose(OutputsShifted())
    assert found is not None
    assert found.explanations == [] or found.limits is not None, found.lines


# Mistakes at some sizes or options only.


def only(wrong, where_wrong):
    """A subject that is wrong only for some cases."""

    class Only(wrong):
        def run(self, case):
            return (super() if where_wrong(case) else Loops()).run(case)

    return Only()


def failing(gru, clause: str, case) -> Verdict:
    verdict = judge_case(gru, BY_CLAUSE[clause], case)
    assert verdict.kind == FAIL
    return verdict


PLAIN = Options("float32", "after", False, None, True, None, False, False, "carry")

SMALL = [
    (RecurrentBiasDoubled, lambda case: case.units < 8, "only where units is 7 or less, not 8 or more"),
    (UnitsReversed, lambda case: case.time % 2 == 0, "only where time is a multiple of 2"),
]


@pytest.mark.parametrize(("wrong", "rule", "words"), SMALL, ids=lambda value: getattr(value, "__name__", None))
def test_a_mistake_at_small_sizes_is_named_with_its_limits(wrong, rule, words):
    found = diagnose(only(wrong, rule))
    assert found is not None
    assert [[part.name for part in explanation] for explanation in found.explanations] == [[NAMED[wrong]]]
    assert (found.limits or "").startswith(words), found.limits


LARGE = [
    (RecurrentBiasDoubled, lambda case: case.units % 8 == 0, (1, 1, 1, 8), "only where units is a multiple of 8"),
    (NoBlend, lambda case: case.units > 32, (2, 1, 2, 33), "only where units is 33 or more, not 32 or less"),
    (BatchReversed, lambda case: case.batch > 7, (8, 1, 1, 1), "only where batch is 8 or more, not 7 or less"),
    (FeaturesReversed, lambda case: case.inputs.shape[2] > 8, (1, 1, 9, 1), "only where input_dim is 9 or more"),
    (LastStepSkipped, lambda case: case.time > 16, (1, 17, 1, 1), "only where time is 17 or more, not 16 or less"),
    (TanhClipped, lambda case: case.batch == 1, (1, 2, 9, 5), "only where batch is 1;"),
]


@pytest.mark.parametrize(("wrong", "rule", "shape", "words"), LARGE, ids=lambda value: getattr(value, "__name__", None))
def test_a_mistake_past_the_tiny_questions_is_named_at_a_failing_case_with_its_limits(wrong, rule, shape, words):
    gru = only(wrong, rule)
    assert diagnose(gru) is None
    verdict = failing(gru, "step-after", alike(PLAIN, shape))
    found, (explained,) = diagnosed(gru, [verdict])
    assert found is not None and found.lines == ["the tiny questions are answered rightly: it shows only in step-after"]
    ((part,),) = explained.cause.explanations
    assert part.name == NAMED[wrong]
    assert (explained.cause.limits or "").startswith(words), explained.cause.limits


OPTIONS = [
    (RecurrentBiasDoubled, {"reverse": True, "started": False, "padding": "lengths"}, "reverse-masked"),
    (UnitsReversed, {"padding": "mask", "policy": "zero", "started": False}, "masks"),
]


@pytest.mark.parametrize(("wrong", "options", "clause"), OPTIONS, ids=lambda value: getattr(value, "__name__", None))
def test_a_mistake_under_some_options_is_named_with_them(wrong, options, clause):
    asked = PLAIN._replace(**options)

    def rule(case):
        return case.dtype == "float32" and Options.of(case)._replace(empty=False) == asked

    gru = only(wrong, rule)
    verdict = failing(gru, clause, alike(asked, (2, 3, 2, 2)))
    _, explained = diagnosed(gru, [verdict])
    assert [verdict.cause.explanations[0][0].name for verdict in explained] == [NAMED[wrong]]
    limits = explained[0].cause.limits
    assert "not in float64" in limits and "without an initial state" in limits, limits


def test_numbers_in_less_precision_at_some_sizes_are_named_with_them():
    class Half(Loops):
        def weights(self, W, U, b, c):
            if W.shape[2] < 16:
                return W, U, b, c
            return W.astype(np.float16).astype(float), U.astype(np.float16).astype(float), b, c

        def read(self, case):
            if case.units < 16:
                return case
            return replace(case, inputs=case.inputs.astype(np.float16).astype(case.dtype))

    verdict = failing(Half(), "step-after", alike(PLAIN, (2, 1, 2, 16)))
    _, explained = diagnosed(Half(), [verdict])
    for found in explained:
        assert "consistent with" in found.cause.explanations[0][0].sentence
        assert "where units is 16 or more, not 15 or less" in (found.cause.limits or "")


# Mistakes that must not be named.


class WrongByChance(Loops):
    """A subject that is wrong in eleven of a hundred calls."""

    def __init__(self):
        self.random = np.random.default_rng(0)

    def run(self, case):
        wrong = self.random.random() < 0.11
        outputs, final = super().run(case)
        return (
            Outputs(outputs, tuple(1.5 * f for f in final) if case.merge else 1.5 * final)
            if wrong
            else (outputs, final)
        )


def test_a_kernel_that_is_wrong_by_chance_is_said_to_vary_and_gets_no_explanation():
    gru = WrongByChance()
    verdict = judge(gru, BY_CLAUSE["final-state"], "float32", PROFILES["dev"])
    assert verdict.kind == FAIL
    found, explained = diagnosed(gru, [verdict])
    assert found is not None and found.explanations == [] and found.consistent is None
    assert [one.cause for one in explained] in ([Cause((), VARIES)], [])
    assert explained or found.varies


def test_what_is_wrong_in_some_numbers_alone_is_not_explained_by_its_failing_case():
    class LargeStatesLost(Loops):
        def begin(self, case, which, row):
            h = super().begin(case, which, row)
            return 0 * h if np.abs(h).max(initial=0) > 5 else h

    case = alike(PLAIN, (1, 1, 1, 1))
    case = replace(case, initial_state=tuple(0 * h + 6 for h in case.initial_state))
    found, explained = diagnosed(LargeStatesLost(), [failing(LargeStatesLost(), "step-after", case)])
    assert explained == []
    assert found is not None and found.only == "step-after"
    shown = Subject(name="it", verdicts=[failing(LargeStatesLost(), "step-after", case)], diagnosis=found)
    assert unexplained(shown) == [
        "no cause is known: the tiny questions are answered rightly: it shows only in step-after"
    ]


@pytest.mark.parametrize(
    ("holds", "right", "words"),
    [
        ((1,), (2, 9), "where units is 1"),
        ((1, 2, 7), (8, 9), "where units is 7 or less, not 8 or more"),
        ((9, 10), (1, 8), "where units is 9 or more, not 8 or less"),
        ((8, 16, 64), (1, 7, 9, 63), "where units is a multiple of 8"),
        ((1, 7, 9, 63), (8, 16, 64), "where units is no multiple of 8"),
        ((1, 8, 12), (2, 9, 16), "where units is 1, 8, 12, of those that were asked"),
        ((), (1,), "at some units"),
    ],
)
def test_sizes_are_put_in_words(holds, right, words):
    assert where("units", holds, right) == words

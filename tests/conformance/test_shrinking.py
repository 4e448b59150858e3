"""A failing case shrinks to one that a person can check by hand, at which only the subject fails."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.adapters import load
from conformance.adapters.reference import Reference
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge, judge_case
from conformance.checks.shrinking import CHEAP, COMPILED, Budget, kept, measure, parts, rounded, shrunk
from conformance.checks.verdict import ERROR, FAIL, PASS
from conformance.interface.adapter import Capabilities
from conformance.interface.case import Case
from conformance.interface.strategies import DISTINCT, LONG
from conformance.mutants.emulated import Emulated
from tests.conformance.drawn import drawn

DEV = PROFILES["dev"]

BY_HAND = (1, 3, 3, 2)
"""Rows, steps, inputs and units that can be checked by hand."""

NEEDS = {
    "rows_share_a_reset_gate": ((2, 3, 3, 2), "another row whose gate is used"),
    "rows_share_a_state": ((2, 3, 3, 2), "another row whose state is used"),
    "rows_stay_sorted": ((2, 3, 3, 2), "two rows to be sorted"),
    "lengths_sorted_in_place": ((2, 3, 3, 2), "two lengths to be sorted"),
    "time_read_as_batch": ((2, 3, 3, 2), "a row and a step that can be exchanged"),
    "time_and_batch_exchanged_where_square": ((2, 3, 3, 2), "as many rows as steps in half of a sequence"),
    "gradients_averaged_over_the_batch": ((2, 3, 3, 2), "the mean over one row is the sum"),
    "time_runs_in_chunks": ((1, 16, 3, 2), "the state is lost every sixteen steps"),
    "gradient_cut_off_in_time": ((1, 4, 3, 2), "the cotangent is lost three steps before the end"),
    "remainder_dropped": ((1, 3, 9, 2), "an input past the eighth is dropped"),
}
"""Bugs that no case by hand shows: the sizes that show them, and the reason."""

SHOWN_BY = {
    "gradients_averaged_over_the_batch": "gradients",
    "gradient_lost_at_masked_steps": "gradients-masked",
    "reverse_ignored": "reverse",
    "masked_output_is_zero_before_the_first_step": "masked-outputs",
    "final_state_from_the_last_time": "final-state",
    "rows_stay_sorted": "final-state",
    "lengths_sorted_in_place": "inputs-unmodified",
    "time_and_batch_exchanged_where_square": "split",
    "gradient_cut_off_in_time": "gradients",
    "padding_is_multiplied_away": "padding-unread",
    "mask_taken_for_a_length": "masks",
    "one_step_too_many": "lengths",
    "average_is_a_sum": "merge",
    "directions_share_their_weights": "bidirectional",
    "empty_row_ends_in_zeros": "length-zero",
    "nan_through_a_masked_select": "padding-gradient",
}
"""The clause that shows a bug here, if it is not a clause of a step."""

SAMPLE = (
    *NEEDS,
    "masked_output_is_zero_before_the_first_step",
    "padding_is_multiplied_away",
    "directions_share_their_weights",
    "reset_gate_of_the_wrong_unit",
    "tf32_products",
)
"""Every bug that needs larger cases, and some others."""
MORE = (
    *SHOWN_BY,
    "gates_swapped",
    "transposed_where_it_is_square",
    "recurrent_kernel_transposed",
    "reset_gate_of_the_wrong_unit",
    "state_not_carried",
    "tf32_products",
    "overflowing_sigmoid",
    "flushed_to_zero",
    "sigmoid_off_by_16_ulps",
    "inputs_clipped",
)
NAMES = (*SAMPLE, *(pytest.param(name, marks=pytest.mark.long) for name in MORE if name not in SAMPLE))


def sizes(case: Case) -> tuple[int, ...]:
    return (case.batch, case.time, case.inputs.shape[2], case.units)


@pytest.mark.parametrize("name", NAMES)
def test_a_failing_case_can_be_checked_by_hand(name):
    clause = SHOWN_BY.get(name, "step-after")
    mutant = load(f"conformance.mutants:{name}")
    verdict = judge(mutant, BY_CLAUSE[clause], "float32", DEV)
    assert verdict.kind == FAIL and verdict.again is not None
    case = Case.from_text(verdict.again)
    most, _ = NEEDS.get(name, (BY_HAND, ""))
    assert all(size <= limit for size, limit in zip(sizes(case), most, strict=True)), sizes(case)
    assert judge_case(load(f"conformance.mutants:{name}"), BY_CLAUSE[clause], case).reason == verdict.reason
    assert judge_case(Reference(), BY_CLAUSE[clause], case).kind in (PASS, ERROR)


@pytest.mark.parametrize("name", [name for name in NEEDS if "gradient" not in name])
def test_a_mutant_that_needs_large_cases_passes_small_ones(name):
    """None of many drawn cases by hand of the clause that shows it."""
    mutant, clause = load(f"conformance.mutants:{name}"), SHOWN_BY.get(name, "step-after")
    for seed in range(12):
        padding = {"lengths": np.array([1 + seed % 3])} if clause == "final-state" else {}
        case = drawn(shape=BY_HAND, seed=seed, reset=("after", "before")[seed % 2], **padding)
        assert judge_case(mutant, BY_CLAUSE[clause], case).kind == PASS


def test_the_first_failure_is_given_as_it_is_where_nobody_wants_a_smaller_one():
    mutant = load("conformance.mutants:time_runs_in_chunks")
    verdict = judge(mutant, BY_CLAUSE["step-after"], "float32", DEV, shrink=False)
    assert verdict.kind == FAIL
    assert sizes(Case.from_text(verdict.again or "")) == LONG


def test_numbers_become_few_bits():
    verdict = judge(load("conformance.mutants:rough_tanh"), BY_CLAUSE["step-before"], "float32", DEV)
    case = Case.from_text(verdict.again or "")
    p = case.single
    numbers = np.concatenate([part.ravel() for part in (case.inputs, p.kernel, p.recurrent_kernel, p.bias)])
    assert np.count_nonzero(numbers) == 1
    assert measure(numbers) <= measure(np.array([-0.5]))


@pytest.mark.parametrize(("compiles", "budget"), [(False, CHEAP), (True, COMPILED)])
def test_shrinking_stays_within_its_budget(compiles, budget):
    class FailsAnyhow(Emulated):
        """A subject that fails on everything except cases smaller than its first failure, so that no search helps."""

        asked = 0

        def __init__(self):
            self.capabilities = replace(Emulated.capabilities, compiles_per_shape=compiles)

        def run(self, case):
            self.asked += 1
            answer = super().run(case)
            wrong = sizes(case) == DISTINCT
            return answer._replace(outputs=answer.outputs + wrong) if case.merge is None else answer

    gru = FailsAnyhow()
    verdict = judge(gru, BY_CLAUSE["rows-permuted"], "float32", DEV)
    assert verdict.kind == FAIL
    assert verdict.cases <= budget.asks + 6
    assert gru.asked <= verdict.cases + 1


def test_a_budget_of_time_ends_the_search_too():
    case = drawn(shape=DISTINCT)
    asked = []

    def fails(candidate):
        asked.append(candidate)
        return "wrong"

    assert shrunk(case, "first", fails, Capabilities(arithmetic={}), Budget(1000, 0)) == (case, "first")
    assert asked == []


def test_a_case_that_fails_in_another_way_is_no_smaller_case_of_the_same():
    class TwoBugs(Emulated):
        def run(self, case):
            if case.units == 1:
                raise ValueError("no units to speak of")
            answer = super().run(case)
            return answer._replace(outputs=answer.outputs + 1)

    for clause, kind in (("rows-permuted", FAIL), ("step-after", ERROR)):
        verdict = judge(TwoBugs(), BY_CLAUSE[clause], "float32", DEV)
        assert verdict.kind == kind
        assert (Case.from_text(verdict.again or "").units == 1) == (kind == ERROR)


def test_a_case_at_which_the_specification_fails_is_no_case():
    """If every weight is 0, so is every gradient, and this clause would report a missing gradient."""

    class NoGradient(Emulated):
        def gradients(self, case, cotangents):
            given = super().gradients(case, cotangents)
            return given._replace(inputs=np.zeros_like(given.inputs))

    verdict = judge(NoGradient(), BY_CLAUSE["masked-gradient"], "float32", DEV)
    assert verdict.kind == FAIL
    case = Case.from_text(verdict.again or "")
    assert case.single.kernel.any()
    assert judge_case(Reference(), BY_CLAUSE["masked-gradient"], case).kind == PASS


def test_rows_without_a_step_are_made_only_for_those_who_declare_them():
    case = drawn(shape=DISTINCT, lengths=np.array([2, 5, 1]))
    for declared in (False, True):
        asked = []
        capabilities = Capabilities(arithmetic={}, lengths=True, zero_length=declared)
        shrunk(case, "first", lambda candidate, asked=asked: asked.append(candidate), capabilities, CHEAP)
        assert any(not candidate.valid.any(axis=1).all() for candidate in asked) == declared


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_parts_are_smaller_and_every_one_can_be_left_out(count):
    found = list(parts(count))
    assert all(0 < len(part) < count for part in found)
    if count > 1:
        left_out = {frozenset(range(count)) - set(part.tolist()) for part in found}
        assert {frozenset({i}) for i in range(count)} <= left_out


def test_numbers_that_belong_together_are_kept_together():
    case = drawn(shape=DISTINCT, lengths=np.array([2, 5, 1]))
    part = kept(kept(kept(kept(case, "batch", np.array([1])), "time", np.array([0, 3])), "units", np.array([0, 2])),
                "input_dim", np.array([1]))  # fmt: skip
    assert sizes(part) == (1, 2, 1, 2)
    assert part.lengths is not None and part.lengths.tolist() == [2]
    assert part.inputs[0, 1, 0] == case.inputs[1, 3, 1]
    assert part.single.recurrent_kernel[2, 1, 0] == case.single.recurrent_kernel[2, 2, 0]
    assert part.single.bias[1, 0, 1] == case.single.bias[1, 0, 2]
    assert part.starts[0].tolist() == [case.starts[0][1, [0, 2]].tolist()]


def test_the_measure_prefers_short_numbers():
    order = [0.0, 1.0, -1.0, 1.5, 1.75, 1 / 3, np.nan]
    measures = [measure(np.array([number])) for number in order]
    assert measures == sorted(set(measures))
    assert rounded(np.array([1 / 3, np.nan, np.inf]), 1)[0] == 0.25
    assert np.isnan(rounded(np.array([np.nan]), 1)[0])

"""Checks of the clauses about the state: its start, its end, and runs without any step."""

from conformance.bounds.exact_copies import allowed_copies
from conformance.checks.check import (
    Check,
    claim,
    each_row_is_its_valid_steps,
    needs,
    padded,
    runs,
    runs_with_padding,
)
from conformance.checks.judgement import Judgement
from conformance.checks.runs import directions
from conformance.checks.smoke import forms
from conformance.interface.adapter import GRU, ask
from conformance.interface.case import Case


def no_time_leaves_the_initial_state(gru: GRU, case: Case) -> Judgement:
    """Require the initial state as the final state, in each direction."""
    judgement = Judgement()
    for direction, _, final in directions(case, ask(gru, case)):
        message = "without any step the final state is not the initial one"
        start, *others = allowed_copies(case.starts[direction], claim(gru, case))
        judgement.same(final, start, message, f"final_state {direction}", others)
    return judgement


def no_rows_give_no_rows(gru: GRU, case: Case) -> Judgement:
    """Require empty answers. `ask` checks the shapes."""
    judgement = Judgement()
    for _, outputs, final in directions(case, ask(gru, case)):
        numbers = final.size + (0 if outputs is None else outputs.size)
        judgement.require(numbers == 0, "there are numbers without any row")
    return judgement


CHECKS = (
    Check(
        clause="closed-forms",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: {},
        fixed=forms,
    ),
    Check(
        clause="final-state",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: {
            "resets": capabilities.resets,
            "padding": padded(capabilities)[:1] or ("none",),
            "masked_outputs": capabilities.masked_outputs,
        },
        needs=needs("outputs"),
        thin=True,
    ),
    Check(
        clause="initial-state-none",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: {"resets": capabilities.resets, "initial_state": (False,)},
    ),
    Check(
        clause="time-zero",
        examine=no_time_leaves_the_initial_state,
        options=lambda capabilities: {
            "resets": capabilities.resets,
            "regimes": ("plain",),
            "initial_state": (True, False),
            **runs(capabilities),
        },
        needs=needs("zero_time"),
        sizes=((3, 0, 2, 4),),
        thin=True,
    ),
    Check(
        clause="batch-zero",
        examine=no_rows_give_no_rows,
        options=lambda capabilities: {
            "resets": capabilities.resets[:1],
            "regimes": ("plain",),
            "padding": ("none", *padded(capabilities)),
            **runs_with_padding(capabilities),
        },
        needs=needs("zero_batch"),
        sizes=((0, 5, 2, 4),),
        thin=True,
    ),
)

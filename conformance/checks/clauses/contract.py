"""The contract of a function: its arguments stay as they are, and an answer depends on nothing else."""

from dataclasses import replace

import numpy as np

from conformance.checks.check import Check, each_row_is_its_valid_steps, padded, runs, runs_with_padding
from conformance.checks.judgement import Judgement
from conformance.interface.adapter import GRU, answered, ask
from conformance.interface.case import Case


def arguments_are_not_modified(gru: GRU, case: Case) -> Judgement:
    """Number for number. Parameters are read-only arrays already; a subject that writes to them raises."""
    mine = case.copy()
    answered("run", gru.run, mine)
    judgement = Judgement()
    judgement.same(mine.inputs, case.inputs, "the inputs were modified", "inputs")
    judgement.same(mine.valid, case.valid, "the mask or the lengths were modified", "valid")
    for after, before in zip(mine.starts, case.starts, strict=True):
        judgement.same(after, before, "the initial state was modified", "initial_state")
    return judgement


def nothing_is_kept_between_calls(gru: GRU, case: Case) -> Judgement:
    """A run after a run with another input and state is still within its bounds, from its own initial state."""
    other = replace(
        case,
        inputs=np.flip(case.inputs, 1).copy(),
        initial_state=None if case.initial_state is None else tuple(-state for state in case.initial_state),
    )
    ask(gru, other)
    return each_row_is_its_valid_steps(gru, case)


CHECKS = (
    Check(
        clause="inputs-unmodified",
        examine=arguments_are_not_modified,
        options=lambda capabilities: {
            "resets": capabilities.resets[:1],
            "padding": ("none", *padded(capabilities)),
            **runs_with_padding(capabilities),
        },
        thin=True,
    ),
    Check(
        clause="calls-independent",
        examine=nothing_is_kept_between_calls,
        options=lambda capabilities: {
            "resets": capabilities.resets,
            "initial_state": (False,),
            **runs(capabilities),
        },
        thin=True,
    ),
)

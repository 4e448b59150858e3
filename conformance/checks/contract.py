"""The contract of a function: its arguments stay as they are, and an answer depends on nothing else."""

from dataclasses import replace

import numpy as np

from conformance.adapter import GRU, Capabilities, answered, ask
from conformance.case import Case
from conformance.checks.check import Check, claim
from conformance.residuals import Judgement, judge_steps


def arguments_are_not_modified(gru: GRU, case: Case) -> Judgement:
    """Bit for bit. Parameters are read-only arrays already; a subject that writes to them raises."""
    mine = case.copy()
    answered("run", gru.run, mine)
    judgement = Judgement()
    judgement.same(mine.inputs, case.inputs, "the inputs were modified", "inputs")
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
    judgement, _ = judge_steps(case, ask(gru, case).outputs, claim(gru, case))
    return judgement


def _unmasked(capabilities: Capabilities) -> dict[str, object]:
    return {"resets": capabilities.resets}


CHECKS = (
    Check(clause="inputs-unmodified", examine=arguments_are_not_modified, options=_unmasked),
    Check(
        clause="calls-independent",
        examine=nothing_is_kept_between_calls,
        options=lambda capabilities: {"resets": capabilities.resets, "initial_state": False},
    ),
)

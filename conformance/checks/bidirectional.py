"""Two directions: each by itself within its bounds, aligned; and the merge."""

import numpy as np

from conformance.adapter import GRU, Capabilities, ask
from conformance.bounds import merged
from conformance.case import MERGES, Case
from conformance.checks.check import Check, claim, needs_padding, padded
from conformance.residuals import Judgement, judge_set, judge_steps, one_step, steps
from conformance.strategies import SMALL


def two_directions_are_two_runs(gru: GRU, case: Case) -> Judgement:
    """Each direction's steps and final state, from outputs that show both."""
    outputs, finals = ask(gru, case)
    parts = outputs if case.merge == "apart" else np.split(outputs, 2, axis=-1)
    total = Judgement()
    for direction, name in enumerate(("forward", "backward")):
        judgement, reached = judge_steps(case, parts[direction], claim(gru, case), direction=direction, name=name)
        if not judgement.findings:
            message = f"the {name} final state is not the state after its last valid step"
            judgement.same(finals[direction], reached, message, f"final_state[{direction}]")
        total = total.add(judgement)
    return total


def the_merge_is_the_one_asked_for(gru: GRU, case: Case) -> Judgement:
    """A merge hides both states, so each direction's set is carried from its initial state, and the sets are merged."""
    outputs, _ = ask(gru, case)
    sets = np.empty((2, case.batch, case.time, case.units), object)
    for direction, parameters in enumerate(case.parameters):
        state = case.starts[direction]
        for t in steps(case, direction):
            state = one_step(parameters, claim(gru, case))(case.inputs[:, t], state).balls
            sets[direction, :, t] = state
    judgement = Judgement()
    for t in range(case.time):
        computed = np.concatenate([part[:, t] for part in outputs], -1) if case.merge == "apart" else outputs[:, t]
        allowed = merged(case.merge or "", sets[0, :, t], sets[1, :, t], claim(gru, case))
        message = f'the directions are not joined by "{case.merge}"'
        judgement = judgement.add(judge_set(allowed, computed, message, f"time {t}, outputs"))
        if judgement.findings:
            break
    return judgement


def _showing_both(capabilities: Capabilities) -> tuple[str, ...]:
    return tuple(merge for merge in ("apart", "concat") if merge in capabilities.merges)[:1]


def _needs_both(capabilities: Capabilities) -> str | None:
    return None if _showing_both(capabilities) else "merges"


def _needs_padding(capabilities: Capabilities) -> str | None:
    return (
        _needs_both(capabilities)
        or needs_padding(capabilities)
        or (None if capabilities.bidirectional_masked_outputs else "bidirectional_masked_outputs")
    )


CHECKS = (
    Check(
        clause="bidirectional",
        examine=two_directions_are_two_runs,
        options=lambda capabilities: {"resets": capabilities.resets, "merges": _showing_both(capabilities)},
        needs=_needs_both,
    ),
    Check(
        clause="bidirectional-masked",
        examine=two_directions_are_two_runs,
        options=lambda capabilities: {
            "resets": capabilities.resets[:1],
            "merges": _showing_both(capabilities),
            "padding": padded(capabilities),
            "masked_outputs": capabilities.bidirectional_masked_outputs,
        },
        needs=_needs_padding,
    ),
    Check(
        clause="merge",
        examine=the_merge_is_the_one_asked_for,
        options=lambda capabilities: {
            "resets": capabilities.resets[:1],
            "merges": tuple(merge for merge in MERGES if merge in capabilities.merges),
            "regimes": ("plain",),
        },
        needs=lambda capabilities: None if capabilities.merges else "merges",
        sizes=(SMALL,),
    ),
)

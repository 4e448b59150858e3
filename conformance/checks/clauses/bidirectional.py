"""Checks of the clauses about two directions: each direction's steps, their alignment, and the merge."""

from typing import Any

import numpy as np

from conformance.bounds import OutsideDomain, merged
from conformance.checks.check import (
    Check,
    claim,
    each_row_is_its_valid_steps,
    needs,
    needs_padding,
    padded,
    showing_both,
)
from conformance.checks.clauses.time import padding_is_never_read
from conformance.checks.judgement import Judgement
from conformance.checks.runs import output_balls
from conformance.checks.steps import judge_set
from conformance.interface.adapter import GRU, Capabilities, ask
from conformance.interface.case import MERGES, Case
from conformance.interface.strategies import SMALL


def the_merge_is_the_one_asked_for(gru: GRU, case: Case) -> Judgement:
    """Judge merged outputs by the bounds of both whole runs, because a merge hides both states."""
    judgement = Judgement()
    outputs, finals = ask(gru, case)
    try:
        (forward, first), (backward, last) = output_balls(case, claim(gru, case))
    except OutsideDomain:
        return judgement
    for direction, (final, allowed) in enumerate(zip(finals, (first, last), strict=True)):
        message = f"the final state of direction {direction} is not the state after its last valid step"
        judgement = judgement.add(judge_set(allowed, final, message, f"final_state {direction}"))
    for t in range(case.time):
        computed = np.concatenate([part[:, t] for part in outputs], -1) if case.merge == "apart" else outputs[:, t]
        allowed = merged(case.merge or "", forward[:, t], backward[:, t], claim(gru, case))
        message = f'the directions are not joined by "{case.merge}"'
        judgement = judgement.add(judge_set(allowed, computed, message, f"time {t}: outputs"))
    return judgement


def _both(capabilities: Capabilities, **options: Any) -> dict[str, Any]:
    return {
        "resets": capabilities.resets,
        "runs": ("bidirectional",),
        "merges": showing_both(capabilities),
        **options,
    }


def _padding(capabilities: Capabilities) -> tuple[str, ...]:
    return padded(capabilities) if capabilities.bidirectional_masked_outputs else ()


def _needs_both(capabilities: Capabilities) -> str | None:
    return None if showing_both(capabilities) else "merge apart or concat"


def _needs_padding(capabilities: Capabilities) -> str | None:
    return (
        _needs_both(capabilities)
        or needs_padding(capabilities)
        or (None if capabilities.bidirectional_masked_outputs else "bidirectional_masked_outputs")
    )


CHECKS = (
    Check(
        clause="bidirectional",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: _both(capabilities, initial_state=(True, False)),
        needs=_needs_both,
        thin=True,
    ),
    Check(
        clause="bidirectional-masked",
        examine=padding_is_never_read,
        options=lambda capabilities: _both(
            capabilities,
            padding=_padding(capabilities),
            masked_outputs=capabilities.bidirectional_masked_outputs,
        ),
        needs=_needs_padding,
        thin=True,
    ),
    Check(
        clause="merge",
        examine=the_merge_is_the_one_asked_for,
        options=lambda capabilities: _both(
            capabilities,
            resets=capabilities.resets[:1],
            merges=tuple(merge for merge in MERGES if merge in capabilities.merges),
            padding=("none", *_padding(capabilities)[:1]),
            masked_outputs=capabilities.bidirectional_masked_outputs[:1] or ("carry",),
            regimes=("plain",),
        ),
        needs=needs("outputs", "merges"),
        sizes=(SMALL,),
        thin=True,
    ),
)

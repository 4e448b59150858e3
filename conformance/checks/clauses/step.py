"""Checks of the clauses about one step: each step within its bound, for each position of the reset gate."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from conformance.checks.check import Check, claim, padded
from conformance.checks.judgement import Judgement, ulps
from conformance.checks.runs import judge_final_states, judge_run
from conformance.interface.adapter import GRU, Capabilities, Malformed, ask
from conformance.interface.arithmetic import contains
from conformance.interface.case import Case
from conformance.interface.strategies import REGIMES, SHAPES
from conformance.truth.balls import NotCertified
from conformance.truth.forward import certify


def every_step_is_within_its_bound(gru: GRU, case: Case) -> Judgement:
    """Judge each step from the subject's own previous state, and measure the distance of whole runs from certified
    truth.

    If the claimed state has more digits than the returned one, a single step does not show them; so the final state is
    also judged by the bound of the whole run.
    """
    answer, claimed = ask(gru, case), claim(gru, case)
    judgement = judge_run(case, answer, claimed)
    if answer.outputs is not None and not contains(claimed.output_format, claimed.format):
        judgement = judgement.add(judge_final_states(case, answer.final_state, claimed))
    with contextlib.suppress(NotCertified):
        truth = certify(case)
        shown, exact = (
            (answer.final_state, truth.final_state) if answer.outputs is None else (answer.outputs, truth.outputs)
        )
        off = ulps(shown, exact[0])  # this check uses forward runs only
        judgement.ulps = float(off.max(initial=0))
        if answer.outputs is not None:
            over_time = off.max(axis=(0, 2), initial=0)
            judgement.growth = replace(judgement.growth, ulps=tuple(map(float, over_time)))
    return judgement


def _resets(reset: str) -> Callable[[Capabilities], dict[str, object]]:
    return lambda capabilities: {"resets": (reset,), "regimes": REGIMES}


def _needs_reset(reset: str) -> Callable[[Capabilities], str | None]:
    return lambda capabilities: None if reset in capabilities.resets else f"reset {reset}"


def shapes_and_format_are_the_case_s(gru: GRU, case: Case) -> Judgement:
    """Require a well-formed and finite answer."""
    judgement = Judgement()
    try:
        outputs, final = ask(gru, case)
    except Malformed as error:
        judgement.require(False, str(error))
        return judgement
    if outputs is not None:
        judgement.require(bool(np.isfinite(outputs).all()), "outputs are not finite")
    judgement.require(bool(np.isfinite(final).all()), "the final state is not finite")
    return judgement


CHECKS = (
    Check(
        clause="shape-and-dtype",
        examine=shapes_and_format_are_the_case_s,
        options=lambda capabilities: {
            "resets": capabilities.resets[:1],
            "padding": ("none", *padded(capabilities)),
            "masked_outputs": capabilities.masked_outputs[:1],
        },
    ),
    *(
        Check(
            clause=f"step-{reset}",
            examine=every_step_is_within_its_bound,
            options=_resets(reset),
            needs=_needs_reset(reset),
            sizes=SHAPES,
        )
        for reset in ("after", "before", "none")
    ),
)

"""Checks of the clauses about time: lengths, masks, outputs at masked steps, unread padding, and reverse."""

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.checks.check import (
    Check,
    each_row_is_its_valid_steps,
    each_step_is_right_masked_or_not,
    masked_outputs_follow_the_policy,
    needs,
    needs_padding,
    padded,
    runs_with_padding,
)
from conformance.checks.judgement import Judgement
from conformance.interface.adapter import GRU, Capabilities
from conformance.interface.case import Case

POISON = (np.nan, np.inf, -np.inf)


def padding_is_never_read(gru: GRU, case: Case) -> Judgement:
    """Require unchanged answers with NaN and infinities at every masked step."""
    return each_step_is_right_masked_or_not(gru, poisoned(case))


def poisoned(case: Case) -> Case:
    """The case with NaN and infinities in turn as masked inputs."""
    inputs = case.inputs.copy()
    masked = inputs[~case.valid]
    masked[...] = np.resize(np.array(POISON, case.dtype), masked.shape)
    inputs[~case.valid] = masked
    return replace(case, inputs=inputs)


def _padding(capabilities: Capabilities, **options: Any) -> dict[str, Any]:
    """Options with every reset and kind of padding, and the first policy, unless `options` set more."""
    return {
        "resets": capabilities.resets,
        "padding": padded(capabilities),
        "masked_outputs": capabilities.masked_outputs[:1],
        **options,
    }


def _with_zero(capabilities: Capabilities) -> tuple[str, ...]:
    return padded(capabilities, zero=True) if capabilities.zero_length else ()


def _reverse_and_padding(capabilities: Capabilities) -> str | None:
    return needs("reverse")(capabilities) or needs_padding(capabilities)


CHECKS = (
    Check(
        clause="lengths",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: _padding(capabilities, padding=("lengths",), initial_state=(True, False)),
        needs=needs("lengths"),
        thin=True,
    ),
    Check(
        clause="length-zero",
        examine=each_step_is_right_masked_or_not,
        options=lambda capabilities: _padding(
            capabilities,
            padding=("lengths with zero",),
            **runs_with_padding(capabilities),
        ),
        needs=needs("lengths", "zero_length"),
        thin=True,
    ),
    Check(
        clause="masks",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: _padding(
            capabilities, padding=("masks", *(("masks with zero",) if capabilities.zero_length else ()))
        ),
        needs=needs("masks"),
    ),
    Check(
        clause="masked-outputs",
        examine=masked_outputs_follow_the_policy,
        options=lambda capabilities: _padding(
            capabilities,
            resets=capabilities.resets[:1],
            padding=padded(capabilities) + _with_zero(capabilities),
            masked_outputs=capabilities.masked_outputs,
        ),
        needs=lambda capabilities: needs("outputs")(capabilities) or needs_padding(capabilities),
    ),
    Check(clause="padding-unread", examine=padding_is_never_read, options=_padding, needs=needs_padding),
    Check(
        clause="reverse",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: {
            "resets": capabilities.resets,
            "runs": ("reverse",),
            "initial_state": (True, False),
        },
        needs=needs("reverse"),
        thin=True,
    ),
    Check(
        clause="reverse-masked",
        examine=padding_is_never_read,
        options=lambda capabilities: _padding(
            capabilities, runs=("reverse",), masked_outputs=capabilities.masked_outputs
        ),
        needs=_reverse_and_padding,
        thin=True,
    ),
)

"""Time: lengths, masks, what stands at masked steps, what is never read, and reverse."""

from dataclasses import replace

import numpy as np

from conformance.adapter import GRU, Capabilities, ask
from conformance.case import Case
from conformance.checks.check import Check, each_row_is_its_valid_steps, needs, needs_padding, padded
from conformance.residuals import Judgement, masked_outputs

POISON = (np.nan, np.inf, -np.inf)


def masked_outputs_follow_the_policy(gru: GRU, case: Case) -> Judgement:
    """Copies and zeros are exact. The finding names the policy that the outputs do follow, if there is one."""
    outputs, _ = ask(gru, case)
    judgement = Judgement()
    states = np.where(case.valid[:, :, None], outputs, 0)
    policy = case.masked_outputs
    expected = masked_outputs(case, states, 0, policy)
    judgement.same(outputs, expected, f'a masked output does not follow the policy "{policy}"', "outputs")
    return judgement


def each_step_is_right_masked_or_not(gru: GRU, case: Case) -> Judgement:
    """Both of the above."""
    return each_row_is_its_valid_steps(gru, case).add(masked_outputs_follow_the_policy(gru, case))


def padding_is_never_read(gru: GRU, case: Case) -> Judgement:
    """With NaN and infinities at every masked step, everything is what it was."""
    return each_step_is_right_masked_or_not(gru, poisoned(case))


def poisoned(case: Case) -> Case:
    """The case with NaN and infinities in turn as every masked input."""
    inputs = case.inputs.copy()
    masked = inputs[~case.valid]
    masked[...] = np.resize(np.array(POISON, case.dtype), masked.shape)
    inputs[~case.valid] = masked
    return replace(case, inputs=inputs)


def _any_padding(capabilities: Capabilities) -> dict[str, object]:
    return {
        "resets": capabilities.resets,
        "padding": padded(capabilities),
        "masked_outputs": capabilities.masked_outputs[:1],
    }


CHECKS = (
    Check(
        clause="lengths",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: {**_any_padding(capabilities), "padding": ("lengths",)},
        needs=needs("lengths"),
    ),
    Check(
        clause="length-zero",
        examine=each_step_is_right_masked_or_not,
        options=lambda capabilities: {**_any_padding(capabilities), "padding": ("lengths with zero",)},
        needs=needs("lengths", "zero_length"),
    ),
    Check(
        clause="masks",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: {
            **_any_padding(capabilities),
            "padding": ("masks", *(("masks with zero",) if capabilities.zero_length else ())),
        },
        needs=needs("masks"),
    ),
    Check(
        clause="masked-outputs",
        examine=masked_outputs_follow_the_policy,
        options=lambda capabilities: {
            **_any_padding(capabilities),
            "resets": capabilities.resets[:1],
            "masked_outputs": capabilities.masked_outputs,
            "padding": padded(capabilities) + (padded(capabilities, zero=True) if capabilities.zero_length else ()),
        },
        needs=needs_padding,
    ),
    Check(clause="padding-unread", examine=padding_is_never_read, options=_any_padding, needs=needs_padding),
    Check(
        clause="reverse",
        examine=each_row_is_its_valid_steps,
        options=lambda capabilities: {"resets": capabilities.resets, "reverse": True},
        needs=needs("reverse"),
    ),
    Check(
        clause="reverse-masked",
        examine=each_step_is_right_masked_or_not,
        options=lambda capabilities: {**_any_padding(capabilities), "resets": capabilities.resets[:1], "reverse": True},
        needs=lambda capabilities: needs("reverse")(capabilities) or needs_padding(capabilities),
    ),
)

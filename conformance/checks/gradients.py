"""Gradients where they are exact: at masked steps. Their values elsewhere are not judged here."""

import numpy as np

from conformance.adapter import GRU, Capabilities, ask_gradients
from conformance.case import Case, Gradients, Outputs
from conformance.checks.check import Check, needs, needs_padding, padded
from conformance.checks.time import poisoned
from conformance.residuals import Judgement


def the_gradient_to_a_masked_input_is_zero(gru: GRU, case: Case) -> Judgement:
    """Exactly 0, and not 0 at some valid input, else nothing was asked."""
    judgement = Judgement()
    gradients = ask_gradients(gru, case, cotangents(case))
    masked = gradients.inputs[~case.valid]
    judgement.same(masked, np.zeros_like(masked), "the gradient to a masked input is not 0", "masked gradients.inputs")
    judgement.require(bool(gradients.inputs[case.valid].any()), "the gradient to every valid input is 0")
    return judgement


def nan_in_the_padding_changes_no_gradient(gru: GRU, case: Case) -> Judgement:
    """Bit for bit: what is not read cannot change the order of any sum."""
    judgement = Judgement()
    clean = ask_gradients(gru, case, cotangents(case))
    dirty = ask_gradients(gru, poisoned(case), cotangents(case))
    for name, expected, computed in zip(Gradients._fields, clean, dirty, strict=True):
        judgement.same(computed, expected, f"NaN in a masked input changes the gradient to {name}", name)
    return judgement


def cotangents(case: Case) -> Outputs:
    """Cotangents of outputs and final state, all different, made from the case alone."""
    shape = (case.batch, case.time, case.units)
    count = case.batch * (case.time + 1) * case.units
    values = (np.arange(1, count + 1) % 7 - 2.5).astype(case.dtype)
    final = case.batch * case.units
    return Outputs(values[final:].reshape(shape), values[:final].reshape(case.batch, case.units))


def _options(capabilities: Capabilities) -> dict[str, object]:
    return {
        "resets": capabilities.resets,
        "padding": padded(capabilities),
        "runs": ("forward", "reverse") if capabilities.reverse else ("forward",),
        "masked_outputs": capabilities.masked_outputs[:1],
        "regimes": ("plain",),
    }


def _needs(capabilities: Capabilities) -> str | None:
    return needs("gradients")(capabilities) or needs_padding(capabilities)


CHECKS = (
    Check(
        clause="masked-gradient",
        examine=the_gradient_to_a_masked_input_is_zero,
        options=_options,
        needs=_needs,
        thin=True,
    ),
    Check(
        clause="padding-gradient",
        examine=nan_in_the_padding_changes_no_gradient,
        options=_options,
        needs=_needs,
        thin=True,
    ),
)

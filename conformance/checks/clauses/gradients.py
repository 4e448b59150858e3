"""Checks of the clauses about gradients: values within a proven bound, and exact values at masked steps."""

from math import prod

import numpy as np

from conformance.checks.check import Check, claim, needs, needs_padding, padded
from conformance.checks.clauses.time import poisoned
from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_gradients
from conformance.interface.adapter import GRU, Capabilities, ask_gradients
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case, Gradients, Outputs, each


def the_gradient_to_a_masked_input_is_zero(gru: GRU, case: Case) -> Judgement:
    """Require exactly 0 at masked inputs, and a number other than 0 at some valid input, so that the check means
    something.
    """
    judgement = Judgement()
    gradients = ask_gradients(gru, case, given_cotangents(gru, case))
    masked = gradients.inputs[~case.valid]
    judgement.same(masked, np.zeros_like(masked), "the gradient to a masked input is not 0", "masked gradients.inputs")
    judgement.require(bool(gradients.inputs[case.valid].any()), "the gradient to every valid input is 0")
    return judgement


def nan_in_the_padding_changes_no_gradient(gru: GRU, case: Case) -> Judgement:
    """Compare number for number: padding that is never read cannot change the order of any sum."""
    judgement, given = Judgement(), given_cotangents(gru, case)
    clean = ask_gradients(gru, case, given)
    dirty = ask_gradients(gru, poisoned(case), given)
    for name, expected, computed in zip(Gradients._fields, clean, dirty, strict=True):
        judgement.same(computed, expected, f"NaN in a masked input changes the gradient to {name}", name)
    return judgement


def gradients_are_right(gru: GRU, case: Case) -> Judgement:
    """Judge the gradients of inputs, initial state, kernels and biases, for cotangents of all outputs and final
    states.
    """
    given = given_cotangents(gru, case)
    return judge_gradients(case, given, ask_gradients(gru, case, given), claim(gru, case))


def given_cotangents(gru: GRU, case: Case) -> Outputs:
    """The cotangents that these checks pass to a subject."""
    return of_what_it_gives(gru, cotangents(case))


def of_what_it_gives(gru: GRU, cotangents: Outputs) -> Outputs:
    """The cotangents of the subject's own answer: zero for outputs if it returns final states only."""
    if gru.capabilities.outputs:
        return cotangents
    return cotangents._replace(outputs=each(np.zeros_like, cotangents.outputs))


def cotangents(case: Case) -> Outputs:
    """Cotangents of outputs and final states in the shapes of the answer, computed from the case alone."""
    kind, format = case.cotangent_kind, FORMATS[case.dtype]
    scale = {name: float(kind in ("all", "equal", name)) for name in ("outputs", "final")}
    if kind in ("large", "small"):
        exponent = min(20, format.largest // 2) if kind == "large" else max(-40, format.smallest // 2)
        scale = dict.fromkeys(scale, 2.0**exponent)
    width = 2 * case.units if case.merge == "concat" else case.units
    pieces = 2 if case.merge == "apart" else 1
    count = iter(range(1, 7))

    def values(name: str, *shape: int) -> np.ndarray:
        first = next(count)
        numbers = np.arange(first, first + prod(shape))
        if kind == "equal" and name == "outputs":
            numbers = np.full_like(numbers, first)
        return ((numbers % 7 - 2.5) / 2 * scale[name]).astype(case.dtype).reshape(shape)

    outputs = [values("outputs", case.batch, case.time, width) for _ in range(pieces)]
    finals = [values("final", case.batch, case.units) for _ in case.parameters]
    return Outputs(
        tuple(outputs) if case.merge == "apart" else outputs[0], finals[0] if case.merge is None else tuple(finals)
    )


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


def _values(capabilities: Capabilities) -> dict[str, object]:
    runs = ("forward", "reverse") if capabilities.reverse else ("forward",)
    return {"resets": capabilities.resets, "runs": runs, "regimes": ("plain", "saturated gates")}


def _values_with_padding(capabilities: Capabilities) -> dict[str, object]:
    return {**_options(capabilities), "padding": _most(capabilities), "masked_outputs": capabilities.masked_outputs}


def _both_directions(capabilities: Capabilities) -> dict[str, object]:
    policies = capabilities.bidirectional_masked_outputs
    return {
        "resets": capabilities.resets,
        "runs": ("bidirectional",),
        "merges": capabilities.merges,
        "padding": _most(capabilities) if policies and padded(capabilities) else ("none",),
        "masked_outputs": policies or ("carry",),
        "regimes": ("plain",),
    }


def _most(capabilities: Capabilities) -> tuple[str, ...]:
    """The most general padding that a subject declares."""
    return padded(capabilities, zero=capabilities.zero_length)[:1]


CHECKS = (
    Check(
        clause="gradients",
        examine=gradients_are_right,
        options=_values,
        needs=needs("gradients"),
        drawn=("runs",),
        cotangents=given_cotangents,
    ),
    Check(
        clause="gradients-masked",
        examine=gradients_are_right,
        options=_values_with_padding,
        needs=_needs,
        drawn=("resets",),
        thin=True,
        cotangents=given_cotangents,
    ),
    Check(
        clause="gradients-bidirectional",
        examine=gradients_are_right,
        options=_both_directions,
        needs=needs("gradients", "merges"),
        drawn=("resets", "masked_outputs"),
        thin=True,
        cotangents=given_cotangents,
    ),
    Check(
        clause="masked-gradient",
        examine=the_gradient_to_a_masked_input_is_zero,
        options=_options,
        needs=_needs,
        thin=True,
        cotangents=given_cotangents,
    ),
    Check(
        clause="padding-gradient",
        examine=nan_in_the_padding_changes_no_gradient,
        options=_options,
        needs=_needs,
        thin=True,
        cotangents=given_cotangents,
    ),
)

"""The best class that an implementation meets, whatever it claims: the first in a list that begins with the strictest.

The subject computes a few runs once, and they are judged by one class after another, with the proven bounds. A
class counts as met only if it can judge every number of every run, because a bound that proves
nothing is met by anything; so classes with operations in bfloat16 have sums in float32. The grade names a class that
agrees with the numbers, not the way in which the implementation is written: "float32 with products in TF32".

Subnormals, masks and reversal do not matter here. Left out: claims of rounding or summation beyond the usual, which
only widen a bound; sums in bfloat16, for which nothing is proven at these sizes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_run
from conformance.checks.verdict import Grade
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import ACTIVATIONS, FORMATS, Arithmetic
from conformance.interface.case import Case, Outputs
from conformance.interface.strategies import DISTINCT, WIDE, Numbers

FINE, ROUGH = tuple(ACTIVATIONS)[:-1], tuple(ACTIVATIONS)[-1]
"""The accuracies of activations in the other classes, and the accuracy that is tried last."""

NARROW = ("correctly rounded", "4 ULP")
"""The accuracies for operations in a format of few bits, where 8 ULP are as large as the error of a hard sigmoid."""

WITHIN = {
    "float64": ("float64", "float32", "float16", "bfloat16"),
    "float32": ("float64", "float32", "float16", "bfloat16"),
    "float16": ("float64", "float32", "float16"),
    "bfloat16": ("float64", "float32", "bfloat16"),
}
"""The formats in which a GRU with this interface may compute, the most precise first."""

PRODUCTS = ("tf32", "float16", "bfloat16")
"""The formats that replace float32 in products."""


def grade(gru: GRU, dtype: str) -> Grade:
    """The first class in the list that the subject meets. Raises SubjectError if it gives no answer."""
    asked = [(case, ask(gru, case)) for case in _cases(gru, dtype)]
    flush = gru.capabilities.arithmetic[dtype].flush
    for arithmetic in ladder(dtype, flush=flush):
        judgement = meets(asked, arithmetic)
        if judgement is not None:
            return Grade(dtype, str(replace(arithmetic, flush=False)), judgement.margin, judgement.judged)
    return Grade(dtype, None, float("inf"), 0)


def grades(gru: GRU, dtypes: tuple[str, ...] = ("float32", "float64")) -> list[Grade]:
    """A grade for each claimed format, except formats in which the subject gives no answer."""
    found: list[Grade] = []
    for dtype in dtypes:
        if dtype in gru.capabilities.arithmetic:
            try:
                found.append(grade(gru, dtype))
            except SubjectError:
                continue
    return found


def meets(asked: Sequence[tuple[Case, Outputs]], arithmetic: Arithmetic) -> Judgement | None:
    """Judge all runs, with their answers, by one class.

    Returns None if the class is not met, or if it cannot judge some number, because anything meets a bound that proves
    nothing.
    """
    total = Judgement()
    for case, answer in asked:
        judgement = judge_run(case, answer, arithmetic)
        numbers = sum(part.size for part in answer if part is not None)
        if judgement.judged < numbers or any(finding.margin is not None for finding in judgement.findings):
            return None
        total = total.add(judgement)
    return total if total.judged else None


def ladder(dtype: str, *, flush: bool = False) -> list[Arithmetic]:
    """The classes of one interface format, each stricter than the next in the format that matters most."""
    steps: list[Arithmetic] = []
    for compute in WITHIN[dtype]:
        options = {} if compute == dtype else {"compute": compute}
        narrow = compute == "bfloat16" or (compute != dtype and compute in PRODUCTS)
        named = NARROW if narrow else FINE if compute == dtype else ("8 ULP above 4u",)
        if narrow:
            steps += [_class(dtype, flush, activation=name, accumulator="float32", **options) for name in named]
        if compute == "bfloat16":
            continue
        steps += [_class(dtype, flush, activation=activation, **options) for activation in named]
        if compute == dtype == "float32":
            steps += [_class(dtype, flush, activation="8 ULP above 4u", products=format) for format in PRODUCTS]
            steps += [_class(dtype, flush, activation=ROUGH)]
    return steps


def _class(dtype: str, flush: bool, **options: Any) -> Arithmetic:
    return Arithmetic(dtype=dtype, flush=flush, source="the list of classes", **options)


def _cases(gru: GRU, dtype: str) -> list[Case]:
    """Plain runs of two sizes for each position of the reset gate; the sizes are those of the other checks."""
    cases: list[Case] = []
    for seed, reset in enumerate(gru.capabilities.resets):
        for batch, time, input_dim, units in (DISTINCT, WIDE):
            numbers = Numbers(np.random.default_rng(seed), dtype, FORMATS[dtype].precision, "plain")
            state = numbers.states((batch, units)) if gru.capabilities.initial_state else None
            cases.append(
                Case(
                    inputs=numbers.inputs((batch, time, input_dim)),
                    parameters=(numbers.parameters(input_dim, units, reset),),
                    initial_state=None if state is None else (state,),
                )
            )
    return cases

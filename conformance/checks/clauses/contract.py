"""Clauses about the contract of a function: its arguments stay unchanged, and its answer depends on nothing else."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from conformance.checks.check import Check, claim, each_row_is_its_valid_steps, padded, runs, runs_with_padding
from conformance.checks.judgement import Finding, Judgement
from conformance.checks.runs import judge_run
from conformance.interface.adapter import GRU, Capabilities, SubjectError, answered, ask
from conformance.interface.case import WEIGHTS, Case, Outputs
from conformance.interface.strategies import DISTINCT, Numbers
from conformance.interface.type_guards import is_tuple

TWO_ANSWERS = "one case, two answers"
"""The beginning of a finding of an answer that depends on more than its case. No diagnosis explains such an answer."""


def arguments_are_not_modified(gru: GRU, case: Case) -> Judgement:
    """Compare the arguments number for number. Parameters are read-only arrays; a subject that writes to them
    raises.
    """
    mine = case.copy()
    answered("run", gru.run, mine)
    judgement = Judgement()
    judgement.same(mine.inputs, case.inputs, "the inputs were modified", "inputs")
    judgement.same(mine.valid, case.valid, "the mask or the lengths were modified", "valid")
    for after, before in zip(mine.starts, case.starts, strict=True):
        judgement.same(after, before, "the initial state was modified", "initial_state")
    return judgement


def nothing_is_kept_between_calls(gru: GRU, case: Case) -> Judgement:
    """Require the same bits from the same call after other calls, and an answer that later calls do not change."""
    other = replace(
        case,
        inputs=np.flip(case.inputs, 1).copy(),
        initial_state=None if case.initial_state is None else tuple(-state for state in case.initial_state),
    )
    judgement = Judgement()
    first = ask(gru, case)
    kept = _copied(first)
    ask(gru, other)
    _require_same(judgement, kept, first, "the first was changed by a later call")
    if claim(gru, case).rounding != "any":  # such rounding may be stochastic
        _require_same(judgement, kept, ask(gru, case), "the second after a call with other inputs")
    _require_same(
        judgement, kept, _asked_by_views(gru, case), "the second for the same numbers in another memory layout"
    )
    _require_first_call(judgement, gru, case.dtype)
    for answer in (first, _asked_by_views(gru, case)):
        judgement = judgement.add(judge_run(case, answer, claim(gru, case)))
    for name in WEIGHTS:
        judgement = judgement.add(_changed_in_place(gru, case, name))
    return judgement


class FirstCall(NamedTuple):
    """The first call of a subject in a process. `answer` is None if it raised."""

    gru: GRU
    case: Case
    answer: Outputs | None
    error: str


_first_calls: dict[tuple[int, str], FirstCall] = {}


def first_case(capabilities: Capabilities, dtype: str) -> Case:
    """A plain case, the same for all subjects with the same capabilities."""
    numbers = Numbers(np.random.default_rng(0), dtype, 2, "plain")
    batch, time, input_dim, units = DISTINCT
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=(numbers.parameters(input_dim, units, capabilities.resets[0]),),
        initial_state=(numbers.states((batch, units)),) if capabilities.initial_state else None,
    )


def make_first_call(gru: GRU, case: Case) -> None:
    """Store the answer to the very first call. The clause calls-independent compares it with a later one."""
    try:
        answer, error = _copied(ask(gru, case)), ""
    except SubjectError as raised:
        answer, error = None, str(raised)
    _first_calls.setdefault((id(gru), case.dtype), FirstCall(gru, case, answer, error))


def _require_first_call(judgement: Judgement, gru: GRU, dtype: str) -> None:
    first = _first_calls.get((id(gru), dtype))
    if first is None or first.gru is not gru or claim(gru, first.case).rounding == "any":
        return
    later = ask(gru, first.case)
    if first.answer is None:
        judgement.require(False, f"{TWO_ANSWERS}: the first call of the process failed, {first.error}")
    else:
        _require_same(judgement, first.answer, later, "the first call of the process, and a later one")


def _require_same(judgement: Judgement, one: Outputs, other: Outputs, when: str) -> None:
    """Require equal bits, NaN included. Signs of zero are ignored."""
    for name, expected, computed in zip(Outputs._fields, map(_parts, one), map(_parts, other), strict=True):
        for a, b in zip(expected, computed, strict=True):
            judgement.judged += a.size
            wrong = np.argwhere(~((a == b) | (np.isnan(a) & np.isnan(b))))
            if len(wrong):
                index = tuple(int(i) for i in wrong[0])
                where = f"{name}{list(index)}"
                judgement.findings.append(Finding(f"{TWO_ANSWERS}: {when}", where, float(b[index]), float(a[index])))


def _parts(array: Any) -> tuple[np.ndarray, ...]:
    return () if array is None else array if is_tuple(array) else (array,)


def _copied(answer: Outputs) -> Outputs:
    def copied(array: Any) -> Any:
        return None if array is None else tuple(map(np.copy, array)) if is_tuple(array) else array.copy()

    return Outputs(*map(copied, answer))


def _asked_by_views(gru: GRU, case: Case) -> Outputs:
    """The answer for inputs and states that are views with strides: transposed, and with gaps.

    It may round differently, because products of other memory layouts may sum in another order.
    """
    views = replace(
        case,
        inputs=_strided(case.inputs),
        initial_state=None if case.initial_state is None else tuple(map(_strided, case.initial_state)),
    )
    return ask(gru, views, copied=False)


def _strided(array: np.ndarray) -> np.ndarray:
    """The same numbers in a transposed array in which every second place is NaN and unused."""
    wide = np.full((2 * array.shape[-1], *array.shape[:-1]), np.nan, array.dtype)
    view = np.moveaxis(wide[::2], 0, -1)
    view[...] = array
    return view


def _changed_in_place(gru: GRU, case: Case, name: str) -> Judgement:
    """Judge the case after the last weight, in the same array as before, has changed its value."""
    mine = replace(case, parameters=tuple(replace(p) for p in case.parameters))  # with separate arrays
    ask(gru, mine)
    for p in mine.parameters:
        array = getattr(p, name)
        array.flags.writeable = True
        array[..., -1] = -array[..., -1]
        array.flags.writeable = False
    judgement = each_row_is_its_valid_steps(gru, mine)
    judgement.findings = [
        replace(finding, message=f"{TWO_ANSWERS}: after a change of {name} in place, {finding.message}")
        for finding in judgement.findings
        if not each_row_is_its_valid_steps(gru, _new(mine)).findings
    ]
    return judgement


def _new(case: Case) -> Case:
    return replace(case, parameters=tuple(replace(p) for p in case.parameters))


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

"""Checks of the clauses about calls: arguments stay unchanged, and an answer depends on nothing else."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from conformance.checks.check import Check, claim, each_row_is_its_valid_steps, padded, runs, runs_with_padding
from conformance.checks.clauses.gradients import given_cotangents
from conformance.checks.judgement import Finding, Judgement
from conformance.checks.runs import judge_run
from conformance.interface.adapter import GRU, Capabilities, SubjectError, answered, ask, ask_gradients
from conformance.interface.case import WEIGHTS, Case, Gradients, Outputs
from conformance.interface.strategies import DISTINCT, Numbers
from conformance.interface.type_guards import is_tuple
from conformance.truth.balls import each

A = TypeVar("A", Outputs, Gradients)

TWO_ANSWERS = "one case, two answers"
"""The beginning of a finding of an answer that depends on more than its case. No diagnosis explains such an answer."""
LEAST, MEANWHILE = 2, 1 / 50
"""The fewest calls of each thread, and the seconds of repeated calls, because a race does not show at every call."""
SWITCHING = 2.0**-20
"""Seconds until Python may switch threads, so few that calls are interrupted within their steps."""


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
    if gru.capabilities.gradients:
        given = given_cotangents(gru, case)
        kept = _copied(given)
        ask_gradients(gru, case, given)
        for name, after, before in zip(Outputs._fields, given, kept, strict=True):
            for mine, theirs in zip(_parts(after), _parts(before), strict=True):
                judgement.same(mine, theirs, f"the cotangents of {name} were modified", name)
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
    _require_first_call(judgement, gru, case.dtype)
    if gru.capabilities.threads and claim(gru, case).rounding != "any":
        _require_same_at_once(judgement, gru, case, other)
    full = _with_state_and_padding(case, gru.capabilities)
    for asked, answer in ((case, first), (full, _answer_to_views(gru, full))):
        judgement = judgement.add(judge_run(asked, answer, claim(gru, case)))
    if claim(gru, case).rounding != "any":
        _require_same(judgement, kept, ask(gru, case), "the second after a call with padding")
    for name in WEIGHTS:
        judgement = judgement.add(_changed_in_place(gru, case, name))
    if gru.capabilities.gradients:
        _require_gradients_of_the_case(judgement, gru, case, other)
    if not judgement.findings and not gru.capabilities.compiles_per_shape:  # an error here would hide a finding
        judgement = judgement.add(_judge_batch_and_time_exchanged(gru, case))
    return judgement


def _judge_batch_and_time_exchanged(gru: GRU, case: Case) -> Judgement:
    """Judge the case with as many steps in other rows, after the same sizes in each other format.

    A kernel may store a plan under too short a key, such as the number of steps, or the sizes without the format.
    """
    batch, time, input_dim = case.inputs.shape
    exchanged = replace(case, inputs=case.inputs.reshape(time, batch, input_dim))
    for dtype in gru.capabilities.arithmetic:
        if dtype != case.dtype:
            ask(gru, exchanged.astype(dtype))
    return each_row_is_its_valid_steps(gru, exchanged)


def _require_gradients_of_the_case(judgement: Judgement, gru: GRU, case: Case, other: Case) -> None:
    """Check that gradients are not changed by later calls and do not depend on earlier ones."""
    given = given_cotangents(gru, case)
    ask(gru, case)
    first = ask_gradients(gru, case, given)
    kept = _copied(first)
    ask_gradients(gru, other, given)
    _require_same(judgement, kept, first, "the first gradients were changed by a later call")
    ask(gru, other)
    if claim(gru, case).rounding != "any":
        again = ask_gradients(gru, case, given)
        _require_same(judgement, kept, again, "the second gradients after a call with other inputs")


def _require_same_at_once(judgement: Judgement, gru: GRU, *cases: Case) -> None:
    """Require that answers equal those of a call alone, bit for bit, when a thread for each case calls again and
    again.
    """
    start = threading.Barrier(len(cases))

    def answers(case: Case) -> list[Outputs]:
        start.wait()
        found, until = list[Outputs](), time.monotonic() + MEANWHILE
        while len(found) < LEAST or time.monotonic() < until:
            found.append(_copied(ask(gru, case)))
        return found

    alone = [_copied(ask(gru, case)) for case in cases]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCHING)
    try:
        with ThreadPoolExecutor(len(cases)) as pool:
            found = list(pool.map(answers, cases))
    except SubjectError as error:
        judgement.require(False, f"{TWO_ANSWERS}: a call beside one of another thread failed, {error}")
        return
    finally:
        sys.setswitchinterval(interval)
    when = "a call alone, and one beside a call from another thread"
    for one, several in zip(alone, found, strict=True):
        judgements = [Judgement() for _ in several]
        for found_here, answer in zip(judgements, several, strict=True):
            _require_same(found_here, one, answer, when)
        different = next((found_here for found_here in judgements if found_here.findings), judgements[0])
        judgement.judged += different.judged
        judgement.findings += different.findings


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


def _require_same(judgement: Judgement, one: A, other: A, when: str) -> None:
    """Require equal bits, NaN included. Signs of zero are ignored."""
    for name, expected, computed in zip(one._fields, map(_parts, one), map(_parts, other), strict=True):
        for a, b in zip(expected, computed, strict=True):
            judgement.judged += a.size
            wrong = np.argwhere(~((a == b) | (np.isnan(a) & np.isnan(b))))
            if len(wrong):
                index = tuple(int(i) for i in wrong[0])
                where = f"{name}{list(index)}"
                judgement.findings.append(Finding(f"{TWO_ANSWERS}: {when}", where, float(b[index]), float(a[index])))


def _parts(array: Any) -> tuple[np.ndarray, ...]:
    return () if array is None else array if is_tuple(array) else (array,)


def _copied(answer: A) -> A:
    return each(np.copy, answer)


def _with_state_and_padding(case: Case, able: Capabilities) -> Case:
    """The case with an initial state and padding, if they are declared. Both are made from its inputs and sizes."""
    policies = able.masked_outputs if case.merge is None else able.bidirectional_masked_outputs
    masks, lengths = (wanted and bool(policies) and case.time > 1 for wanted in (able.masks, able.lengths))
    valid = np.resize(np.array([1, 1, 0, 1, 0, 0, 1, 0], bool), (case.batch, case.time))
    valid[~valid.any(axis=1), :1] = True
    start = np.resize(case.inputs[:, ::-1], (case.batch, case.units))
    return replace(
        case,
        initial_state=(start,) * len(case.parameters) if able.initial_state else None,
        mask=valid if masks else None,
        lengths=1 + np.arange(case.batch) % case.time if lengths and not masks else None,
        masked_outputs=policies[0] if masks or lengths else case.masked_outputs,
    )


def _answer_to_views(gru: GRU, case: Case) -> Outputs:
    """The answer for a case whose arrays are views with strides: transposed, and with gaps.

    It may round differently, because products of other memory layouts may sum in another order.
    """
    views = replace(
        case,
        inputs=_strided(case.inputs),
        initial_state=None if case.initial_state is None else tuple(map(_strided, case.initial_state)),
        lengths=None if case.lengths is None else _strided(case.lengths),
        mask=None if case.mask is None else _strided(case.mask),
    )
    return ask(gru, views, copied=False)


def _strided(array: np.ndarray) -> np.ndarray:
    """The same numbers in a transposed array in which every second place is unused: NaN, or another value."""
    wide = np.empty((2 * array.shape[-1], *array.shape[:-1]), array.dtype)
    view, gaps = (np.moveaxis(wide[start::2], 0, -1) for start in (0, 1))
    view[...] = array
    if array.dtype == np.bool_:
        gaps[...] = ~array
    else:
        gaps[...] = np.nan if np.issubdtype(array.dtype, np.floating) else array[..., ::-1]
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
    if judgement.findings and not each_row_is_its_valid_steps(gru, _new(mine)).findings:
        judgement.findings = [
            replace(finding, message=f"{TWO_ANSWERS}: after a change of {name} in place, {finding.message}")
            for finding in judgement.findings
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

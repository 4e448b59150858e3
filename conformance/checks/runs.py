"""Judge quantities that no single step shows: gradients, and the final states of a GRU that returns nothing else.

Both are judged by proven bounds for whole runs (bounds/run.py). A number without such a bound is not judged.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from conformance.bounds import BITS, Computed, OutsideDomain, Proven, StepSet
from conformance.bounds.elementwise import nothing
from conformance.bounds.exact_copies import allowed_copies
from conformance.bounds.proven import around
from conformance.bounds.run import BoundedRun, RunGradients, at_enough_bits, require_meaning, run_backward, run_forward
from conformance.checks.judgement import Judgement
from conformance.checks.steps import judge_set, judge_steps, steps
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs
from conformance.interface.type_guards import is_tuple

T = TypeVar("T")

_known: WeakKeyDictionary[Case, dict[Any, Any]] = WeakKeyDictionary()
"""Bounds of whole runs. They do not depend on a subject's answer, and several subjects answer the same case."""


def _of_case(case: Case, key: tuple[Any, ...], computed: Callable[[], T]) -> T:
    """The value for a case, computed once. An OutsideDomain is not stored."""
    known = _known.setdefault(case, {})
    if key not in known:
        known[key] = computed()
    return known[key]


def judge_run(case: Case, answer: Outputs, arithmetic: Arithmetic) -> Judgement:
    """Judge each direction's steps and final state. Without outputs, judge final states by the bound of the run."""
    if answer.outputs is None:
        return judge_final_states(case, answer.final_state, arithmetic)
    total = Judgement()
    for direction, outputs, final in directions(case, answer):
        name = "outputs" if case.merge is None else f"outputs {direction}"
        judgement, reached = judge_steps(case, outputs, arithmetic, direction=direction, name=name)
        if not judgement.findings:
            message = "the final state is not the state after the last valid step"
            untouched = ~case.valid.any(axis=1, keepdims=True)
            _, *others = (
                np.where(untouched, start, reached) for start in allowed_copies(case.starts[direction], arithmetic)
            )
            judgement.same(final, reached, message, f"final_state {direction}", others)
        total = total.add(judgement)
    return total


def directions(case: Case, answer: Outputs) -> Iterator[tuple[int, Any, np.ndarray]]:
    """Yield each direction's number, outputs (None if there are none) and final state."""
    if case.merge is None:
        yield 0, answer.outputs, answer.final_state
        return
    if answer.outputs is None:
        parts: Any = (None, None)
    else:
        parts = answer.outputs if case.merge == "apart" else np.split(answer.outputs, 2, axis=-1)
    yield from zip((0, 1), parts, answer.final_state, strict=True)


def judge_final_states(case: Case, final: Any, arithmetic: Arithmetic) -> Judgement:
    """Judge each direction's final state (batch, units) by the bound of its whole run, if there is a bound."""
    judgement = Judgement()
    finals = [final] if case.merge is None else final
    try:
        allowed = _of_case(case, ("final", arithmetic), lambda: final_bounds(case, arithmetic))
    except OutsideDomain:
        return judgement
    for direction, (computed, inside) in enumerate(zip(finals, allowed, strict=True)):
        message = f"the final state is not within the bound of the whole run of {arithmetic}"
        judgement = judgement.add(judge_set(inside, computed, message, f"final_state {direction}"))
    return judgement


def judge_gradients(case: Case, cotangents: Outputs, computed: Gradients, arithmetic: Arithmetic) -> Judgement:
    """Judge every gradient by its bound. Gradients without a bound are neither judged nor counted.

    cotangents, computed: as in `conformance.interface.adapter.ask_gradients`.
    """
    try:
        key = ("gradients", arithmetic, *(part.tobytes() for part in _arrays(cotangents)))
        allowed = _of_case(case, key, lambda: gradient_bounds(case, cotangents, arithmetic))
    except OutsideDomain:
        return Judgement()
    return gradients_within(allowed, computed, arithmetic)


def gradients_within(allowed: Gradients, computed: Gradients, arithmetic: Arithmetic) -> Judgement:
    """Judge gradients by the sets that `gradient_bounds` returns."""
    judgement = Judgement()
    for name, sets, numbers in zip(Gradients._fields, allowed, computed, strict=True):
        pairs = [(sets, numbers)] if isinstance(sets, StepSet) or sets is None else zip(sets, numbers, strict=True)
        for direction, (inside, array) in enumerate(pairs):
            if inside is None:
                continue
            message = f"the gradient to {name} is not within its bound of {arithmetic}"
            judgement = judgement.add(judge_set(inside, array, message, f"gradients.{name} {direction}"))
    return judgement


def _arrays(answer: Outputs) -> Iterator[np.ndarray]:
    for part in answer:
        yield from part if is_tuple(part) else (part,)


def final_bounds(case: Case, arithmetic: Arithmetic) -> list[StepSet]:
    """The set of allowed final states for each direction. Raises OutsideDomain if no bound is proven."""
    return at_enough_bits(lambda: [_output_set(run) for run in _runs(case, arithmetic)], BITS)


def output_balls(case: Case, arithmetic: Arithmetic) -> list[tuple[np.ndarray, StepSet]]:
    """The result of `_output_balls`, computed once for a case."""
    return _of_case(case, ("outputs", arithmetic), lambda: _output_balls(case, arithmetic))


def _output_balls(case: Case, arithmetic: Arithmetic) -> list[tuple[np.ndarray, StepSet]]:
    """For each direction, balls of its outputs (batch, time, units) under the case's policy, and its final states.

    Raises OutsideDomain if no bound is proven.
    """

    def evaluate() -> list[tuple[np.ndarray, StepSet]]:
        runs = _runs(case, arithmetic)
        return [(around(_outputs(case, direction, run)), _output_set(run)) for direction, run in enumerate(runs)]

    return at_enough_bits(evaluate, BITS)


def gradient_bounds(case: Case, cotangents: Outputs, arithmetic: Arithmetic) -> Gradients:
    """The allowed gradients: a StepSet in place of each array, None without a proven bound.

    Raises OutsideDomain if no gradient has a proven bound.
    """

    def evaluate() -> Gradients:
        runs = _runs(case, arithmetic)
        ops = runs[0].ops
        finals = [cotangents.final_state] if case.merge is None else cotangents.final_state
        given = zip(runs, _unmerged(case, cotangents.outputs, runs), finals, strict=True)
        parts = [
            run_backward(run, outputs, ops.cotangents(final), _flows(case, direction))
            for direction, (run, outputs, final) in enumerate(given)
        ]
        return _returned(case, ops, parts)

    return at_enough_bits(evaluate, BITS)


def _runs(case: Case, arithmetic: Arithmetic) -> list[BoundedRun]:
    ops, readers = Proven(arithmetic), len(case.parameters)
    return [
        run_forward(ops, p, case.inputs, case.starts[direction], case.valid, list(steps(case, direction)), readers)
        for direction, p in enumerate(case.parameters)
    ]


def _output_set(run: BoundedRun) -> StepSet:
    """The set of allowed final states after rounding to the output format."""
    return StepSet.around(run.ops.shown(run.final))


def _flows(case: Case, direction: int) -> np.ndarray:
    """The steps whose output is the state, (batch, time) booleans. Elsewhere a cotangent of the output reaches nothing.

    The oracle has separate code for this (truth.forward.visible_steps), so that no mistake is shared.
    """
    if case.masked_outputs == "carry":
        return np.ones_like(case.valid)
    if case.masked_outputs == "zero":
        return case.valid
    seen = np.zeros(case.batch, bool)
    flows = np.zeros_like(case.valid)
    for t in steps(case, direction):
        seen = seen | case.valid[:, t]
        flows[:, t] = seen
    return flows


def _unmerged(case: Case, outputs: Any, runs: list[BoundedRun]) -> list[Computed]:
    """The cotangents of each direction's outputs (batch, time, units), from the cotangents of the merged outputs."""
    ops = runs[0].ops
    if case.merge is None:
        return [ops.cotangents(outputs)]
    if case.merge in ("apart", "concat"):
        parts = outputs if case.merge == "apart" else np.split(outputs, 2, axis=-1)
        return [ops.cotangents(part) for part in parts]
    given = ops.cotangents(outputs)
    if case.merge == "sum":
        return [given, given]
    if case.merge == "ave":
        half = ops.shown(Computed(given.exact / 2, given.error / 2 + ops.once.underflow))
        return [half, half]
    shown = [_outputs(case, direction, run) for direction, run in enumerate(runs)]
    return [ops.shown(ops.times(given, other)) for other in reversed(shown)]


def _outputs(case: Case, direction: int, run: BoundedRun) -> Computed:
    """One direction's outputs under the case's policy."""
    flows = _flows(case, direction)[:, :, None]
    shown = run.ops.shown(Computed(run.states, run.errors))
    none = nothing(run.states)
    return Computed(np.where(flows, shown.exact, none), np.where(flows, shown.error, none))


def _returned(case: Case, ops: Proven, parts: list[RunGradients]) -> Gradients:
    inputs = parts[0].inputs
    if len(parts) == 2:
        both = ops.add(*(ops.returned(part.inputs) for part in parts))
        valid = case.valid[:, :, None]
        inputs = Computed(both.exact, np.where(valid, both.error, nothing(both.error)))
    fields: list[Any] = [_proven(ops, "inputs", inputs)]
    for name in Gradients._fields[1:]:
        sets = tuple(_proven(ops, name, getattr(part, name)) for part in parts)
        fields.append(sets if len(sets) == 2 else sets[0])
    return Gradients(*fields)


def _proven(ops: Proven, name: str, numbers: Computed) -> StepSet | None:
    try:
        returned = ops.returned(numbers)
        require_meaning(name, returned)
    except OutsideDomain:
        return None
    return StepSet.around(returned)

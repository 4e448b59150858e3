"""Laws that need no true values: relations between a run and a changed run.

Two correct runs may round differently, so equality cannot be required. Each law requires that the answer to the changed
case, changed back, is a valid answer to the original case: every step within its bound, from that answer's own states.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from conformance.checks.check import Check, claim, needs, needs_padding, padded, runs_with_padding
from conformance.checks.judgement import Finding, Judgement
from conformance.checks.runs import directions, judge_final_states, judge_run
from conformance.checks.steps import judge_steps, masked_outputs, steps
from conformance.interface.adapter import GRU, Capabilities, ask
from conformance.interface.case import Case, Outputs, each
from reference import Parameters


def two_parts_are_the_whole(gru: GRU, case: Case) -> Judgement:
    """Split the sequence. The second part starts from the final state of the first."""
    middle = case.time // 2
    if not middle and not gru.capabilities.zero_time:
        return Judgement()  # the first part would have no step, which the subject does not support
    first = ask(gru, replace(case, inputs=case.inputs[:, :middle]))
    second = ask(gru, replace(case, inputs=case.inputs[:, middle:], initial_state=(first.final_state,)))
    return _judge(gru, case, second, lambda outputs: np.concatenate([first.outputs, outputs], axis=1))


def rows_are_independent(gru: GRU, case: Case) -> Judgement:
    """Run the rows in another order."""
    order = np.roll(np.arange(case.batch), 1)
    states = None if case.initial_state is None else tuple(state[order] for state in case.initial_state)
    answer = ask(gru, replace(case, inputs=case.inputs[order], initial_state=states))
    back = np.argsort(order)
    return _judge(gru, case, answer, lambda outputs: outputs[back], lambda final: final[back])


def units_are_alike(gru: GRU, case: Case) -> Judgement:
    """Run with the units in another order, with their weights, biases and states."""
    order = np.roll(np.arange(case.units), 1)
    p = case.single
    permuted = Parameters(
        p.kernel[:, :, order], p.recurrent_kernel[:, order][:, :, order], p.bias[:, :, order], p.reset
    )
    states = None if case.initial_state is None else tuple(state[:, order] for state in case.initial_state)
    answer = ask(gru, replace(case, parameters=(permuted,), initial_state=states))
    back = np.argsort(order)
    return _judge(gru, case, answer, lambda outputs: outputs[:, :, back], lambda final: final[:, back])


def more_padding_changes_nothing(gru: GRU, case: Case) -> Judgement:
    """Append two masked steps."""
    extra = np.ones_like(case.inputs[:, :2])
    inputs = np.concatenate([case.inputs, extra], axis=1)
    if gru.capabilities.masks:
        longer = replace(case, inputs=inputs, mask=np.pad(case.valid, ((0, 0), (0, extra.shape[1]))))
    else:
        longer = replace(case, inputs=inputs, lengths=np.full(case.batch, case.time))
    outputs, final = ask(gru, longer)
    return judge_run(case, Outputs(None if outputs is None else outputs[:, : case.time], final), claim(gru, case))


def reverse_is_forward_on_flipped_time(gru: GRU, case: Case) -> Judgement:
    """Run the flipped inputs in reverse, and flip the outputs back."""
    answer = ask(gru, replace(case, inputs=np.flip(case.inputs, 1).copy(), reverse=True))
    return _judge(gru, case, answer, lambda outputs: np.flip(outputs, 1))


def a_nan_stays_in_its_row(gru: GRU, case: Case) -> Judgement:
    """Check that all units of a row are NaN from the step that reads a NaN on, and that the rest is right."""
    asked, reads = with_nan(case)
    answer = ask(gru, asked)
    row = np.asarray(reads.any(axis=1))
    judgement = Judgement()
    if not row.all():
        judgement = judge_run(_rows(case, ~row), Outputs(*(each(_of(~row), part) for part in answer)), claim(gru, case))
    for direction, outputs, final in directions(case, answer):
        after = np.zeros_like(reads)
        for t in (order := list(steps(case, direction))):
            after[:, t] = reads[:, order[: order.index(t) + 1]].any(axis=1)
        if outputs is not None:
            before = replace(case, lengths=None, mask=case.valid & ~after)
            steps_before, _ = judge_steps(_rows(before, row), outputs[row], claim(gru, case), direction=direction)
            states = np.where((case.valid & after)[:, :, None], np.nan, outputs)
            expected = masked_outputs(case, states, direction, case.masked_outputs, case.starts[direction])
            judgement = judgement.add(steps_before)
            _require_nan(judgement, outputs, np.isnan(expected) & after[:, :, None], f"outputs {direction}")
        _require_nan(judgement, final, np.broadcast_to(row[:, None], final.shape), f"final_state {direction}")
    return judgement


def with_nan(case: Case) -> tuple[Case, np.ndarray]:
    """The case with a NaN in its first row and, with more than two rows, in its last one, and their places (batch,
    time).

    The NaN of the first row is at its middle valid step, and the NaN of the last row at its last valid step.
    """
    reads = np.zeros((case.batch, case.time), bool)
    for row in [0, case.batch - 1] if case.batch > 2 else [0]:
        times = np.flatnonzero(case.valid[row])
        if len(times):
            reads[row, times[-1] if row else times[len(times) // 2]] = True
    inputs = case.inputs.copy()
    inputs[reads, -1] = np.nan
    return replace(case, inputs=inputs), reads


def _require_nan(judgement: Judgement, computed: np.ndarray, where: np.ndarray, name: str) -> None:
    judgement.judged += int(where.sum())
    wrong = np.argwhere(where & ~np.isnan(computed))
    if len(wrong):
        index = tuple(int(i) for i in wrong[0])
        message = "a number stands where its row has read a NaN"
        judgement.findings.append(Finding(message, f"{name}{list(index)}", float(computed[index]), np.nan))


def _rows(case: Case, rows: np.ndarray) -> Case:
    return replace(
        case,
        inputs=case.inputs[rows],
        initial_state=None if case.initial_state is None else tuple(state[rows] for state in case.initial_state),
        lengths=None if case.lengths is None else case.lengths[rows],
        mask=None if case.mask is None else case.mask[rows],
    )


def _of(rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: array[rows]


def _judge(
    gru: GRU,
    case: Case,
    answer: Outputs,
    outputs: Callable[[np.ndarray], np.ndarray],
    final: Callable[[np.ndarray], np.ndarray] = lambda final: final,
) -> Judgement:
    """Judge the answer to the changed case, changed back: its steps, or without outputs its final state."""
    if answer.outputs is None:
        return judge_final_states(case, final(answer.final_state), claim(gru, case))
    judgement, _ = judge_steps(case, outputs(answer.outputs), claim(gru, case))
    return judgement


def _one_reset(capabilities: Capabilities) -> dict[str, object]:
    """Options for laws that change the sizes, because a compiling subject compiles for each size."""
    return {**_plain(capabilities), "resets": capabilities.resets[:1]}


def _plain(capabilities: Capabilities) -> dict[str, object]:
    return {"resets": capabilities.resets, "masked_outputs": capabilities.masked_outputs[:1]}


CHECKS = (
    Check(clause="split", examine=two_parts_are_the_whole, options=_one_reset, needs=needs("initial_state")),
    Check(clause="rows-permuted", examine=rows_are_independent, options=_plain),
    Check(clause="units-permuted", examine=units_are_alike, options=_plain),
    Check(
        clause="nan-propagated",
        examine=a_nan_stays_in_its_row,
        options=lambda capabilities: {
            "resets": capabilities.resets,
            "padding": ("none", *padded(capabilities)),
            "regimes": ("plain",),
            **runs_with_padding(capabilities),
        },
        needs=lambda capabilities: None if capabilities.nan else "nan",
        drawn=("resets",),
        thin=True,
    ),
    Check(clause="padding-appended", examine=more_padding_changes_nothing, options=_one_reset, needs=needs_padding),
    Check(clause="time-reversed", examine=reverse_is_forward_on_flipped_time, options=_plain, needs=needs("reverse")),
)

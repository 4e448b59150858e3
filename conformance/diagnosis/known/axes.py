"""Known deviations along an axis: in reading the question, in returning the answer, in the order of steps."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.gru import Blocks, OneDirection, Specified
from conformance.diagnosis.known.running_error import Near, chosen, zeros
from conformance.interface.case import Case

Change = Callable[[np.ndarray], np.ndarray]


def _mapped(near: Near, change: Change) -> Near:
    return Near(change(near.value), change(near.error))


def _shown(case: Case) -> int:
    """The number of arrays of outputs in an answer."""
    return 2 if case.merge == "apart" else 1


# The answer.


def _answer(name: str, change: Change, *, outputs: bool = True, finals: bool = True) -> type[Deviation]:
    """A deviation that changes the answer of each direction separately."""

    def direction(self: Deviation, case: Case, direction: int) -> OneDirection:
        shown, final = super(made, self).direction(case, direction)
        return OneDirection(_mapped(shown, change) if outputs else shown, _mapped(final, change) if finals else final)

    made: type[Deviation] = type(name, (Deviation,), {"direction": direction})
    return made


def _reversed_units(a: np.ndarray) -> np.ndarray:
    return a[..., ::-1]


def _reversed_rows(a: np.ndarray) -> np.ndarray:
    return a[::-1]


def _early(a: np.ndarray) -> np.ndarray:
    return np.concatenate([a[:, 1:], a[:, -1:]], 1)


def _early_to_zero(a: np.ndarray) -> np.ndarray:
    return np.concatenate([a[:, 1:], 0 * a[:, -1:]], 1)


def _late_from_zero(a: np.ndarray) -> np.ndarray:
    return np.concatenate([0 * a[:, :1], a[:, :-1]], 1)


def _first_row(a: np.ndarray) -> np.ndarray:
    return np.repeat(a[:1], len(a), 0)


ANSWERS = (
    _answer("answer_reversed_in_units", _reversed_units),
    _answer("outputs_reversed_in_units", _reversed_units, finals=False),
    _answer("answer_rolled_in_units", lambda a: np.roll(a, 1, -1)),
    _answer("answer_reversed_in_batch", _reversed_rows),
    _answer("outputs_reversed_in_batch", _reversed_rows, finals=False),
    _answer("final_states_reversed_in_batch", _reversed_rows, outputs=False),
    _answer("answer_rolled_in_batch", lambda a: np.roll(a, 1, 0)),
    _answer("outputs_reversed_in_time", lambda a: a[:, ::-1], finals=False),
    _answer("outputs_late_from_zero", _late_from_zero, finals=False),
    _answer("outputs_early", _early, finals=False),
    _answer("outputs_early_to_zero", _early_to_zero, finals=False),
    _answer("outputs_rolled_later", lambda a: np.roll(a, 1, 1), finals=False),
    _answer("outputs_rolled_earlier", lambda a: np.roll(a, -1, 1), finals=False),
    _answer("outputs_all_first", lambda a: np.repeat(a[:, :1], a.shape[1], 1), finals=False),
    _answer("outputs_zero", np.zeros_like, finals=False),
    _answer("final_states_zero", np.zeros_like, outputs=False),
    _answer("final_states_of_the_first_row", _first_row, outputs=False),
)


class outputs_late(Deviation):
    def output(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        before = start if self.steps_taken == 0 else self._late
        self._late = super().output(case, counts, h, new, start)
        return before


class outputs_all_final(Deviation):
    def direction(self, case: Case, direction: int) -> OneDirection:
        run = super().direction(case, direction)
        return run._replace(outputs=_mapped(run.final, lambda a: np.repeat(a[:, None], case.time, 1)))


class final_states_initial(Deviation):
    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        return self.start(case, direction)


class outputs_read_as_time_major(Deviation):
    def asked(self, case: Case) -> Case:
        case = super().asked(case)
        batch, time, input_dim = case.inputs.shape
        return replace(case, inputs=case.inputs.reshape(time, batch, input_dim).swapaxes(0, 1))

    def rows(self, arrays: tuple[Near, ...]) -> tuple[Near, ...]:
        shown = _shown(self.case)
        return super().rows(
            tuple(
                _mapped(array, lambda a: a.swapaxes(0, 1).reshape(a.shape)) if place < shown else array
                for place, array in enumerate(arrays)
            )
        )


# The question.


def _inputs(name: str, change: Change) -> type[Deviation]:
    def asked(self: Deviation, case: Case) -> Case:
        case = super(made, self).asked(case)
        return replace(case, inputs=np.ascontiguousarray(change(case.inputs)))

    made: type[Deviation] = type(name, (Deviation,), {"asked": asked})
    return made


def _started(name: str, change: Change) -> type[Deviation]:
    def start(self: Deviation, case: Case, direction: int) -> Near:
        return _mapped(super(made, self).start(case, direction), change)

    made: type[Deviation] = type(name, (Deviation,), {"start": start})
    return made


QUESTIONS = (
    _inputs("inputs_reversed_in_time", lambda a: a[:, ::-1]),
    _inputs("inputs_reversed_in_features", _reversed_units),
    _inputs("inputs_reversed_in_batch", _reversed_rows),
    _inputs("inputs_of_the_first_row", _first_row),
    _inputs("inputs_late", _late_from_zero),
    _inputs("inputs_late_with_the_first_twice", lambda a: np.concatenate([a[:, :1], a[:, :-1]], 1)),
    _inputs("inputs_early", _early_to_zero),
    _inputs("inputs_early_with_the_last_twice", _early),
    _inputs("inputs_all_first", lambda a: np.repeat(a[:, :1], a.shape[1], 1)),
    _inputs("inputs_all_last", lambda a: np.repeat(a[:, -1:], a.shape[1], 1)),
    _started("initial_states_reversed_in_batch", _reversed_rows),
    _started("initial_states_reversed_in_units", _reversed_units),
    _started("initial_states_of_the_first_row", _first_row),
)


class initial_states_negated(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return Near(-start.value, start.error)


class initial_states_doubled(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return Near(2 * start.value, 2 * start.error)


class zero_input_taken_for_padding(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return super().valid(case, backwards) & case.inputs.any(axis=2)


class unchanged_inputs_skipped(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        old = np.roll(case.inputs, -1 if backwards else 1, 1)
        unchanged = (case.inputs == old).all(axis=2)
        unchanged[:, -1:] &= not backwards
        unchanged[:, :1] &= backwards
        return super().valid(case, backwards) & ~unchanged


# The order of steps.


class every_run_reversed(Deviation):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, True)


class reverse_and_forward_exchanged(Deviation):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards if case.merge is not None else not backwards)


def _left_out(name: str, chosen_steps: Callable[[list[int]], list[int]]) -> type[Deviation]:
    """A deviation that leaves out steps: the state stays the same, and so do the outputs."""

    def valid(self: Deviation, case: Case, backwards: bool) -> np.ndarray:
        valid = super(made, self).valid(case, backwards).copy()
        order = list(Specified.order(self, case, backwards))
        valid[:, [t for t in order if t not in chosen_steps(order)]] = False
        return valid

    made: type[Deviation] = type(name, (Deviation,), {"valid": valid})
    return made


def _taken(name: str, chosen_steps: Callable[[list[int]], list[int]]) -> type[Deviation]:
    """A deviation that takes other steps; the outputs at times without a step are 0."""

    def order(self: Deviation, case: Case, backwards: bool) -> Iterable[int]:
        return chosen_steps(list(super(made, self).order(case, backwards)))

    made: type[Deviation] = type(name, (Deviation,), {"order": order})
    return made


STEPS = (
    _left_out("first_step_skipped", lambda order: order[1:]),
    _left_out("last_step_skipped_either_way", lambda order: order[:-1]),
    _left_out("every_second_step_skipped", lambda order: order[::2]),
    _taken("first_step_not_written", lambda order: order[1:]),
    _taken("last_step_not_written", lambda order: order[:-1]),
    _taken("first_step_taken_twice", lambda order: order[:1] + order),
    _taken("last_step_taken_twice", lambda order: order + order[-1:]),
    _taken("every_step_taken_twice", lambda order: [t for t in order for _ in range(2)]),
)


class state_starts_again_every_second_step(Deviation):
    remembers = True

    def start(self, case: Case, direction: int) -> Near:
        self._first = super().start(case, direction)
        return self._first

    def step(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        return super().step(x, self._first if self.steps_taken % 2 == 0 else h, w)


class masked_steps_clear_the_state(Deviation):
    def selected(self, counts: np.ndarray, new: Near, old: Near) -> Near:
        return chosen(counts, new, zeros(old))


class masked_steps_restore_the_initial_state(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        self._first = super().start(case, direction)
        return self._first

    def selected(self, counts: np.ndarray, new: Near, old: Near) -> Near:
        return chosen(counts, new, self._first)


# Two directions.


class directions_swapped_in_the_answer(Deviation):
    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super().merged(merge, backward, forward)

    def finals(self, case: Case, finals: tuple[Near, ...]) -> tuple[Near, ...]:
        return super().finals(case, finals)[::-1]


class directions_interleaved(Deviation):
    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        merged = super().merged(merge, forward, backward)
        if merge != "concat":
            return merged
        units = forward.value.shape[-1]
        order = [half * units + unit for unit in range(units) for half in range(2)]
        return (_mapped(merged[0], lambda a: a[..., order]),)


class forward_direction_twice(Deviation):
    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super().merged(merge, forward, forward)


class backward_direction_twice(Deviation):
    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super().merged(merge, backward, backward)


def _other_merge(name: str, asked: str, made_of: str) -> type[Deviation]:
    def merged(self: Deviation, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super(made, self).merged(made_of if merge == asked else merge, forward, backward)

    made: type[Deviation] = type(name, (Deviation,), {"merged": merged})
    return made


MERGES = (
    _other_merge("sum_is_an_average", "sum", "ave"),
    _other_merge("sum_is_a_product", "sum", "mul"),
    _other_merge("product_is_a_sum", "mul", "sum"),
    _other_merge("average_is_a_product", "ave", "mul"),
)


class both_directions_run_backward(Deviation):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards or case.merge is not None)


class directions_exchange_their_order(Deviation):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards != (case.merge is not None))


class directions_share_the_forward_initial_state(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        return super().start(case, 0)


class forward_direction_ignores_its_initial_state(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return zeros(start) if case.merge is not None and direction == 0 else start


class final_states_both_forward(Deviation):
    def finals(self, case: Case, finals: tuple[Near, ...]) -> tuple[Near, ...]:
        first, _ = super().finals(case, finals)
        return first, first


DEVIATIONS = (*ANSWERS, *QUESTIONS, *STEPS, *MERGES, *declared(globals()))
"""All deviations of this file."""

"""Known deviations of order: reversal, exchanged axes, and two directions."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.gru import Blocks, OneDirection
from conformance.diagnosis.known.running_error import Near, zeros
from conformance.interface.case import Case

# Reversal and axes.


class reverse_ignored(Deviation):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, False)


class reverse_starts_in_the_padding(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        valid = super().valid(case, backwards)
        return valid[:, ::-1] if backwards else valid


class reversed_twice(Deviation):
    def direction(self, case: Case, direction: int) -> OneDirection:
        if not self.backwards(case, direction):
            return super().direction(case, direction)
        times = np.arange(case.time)
        padding = case.time - np.max(np.where(case.valid, times + 1, 0), axis=1, initial=0)[:, None]
        order = np.where(times < padding, case.time - 1 - times, times - padding)
        mask = np.take_along_axis(case.valid, order, 1) | (times < padding)
        inputs = np.take_along_axis(case.inputs, order[:, :, None], 1)
        outputs, final = super().direction(replace(case, inputs=inputs, lengths=None, mask=mask), direction)
        back = np.argsort(order, axis=1)[:, :, None]
        return OneDirection(
            Near(np.take_along_axis(outputs.value, back, 1), np.take_along_axis(outputs.error, back, 1)), final
        )

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, False)


class reverse_output_not_aligned(Deviation):
    def aligned(self, outputs: Near, backwards: bool) -> Near:
        outputs = super().aligned(outputs, backwards)
        return Near(outputs.value[:, ::-1], outputs.error[:, ::-1]) if backwards else outputs


class last_step_skipped(Deviation):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return super().valid(case, backwards) & (backwards | (np.arange(case.time) < case.time - 1))


class last_step_skipped_in_reverse(Deviation):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return [t for t in super().order(case, backwards) if t or not backwards]


class time_read_as_batch(Deviation):
    def asked(self, case: Case) -> Case:
        case = super().asked(case)
        batch, time, input_dim = case.inputs.shape
        return replace(case, inputs=case.inputs.reshape(time, batch, input_dim).swapaxes(0, 1))


class time_and_batch_exchanged_where_square(Deviation):
    def asked(self, case: Case) -> Case:
        case = super().asked(case)
        return replace(case, inputs=case.inputs.swapaxes(0, 1)) if case.batch == case.time else case

    def rows(self, arrays: tuple[Near, ...]) -> tuple[Near, ...]:
        if self.case.batch == self.case.time:
            arrays = tuple(
                Near(a.value.swapaxes(0, 1), a.error.swapaxes(0, 1)) if a.value.ndim == 3 else a for a in arrays
            )
        return super().rows(arrays)


class rows_stay_sorted(Deviation):
    def rows(self, arrays: tuple[Near, ...]) -> tuple[Near, ...]:
        order = np.argsort(-self.case.valid.sum(axis=1), kind="stable")
        return tuple(Near(a.value[order], a.error[order]) for a in super().rows(arrays))


# Two directions.


class directions_share_their_weights(Deviation):
    def own(self, case: Case, direction: int) -> Blocks:
        return super().own(case, 0)


class weights_of_the_directions_swapped(Deviation):
    def own(self, case: Case, direction: int) -> Blocks:
        return super().own(case, len(case.parameters) - 1 - direction)


class both_directions_run_forward(Deviation):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards and case.merge is None)


class initial_states_of_the_directions_swapped(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        return super().start(case, len(case.parameters) - 1 - direction)


class backward_direction_ignores_its_initial_state(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return zeros(start) if direction == 1 else start


class backward_starts_where_forward_ended(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        return self._reached if direction == 1 else super().start(case, direction)

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        self._reached = h
        return h


class final_states_swapped(Deviation):
    def finals(self, case: Case, finals: tuple[Near, ...]) -> tuple[Near, ...]:
        finals = super().finals(case, finals)
        return finals if case.merge == "apart" else finals[::-1]


class average_is_a_sum(Deviation):
    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super().merged("sum" if merge == "ave" else merge, forward, backward)


class backward_comes_first(Deviation):
    def merged(self, merge: str, forward: Near, backward: Near) -> tuple[Near, ...]:
        return super().merged(merge, backward, forward)


class two_directions_ignore_the_policy(Deviation):
    def output(self, case: Case, counts: np.ndarray, h: Near, new: Near, start: Near) -> Near:
        return h if case.merge is not None else super().output(case, counts, h, new, start)


DEVIATIONS = declared(globals())
"""All deviations of this file, in order."""

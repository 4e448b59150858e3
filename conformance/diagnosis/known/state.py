"""Known deviations of states: the start of a run, the carried state, and the final state."""

from dataclasses import replace

import numpy as np

from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.gru import Blocks, OneDirection
from conformance.diagnosis.known.running_error import Near, chosen, zeros
from conformance.interface.case import Case


def _at(outputs: Near, time: int) -> Near:
    return Near(outputs.value[:, time], outputs.error[:, time])


# Initial states.


class initial_state_ignored(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        return zeros(super().start(case, direction))


class initial_state_ignored_without_padding(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return zeros(start) if self.case.lengths is None and self.case.mask is None else start


class no_initial_state_is_ones(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        start = super().start(case, direction)
        return Near.exactly(np.ones_like(start.value)) if case.initial_state is None else start


class state_not_carried(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        self._first = super().start(case, direction)
        return self._first

    def step(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        return super().step(x, self._first, w)


class rows_share_a_state(Deviation):
    def step(self, x: np.ndarray, h: Near, w: Blocks) -> Near:
        index = np.zeros(len(h.value), int)
        return super().step(x, Near(h.value[index], h.error[index]), w)


# Final states.


class final_state_from_the_last_time(Deviation):
    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        return _at(outputs, -1) if case.time else h


class reverse_final_state_from_the_last_time(Deviation):
    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        return _at(outputs, -1) if case.time and self.backwards(case, direction) else h


class final_state_from_the_first_time(Deviation):
    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        return _at(outputs, 0) if case.time else h


class final_state_before_the_last_step(Deviation):
    def start(self, case: Case, direction: int) -> Near:
        self._before = super().start(case, direction)
        return self._before

    def took(self, counts: np.ndarray, old: Near) -> None:
        self._before = chosen(counts, old, self._before)
        super().took(counts, old)

    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        return self._before


class final_state_runs_through_the_padding(Deviation):
    def direction(self, case: Case, direction: int) -> OneDirection:
        outputs, _ = super().direction(case, direction)
        return OneDirection(outputs, super().direction(replace(case, lengths=None, mask=None), direction).final)


class empty_row_ends_in_zeros(Deviation):
    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        return chosen(np.asarray(case.valid.any(axis=1, keepdims=True)), h, zeros(h)) if case.time else h


class final_state_of_no_time_is_zeros(Deviation):
    def final(self, case: Case, direction: int, outputs: Near, h: Near) -> Near:
        h = super().final(case, direction, outputs, h)
        return h if case.time else zeros(h)


DEVIATIONS = declared(globals())
"""All deviations of this file, in order."""

"""Mutants with a wrong order of time and rows: runs not reversed or reversed twice, skipped steps, exchanged axes."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Outputs, each
from conformance.mutants.emulated import Emulated


class reverse_ignored(Emulated):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return range(case.time)


class reverse_starts_in_the_padding(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid[:, ::-1] if backwards else case.valid


class reversed_twice(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        if not (case.reverse or direction == 1):
            return super().direction(case, direction)
        times = np.arange(case.time)
        ends = np.max(np.where(case.valid, times + 1, 0), axis=1, initial=0)[:, None]
        # The row runs forward after its padding, which runs from the last time down.
        order = np.where(times < case.time - ends, case.time - 1 - times, times - (case.time - ends))
        mask = np.take_along_axis(case.valid | (times >= ends), order, 1)
        inputs = np.take_along_axis(case.inputs, order[:, :, None], 1)
        outputs, final = super().direction(replace(case, inputs=inputs, lengths=None, mask=mask), direction)
        return np.take_along_axis(outputs, np.argsort(order, axis=1)[:, :, None], 1), final

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return range(case.time)


class reverse_output_not_aligned(Emulated):
    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        return outputs[:, ::-1].copy() if backwards else outputs


class last_step_skipped(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid & (backwards | (np.arange(case.time) < case.time - 1))


class last_step_skipped_in_reverse(Emulated):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return range(1, case.time)[::-1] if backwards else range(case.time)


class time_read_as_batch(Emulated):
    def run(self, case: Case) -> Outputs:
        batch, time, input_dim = case.inputs.shape
        return super().run(replace(case, inputs=case.inputs.reshape(time, batch, input_dim).transpose(1, 0, 2)))


class time_and_batch_exchanged_where_square(Emulated):
    def run(self, case: Case) -> Outputs:
        if case.batch != case.time:
            return super().run(case)
        outputs, final = super().run(replace(case, inputs=case.inputs.transpose(1, 0, 2)))
        return Outputs(each(lambda part: part.transpose(1, 0, 2), outputs), final)


class rows_stay_sorted(Emulated):
    def run(self, case: Case) -> Outputs:
        order = np.argsort(-case.valid.sum(axis=1), kind="stable")
        return each(lambda part: part[order], super().run(case))

"""Mutants that are wrong only in long runs: they truncate them or forget the beginning."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated


class only_the_last_32_steps_run(Emulated):
    capabilities = replace(Emulated.capabilities, outputs=False, gradients=False)

    def run(self, case: Case) -> Outputs:
        return super().run(case)._replace(outputs=None)

    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[direction] * np.asarray(case.time <= 32, case.dtype)

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return list(super().order(case, backwards))[-32:]


class every_output_from_the_last_48_steps(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        if case.time <= 48 or case.lengths is not None or case.mask is not None:
            return super().direction(case, direction)
        p, start = self.parameters(case, direction), self.start(case, direction)
        times = list(self.order(case, case.reverse or direction == 1))
        rows, inputs = case.inputs[:, times].reshape(-1, p.input_dim), (case.batch, case.time)
        states = np.zeros((*inputs, case.units), case.dtype)
        for _ in range(48):  # each sweep takes every time one step further, from zeros
            before = np.concatenate([start[:, None], states[:, :-1]], axis=1).reshape(-1, case.units)
            states = self.step(rows, before, p).reshape(*inputs, case.units)
        return states[:, np.argsort(times)], states[:, -1].copy()


class initial_state_dropped_in_long_runs(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[direction] * np.asarray(case.time < 128, case.dtype)


class zeros_read_after_96_steps(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        inputs = case.inputs.copy()
        inputs[:, list(self.order(case, case.reverse or direction == 1))[96:]] = 0
        return super().direction(replace(case, inputs=inputs), direction)

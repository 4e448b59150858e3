"""Mutants that are wrong as functions: overwritten arguments, dependent rows, changed formats, empty axes."""

from typing import Any

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated
from reference import Parameters


class inputs_overwritten(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        answer = super().direction(case, direction)
        case.inputs[...] = 0
        return answer


class padding_zeroed_in_place(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        case.inputs[~case.valid] = 0
        return super().direction(case, direction)


class initial_state_overwritten(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        case.starts[direction][...] = final
        return outputs, final


class lengths_sorted_in_place(Emulated):
    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        if case.lengths is not None:
            case.lengths.sort()
        return answer


class inputs_centred_over_the_batch(Emulated):
    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        return super().step(x - x.sum(axis=0) / max(1, len(x)), h, p)


class masked_answers_in_float64(Emulated):
    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        return outputs if case.mask is None and case.lengths is None else outputs.astype(np.float64)


class empty_batch_raises(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        return np.stack(list(case.starts[direction]))


class empty_time_raises(Emulated):
    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.stack(list(case.valid.T), axis=1)


class scratch_shared_between_threads(Emulated):
    def __init__(self) -> None:
        self.scratch: dict[Any, np.ndarray] = {}

    def start(self, case: Case, direction: int) -> np.ndarray:
        given = super().start(case, direction)
        state = self.scratch.setdefault((given.shape, given.dtype), np.empty_like(given))
        state[...] = given
        return state

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        old[...] = super().select(counts, new, old)
        return old

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return h.copy()

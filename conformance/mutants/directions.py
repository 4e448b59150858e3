"""Mutants that are wrong with two directions only: weights, states and final states of the other one, wrong merges."""

from collections.abc import Iterable

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated
from reference import Parameters


class directions_share_their_weights(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        return case.parameters[0]


class both_directions_run_forward(Emulated):
    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards and case.merge is None)


class initial_states_of_the_directions_swapped(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[::-1][direction]


class backward_direction_ignores_its_initial_state(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        return np.zeros_like(start) if direction == 1 else start


class backward_starts_where_forward_ended(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        return self.reached if direction == 1 else super().start(case, direction)

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        self.reached = h
        return h


class final_states_swapped(Emulated):
    def run(self, case: Case) -> Outputs:
        outputs, final = super().run(case)
        return Outputs(outputs, final if case.merge in (None, "apart") else final[::-1])


class average_is_a_sum(Emulated):
    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        return super().merged("sum" if merge == "ave" else merge, forward, backward)


class backward_comes_first(Emulated):
    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        return super().merged(merge, backward, forward)


class two_directions_ignore_the_policy(Emulated):
    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return h if case.merge is not None else super().output(case, h, counts, start)

"""Wrong with two directions alone: weights, states and final states of the other one, wrong merges."""

from collections.abc import Iterable

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated
from reference import Parameters


class directions_share_their_weights(Emulated):
    """The backward direction uses the forward weights."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        return case.parameters[0]


class both_directions_run_forward(Emulated):
    """The second of two directions is not reversed."""

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return super().order(case, backwards and case.merge is None)


class initial_states_of_the_directions_swapped(Emulated):
    """Each direction starts from the other's initial state."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[::-1][direction]


class backward_direction_ignores_its_initial_state(Emulated):
    """The backward direction starts from zeros."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        return np.zeros_like(start) if direction == 1 else start


class backward_starts_where_forward_ended(Emulated):
    """The backward direction starts from the final state of the forward one."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        return self.reached if direction == 1 else super().start(case, direction)

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        self.reached = h
        return h


class final_states_swapped(Emulated):
    """The final states of the two directions are exchanged under every merge but apart."""

    def run(self, case: Case) -> Outputs:
        outputs, final = super().run(case)
        return Outputs(outputs, final if case.merge in (None, "apart") else final[::-1])


class average_is_a_sum(Emulated):
    """The mean of both directions is not halved."""

    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        return super().merged("sum" if merge == "ave" else merge, forward, backward)


class backward_comes_first(Emulated):
    """The outputs of the backward direction are put before those of the forward one."""

    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        return super().merged(merge, backward, forward)


class two_directions_ignore_the_policy(Emulated):
    """With two directions, masked outputs are carried whatever was asked for."""

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return h if case.merge is not None else super().output(case, h, counts, start)

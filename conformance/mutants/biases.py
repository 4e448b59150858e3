"""Mutants with wrong biases: missing, doubled, exchanged, in another order, or on the wrong side of the reset gate."""

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class bias_blocks_in_another_order(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias[:, ::-1]


class bias_ignored(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        return np.zeros_like(p.bias)


class input_bias_missing(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        return np.stack([np.zeros_like(p.bias[0]), p.bias[1]])


class input_bias_doubled(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        return np.stack([2 * p.bias[0], p.bias[1]])


class recurrent_bias_missing(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        return np.stack([p.bias[0], np.zeros_like(p.bias[1])])


class bias_rows_swapped(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias[::-1]


class input_bias_in_both_places(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias[[0, 0]]


class bias_transposed(Emulated):
    def bias(self, p: Parameters) -> np.ndarray:
        _, gates, units = p.bias.shape
        return p.bias.reshape(2, units, gates).transpose(0, 2, 1)


class recurrent_candidate_bias_missing(Emulated):
    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        last = gate == p.kernel.shape[0] - 1
        return self.product(h, p.recurrent_kernel[gate]) + (0 if last else p.bias[1, gate])


class recurrent_candidate_bias_outside_the_reset(Emulated):
    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = self.sigmoid(x_side[1] + self.recurrent(h, p, 1))
        if p.reset != "after":
            return super().candidate(x_side, h, p)
        return x_side[2] + r * self.product(h, p.recurrent_kernel[2]) + p.bias[1, 2]


class recurrent_bias_skipped_without_initial_state(Emulated):
    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        self.first = case.initial_state is None
        return super().direction(case, direction)

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        side = super().recurrent(h, p, gate) * (not self.first)
        self.first &= gate < p.kernel.shape[0] - 1
        return side.astype(h.dtype)


class absent_bias_not_cleared(Emulated):
    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        side = super().recurrent(h, p, gate)
        side[2:] += not p.bias.any()
        return side

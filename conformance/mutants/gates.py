"""Mutants with wrong conventions of a step: the gates' order, sense and activations, and the position of the reset
gate.
"""

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class gates_swapped(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        order = [1, 0, *range(2, p.kernel.shape[0])]
        return Parameters(p.kernel[order], p.recurrent_kernel[order], p.bias[:, order], p.reset)


class blocks_read_as_n_r_z(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("nrz", case.parameters[direction])


class blocks_read_as_z_n_r(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("znr", case.parameters[direction])


class blocks_read_as_n_z_r(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("nzr", case.parameters[direction])


class blocks_read_as_r_n_z(Emulated):
    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("rnz", case.parameters[direction])


class update_sense_flipped(Emulated):
    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return (1 - z) * h + z * n


class state_added_whole(Emulated):
    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return h + (1 - z) * n


class hard_sigmoid_gates(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return np.clip(a / 5 + 0.5, 0, 1)


class tanh_gates(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a)


class sigmoid_of_twice_the_argument(Emulated):
    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (np.tanh(a) + 1) / 2


class linear_candidate(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return a


class relu_candidate(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.maximum(a, 0)


class sigmoid_candidate(Emulated):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        return self.sigmoid(a)


class reset_before_instead_of_after(Emulated):
    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return x_side[2] + self.recurrent(self.reset(x_side, h, p) * h, p, 2)


class reset_after_instead_of_before(Emulated):
    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return x_side[2] + self.reset(x_side, h, p) * self.recurrent(h, p, 2)


class reset_ignored(Emulated):
    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        return np.ones_like(h)


class reset_complemented(Emulated):
    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        return 1 - super().reset(x_side, h, p)


class reset_of_the_input_side_too(Emulated):
    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return super().candidate([*x_side[:2], self.reset(x_side, h, p) * x_side[2]], h, p)


class reset_of_the_input_side(Emulated):
    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return self.reset(x_side, h, p) * x_side[2] + self.recurrent(h, p, 2)


class reset_gate_of_the_wrong_unit(Emulated):
    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        return np.roll(super().reset(x_side, h, p), 1, axis=-1)


class rows_share_a_reset_gate(Emulated):
    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        first = [side if gate != 1 or p.reset == "none" else np.broadcast_to(side[:1], side.shape)
                 for gate, side in enumerate(x_side)]  # fmt: skip
        return super().candidate(first, h, p)


class reset_gate_of_the_step_before(Emulated):
    def start(self, case: Case, direction: int) -> np.ndarray:
        self.last: np.ndarray | None = None
        return super().start(case, direction)

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        self.stale = self.last
        return super().step(x, h, p)

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        self.last = super().reset(x_side, h, p)
        return self.last if self.stale is None else self.stale


def _read_as(order: str, p: Parameters) -> Parameters:
    """Blocks stored as z, r, n, as a reader of another order sees them; r is left out if there is none.

    A gate gets the numbers of the block at the place where the reader expects it.
    """
    stored = "zn" if p.reset == "none" else "zrn"
    read = [gate for gate in order if gate in stored]
    blocks = [read.index(gate) for gate in stored]
    return Parameters(p.kernel[blocks], p.recurrent_kernel[blocks], p.bias[:, blocks], p.reset)

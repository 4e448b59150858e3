"""Wrong in the conventions of a step: the gates' order, sense and activations, and where the reset gate acts."""

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class gates_swapped(Emulated):
    """The update and the reset block are exchanged, as when torch's r, z, n is read as z, r, n."""

    link = "https://github.com/keras-team/keras/issues/15915"

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        order = [1, 0, *range(2, p.kernel.shape[0])]
        return Parameters(p.kernel[order], p.recurrent_kernel[order], p.bias[:, order], p.reset)


class blocks_read_as_n_r_z(Emulated):
    """The blocks, which come as z, r, n, are read as n, r, z."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("nrz", case.parameters[direction])


class blocks_read_as_z_n_r(Emulated):
    """The blocks, which come as z, r, n, are read as z, n, r."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("znr", case.parameters[direction])


class blocks_read_as_n_z_r(Emulated):
    """The blocks, which come as z, r, n, are read as n, z, r."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("nzr", case.parameters[direction])


class blocks_read_as_r_n_z(Emulated):
    """The blocks, which come as z, r, n, are read as r, n, z."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        return _read_as("rnz", case.parameters[direction])


class update_sense_flipped(Emulated):
    """z multiplies the candidate and 1 - z the state."""

    link = "https://github.com/mindspore-ai/mindspore/issues/149"

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return (1 - z) * h + z * n


class state_added_whole(Emulated):
    """The update gate does not scale the old state."""

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return h + (1 - z) * n


class hard_sigmoid_gates(Emulated):
    """The gates use a hard sigmoid, a line of slope 1/5 clipped to [0, 1]."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return np.clip(a / 5 + 0.5, 0, 1)


class tanh_gates(Emulated):
    """The gates use tanh."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return np.tanh(a)


class sigmoid_of_twice_the_argument(Emulated):
    """The logistic function is written with tanh(x) where it should be tanh(x / 2)."""

    link = "https://github.com/HIPS/autograd/blob/master/examples/rnn.py"

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (np.tanh(a) + 1) / 2


class linear_candidate(Emulated):
    """The candidate has no activation."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return a


class relu_candidate(Emulated):
    """The candidate is the positive part of its argument."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.maximum(a, 0)


class sigmoid_candidate(Emulated):
    """The candidate uses the gates' activation."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return self.sigmoid(a)


class reset_before_instead_of_after(Emulated):
    """The reset gate acts on the state before the product, whatever was asked for."""

    link = "https://github.com/pytorch/pytorch/issues/189225"

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return x_side[2] + self.recurrent(self.reset(x_side, h, p) * h, p, 2)


class reset_after_instead_of_before(Emulated):
    """The reset gate acts after the product, whatever was asked for."""

    link = "https://github.com/FluxML/Flux.jl/issues/1671"

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return x_side[2] + self.reset(x_side, h, p) * self.recurrent(h, p, 2)


class reset_ignored(Emulated):
    """The candidate sees the whole state, whatever the reset gate says."""

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        return np.ones_like(h)


class reset_complemented(Emulated):
    """1 - r stands where r should be."""

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        return 1 - super().reset(x_side, h, p)


class reset_of_the_input_side_too(Emulated):
    """The reset gate scales the whole argument of tanh, not the state's side alone."""

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return super().candidate([*x_side[:2], self.reset(x_side, h, p) * x_side[2]], h, p)


class reset_of_the_input_side(Emulated):
    """The reset gate scales the inputs' side of the candidate's argument in place of the state's."""

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        return self.reset(x_side, h, p) * x_side[2] + self.recurrent(h, p, 2)


class reset_gate_of_the_wrong_unit(Emulated):
    """The reset gate of the unit before is used."""

    link = "https://github.com/ooples/AiDotNet/pull/722"

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        return np.roll(super().reset(x_side, h, p), 1, axis=-1)


class rows_share_a_reset_gate(Emulated):
    """The reset gate of the first row is used for all."""

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        first = [side if gate != 1 or p.reset == "none" else np.broadcast_to(side[:1], side.shape)
                 for gate, side in enumerate(x_side)]  # fmt: skip
        return super().candidate(first, h, p)


class reset_gate_of_the_step_before(Emulated):
    """The reset gate of the step before is used, from the second step on."""

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
    """What one sees of blocks that are stored as z, r, n and read in another order; r is left out where there is none.

    A gate's numbers are those of the block that stands where the reader expects it.
    """
    stored = "zn" if p.reset == "none" else "zrn"
    read = [gate for gate in order if gate in stored]
    blocks = [read.index(gate) for gate in stored]
    return Parameters(p.kernel[blocks], p.recurrent_kernel[blocks], p.bias[:, blocks], p.reset)

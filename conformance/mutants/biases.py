"""Wrong in the biases: missing, doubled, exchanged, in another order, or on the wrong side of the reset gate."""

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters


class bias_blocks_in_another_order(Emulated):
    """The weights are read in the right gate order, the biases in another."""

    link = "https://github.com/openvinotoolkit/openvino/issues/17651"

    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias[:, ::-1]


class bias_ignored(Emulated):
    """Biases are never added."""

    link = "https://github.com/patrick-kidger/equinox/pull/215"

    def bias(self, p: Parameters) -> np.ndarray:
        return np.zeros_like(p.bias)


class input_bias_missing(Emulated):
    """The input bias is never added."""

    def bias(self, p: Parameters) -> np.ndarray:
        return np.stack([np.zeros_like(p.bias[0]), p.bias[1]])


class input_bias_doubled(Emulated):
    """The input bias is added twice."""

    link = "https://github.com/tensorflow/tensorflow/issues/54492"

    def bias(self, p: Parameters) -> np.ndarray:
        return np.stack([2 * p.bias[0], p.bias[1]])


class recurrent_bias_missing(Emulated):
    """The recurrent bias is never added."""

    def bias(self, p: Parameters) -> np.ndarray:
        return np.stack([p.bias[0], np.zeros_like(p.bias[1])])


class bias_rows_swapped(Emulated):
    """The input bias and the recurrent bias are exchanged."""

    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias[::-1]


class input_bias_in_both_places(Emulated):
    """Only the input bias is read; it stands for the recurrent bias too."""

    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias[[0, 0]]


class bias_transposed(Emulated):
    """The biases, which come gate by gate, are read unit by unit."""

    link = "https://github.com/majianjia/nnom/issues/82"

    def bias(self, p: Parameters) -> np.ndarray:
        _, gates, units = p.bias.shape
        return p.bias.reshape(2, units, gates).transpose(0, 2, 1)


class recurrent_candidate_bias_missing(Emulated):
    """The candidate has no recurrent bias."""

    link = "https://github.com/google/flax/issues/5594"

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        last = gate == p.kernel.shape[0] - 1
        return self.product(h, p.recurrent_kernel[gate]) + (0 if last else p.bias[1, gate])


class recurrent_candidate_bias_outside_the_reset(Emulated):
    """The recurrent candidate bias is added outside the reset product."""

    link = "https://github.com/apple/coremltools/issues/1124"

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = self.sigmoid(x_side[1] + self.recurrent(h, p, 1))
        if p.reset != "after":
            return super().candidate(x_side, h, p)
        return x_side[2] + r * self.product(h, p.recurrent_kernel[2]) + p.bias[1, 2]


class recurrent_bias_skipped_without_initial_state(Emulated):
    """Without an initial state the first step leaves out the recurrent side, its bias included."""

    link = "https://github.com/ml-explore/mlx/issues/3249"

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        self.first = case.initial_state is None
        return super().direction(case, direction)

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        side = super().recurrent(h, p, gate) * (not self.first)
        self.first &= gate < p.kernel.shape[0] - 1
        return side.astype(h.dtype)


class absent_bias_not_cleared(Emulated):
    """Where all biases are 0, rows from the third on read a buffer that was never cleared."""

    link = "https://github.com/microsoft/onnxruntime/pull/3797"

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        side = super().recurrent(h, p, gate)
        side[2:] += not p.bias.any()
        return side

"""Mutants with wrong weights of the products: transposed, rearranged, of another gate or another call, cut short."""

import numpy as np

from conformance.mutants.emulated import Emulated
from reference import Parameters


class recurrent_kernel_transposed(Emulated):
    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        return p.recurrent_kernel.transpose(0, 2, 1)


class candidate_block_transposed(Emulated):
    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        return np.concatenate([p.recurrent_kernel[:-1], p.recurrent_kernel[-1:].transpose(0, 2, 1)])


class transposed_where_it_is_square(Emulated):
    def kernel(self, p: Parameters) -> np.ndarray:
        return p.kernel.transpose(0, 2, 1) if p.input_dim == p.units else p.kernel


class kernels_reshaped_instead_of_transposed(Emulated):
    def kernel(self, p: Parameters) -> np.ndarray:
        return p.kernel.transpose(0, 2, 1).reshape(p.kernel.shape)

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        return p.recurrent_kernel.transpose(0, 2, 1).reshape(p.recurrent_kernel.shape)


class update_block_used_for_the_reset(Emulated):
    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        return p.recurrent_kernel if p.reset == "none" else p.recurrent_kernel[[0, 0, 2]]


class weights_of_the_first_call(Emulated):
    def __init__(self) -> None:
        self.prepared: dict[tuple[object, ...], np.ndarray] = {}

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        block = self.prepared.setdefault((p.recurrent_kernel.shape, p.dtype, p.reset), p.recurrent_kernel[-1:])
        return np.concatenate([p.recurrent_kernel[:-1], block])


class remainder_dropped(Emulated):
    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        whole = len(b) // 8 * 8 or len(b)
        return a[:, :whole] @ b[:whole]

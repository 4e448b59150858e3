"""Wrong at some sizes: tails, tiles, blocks and splits."""

from collections.abc import Iterable

import numpy as np

from conformance.interface.case import Case
from reference import Parameters
from studies.held_out.second.base import Wrong


class Sized(Wrong):
    kind = "sizes"


class pairwise_input_loop_drops_the_odd_column(Sized):
    """Over 8 inputs the product runs over pairs of columns, and an odd last input column is never added."""

    def kernel(self, p: Parameters) -> np.ndarray:
        W = p.kernel
        if p.input_dim > 8 and p.input_dim % 2:
            W = W.copy()
            W[:, -1] = 0
        return W


class recurrent_bias_staged_for_one_warp(Sized):
    """The recurrent biases are staged for 32 units; units beyond read the bias of the unit modulo 32."""

    def bias(self, p: Parameters) -> np.ndarray:
        if p.units <= 32:
            return p.bias
        b = p.bias.copy()
        b[1] = b[1][:, np.arange(p.units) % 32]
        return b


class last_row_tile_reads_the_first_initial_states(Sized):
    """In tiles of 16 rows, the last, partial tile loads its initial state from the first rows of the batch."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        s = super().start(case, direction)
        last = case.batch // 16 * 16
        if last and last < case.batch:
            s = s.copy()
            s[last:] = s[: case.batch - last]
        return s


class split_k_leaves_the_remainder(Sized):
    """From 64 units the recurrent product is split into parts of 32 terms, and the remaining terms are never added."""

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        U = p.recurrent_kernel
        if p.units >= 64 and p.units % 32:
            U = U.copy()
            U[:, p.units // 32 * 32 :] = 0
        return U


class odd_block_of_eight_packed_r_before_z(Sized):
    """Weights are packed in pairs of blocks of 8 units; a single last block (24, 40, 56, ... units) has z and r
    exchanged.
    """

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        if p.reset == "none" or p.units < 24 or p.units % 16 != 8:
            return p
        W, U, b = p.kernel.copy(), p.recurrent_kernel.copy(), p.bias.copy()
        for a in (W, U):
            a[[0, 1], :, -8:] = a[[1, 0], :, -8:]
        b[:, [0, 1], -8:] = b[:, [1, 0], -8:]
        return Parameters(W, U, b, p.reset)


class one_row_vector_product_without_tail(Sized):
    """With one row a matrix-vector product by four lanes takes over, and the last units % 4 terms are left out."""

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        tail = p.units % 4
        if h.shape[0] == 1 and p.units > 4 and tail:
            h = h.copy()
            h[:, -tail:] = 0
        return super().recurrent(h, p, gate)


class time_unrolled_by_four_misses_a_step(Sized):
    """Over 16 steps the loop is unrolled by four, and its tail runs two steps at most: with time % 4 = 3 the last is
    not run.
    """

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        order = list(super().order(case, backwards))
        return order[:-1] if case.time > 16 and case.time % 4 == 3 else order


class square_kernel_taken_for_transposed(Sized):
    """Input weights with as many inputs as units are taken for already transposed."""

    def kernel(self, p: Parameters) -> np.ndarray:
        return p.kernel.transpose(0, 2, 1) if p.input_dim == p.units else p.kernel


class rows_left_by_the_thread_split(Sized):
    """Over 32 rows four threads take batch // 4 rows each, and the remaining rows are never computed."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        done = case.batch // 4 * 4
        if case.batch > 32 and done < case.batch:
            final = final.copy()
            outputs[done:] = 0
            final[done:] = case.starts[direction][done:]
        return outputs, final


class input_blocks_overwrite_the_sum(Sized):
    """Over 32 inputs the product runs in blocks of 32 inputs, and each block overwrites the sum of those before."""

    def kernel(self, p: Parameters) -> np.ndarray:
        W = p.kernel
        if p.input_dim > 32:
            W = W.copy()
            W[:, : (p.input_dim - 1) // 32 * 32] = 0
        return W

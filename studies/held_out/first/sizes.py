"""Wrong at some sizes alone."""

from collections.abc import Iterable

import numpy as np

from conformance.interface.case import Case
from reference import Parameters
from studies.held_out.first.base import Wrong


class Sized(Wrong):
    kind = "sizes"


class recurrent_tail_past_64_dropped(Sized):
    """Recurrent products of more than 64 units run in whole blocks of 64 terms, and the terms after the last whole
    block are left out.
    """

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        if p.units <= 64 or p.units % 64 == 0:
            return super().recurrent(h, p, gate)
        k = p.units // 64 * 64
        return h[:, :k] @ p.recurrent_kernel[gate][:k] + p.bias[1, gate]


class eighth_lane_of_the_inputs_lost(Sized):
    """Where input_dim is a multiple of 8, the sum across a vector leaves out its last lane: every eighth feature is not
    read.
    """

    def kernel(self, p: Parameters) -> np.ndarray:
        if p.input_dim % 8:
            return p.kernel
        W = p.kernel.copy()
        W[:, 7::8] = 0
        return W


class last_reset_tile_not_stored_at_48(Sized):
    """Where units is a multiple of 48, the last 8 units' reset gates are not stored, and the update gates stand in
    their place.
    """

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = super().reset(x_side, h, p)
        if p.units % 48 == 0:
            r[:, -8:] = self.sigmoid(x_side[0] + self.recurrent(h, p, 0))[:, -8:]
        return r


class rows_after_tiles_of_14_read_row_0(Sized):
    """Rows run in tiles of 14; the rows after the last whole tile of a larger batch read the inputs of row 0."""

    def input(self, case: Case, i: int, t: int) -> np.ndarray:
        x = case.inputs[:, t]
        if case.batch > 14 and case.batch % 14:
            x = x.copy()
            x[case.batch // 14 * 14 :] = x[0]
        return x


class last_two_final_rows_exchanged_in_batches_of_8(Sized):
    """Where batch is a multiple of 8, the last two rows of the final state are exchanged by a shuffle."""

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        if case.batch % 8 or not case.batch:
            return h
        return h[[*range(case.batch - 2), case.batch - 1, case.batch - 2]]


class every_512th_element_not_updated(Sized):
    """The state is blended by threads of 512 elements each, and each leaves out its last element, from 512 on."""

    def after(self, x: np.ndarray, h: np.ndarray, new: np.ndarray, i: int) -> np.ndarray:
        new = np.ascontiguousarray(new)
        new.reshape(-1)[511::512] = h.reshape(-1)[511::512]
        return new


class candidate_bias_twice_in_one_large_product(Sized):
    """Where batch times time is 256 or more, the inputs' products are done for all times at once, and the candidate's
    input bias is added a second time.
    """

    def bias(self, p: Parameters) -> np.ndarray:
        if self.case.batch * self.case.time < 256:
            return p.bias
        b = p.bias.copy()
        b[0, -1] *= 2
        return b


class last_input_of_whole_chunks_stale(Sized):
    """Where time is a multiple of 32, the last step finds the input of the step before in its double buffer."""

    def input(self, case: Case, i: int, t: int) -> np.ndarray:
        if case.time % 32 == 0 and i == case.time - 1:
            return case.inputs[:, self.times[i - 1]]
        return case.inputs[:, t]


class one_row_one_step_without_recurrent_bias(Sized):
    """A batch of one row with one step takes the path for decoding, which leaves out the recurrent bias."""

    def bias(self, p: Parameters) -> np.ndarray:
        b = p.bias.copy()
        if self.case.batch == 1 and self.case.time == 1:
            b[1] = 0
        return b


class one_unit_state_read_modulo_8_rows(Sized):
    """With one unit, the state of a batch of more than 9 rows is one vector of 8, so that a row after the eighth starts
    from the row 8 before.
    """

    def carried(self, case: Case, h: np.ndarray, i: int) -> np.ndarray:
        return h[np.arange(case.batch) % 8] if case.units == 1 and case.batch > 9 else h


class one_input_without_input_bias(Sized):
    """With one input and more than 33 units, the product is an outer product, and the input bias is left out."""

    def bias(self, p: Parameters) -> np.ndarray:
        b = p.bias.copy()
        if p.input_dim == 1 and p.units > 33:
            b[0] = 0
        return b


class biases_past_128_start_again(Sized):
    """The biases of units from 128 on are read from unit 0 on."""

    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias[..., np.arange(p.units) % 128]


class overlapping_tail_blended_twice(Sized):
    """For more than 33 units that are no multiple of 4, the last vector overlaps the one before, and the units in both
    are blended twice.
    """

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        new, units = super().blend(z, h, n), z.shape[1]
        if units > 33 and units % 4:
            both = slice(units - 4, units // 4 * 4)
            new[:, both] = super().blend(z[:, both], new[:, both], n[:, both])
        return new


class only_the_last_block_of_96_inputs(Sized):
    """Input products run in blocks of 96 terms, and each block overwrites the sum of those before it."""

    def kernel(self, p: Parameters) -> np.ndarray:
        if p.input_dim <= 96:
            return p.kernel
        W = p.kernel.copy()
        W[:, : (p.input_dim - 1) // 96 * 96] = 0
        return W


class times_past_128_read_again(Sized):
    """A time is held in seven bits: the inputs from time 128 on are those from time 0 on."""

    def input(self, case: Case, i: int, t: int) -> np.ndarray:
        return case.inputs[:, t & 127]


class chunks_of_a_long_reverse_run_forward(Sized):
    """A reverse run of more than 64 steps takes chunks of 64 steps from the last to the first, and runs forward within
    each.
    """

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        if not backwards or case.time <= 64:
            return super().order(case, backwards)
        chunks = [range(start, min(start + 64, case.time)) for start in range(0, case.time, 64)]
        return [t for chunk in reversed(chunks) for t in chunk]


class packed_panels_of_64_exchange_blocks(Sized):
    """Where units is a multiple of 64, the packed recurrent kernel has the update and the candidate block exchanged in
    its last 32 columns.
    """

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        U = p.recurrent_kernel.copy()
        if p.units % 64 == 0:
            U[0, :, -32:], U[-1, :, -32:] = p.recurrent_kernel[-1, :, -32:], p.recurrent_kernel[0, :, -32:]
        return U


class rows_after_tiles_of_6_use_the_old_reset(Sized):
    """In batches of more than 9 rows, rows run in tiles of 6, and those after the last whole tile use the reset gates
    of the first rows.
    """

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = super().reset(x_side, h, p)
        rest = len(r) % 6
        if len(r) > 9 and rest:
            r[-rest:] = r[:rest]
        return r


class rough_tanh_in_vectors_of_32(Sized):
    """Where units is a multiple of 32, tanh is a short rational approximation in vectors, off by some per cent."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        if a.shape[1] % 32:
            return np.tanh(a)
        c = np.clip(a, -3, 3)
        return c * (27 + c * c) / (27 + 9 * c * c)


class wide_steps_lose_the_end_of_the_row(Sized):
    """Where batch times units is 1024 or more, the rows are split between two threads, and the second starts one row
    late.
    """

    def after(self, x: np.ndarray, h: np.ndarray, new: np.ndarray, i: int) -> np.ndarray:
        if new.size >= 1024 and len(new) > 1:
            new = new.copy()
            new[len(new) // 2] = h[len(new) // 2]
        return new

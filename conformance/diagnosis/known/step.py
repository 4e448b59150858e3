"""Known deviations of one step: the order of blocks, biases, transposition, the reset gate, activations, the blend."""

import numpy as np

from conformance.diagnosis.catalogue.orders import ALONE, READ_AS
from conformance.diagnosis.known.deviation import Deviation, declared
from conformance.diagnosis.known.gru import Blocks
from conformance.diagnosis.known.running_error import Near


def _order(name: str, letters: str, order: str) -> type[Deviation]:
    def blocks(self: Deviation, w: Blocks) -> Blocks:
        if len(w.W) == 2 and order != "nzr":
            raise ValueError(f"{name} needs three blocks: the other order of two blocks is that of nzr")
        index = [1, 0] if len(w.W) == 2 else [order.index(gate) for gate in "zrn"]
        return super(made, self).blocks(w._replace(**{letter: getattr(w, letter)[index] for letter in letters}))

    made: type[Deviation] = type(name, (Deviation,), {"blocks": blocks})
    return made


ORDERED = tuple(_order(name, arrays.letters, order) for name, (arrays, order) in READ_AS.items())
OF_SOME = tuple(_order(name, arrays.letters, order) for name, (arrays, order) in ALONE.items())
"""The orders of blocks that are tried only alone."""


class update_sense_flipped(Deviation):
    def blend(self, z: Near, h: Near, n: Near) -> Near:
        return super().blend(z, n, h)


class state_added_whole(Deviation):
    def blend(self, z: Near, h: Near, n: Near) -> Near:
        return self.ops.plus(h, self.ops.times(self.ops.one_minus(z), n))


class hard_sigmoid_gates(Deviation):
    def sigmoid(self, a: Near) -> Near:
        return self.ops.clipped(self.ops.scaled(a, 1 / 5, 0.5), 0, 1)


class hard_sigmoid_sixth(Deviation):
    def sigmoid(self, a: Near) -> Near:
        return self.ops.clipped(self.ops.scaled(a, 1 / 6, 0.5), 0, 1)


class tanh_gates(Deviation):
    def sigmoid(self, a: Near) -> Near:
        return self.ops.tanh(a)


class sigmoid_of_twice_the_argument(Deviation):
    def sigmoid(self, a: Near) -> Near:
        return self.ops.scaled(self.ops.tanh(a), 0.5, 0.5)


class linear_candidate(Deviation):
    def tanh(self, a: Near) -> Near:
        return a


class relu_candidate(Deviation):
    def tanh(self, a: Near) -> Near:
        return Near(np.maximum(a.value, 0), a.error)


class sigmoid_candidate(Deviation):
    def tanh(self, a: Near) -> Near:
        return self.sigmoid(a)


class reset_before_instead_of_after(Deviation):
    def place(self) -> str:
        return "before" if self.case.reset == "after" else super().place()


class reset_after_instead_of_before(Deviation):
    def place(self) -> str:
        return "after" if self.case.reset == "before" else super().place()


class reset_ignored(Deviation):
    def place(self) -> str:
        return "ignored"


class reset_complemented(Deviation):
    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        return self.ops.one_minus(super().reset(x_side, h, w))


class reset_of_the_input_side_too(Deviation):
    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is not None:
            x_side = [*x_side[:2], self.ops.times(r, x_side[2])]
        return super().candidate(x_side, r, h, w)


class reset_of_the_input_side(Deviation):
    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is None:
            return super().candidate(x_side, r, h, w)
        return self.ops.plus(self.ops.times(r, x_side[2]), self.recurrent(h, w, 2))


class reset_gate_of_the_wrong_unit(Deviation):
    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        r = super().reset(x_side, h, w)
        return Near(np.roll(r.value, 1, -1), np.roll(r.error, 1, -1))


class reset_gate_of_the_step_before(Deviation):
    remembers = True

    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        r = super().reset(x_side, h, w)
        used = r if self.steps_taken == 0 else self._stale
        self._stale = r
        return used


class rows_share_a_reset_gate(Deviation):
    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        first = np.zeros(len(h.value), int)
        shared = Near(x_side[1].value[first], x_side[1].error[first])
        return super().reset([x_side[0], shared, x_side[2]], h, w)


class bias_ignored(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=0 * w.b, c=0 * w.c))


class input_bias_missing(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=0 * w.b))


class recurrent_bias_missing(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=0 * w.c))


class recurrent_candidate_bias_missing(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=np.concatenate([w.c[:-1], 0 * w.c[-1:]])))


class input_bias_doubled(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=2 * w.b))


class recurrent_bias_doubled(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=2 * w.c))


class bias_rows_swapped(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=w.c, c=w.b))


class input_bias_in_both_places(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=w.b))


class bias_transposed(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        b, c = (row.reshape(row.shape[::-1]).T for row in (w.b, w.c))
        return super().blocks(w._replace(b=b, c=c))


class recurrent_candidate_bias_outside_the_reset(Deviation):
    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is None or self.place() != "after":
            return super().candidate(x_side, r, h, w)
        inside = w._replace(c=np.concatenate([w.c[:2], 0 * w.c[2:]]))
        return super().candidate([*x_side[:2], self.ops.plus(x_side[2], w.c[2])], r, h, inside)


class recurrent_bias_skipped_without_initial_state(Deviation):
    def recurrent(self, h: Near, w: Blocks, gate: int) -> Near:
        side = super().recurrent(h, w, gate)
        return self.ops.scaled(side, 0.0) if self.steps_taken == 0 and self.case.initial_state is None else side


class recurrent_kernel_transposed(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(U=w.U.swapaxes(1, 2)))


class transposed_where_it_is_square(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        _, input_dim, units = w.W.shape
        return super().blocks(w._replace(W=w.W.swapaxes(1, 2)) if input_dim == units else w)


class candidate_block_transposed(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(U=np.concatenate([w.U[:-1], w.U[-1:].swapaxes(1, 2)])))


class kernels_reshaped_instead_of_transposed(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        W, U = (array.swapaxes(1, 2).reshape(array.shape) for array in (w.W, w.U))
        return super().blocks(w._replace(W=W, U=U))


class update_block_used_for_the_reset(Deviation):
    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(U=w.U[[0, 0, 2]]) if len(w.W) == 3 else w)


DEVIATIONS = (*ORDERED, *declared(globals()))
"""All deviations of this file: orders of blocks, then the classes in their order."""

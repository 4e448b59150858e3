"""Known deviations of one step: the order of blocks, biases, transposition, the reset gate, activations, the blend."""

from itertools import permutations

import numpy as np

from conformance.diagnosis.known.deviation import Deviation
from conformance.diagnosis.known.running_error import Near
from conformance.diagnosis.known.specified import Blocks

ORDER_LINKS = {
    ("order", "rzn"): "https://github.com/keras-team/keras/issues/15915",
    ("bias_order", "nrz"): "https://github.com/openvinotoolkit/openvino/issues/17651",
}
FIELDS = {
    "order": ("the gate blocks", "WUbc"),
    "kernel_order": ("the kernel's blocks", "W"),
    "recurrent_order": ("the recurrent kernel's blocks", "U"),
    "bias_order": ("the biases' blocks", "bc"),
}


def _order(prefix: str, order: str) -> type[Deviation]:
    """Blocks read in another order than z, r, n: all of them, or those of one array.

    Of two blocks there is one other order, which is that of "nzr" without r: the other names of it do not stand there.
    """
    told, fields = FIELDS[prefix]

    def blocks(self: Deviation, w: Blocks) -> Blocks:
        if len(w.W) == 2 and order != "nzr":
            raise ValueError(f"two blocks are read in another order by {prefix}_nzr alone")
        index = [1, 0] if len(w.W) == 2 else [order.index(gate) for gate in "zrn"]
        return super(made, self).blocks(w._replace(**{field: getattr(w, field)[index] for field in fields}))

    mended = ["zrn".index(gate) for gate in order]
    arrays = {"W": "p.kernel", "U": "p.recurrent_kernel", "b": "p.bias"}
    given = [f"{arrays[f]}[{', '.join([':'] * (f == 'b') + [str(mended)])}]" for f in fields if f in arrays]
    two = " (without a reset gate: [1, 0] in place of [2, 0, 1])" if order == "nzr" else ""
    namespace = {
        "__doc__": f"{told} are read as {', '.join(order)}, not as z, r, n.",
        "blocks": blocks,
        "fix": f"give {told} in the order {', '.join(order)}: {', '.join(given)}{two}",
        "link": ORDER_LINKS.get((prefix, order), ""),
    }
    made: type[Deviation] = type(f"{prefix}_{order}", (Deviation,), namespace)
    return made


class update_sense(Deviation):
    """z multiplies the candidate and 1 - z the state."""

    fix = "negate the update gate's blocks, kernels and biases alike: 1 - sigma(a) = sigma(-a)"
    link = "https://github.com/mindspore-ai/mindspore/issues/149"

    def blend(self, z: Near, h: Near, n: Near) -> Near:
        return super().blend(z, n, h)


class state_added_whole(Deviation):
    """the update gate does not scale the old state: h + (1 - z) n."""

    fix = "scale the old state by z"

    def blend(self, z: Near, h: Near, n: Near) -> Near:
        return self.ops.plus(h, self.ops.times(self.ops.one_minus(z), n))


def _line(slope: float, name: str, told: str) -> type[Deviation]:
    """A hard sigmoid."""

    def sigmoid(self: Deviation, a: Near) -> Near:
        return self.ops.clipped(self.ops.scaled(a, slope, 0.5), 0, 1)

    sentence = f"the gates use a hard sigmoid, a line of slope {told} clipped to [0, 1]."
    fix = "use the logistic function for the gates (recurrent_activation='sigmoid')"
    return type(name, (Deviation,), {"__doc__": sentence, "sigmoid": sigmoid, "fix": fix})


class tanh_gates(Deviation):
    """the gates use tanh."""

    fix = "use the logistic function for the gates; look whether the two activations are exchanged"

    def sigmoid(self, a: Near) -> Near:
        return self.ops.tanh(a)


class sigmoid_of_twice(Deviation):
    """the gates are sigma(2 a): the logistic function was written with tanh(a) where it is tanh(a / 2)."""

    fix = "halve the argument: sigma(a) = (1 + tanh(a / 2)) / 2"
    link = "https://github.com/HIPS/autograd/blob/master/examples/rnn.py"

    def sigmoid(self, a: Near) -> Near:
        return self.ops.scaled(self.ops.tanh(a), 0.5, 0.5)


class linear_candidate(Deviation):
    """the candidate has no activation."""

    fix = "apply tanh to the candidate"

    def tanh(self, a: Near) -> Near:
        return a


class relu_candidate(Deviation):
    """the candidate is the positive part of its argument (relu)."""

    fix = "use tanh for the candidate (activation='tanh')"

    def tanh(self, a: Near) -> Near:
        return Near(np.maximum(a.value, 0), a.error)


class sigmoid_candidate(Deviation):
    """the candidate uses the gates' activation."""

    fix = "use tanh for the candidate"

    def tanh(self, a: Near) -> Near:
        return self.sigmoid(a)


class reset_before(Deviation):
    """the reset gate acts before the recurrent product, where after was asked for."""

    fix = "set reset_after=True (linear_before_reset=1), or declare resets=('before',)"
    link = "https://github.com/pytorch/pytorch/issues/189225"

    def place(self) -> str:
        return "before" if self.case.reset == "after" else super().place()


class reset_after(Deviation):
    """the reset gate acts after the recurrent product, where before was asked for."""

    fix = "set reset_after=False (linear_before_reset=0), or declare resets=('after',)"
    link = "https://github.com/FluxML/Flux.jl/issues/1671"

    def place(self) -> str:
        return "after" if self.case.reset == "before" else super().place()


class reset_ignored(Deviation):
    """the candidate sees the whole state, whatever the reset gate says."""

    fix = "multiply by the reset gate"

    def place(self) -> str:
        return "ignored"


class reset_complemented(Deviation):
    """1 - r stands where r should be."""

    fix = "negate the reset gate's blocks, kernels and biases alike"

    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        return self.ops.one_minus(super().reset(x_side, h, w))


class reset_of_the_input_side_too(Deviation):
    """the reset gate scales the whole argument of tanh, not the state's side alone."""

    fix = "multiply the recurrent side alone by the reset gate"

    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is not None:
            x_side = [*x_side[:2], self.ops.times(r, x_side[2])]
        return super().candidate(x_side, r, h, w)


class reset_of_the_input_side(Deviation):
    """the reset gate scales the inputs' side of the candidate's argument, not the state's."""

    fix = "multiply the recurrent side by the reset gate, and leave the inputs' side as it is"

    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is None:
            return super().candidate(x_side, r, h, w)
        return self.ops.plus(self.ops.times(r, x_side[2]), self.recurrent(h, w, 2))


class reset_of_the_unit_before(Deviation):
    """the reset gate of the unit before is used."""

    fix = "take each unit's own reset gate"
    link = "https://github.com/ooples/AiDotNet/pull/722"

    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        r = super().reset(x_side, h, w)
        return Near(np.roll(r.value, 1, -1), np.roll(r.error, 1, -1))


class reset_of_the_step_before(Deviation):
    """the reset gate of the step before is used, from the second step on."""

    fix = "compute the reset gate anew at each step"
    remembers = True

    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        r = super().reset(x_side, h, w)
        used = r if self.steps_taken == 0 else self._stale
        self._stale = r
        return used


class no_bias(Deviation):
    """biases are never added."""

    fix = "hand p.bias over; look whether a use_bias or bias=False switch is set"
    link = "https://github.com/patrick-kidger/equinox/pull/215"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=0 * w.b, c=0 * w.c))


class no_input_bias(Deviation):
    """the input bias is never added."""

    fix = "hand p.bias[0] over"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=0 * w.b))


class no_recurrent_bias(Deviation):
    """the recurrent bias is never added."""

    fix = "hand p.bias[1] over; if it has no place, the GRU has one bias for a gate and cannot hold the candidate's two"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=0 * w.c))


class no_recurrent_candidate_bias(Deviation):
    """the candidate has no recurrent bias."""

    fix = "add p.bias[1, -1] to the candidate's recurrent product; if it has no place, declare what can be held"
    link = "https://github.com/google/flax/issues/5594"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=np.concatenate([w.c[:-1], 0 * w.c[-1:]])))


class input_bias_doubled(Deviation):
    """the input bias is added twice."""

    fix = "add p.bias[0] once"
    link = "https://github.com/tensorflow/tensorflow/issues/54492"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=2 * w.b))


class recurrent_bias_doubled(Deviation):
    """the recurrent bias is added twice."""

    fix = "add p.bias[1] once"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=2 * w.c))


class bias_rows_swapped(Deviation):
    """the input bias and the recurrent bias are exchanged."""

    fix = "exchange the rows: p.bias[::-1]"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(b=w.c, c=w.b))


class input_bias_twice(Deviation):
    """only the input bias is read; it stands for the recurrent bias too."""

    fix = "hand p.bias[1] over as the recurrent bias"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(c=w.b))


class bias_transposed(Deviation):
    """the biases, which come gate by gate, are read unit by unit."""

    fix = "store the biases gate by gate: p.bias.reshape(2, -1)"
    link = "https://github.com/majianjia/nnom/issues/82"

    def blocks(self, w: Blocks) -> Blocks:
        b, c = (row.reshape(row.shape[::-1]).T for row in (w.b, w.c))
        return super().blocks(w._replace(b=b, c=c))


class candidate_bias_outside(Deviation):
    """the recurrent candidate bias is added outside the reset product."""

    fix = "add p.bias[1, 2] to the recurrent product before it meets r; if both biases are summed, they cannot be held"
    link = "https://github.com/apple/coremltools/issues/1124"

    def candidate(self, x_side: list[Near], r: Near | None, h: Near, w: Blocks) -> Near:
        if r is None or self.place() != "after":
            return super().candidate(x_side, r, h, w)
        inside = w._replace(c=np.concatenate([w.c[:2], 0 * w.c[2:]]))
        return super().candidate([*x_side[:2], self.ops.plus(x_side[2], w.c[2])], r, h, inside)


class first_recurrent_side_skipped(Deviation):
    """without an initial state the first step leaves out the recurrent side, its bias included."""

    fix = "add the recurrent bias at the first step too"
    link = "https://github.com/ml-explore/mlx/issues/3249"

    def recurrent(self, h: Near, w: Blocks, gate: int) -> Near:
        side = super().recurrent(h, w, gate)
        return self.ops.scaled(side, 0.0) if self.steps_taken == 0 and self.case.initial_state is None else side


def _transposed(fields: str, name: str, told: str, fix: str) -> type[Deviation]:
    """Blocks that are read transposed."""

    def blocks(self: Deviation, w: Blocks) -> Blocks:
        arrays = {field: getattr(w, field) for field in fields}
        turned = {field: a.swapaxes(1, 2) for field, a in arrays.items() if a.shape[1] == a.shape[2]}
        return super(made, self).blocks(w._replace(**turned))

    made: type[Deviation] = type(name, (Deviation,), {"__doc__": told, "blocks": blocks, "fix": fix})
    return made


class candidate_block_transposed(Deviation):
    """the candidate's block of the recurrent kernel is transposed."""

    fix = "transpose p.recurrent_kernel[-1] alone"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(U=np.concatenate([w.U[:-1], w.U[-1:].swapaxes(1, 2)])))


class kernels_reshaped(Deviation):
    """the kernels are stored transposed and brought back by a reshape."""

    fix = "transpose instead of reshaping"
    link = "https://github.com/keras-team/keras/issues/8720"

    def blocks(self, w: Blocks) -> Blocks:
        W, U = (array.swapaxes(1, 2).reshape(array.shape) for array in (w.W, w.U))
        return super().blocks(w._replace(W=W, U=U))


class update_block_for_the_reset(Deviation):
    """the reset gate reads the update gate's block of the recurrent kernel."""

    fix = "give the reset gate its own block, p.recurrent_kernel[1]"

    def blocks(self, w: Blocks) -> Blocks:
        return super().blocks(w._replace(U=w.U[[0, 0, 2]]) if len(w.W) == 3 else w)


class rows_share_a_reset_gate(Deviation):
    """the input side of the first row's reset gate is used for all rows."""

    fix = "compute the reset gate row by row"

    def reset(self, x_side: list[Near], h: Near, w: Blocks) -> Near:
        first = np.zeros(len(h.value), int)
        shared = Near(x_side[1].value[first], x_side[1].error[first])
        return super().reset([x_side[0], shared, x_side[2]], h, w)


DEVIATIONS: tuple[type[Deviation], ...] = (
    *(_order(prefix, order) for prefix in FIELDS for order in map("".join, permutations("zrn")) if order != "zrn"),
    update_sense, state_added_whole,
    _line(1 / 5, "hard_sigmoid_fifth", "1/5"), _line(1 / 6, "hard_sigmoid_sixth", "1/6"),
    tanh_gates, sigmoid_of_twice, linear_candidate, relu_candidate, sigmoid_candidate,
    reset_before, reset_after, reset_ignored, reset_complemented, reset_of_the_input_side_too,
    reset_of_the_input_side, reset_of_the_unit_before, reset_of_the_step_before, rows_share_a_reset_gate,
    no_bias, no_input_bias, no_recurrent_bias, no_recurrent_candidate_bias, input_bias_doubled, recurrent_bias_doubled,
    bias_rows_swapped, input_bias_twice, bias_transposed, candidate_bias_outside, first_recurrent_side_skipped,
    _transposed("U", "recurrent_transposed", "every block of the recurrent kernel is transposed.",
                "hand over p.recurrent_kernel.swapaxes(1, 2)"),
    _transposed("W", "kernel_transposed_where_square", "the kernel is transposed where input_dim equals units.",
                "do not guess a transposition from the shape"),
    candidate_block_transposed, kernels_reshaped, update_block_for_the_reset,
)  # fmt: skip
"""All of them."""

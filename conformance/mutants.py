"""Wrong GRUs, each wrong in one line: they prove that the checks see. Where the bug shipped, there is a link.

Each can be judged: python -m conformance run conformance.mutants:NAME.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from conformance.balls import each
from conformance.case import Case, Gradients, Outputs
from conformance.emulated import Emulated
from reference import Parameters

GITHUB = "https://github.com/"


class gates_swapped(Emulated):
    """The update and the reset block are exchanged, as when torch's r, z, n is read as z, r, n."""

    link = GITHUB + "keras-team/keras/issues/15915"

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        order = [1, 0, *range(2, p.kernel.shape[0])]
        return Parameters(p.kernel[order], p.recurrent_kernel[order], p.bias[:, order], p.reset)


class bias_blocks_in_another_order(Emulated):
    """The weights are read in the right gate order, the biases in another."""

    link = GITHUB + "openvinotoolkit/openvino/issues/17651"

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        return Parameters(p.kernel, p.recurrent_kernel, p.bias[:, ::-1], p.reset)


class update_sense_flipped(Emulated):
    """z multiplies the candidate and 1 - z the state."""

    link = GITHUB + "mindspore-ai/mindspore/issues/149"

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return (1 - z) * h + z * n


class reset_before_instead_of_after(Emulated):
    """The reset gate acts on the state before the product, whatever was asked for."""

    link = GITHUB + "pytorch/pytorch/issues/189225"

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = self.sigmoid(x_side[1] + self.recurrent(h, p, 1))
        return x_side[-1] + self.recurrent(r * h, p, -1)


class reset_after_instead_of_before(Emulated):
    """The reset gate acts after the product, whatever was asked for."""

    link = GITHUB + "FluxML/Flux.jl/issues/1671"

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = self.sigmoid(x_side[1] + self.recurrent(h, p, 1))
        return x_side[-1] + r * self.recurrent(h, p, -1)


class recurrent_candidate_bias_missing(Emulated):
    """The candidate has no recurrent bias."""

    link = GITHUB + "google/flax/issues/5594"

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        last = gate == p.kernel.shape[0] - 1
        return self.product(h, p.recurrent_kernel[gate]) + (0 if last else p.bias[1, gate])


class recurrent_candidate_bias_outside_the_reset(Emulated):
    """The recurrent candidate bias is added outside the reset product."""

    link = GITHUB + "apple/coremltools/issues/1124"

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = self.sigmoid(x_side[1] + self.recurrent(h, p, 1))
        if p.reset != "after":
            return super().candidate(x_side, h, p)
        return x_side[2] + r * self.product(h, p.recurrent_kernel[2]) + p.bias[1, 2]


class recurrent_bias_skipped_without_initial_state(Emulated):
    """Without an initial state the first step leaves out the recurrent side, its bias included."""

    link = GITHUB + "ml-explore/mlx/issues/3249"

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        self.first = case.initial_state is None
        return super().direction(case, direction)

    def recurrent(self, h: np.ndarray, p: Parameters, gate: int) -> np.ndarray:
        side = super().recurrent(h, p, gate) * (not self.first)
        self.first &= gate < p.kernel.shape[0] - 1
        return side.astype(h.dtype)


class recurrent_kernel_transposed(Emulated):
    """Every block of the recurrent kernel is transposed."""

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        return p.recurrent_kernel.transpose(0, 2, 1)


class initial_state_ignored(Emulated):
    """Every run starts from zeros."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        return np.zeros_like(case.starts[direction])


class lengths_ignored(Emulated):
    """Lengths and masks are accepted and ignored."""

    link = GITHUB + "onnx/onnx/blob/main/onnx/reference/ops/op_gru.py"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.ones_like(case.valid)


class length_off_by_one(Emulated):
    """Each row ends one step early."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.mask is None and case.lengths is None:
            return case.valid
        return case.valid & (np.cumsum(case.valid, axis=1) < case.valid.sum(axis=1, keepdims=True))


class mask_taken_for_a_length(Emulated):
    """A mask is replaced by its number of valid steps, as if every row were padded on the right."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return np.arange(case.time) < case.valid.sum(axis=1, keepdims=True)


class empty_row_ends_in_zeros(Emulated):
    """The final state of a row of length 0 is 0, not the initial state."""

    link = GITHUB + "onnx/onnx/issues/1674"

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return np.where(case.valid.any(axis=1, keepdims=True) | (case.time == 0), h, np.zeros_like(h))


class final_state_from_the_last_time(Emulated):
    """The final state is the output at the last time, padding or not."""

    link = GITHUB + "onnx/onnx-mlir/pull/2479"

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return outputs[:, -1] if case.time else h


class final_state_of_no_time_is_zeros(Emulated):
    """With time = 0 the final state is 0, not the initial state."""

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        return h if case.time else np.zeros_like(h)


class empty_batch_raises(Emulated):
    """A batch of no rows is refused by an operation that wants one."""

    link = GITHUB + "pytorch/pytorch/pull/71696"

    def start(self, case: Case, direction: int) -> np.ndarray:
        return np.stack(list(case.starts[direction]))


class masked_output_is_zero_before_the_first_step(Emulated):
    """Masked outputs are carried, but 0 before the first valid step, beside a state that is the initial one."""

    link = GITHUB + "keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/rnn.py"

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return np.where(counts | np.any(h != start, axis=1, keepdims=True), h, np.zeros_like(h))


class padding_is_multiplied_away(Emulated):
    """The masked state is selected by a product with 0, so a NaN in the padding survives."""

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        return (counts * new + ~counts * old).astype(old.dtype)


class reverse_ignored(Emulated):
    """The direction is never read; every run is forward."""

    link = GITHUB + "apache/tvm/pull/15829"

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return range(case.time)


class reverse_starts_in_the_padding(Emulated):
    """The inputs are flipped and the mask is not, so a reverse run starts in the padding."""

    link = GITHUB + "onnx/onnx-tensorflow/issues/342"

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        return case.valid[:, ::-1] if backwards else case.valid


class reverse_output_not_aligned(Emulated):
    """The outputs of a reverse run stay in processing order."""

    link = GITHUB + "webmachinelearning/webnn/issues/801"

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        return outputs[:, ::-1].copy() if backwards else outputs


class last_step_skipped_in_reverse(Emulated):
    """A reverse run stops one step early."""

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        return range(1, case.time)[::-1] if backwards else range(case.time)


class directions_share_their_weights(Emulated):
    """The backward direction uses the forward weights."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        return case.parameters[0]


class initial_states_of_the_directions_swapped(Emulated):
    """Each direction starts from the other's initial state."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[::-1][direction]


class average_is_a_sum(Emulated):
    """The mean of both directions is not halved."""

    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        return super().merged("sum" if merge == "ave" else merge, forward, backward)


class rows_share_a_reset_gate(Emulated):
    """The reset gate of the first row is used for all."""

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        first = [side if gate != 1 or p.reset == "none" else np.broadcast_to(side[:1], side.shape)
                 for gate, side in enumerate(x_side)]  # fmt: skip
        return super().candidate(first, h, p)


class reset_gate_of_the_wrong_unit(Emulated):
    """The reset gate of the next unit is used."""

    link = GITHUB + "ooples/AiDotNet/pull/722"

    def candidate(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        if p.reset == "none":
            return super().candidate(x_side, h, p)
        r = np.roll(self.sigmoid(x_side[1] + self.recurrent(h, p, 1)), 1, axis=-1)
        inner = self.recurrent(h if p.reset == "after" else r * h, p, 2)
        return x_side[2] + (r * inner if p.reset == "after" else inner)


class state_kept_between_calls(Emulated):
    """Without an initial state, a run starts where the last one ended."""

    link = GITHUB + "tensorflow/tensorflow/issues/38403"
    kept: np.ndarray | None = None

    def start(self, case: Case, direction: int) -> np.ndarray:
        start = case.starts[direction]
        kept = case.initial_state is None and self.kept is not None and self.kept.shape == start.shape
        return self.kept.astype(case.dtype) if kept and self.kept is not None else start

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        self.kept = h
        return h


class inputs_scaled_in_place(Emulated):
    """The inputs are overwritten once they are read."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        answer = super().direction(case, direction)
        case.inputs[...] = 0
        return answer


class masked_answers_in_float64(Emulated):
    """A mask of another format promotes the outputs to float64."""

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        return outputs if case.mask is None and case.lengths is None else outputs.astype(np.float64)


class tf32_products(Emulated):
    """Operands of float32 products are rounded to the 10 fractional bits of TF32."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _tf32(a) @ _tf32(b)


class rough_tanh(Emulated):
    """tanh is a rational approximation, up to 2.4 per cent off."""

    link = GITHUB + "tensorflow/tensorflow/issues/55390"

    def tanh(self, a: np.ndarray) -> np.ndarray:
        c = np.clip(a, -3, 3)
        return c * (27 + c * c) / (27 + 9 * c * c)


class sigmoid_of_twice_the_argument(Emulated):
    """The logistic function is written with tanh(x) where it should be tanh(x / 2)."""

    link = GITHUB + "HIPS/autograd/blob/master/examples/rnn.py"

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return (np.tanh(a) + 1) / 2


class overflowing_sigmoid(Emulated):
    """The logistic function is written e / (1 + e), and infinity over infinity is NaN."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        e = np.exp(a)
        return e / (1 + e)


class flushed_to_zero(Emulated):
    """Subnormal states are replaced by 0 under a claim that keeps them."""

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        state = super().blend(z, h, n)
        return np.where(np.abs(state) < np.finfo(state.dtype).tiny, np.zeros_like(state), state)


class inputs_clipped(Emulated):
    """Inputs are clipped to 5 in magnitude."""

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        return super().step(np.clip(x, -5, 5), h, p)


class transposed_where_it_is_square(Emulated):
    """Whether the kernel is transposed is guessed from its shape, wrongly where input_dim equals units."""

    def kernel(self, p: Parameters) -> np.ndarray:
        return p.kernel.transpose(0, 2, 1) if p.input_dim == p.units else p.kernel


class remainder_dropped(Emulated):
    """Products leave out the terms past the last whole group of eight, where there is one."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        whole = len(b) // 8 * 8 or len(b)
        return a[:, :whole] @ b[:whole]


class time_runs_in_chunks(Emulated):
    """The state is lost every sixteen steps."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        self.count = 0
        return super().direction(case, direction)

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        self.count += 1
        return super().step(x, 0 * h if self.count % 16 == 0 else h, p)


class two_directions_ignore_the_policy(Emulated):
    """With two directions, masked outputs are carried whatever was asked for."""

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return h if case.merge is not None else super().output(case, h, counts, start)


class final_states_swapped(Emulated):
    """The final states of the two directions are exchanged under every merge but apart."""

    def run(self, case: Case) -> Outputs:
        outputs, final = super().run(case)
        return Outputs(outputs, final if case.merge in (None, "apart") else final[::-1])


class padding_zeroed_in_place(Emulated):
    """Masked inputs are overwritten by 0 before they are read."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        case.inputs[~case.valid] = 0
        return super().direction(case, direction)


class gradient_at_masked_inputs(Emulated):
    """The mask is left out of the backward pass: masked inputs get the gradient of their neighbour."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        neighbour = np.roll(right.inputs, 1, axis=1)
        return right._replace(inputs=np.where(case.valid[:, :, None], right.inputs, neighbour))


class nan_through_a_masked_select(Emulated):
    """The gradient of the step not taken is multiplied by 0, and 0 times NaN is NaN."""

    link = GITHUB + "tensorflow/tensorflow/issues/6209"

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        with np.errstate(invalid="ignore"):
            return right._replace(kernel=each(lambda kernel: kernel + (0 * case.inputs).sum(), right.kernel))


class gradients_off_by_a_factor(Emulated):
    """Every gradient is too large by the factor 1.0005."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        off = np.dtype(case.dtype).type(1.0005)
        return Gradients(*(each(lambda part: part * off, right) for right in super().gradients(case, cotangents)))


class recurrent_bias_has_no_gradient(Emulated):
    """The recurrent bias is left out of the backward pass."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        keep = np.array([1, 0], case.dtype).reshape(2, 1, 1)
        return right._replace(bias=each(lambda bias: bias * keep, right.bias))


class gradient_stops_at_the_initial_state(Emulated):
    """The initial state gets no gradient."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right._replace(initial_state=each(np.zeros_like, right.initial_state))


class gradients_forget_the_policy(Emulated):
    """The cotangents of masked outputs reach the state, although these outputs are 0."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        return super().gradients(replace(case, masked_outputs="carry"), cotangents)


class gradients_of_the_directions_swapped(Emulated):
    """Each direction gets the gradients of the other's kernel."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right if case.merge is None else right._replace(kernel=right.kernel[::-1])


def _tf32(a: np.ndarray) -> np.ndarray:
    """Round to nearest, ties to even, at the 10th fractional bit; float64 is left as it is."""
    if a.dtype != np.float32:
        return a
    bits = np.ascontiguousarray(a).view(np.uint32)
    return ((bits + 0x0FFF + ((bits >> 13) & 1)) & np.uint32(0xFFFFE000)).view(np.float32)


MUTANTS: tuple[Emulated, ...] = tuple(mutant() for mutant in Emulated.__subclasses__() if mutant.__module__ == __name__)
"""One of each, in the order of this file. Each has a name, a sentence and a link."""

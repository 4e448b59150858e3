"""Wrong gradients in some region; outputs are right."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs, each
from conformance.mutants.backward import Backward
from reference import Parameters
from studies.held_out.second.base import Wrong, all_zero, padded


class Gradient(Wrong, Backward):
    """Gradients of the reference outside the region, of Backward within it."""

    kind = "gradients"

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        if self.region(case, cotangents):
            return self.wrong(case, cotangents)
        return self.right(case, cotangents)

    def right(self, case: Case, cotangents: Outputs) -> Gradients:
        return super(Backward, self).gradients(case, cotangents)

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        return Backward.gradients(self, case, cotangents)


class cotangent_lost_between_chunks(Gradient):
    """Over 32 steps the backward pass runs in chunks of 32, and the state's cotangent is not handed from chunk to
    chunk.
    """

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.time > 32

    def handed_on(self, counts: np.ndarray, before: np.ndarray, dh: np.ndarray, pulled: int) -> np.ndarray:
        dh = super().handed_on(counts, before, dh, pulled)
        return np.zeros_like(dh) if (pulled + 1) % 32 == 0 else dh


class bias_gradient_without_the_last_row_tile(Gradient):
    """The bias gradient is summed over tiles of 16 rows, and a last, partial tile is left out."""

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.batch > 16 and case.batch % 16

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        full = case.batch // 16 * 16
        some = replace(
            case,
            inputs=case.inputs[:full],
            initial_state=each(lambda a: a[:full], case.initial_state),
            lengths=each(lambda a: a[:full], case.lengths),
            mask=each(lambda a: a[:full], case.mask),
        )
        tiles = self.right(some, each(lambda a: a[:full], cotangents))
        return self.right(case, cotangents)._replace(bias=tiles.bias)


class checkpoints_recomputed_from_zeros(Gradient):
    """From 64 steps states are recomputed from checkpoints, the first segment from zeros, not the initial state."""

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.time >= 64 and case.initial_state is not None

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        return self.right(replace(case, initial_state=None), cotangents)


class last_cotangent_added_twice(Gradient):
    """From 8 units, if only outputs have cotangents, the state's cotangent starts as the last output's, which is added
    again.
    """

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.units >= 8 and case.merge is None and case.time and all_zero(cotangents.final_state)

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        last = cotangents.outputs[:, 0 if case.reverse else -1]
        return self.right(case, Outputs(cotangents.outputs, last.copy()))


class last_state_gradient_takes_mask_for_length(Gradient):
    """If only the final state has a cotangent, the backward pass takes the mask's count for a length."""

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.mask is not None and all_zero(cotangents.outputs)

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        return self.right(replace(case, mask=None, lengths=case.mask.sum(axis=1)), cotangents)


class recurrent_gradient_without_reset(Gradient):
    """With reset before and from 16 units, the candidate's recurrent weights get the gradient of h, not of r h."""

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.reset == "before" and case.units >= 16

    def pulled(self, dh: np.ndarray, x: np.ndarray, h: np.ndarray, p: Parameters) -> tuple[np.ndarray, ...]:
        dx, before, dW, dU, db = super().pulled(dh, x, h, p)
        W, U, (b, c) = p.kernel, p.recurrent_kernel, p.bias
        z, r = (self.sigmoid(x @ W[g] + b[g] + (h @ U[g] + c[g])) for g in (0, 1))
        n = self.tanh(x @ W[2] + b[2] + ((r * h) @ U[2] + c[2]))
        dU = dU.copy()
        dU[2] = h.T @ (dh * (1 - z) * self.tanh_slope(n))
        return dx, before, dW, dU, db


class expanded_cotangent_read_for_one_row(Gradient):
    """From 8 units, one cotangent for all outputs arrives as an expanded scalar, of which rows after the first read
    nothing.
    """

    def region(self, case: Case, cotangents: Outputs) -> bool:
        if case.units < 8 or case.batch < 2 or not case.time:
            return False
        parts = cotangents.outputs if case.merge == "apart" else (cotangents.outputs,)
        return all(part.min() == part.max() != 0 for part in parts)

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        first = (np.arange(case.batch) == 0)[:, None, None]
        outputs = each(lambda a: np.where(first, a, np.zeros_like(a)), cotangents.outputs)
        return self.right(case, Outputs(outputs, cotangents.final_state))


class product_merge_gradient_skips_carried_steps(Gradient):
    """Under mul with carried outputs, the backward pass takes the other direction's output at a masked step for 0."""

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.merge == "mul" and padded(case) and case.masked_outputs != "zero"

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        outputs = np.where(case.valid[:, :, None], cotangents.outputs, np.zeros_like(cotangents.outputs))
        return self.right(case, Outputs(outputs, cotangents.final_state))


class input_gradient_flipped_over_all_time(Gradient):
    """In reverse with lengths, the input gradient is flipped back over all time instead of each row's length."""

    def region(self, case: Case, cotangents: Outputs) -> bool:
        return case.reverse and case.lengths is not None

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        right = self.right(case, cotangents)
        shifted = right.inputs.copy()
        for row, length in enumerate(case.lengths):
            shifted[row] = np.roll(right.inputs[row], case.time - int(length), axis=0)
        return right._replace(inputs=shifted)


class small_cotangents_taken_for_none(Gradient):
    """Cotangents that are all below 1e-8 take the shortcut for zeros."""

    def region(self, case: Case, cotangents: Outputs) -> bool:
        largest = [0.0]
        each(lambda a: largest.append(float(np.abs(a.astype("float64")).max(initial=0))) or a, cotangents)
        return max(largest) < 1e-8

    def wrong(self, case: Case, cotangents: Outputs) -> Gradients:
        return each(np.zeros_like, self.right(case, cotangents))

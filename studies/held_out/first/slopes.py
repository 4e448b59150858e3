"""Right forward and wrong backward, in some cases alone."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs
from conformance.mutants.backward import Backward
from conformance.mutants.emulated import Emulated
from conformance.truth.balls import each
from studies.held_out.first.base import padded


class Sloped(Emulated):
    kind = "gradients"


class SlopedBackward(Backward):
    kind = "gradients"


class last_row_of_odd_batches_lost(Sloped):
    """The kernel's gradient is summed over pairs of rows, and the last row of an odd batch above 5 is left out."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        if case.batch <= 5 or case.batch % 2 == 0:
            return right

        def without_last(part: np.ndarray) -> np.ndarray:
            part = part.copy()
            part[-1] = 0
            return part

        less = super().gradients(case, Outputs(*(each(without_last, part) for part in cotangents)))
        return right._replace(kernel=less.kernel)


class checkpoints_start_from_zeros(SlopedBackward):
    """Past 32 steps the backward pass runs the forward pass again from every 32nd step, and starts it from zeros."""

    def states(self, case: Case, direction: int) -> list[tuple[int, np.ndarray]]:
        h, states = self.start(case, direction), []
        for i, t in enumerate(self.order(case, case.reverse or direction == 1)):
            h = np.zeros_like(h) if i and i % 32 == 0 else h
            states.append((t, h))
            new = self.step(case.inputs[:, t], h, self.parameters(case, direction))
            h = self.select(case.valid[:, t, None], new, h)
        return states


class cotangents_of_a_sum_halved(SlopedBackward):
    """The cotangents of two summed directions without padding are halved, as those of their average."""

    def unmerged(self, case: Case, d: np.ndarray) -> tuple[np.ndarray, ...]:
        return (d / 2, d / 2) if case.merge == "sum" and not padded(case) else super().unmerged(case, d)


class cotangents_of_a_product_with_itself(SlopedBackward):
    """Two multiplied directions without padding: each direction's cotangent is multiplied with its own outputs, not the
    other's.
    """

    def unmerged(self, case: Case, d: np.ndarray) -> tuple[np.ndarray, ...]:
        parts = super().unmerged(case, d)
        return parts[::-1] if case.merge == "mul" and not padded(case) else parts


class reverse_gradients_forget_policy_zero(Sloped):
    """In reverse with lengths, the cotangents of outputs that are 0 reach the state."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        on = case.reverse and case.lengths is not None
        return super().gradients(replace(case, masked_outputs="carry") if on else case, cotangents)


class empty_rows_of_two_directions_have_no_gradient(Sloped):
    """Two directions with lengths: the initial state of a row of length 0 gets no gradient."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        if case.merge is None or case.lengths is None:
            return right
        keep = (case.lengths > 0)[:, None]
        return right._replace(initial_state=each(lambda part: part * keep, right.initial_state))


class small_cotangents_dropped(Sloped):
    """Cotangents below 2^-30 in magnitude are taken for 0."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        def cut(part: np.ndarray) -> np.ndarray:
            return np.where(np.abs(part) < 2.0**-30, 0, part).astype(part.dtype)

        return super().gradients(case, Outputs(*(each(cut, part) for part in cotangents)))


class equal_cotangents_read_once(Sloped):
    """Where all cotangents of the outputs are one number, as below a sum, they are a view of one element, and zeros are
    read behind it.
    """

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        def first(part: np.ndarray) -> np.ndarray:
            if part.size < 2 or not np.all(part == part.reshape(-1)[0]):
                return part
            alone = np.zeros_like(part)
            alone.reshape(-1)[0] = part.reshape(-1)[0]
            return alone

        return super().gradients(case, cotangents._replace(outputs=each(first, cotangents.outputs)))


class one_step_has_no_recurrent_gradient(Sloped):
    """With one step the recurrent kernel gets no gradient, as if every run started from zeros."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        if case.time != 1:
            return right
        return right._replace(recurrent_kernel=each(np.zeros_like, right.recurrent_kernel))


class initial_gradient_one_step_short(SlopedBackward):
    """Past 16 steps the initial state's gradient is that of the state after the first step."""

    def through_time(self, case: Case, direction: int, d_outputs: np.ndarray, dh: np.ndarray) -> Gradients:
        self.last = case.time - 1 if case.time > 16 else -1
        return super().through_time(case, direction, d_outputs, dh)

    def handed_on(self, counts: np.ndarray, before: np.ndarray, dh: np.ndarray, pulled: int) -> np.ndarray:
        return dh if pulled == self.last else super().handed_on(counts, before, dh, pulled)


class slope_of_tanh_has_a_floor(SlopedBackward):
    """The slope of tanh is never less than 2^-12."""

    def tanh_slope(self, n: np.ndarray) -> np.ndarray:
        return np.maximum(super().tanh_slope(n), np.asarray(2.0**-12, n.dtype))


class recurrent_gradient_blocks_exchanged_at_16(Sloped):
    """Where units is a multiple of 16, gradients of the recurrent kernel's update and reset blocks are exchanged."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        if case.units % 16 or case.reset == "none":
            return right
        return right._replace(recurrent_kernel=each(lambda part: part[[1, 0, 2]], right.recurrent_kernel))


class masked_cotangents_counted_twice(Sloped):
    """One direction with a mask, carried outputs and no initial state: the cotangents of masked outputs are counted
    twice.
    """

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        on = case.mask is not None and case.merge is None and case.initial_state is None
        if not on or case.masked_outputs != "carry":
            return super().gradients(case, cotangents)
        twice = np.where(case.valid[:, :, None], 1, 2).astype(case.dtype)
        return super().gradients(case, cotangents._replace(outputs=cotangents.outputs * twice))


class bias_gradient_in_float16_over_many_steps(Sloped):
    """Where batch times time is 128 or more, the bias's gradient is reduced in float16."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        if case.batch * case.time < 128:
            return right
        with np.errstate(all="ignore"):
            return right._replace(bias=each(lambda part: part.astype(np.float16).astype(part.dtype), right.bias))


class inputs_past_32_have_no_gradient(Sloped):
    """The gradient to the inputs is written for the first 32 features alone."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        inputs = right.inputs.copy()
        inputs[:, :, 32:] = 0
        return right._replace(inputs=inputs)


class final_cotangent_lost_in_padded_rows(Sloped):
    """Where only the final state has a cotangent and there are lengths, it is injected at the last time, which a
    shorter row never reaches.
    """

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        outputs = cotangents.outputs if isinstance(cotangents.outputs, tuple) else (cotangents.outputs,)
        if case.lengths is None or any(part.any() for part in outputs):
            return super().gradients(case, cotangents)
        keep = (case.lengths == case.time)[:, None]
        return super().gradients(
            case, cotangents._replace(final_state=each(lambda part: part * keep, cotangents.final_state))
        )

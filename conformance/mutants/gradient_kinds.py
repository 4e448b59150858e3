"""Mutants with wrong gradients under some options, for some cotangents, or at some sizes only."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs
from conformance.mutants.backward import Backward
from conformance.mutants.emulated import Emulated
from conformance.truth.balls import each
from reference import Parameters


class gradients_read_lengths_as_time(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        return super().gradients(replace(case, lengths=None), cotangents)


class input_gradients_of_a_reverse_run_not_aligned(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right._replace(inputs=right.inputs[:, ::-1].copy()) if case.reverse and _whole(case) else right


class backward_direction_has_no_input_gradient(Backward):
    def through_time(self, case: Case, direction: int, d_outputs: np.ndarray, dh: np.ndarray) -> Gradients:
        right = super().through_time(case, direction, d_outputs, dh)
        return right._replace(inputs=np.zeros_like(right.inputs)) if direction == 1 and _whole(case) else right


class recurrent_bias_gradient_skips_the_first_step_without_initial_state(Backward):
    def through_time(self, case: Case, direction: int, d_outputs: np.ndarray, dh: np.ndarray) -> Gradients:
        self.left = case.time if case.initial_state is None else -1
        return super().through_time(case, direction, d_outputs, dh)

    def pulled(self, dh: np.ndarray, x: np.ndarray, h: np.ndarray, p: Parameters) -> tuple[np.ndarray, ...]:
        *others, bias = super().pulled(dh, x, h, p)
        self.left -= 1
        if self.left == 0:
            bias[1] = 0
        return *others, bias


class final_cotangent_alone_reaches_one_step(Backward):
    def through_time(self, case: Case, direction: int, d_outputs: np.ndarray, dh: np.ndarray) -> Gradients:
        self.alone = not d_outputs.any()
        return super().through_time(case, direction, d_outputs, dh)

    def handed_on(self, counts: np.ndarray, before: np.ndarray, dh: np.ndarray, pulled: int) -> np.ndarray:
        return super().handed_on(counts, before, dh, pulled) * (not self.alone)


class initial_gradient_needs_a_final_cotangent(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        finals = (cotangents.final_state,) if case.merge is None else cotangents.final_state
        if any(part.any() for part in finals):
            return right
        return right._replace(initial_state=each(np.zeros_like, right.initial_state))


class no_time_has_no_gradient(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right if case.time else right._replace(initial_state=each(np.zeros_like, right.initial_state))


class cotangents_clipped_at_64(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        return super().gradients(
            case, Outputs(*(each(lambda part: part.clip(-64, 64), of_one) for of_one in cotangents))
        )


class tanh_slope_overflows(Backward):
    def tanh(self, a: np.ndarray) -> np.ndarray:
        self.argument = a
        return super().tanh(a)

    def tanh_slope(self, n: np.ndarray) -> np.ndarray:
        e = np.exp(2 * self.argument)
        return 4 * e / (1 + e) ** 2


class kernel_gradient_doubled_in_long_runs(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right if case.time <= 16 else right._replace(kernel=each(lambda part: part * 2, right.kernel))


class recurrent_kernel_gradient_cut_at_64_units(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        written = np.arange(case.units)[:, None] < 64
        return right._replace(recurrent_kernel=each(lambda part: part * written, right.recurrent_kernel))


class bias_gradient_of_the_first_16_rows(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        first = Outputs(*(each(_first_16_rows, part) for part in cotangents))
        return super().gradients(case, cotangents)._replace(bias=super().gradients(case, first).bias)


def _whole(case: Case) -> bool:
    """True if the case has neither lengths nor a mask."""
    return case.lengths is None and case.mask is None


def _first_16_rows(part: np.ndarray) -> np.ndarray:
    """The first 16 rows of an array, with zeros in place of the others."""
    kept = part.copy()
    kept[16:] = 0
    return kept

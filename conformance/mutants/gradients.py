"""Mutants that are right forward and wrong backward: scaled, missing on some path, cut off in time, wrong at masked
steps.
"""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Gradients, Outputs, each
from conformance.mutants.backward import Backward
from conformance.mutants.emulated import Emulated


class gradients_off_by_a_factor(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        off = np.dtype(case.dtype).type(1.0005)
        return Gradients(*(each(lambda part: part * off, right) for right in super().gradients(case, cotangents)))


class gradients_averaged_over_the_batch(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return Gradients(*right[:2], *(each(lambda part: part / max(1, case.batch), of_one) for of_one in right[2:]))


class no_gradient_through_the_reset_gate(Backward):
    def at_gates(self, da: np.ndarray) -> np.ndarray:
        return da if len(da) == 2 else da * np.array([1, 0, 1], da.dtype)[:, None, None]


class no_gradient_through_the_update_gate(Backward):
    def at_gates(self, da: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros_like(da[:1]), da[1:]])


class no_gradient_through_the_kept_state(Backward):
    def kept(self, dh: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.zeros_like(dh)


class tanh_slope_in_float16(Backward):
    def tanh_slope(self, n: np.ndarray) -> np.ndarray:
        return super().tanh_slope(n.astype(np.float16)).astype(n.dtype)


class gradient_cut_off_in_time(Backward):
    def handed_on(self, counts: np.ndarray, before: np.ndarray, dh: np.ndarray, pulled: int) -> np.ndarray:
        return super().handed_on(counts, before, dh, pulled) * (pulled != 2)


class gradient_lost_at_masked_steps(Backward):
    def handed_on(self, counts: np.ndarray, before: np.ndarray, dh: np.ndarray, pulled: int) -> np.ndarray:
        return before * counts


class gradient_at_masked_inputs(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        neighbour = np.roll(right.inputs, 1, axis=1)
        return right._replace(inputs=np.where(case.valid[:, :, None], right.inputs, neighbour))


class nan_through_a_masked_select(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        with np.errstate(invalid="ignore"):
            return right._replace(kernel=each(lambda kernel: kernel + (0 * case.inputs).sum(), right.kernel))


class gradients_forget_the_policy(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        return super().gradients(replace(case, masked_outputs="carry"), cotangents)


class gradients_ignore_carried_outputs(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        return super().gradients(replace(case, masked_outputs="zero"), cotangents)


class gradient_of_the_final_state_forgotten(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        return super().gradients(case, cotangents._replace(final_state=each(np.zeros_like, cotangents.final_state)))


class gradient_stops_at_the_initial_state(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right._replace(initial_state=each(np.zeros_like, right.initial_state))


class recurrent_bias_has_no_gradient(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        keep = np.array([1, 0], case.dtype).reshape(2, 1, 1)
        return right._replace(bias=each(lambda bias: bias * keep, right.bias))


class recurrent_kernel_gradient_transposed(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right._replace(recurrent_kernel=each(lambda part: part.transpose(0, 2, 1), right.recurrent_kernel))


class gradients_of_the_directions_swapped(Emulated):
    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return right if case.merge is None else right._replace(kernel=right.kernel[::-1])

"""Wrong at some numbers."""

import numpy as np

from conformance.interface.case import Case
from reference import Parameters
from studies.held_out.second.base import Wrong, with_bias


class Valued(Wrong):
    kind = "values"


class sigmoid_table_ends_at_eight(Valued):
    """The table of the sigmoid ends at 8: beyond, gates are exactly 0 or 1."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        s = super().sigmoid(a)
        return np.where(a > 8, np.ones_like(s), np.where(a < -8, np.zeros_like(s), s))


class tanh_quotient_overflows(Valued):
    """A large candidate is a quotient of exponentials, which is infinity over infinity where exp(2 a) overflows."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        e = np.exp(2 * a)
        return np.where(a > 20, (e - 1) / (e + 1), np.tanh(a))


class zero_inputs_lose_the_input_bias(Valued):
    """A step whose inputs are 0 in all rows skips the input product, and the input bias with it."""

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        if x.size and not x.any():
            bias = p.bias.copy()
            bias[0] = 0
            p = with_bias(p, bias)
        return super().step(x, h, p)


class equal_rows_run_once(Valued):
    """Rows with equal inputs, as in a beam search, are run once, although their initial states may differ."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        seen = {}
        final = final.copy()
        for row in range(case.batch if case.time else 0):
            key = case.inputs[row].tobytes() + case.valid[row].tobytes()
            first = seen.setdefault(key, row)
            outputs[row], final[row] = outputs[first], final[first]
        return outputs, final


class initial_state_saturates_at_four(Valued):
    """The initial state passes a fixed-point buffer that saturates at -4 and 4."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        s = super().start(case, direction)
        return np.clip(s, -4, 4).astype(s.dtype)


class clamp_swallows_nan(Valued):
    """Arguments of activations are clamped to -60 and 60 by fmin and fmax, which turn NaN into a number."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return super().sigmoid(_clamped(a))

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return super().tanh(_clamped(a))


def _clamped(a: np.ndarray) -> np.ndarray:
    return np.fmax(np.fmin(a, a.dtype.type(60)), a.dtype.type(-60))


class pruned_reset_gate_taken_for_absent(Valued):
    """A reset gate whose recurrent weights are all 0 is taken for pruned and always open."""

    def reset(self, x_side: list[np.ndarray], h: np.ndarray, p: Parameters) -> np.ndarray:
        r = super().reset(x_side, h, p)
        return r if p.recurrent_kernel[1].any() else np.ones_like(r)


class nearly_full_update_gate_skips_the_unit(Valued):
    """A unit whose update gate is above 0.999 is skipped and keeps its state."""

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        return super().blend(np.where(z > 0.999, np.ones_like(z), z), h, n)


class vector_blend_multiplies_padding_by_zero(Valued):
    """From 8 units masked steps are blended by a product with 0 or 1, so NaN and infinity in padding spread."""

    def select(self, counts: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        if old.shape[-1] < 8:
            return super().select(counts, new, old)
        keep = counts.astype(old.dtype)
        return keep * new + (1 - keep) * old

"""Wrong for some numbers, and in some formats, alone."""

import ml_dtypes
import numpy as np

from conformance.interface.case import Case, Gradients, Outputs
from conformance.truth.balls import each
from reference import Parameters
from studies.held_out.first.base import Wrong


class Valued(Wrong):
    kind = "values"


class nan_clamped_by_fmin(Valued):
    """Sigma and tanh are clamped by fmin and fmax, which drop NaN: a NaN in a valid input gives a state of -1."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return np.fmin(np.fmax(np.tanh(a), np.asarray(-1, a.dtype)), np.asarray(1, a.dtype))

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        return np.fmin(np.fmax(super().sigmoid(a), np.asarray(0, a.dtype)), np.asarray(1, a.dtype))


class large_initial_rows_refused(Valued):
    """A row whose initial state has a number above 8 in magnitude starts from zeros, since such a state is taken for
    garbage.
    """

    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        return np.where(np.any(np.abs(start) > 8, axis=1, keepdims=True), 0, start).astype(start.dtype)


class unchanged_inputs_skipped(Valued):
    """A step whose input equals the one before it in its row is skipped, as if nothing had changed."""

    def after(self, x: np.ndarray, h: np.ndarray, new: np.ndarray, i: int) -> np.ndarray:
        if i == 0:
            return new
        before = self.case.inputs[:, self.times[i - 1]]
        return np.where(np.all(x == before, axis=1, keepdims=True), h, new)


class sparse_inputs_off_by_one(Valued):
    """An input vector of which more than half is 0 takes the path for sparse inputs, whose indices are off by one."""

    def input(self, case: Case, i: int, t: int) -> np.ndarray:
        x = case.inputs[:, t]
        sparse = (x == 0).sum(axis=1, keepdims=True) * 2 > x.shape[1]
        return np.where(sparse, np.roll(x, 1, axis=1), x)


class equal_rows_run_once(Valued):
    """Where all rows have the same inputs, they are taken for one row, and all start from the first row's initial
    state.
    """

    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        same = case.batch > 1 and case.time > 0 and bool(np.all(case.inputs == case.inputs[:1]))
        return np.broadcast_to(start[:1], start.shape).copy() if same else start


class zero_recurrent_kernel_has_no_bias(Valued):
    """Where the recurrent kernel is all 0, its side is left out, and the recurrent bias with it."""

    def bias(self, p: Parameters) -> np.ndarray:
        b = p.bias.copy()
        if not p.recurrent_kernel.any():
            b[1] = 0
        return b


class zero_input_bias_means_none(Valued):
    """Where the input bias is all 0, the GRU is taken to have no biases, and the recurrent bias is left out too."""

    def bias(self, p: Parameters) -> np.ndarray:
        return p.bias if p.bias[0].any() else np.zeros_like(p.bias)


class equal_directions_run_once(Valued):
    """Two directions with equal weights are taken for one: the forward answer is given for both."""

    def run(self, case: Case) -> Outputs:
        self.tied = case.merge is not None and all(
            np.array_equal(a, b) for a, b in zip(*(p.weights for p in case.parameters), strict=True)
        )
        return super().run(case)

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        return super().direction(case, 0 if self.tied else direction)


class inputs_staged_in_float16(Valued):
    """Inputs above 65504 in magnitude pass through float16 and become infinite."""

    def input(self, case: Case, i: int, t: int) -> np.ndarray:
        x = case.inputs[:, t]
        return np.where(np.abs(x) > 65504, np.copysign(np.inf, x), x).astype(x.dtype)


class equal_initial_rows_read_once(Valued):
    """Where all rows have the same initial state, it is taken for a broadcast row, and zeros are read behind it."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        if case.batch < 2 or not np.all(start == start[:1]):
            return start
        alone = np.zeros_like(start)
        alone[0] = start[0]
        return alone


class Formatted(Wrong):
    kind = "formats"


class last_odd_unit_kept_in_16_bits(Formatted):
    """In 16 bits units are processed in pairs, and the last of an odd number is not updated."""

    def after(self, x: np.ndarray, h: np.ndarray, new: np.ndarray, i: int) -> np.ndarray:
        if new.dtype.itemsize == 2 and new.shape[1] > 1 and new.shape[1] % 2:
            new = new.copy()
            new[:, -1] = h[:, -1]
        return new


class sigmoid_overflows_in_16_bits(Formatted):
    """In 16 bits sigma is written e / (1 + e), and exp overflows early: infinity over infinity."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        if a.dtype.itemsize != 2:
            return super().sigmoid(a)
        e = np.exp(a)
        return e / (1 + e)


class float8_products_under_16_bits(Formatted):
    """In 16 bits products of 16 and more terms are taken from operands rounded to an 8-bit format (e4m3)."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.dtype.itemsize != 2 or len(b) < 16:
            return a @ b
        small = [
            np.clip(part.astype(np.float32), -448, 448).astype(ml_dtypes.float8_e4m3fn).astype(a.dtype)
            for part in (a, b)
        ]
        return small[0] @ small[1]


class long_float64_products_in_float32(Formatted):
    """In float64 products of 64 and more terms are computed in float32."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.dtype != np.float64 or len(b) < 64:
            return a @ b
        return (a.astype(np.float32) @ b.astype(np.float32)).astype(np.float64)


class float64_gradients_through_float32(Formatted):
    """In float64 the gradients of the kernels of more than 6 units are accumulated in float32."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        if case.dtype != "float64" or case.units <= 6:
            return right

        def narrowed(part: np.ndarray) -> np.ndarray:
            return part.astype(np.float32).astype(part.dtype)

        return right._replace(
            kernel=each(narrowed, right.kernel), recurrent_kernel=each(narrowed, right.recurrent_kernel)
        )


class scaled_gradients_overflow_in_16_bits(Formatted):
    """In 16 bits cotangents are scaled by 1024 first; where one above 60 overflows, every gradient is 0."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        parts = [part for both in cotangents for part in (both if isinstance(both, tuple) else (both,))]
        over = case.inputs.dtype.itemsize == 2 and any(part.size and np.abs(part).max() > 60 for part in parts)
        return Gradients(*(each(np.zeros_like, part) for part in right)) if over else right


class tensor_cores_for_whole_tiles(Formatted):
    """In float32, where units is a multiple of 16 and there are 8 rows or more, operands are rounded to 10 fractional
    bits (TF32).
    """

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.dtype != np.float32 or b.shape[1] % 16 or len(a) < 8:
            return a @ b
        return self.narrowed(a) @ self.narrowed(b)

    def narrowed(self, a: np.ndarray) -> np.ndarray:
        bits = np.ascontiguousarray(a).view(np.uint32)
        return ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)


class masks_carried_in_16_bits(Formatted):
    """In 16 bits a masked output is carried under policy zero too."""

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        return h if h.dtype.itemsize == 2 else super().output(case, h, counts, start)

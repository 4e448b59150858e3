"""Wrong in narrow formats, or by narrow formats in wide ones."""

from dataclasses import replace

import numpy as np

from conformance.adapters.reference import Reference
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs, cast, each
from conformance.mutants.backward import Backward
from conformance.mutants.emulated import Emulated
from reference import Parameters
from studies.held_out.second.base import BF16, Wrong, through_bf16

HALF = ("float16", "bfloat16")
MIXED = {
    name: Arithmetic(dtype=name, activation="8 ULP", compute="float32", source="float32, rounded once at the end")
    for name in HALF
}


class Formatted(Wrong):
    """A right GRU that computes float16 and bfloat16 in float32 and rounds its answers once."""

    kind = "formats"
    capabilities = replace(Reference.capabilities, arithmetic={**Reference.capabilities.arithmetic, **MIXED})
    inner = Emulated

    def run(self, case: Case) -> Outputs:
        if case.dtype not in HALF:
            return super().run(case)
        inner = self.inner if self.region(case) else Emulated
        return self.rounded(case, inner().run(case.astype("float32")))

    def rounded(self, case: Case, answer: Outputs) -> Outputs:
        with np.errstate(all="ignore"):
            return cast(answer, case.dtype)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        if case.dtype not in HALF:
            return super().gradients(case, cotangents)
        wide = super().gradients(case.astype("float32"), cast(cotangents, "float32"))
        with np.errstate(all="ignore"):
            return cast(wide, case.dtype)

    def region(self, case: Case) -> bool:
        return False


class bfloat16_state_carried_narrow(Formatted):
    """In bfloat16, from 16 units, the carried state is kept in bfloat16 instead of the claimed float32."""

    class inner(Emulated):
        def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
            return through_bf16(super().blend(z, h, n))

    def region(self, case: Case) -> bool:
        return case.dtype == "bfloat16" and case.units >= 16


class bfloat16_truncated_by_vector_stores(Formatted):
    """In bfloat16, with a multiple of 8 units, vector stores cut off the lower half of a float32 unrounded."""

    def rounded(self, case: Case, answer: Outputs) -> Outputs:
        if case.dtype == "bfloat16" and case.units % 8 == 0:
            answer = each(_truncated, answer)
        return super().rounded(case, answer)


def _truncated(a: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(a).view(np.uint32)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)


class float16_sums_in_float16(Formatted):
    """In float16, products over 16 terms or more are summed in float16 instead of the claimed float32."""

    class inner(Emulated):
        def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
            if a.shape[1] < 16:
                return a @ b
            total = np.zeros((a.shape[0], b.shape[1]), np.float16)
            for k in range(a.shape[1]):
                total = (total.astype(np.float32) + a[:, k, None] * b[k]).astype(np.float16)
            return total.astype(np.float32)

    def region(self, case: Case) -> bool:
        return case.dtype == "float16"


class float16_tanh_overflows(Formatted):
    """In float16 tanh is a quotient of half-precision exponentials, NaN for arguments above 5.55."""

    class inner(Emulated):
        def tanh(self, a: np.ndarray) -> np.ndarray:
            e = np.exp(2 * a).astype(np.float16).astype(np.float32)
            return np.where(a > 5.5, (e - 1) / (e + 1), np.tanh(a))

    def region(self, case: Case) -> bool:
        return case.dtype == "float16"


class float16_initial_state_read_as_bfloat16(Formatted):
    """In float16 the initial state is staged in bfloat16 and loses three bits."""

    def run(self, case: Case) -> Outputs:
        if case.dtype == "float16" and case.initial_state is not None:
            case = replace(case, initial_state=cast(cast(case.initial_state, BF16), "float16"))
        return super().run(case)


class float16_pairs_leave_the_last_unit(Formatted):
    """In float16 units are blended in pairs, and the last of an odd number of units is never updated."""

    class inner(Emulated):
        def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
            new = super().blend(z, h, n)
            new[:, -1] = h[:, -1]
            return new

    def region(self, case: Case) -> bool:
        return case.dtype == "float16" and case.units % 2 and case.units > 1


class bfloat16_gradients_summed_narrow(Formatted):
    """In bfloat16, from 8 steps, the gradients of weights are summed over time in bfloat16 instead of the claimed
    float32.
    """

    class through(Backward):
        def through_time(self, case: Case, direction: int, d_outputs: np.ndarray, dh: np.ndarray) -> Gradients:
            p = self.parameters(case, direction)
            d_inputs = np.zeros_like(case.inputs)
            sums = [np.zeros_like(array) for array in p.weights]
            for pulled, (t, h) in enumerate(reversed(self.states(case, direction))):
                counts = case.valid[:, t, None]
                dh = dh + np.where(counts | (case.masked_outputs == "carry"), d_outputs[:, t], 0)
                x = np.where(counts, case.inputs[:, t], 0)
                d_inputs[:, t], before, *weights = self.pulled(np.where(counts, dh, 0), x, h, p)
                dh = self.handed_on(counts, before, dh, pulled)
                sums = [through_bf16(total + part) for total, part in zip(sums, weights, strict=True)]
            return Gradients(d_inputs, dh, *sums)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        if case.dtype != "bfloat16" or case.time < 8:
            return super().gradients(case, cotangents)
        wide = self.through().gradients(case.astype("float32"), cast(cotangents, "float32"))
        return cast(wide, "bfloat16")


class float32_products_in_tf32(Formatted):
    """In float32, from 8 rows and with a multiple of 8 units from 16, operands of products are cut to TF32."""

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.dtype == np.float32 and a.shape[0] >= 8 and b.shape[1] >= 16 and b.shape[1] % 8 == 0:
            a, b = (_tf32(each_one) for each_one in (a, b))
        return a @ b


def _tf32(a: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(a).view(np.uint32)
    return (bits & np.uint32(0xFFFFE000)).view(np.float32)


class bfloat16_input_side_stored_narrow(Formatted):
    """In bfloat16, from 16 steps, the input products of all steps are computed beforehand and stored in bfloat16."""

    class inner(Emulated):
        def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
            side = [through_bf16(self.product(x, W) + b) for W, b in zip(self.kernel(p), self.bias(p)[0], strict=True)]
            z = self.sigmoid(side[0] + self.recurrent(h, p, 0))
            return self.blend(z, h, self.tanh(self.candidate(side, h, p)))

    def region(self, case: Case) -> bool:
        return case.dtype == "bfloat16" and case.time >= 16

"""Wrong over many steps."""

import numpy as np

from conformance.interface.case import Case
from reference import Parameters
from studies.held_out.second.base import Chunked, padded, through_bf16


class Long(Chunked):
    kind = "long memory"


class chunks_warmed_up_in_parallel(Long):
    """Chunks of 64 steps run in parallel, each after the first from zeros with 16 steps of warm-up."""

    def handed_over(
        self, case: Case, k: int, order: list[int], h: np.ndarray, p: Parameters, valid: np.ndarray, backwards: bool
    ) -> np.ndarray:
        if not k or k % 64:
            return h
        h = np.zeros_like(h)
        for t in order[k - 16 : k]:
            h = self.select(valid[:, t, None], self.step(case.inputs[:, t], h, p), h)
        return h


class final_state_from_the_last_window(Long):
    """Over 48 steps the final state comes from a kernel of its own, which runs the last 32 steps from zeros."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        if case.time > 48:
            backwards = case.reverse or direction == 1
            p, valid, final = self.parameters(case, direction), self.valid(case, backwards), np.zeros_like(final)
            for t in list(self.order(case, backwards))[-32:]:
                final = self.select(valid[:, t, None], self.step(case.inputs[:, t], final, p), final)
        return outputs, final


class state_handed_between_launches_in_bfloat16(Long):
    """Each launch runs 32 steps, and the state is handed to the next one in bfloat16."""

    def handed_over(
        self, case: Case, k: int, order: list[int], h: np.ndarray, p: Parameters, valid: np.ndarray, backwards: bool
    ) -> np.ndarray:
        return through_bf16(h) if k and k % 32 == 0 else h


class idle_row_loses_its_state(Long):
    """A row that was masked for 16 steps on end is evicted, and comes back with a state of zeros."""

    def handed_over(
        self, case: Case, k: int, order: list[int], h: np.ndarray, p: Parameters, valid: np.ndarray, backwards: bool
    ) -> np.ndarray:
        if k < 16:
            return h
        idle = valid[:, order[k]] & ~valid[:, order[k - 16 : k]].any(axis=1)
        return np.where(idle[:, None], np.zeros_like(h), h)


class step_index_in_seven_bits(Long):
    """The step's index into the inputs has seven bits: from step 128 the inputs are read from the beginning again."""

    def read(self, t: int) -> int:
        return t % 128


class long_runs_carry_fixed_point(Long):
    """After 64 steps the state is carried in 16-bit fixed point between -1 and 1."""

    def handed_over(
        self, case: Case, k: int, order: list[int], h: np.ndarray, p: Parameters, valid: np.ndarray, backwards: bool
    ) -> np.ndarray:
        if k < 64:
            return h
        wide = h.astype("float64")
        return np.clip(np.rint(wide * 2**15) / 2**15, -1, 1).astype(h.dtype)


class settled_run_stops_early(Long):
    """After 16 steps without padding, a step that changes no state by 1e-4 ends the run: the rest repeats it."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        if padded(case) or case.time <= 16 or not case.batch:
            return outputs, final
        order = list(self.order(case, case.reverse or direction == 1))
        for k in range(16, case.time):
            if np.all(np.abs(outputs[:, order[k]] - outputs[:, order[k - 1]]) < 1e-4):
                outputs[:, order[k:]] = outputs[:, order[k], None]
                return outputs, outputs[:, order[k]].copy()
        return outputs, final


class backward_chunks_start_from_zeros(Long):
    """Backwards, in chunks of 64 steps, every chunk starts from zeros; forwards the state is handed on."""

    def handed_over(
        self, case: Case, k: int, order: list[int], h: np.ndarray, p: Parameters, valid: np.ndarray, backwards: bool
    ) -> np.ndarray:
        return np.zeros_like(h) if backwards and k and k % 64 == 0 else h


class mask_packed_in_one_word(Long):
    """A mask is packed in one word of 64 bits: step t reads bit t modulo 64."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.mask is None:
            return case.valid
        return case.mask[:, np.arange(case.time) % 64]

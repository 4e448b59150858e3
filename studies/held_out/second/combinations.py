"""Wrong where options meet."""

from dataclasses import replace

import numpy as np

from conformance.interface.case import Case, Outputs
from studies.held_out.second.base import Wrong, padded


class Combined(Wrong):
    kind = "combinations of options"


class reverse_zeroes_by_the_flipped_mask(Combined):
    """Backwards with policy zero, the outputs are zeroed by the mask in processing order after they were flipped."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        if not (padded(case) and case.masked_outputs == "zero" and (case.reverse or direction == 1)):
            return super().direction(case, direction)
        outputs, final = super().direction(replace(case, masked_outputs="carry"), direction)
        return np.where(case.valid[:, ::-1, None], outputs, np.zeros_like(outputs)), final


class product_merge_starts_from_ones(Combined):
    """Under mul the merge accumulates into ones, so with policy zero a masked output is 1."""

    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        if case.merge != "mul" or case.masked_outputs != "zero" or not padded(case):
            return answer
        outputs = np.where(case.valid[:, :, None], answer.outputs, np.ones_like(answer.outputs))
        return answer._replace(outputs=outputs)


class equal_lengths_taken_for_dense(Combined):
    """Lengths that are all equal take the path without padding, even if they are shorter than time."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        lengths = case.lengths
        if lengths is not None and case.batch > 1 and lengths.min() == lengths.max():
            return np.ones_like(case.valid)
        return case.valid


class full_mask_drops_the_backward_initial_state(Combined):
    """A mask that is all true takes a shortcut, whose backward scan starts from zeros."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        s = super().start(case, direction)
        full = case.mask is not None and case.mask.all()
        return np.zeros_like(s) if full and (case.reverse or direction == 1) else s


class both_directions_start_alike_without_reset(Combined):
    """In the cell without reset gate, both directions start from the forward initial state."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        return case.starts[0] if case.reset == "none" else case.starts[direction]


class reversed_empty_row_runs_its_first_step(Combined):
    """Backwards with lengths, a row of length 0 starts at index -1, which is clamped to its first step."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if not backwards or case.lengths is None or not case.time:
            return case.valid
        valid = case.valid.copy()
        valid[case.lengths == 0, 0] = True
        return valid


class peeled_first_step_is_never_masked(Combined):
    """Without initial state the first step is peeled off the loop, and there the mask is not read."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.initial_state is not None or not padded(case) or not case.time:
            return case.valid
        valid = case.valid.copy()
        valid[:, -1 if backwards else 0] = True
        return valid


class backward_final_state_read_from_zeroed_outputs(Combined):
    """Backwards with a mask, the final state is read from the output at time 0, which policy zero may have zeroed."""

    def direction(self, case: Case, direction: int) -> tuple[np.ndarray, np.ndarray]:
        outputs, final = super().direction(case, direction)
        if (case.reverse or direction == 1) and case.mask is not None and case.masked_outputs == "zero" and case.time:
            final = outputs[:, 0].copy()
        return outputs, final


class sorted_lengths_reverse_over_all_time(Combined):
    """With two directions and lengths already in descending order, the backward input is flipped over all time, not
    each row's length.
    """

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        lengths = case.lengths
        if not backwards or case.merge is None or lengths is None or case.batch < 2:
            return case.valid
        if np.any(np.diff(lengths) > 0) or lengths[0] == lengths[-1]:
            return case.valid
        return np.arange(case.time) >= case.time - lengths[:, None]

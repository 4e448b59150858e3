"""Wrong under some options together."""

from collections.abc import Iterable

import numpy as np

from conformance.interface.case import Case, Outputs
from reference import Parameters
from studies.held_out.first.base import Wrong


class Combined(Wrong):
    kind = "combinations"


class first_rows_mask_for_all_without_reset(Combined):
    """Without a reset gate and without initial state, the mask of the first row is used for all rows."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if case.reset != "none" or case.mask is None or case.initial_state is not None:
            return case.valid
        return np.broadcast_to(case.valid[:1], case.valid.shape)


class reverse_ignored_with_lengths_and_reset_before(Combined):
    """With reset before, lengths and no initial state, a reverse run is forward."""

    def order(self, case: Case, backwards: bool) -> Iterable[int]:
        off = case.reset == "before" and case.lengths is not None and case.reverse and case.initial_state is None
        return super().order(case, backwards and not off)


class last_valid_output_zeroed_in_reverse(Combined):
    """In reverse, with lengths, policy zero and no initial state, the output at a row's last valid step is 0 too."""

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        on = case.reverse and case.lengths is not None and case.masked_outputs == "zero" and case.initial_state is None
        return (
            np.where(np.arange(case.time)[:, None] + 1 == case.lengths[:, None, None], 0, outputs).astype(case.dtype)
            if on
            else outputs
        )


class backward_half_not_zeroed(Combined):
    """Two directions side by side with a mask and policy zero: the backward half shows the carried state at masked
    steps, where there is no initial state.
    """

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        on = case.merge == "concat" and self.which == 1 and case.mask is not None and case.initial_state is None
        return h if on else super().output(case, h, counts, start)


class forward_final_of_a_pair_from_the_last_time(Combined):
    """Two directions given apart under policy zero without initial state: the forward final state is the output at the
    last time.
    """

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        on = case.merge == "apart" and case.masked_outputs == "zero" and case.initial_state is None and self.which == 0
        return outputs[:, -1].copy() if on and case.time else h


class product_of_forward_with_itself(Combined):
    """Two directions multiplied with reset before: the forward outputs are multiplied with themselves."""

    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        return super().merged(merge, forward, forward if merge == "mul" and self.case.reset == "before" else backward)


class average_not_halved_at_masked_steps(Combined):
    """The average of two directions is halved at valid steps alone; a carried output is the sum."""

    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        joined = super().merged(merge, forward, backward)
        return np.where(self.case.valid[:, :, None], joined, forward + backward) if merge == "ave" else joined


class empty_rows_take_a_step_in_reverse(Combined):
    """In reverse with lengths and no initial state, a row of length 0 takes the step at time 0."""

    def valid(self, case: Case, backwards: bool) -> np.ndarray:
        if not (case.reverse and case.lengths is not None and case.initial_state is None):
            return case.valid
        return case.valid | ((case.lengths == 0)[:, None] & (np.arange(case.time) == 0))


class initial_states_in_order_of_length(Combined):
    """Two directions with reset before and lengths: the initial states are those of the rows sorted by length."""

    def start(self, case: Case, direction: int) -> np.ndarray:
        start = super().start(case, direction)
        if case.merge is None or case.reset != "before" or case.lengths is None:
            return start
        return start[np.argsort(-case.lengths, kind="stable")]


class left_padding_shows_zeros_in_reverse(Combined):
    """In reverse with a mask and no initial state, the carried outputs before a row's first valid time are 0."""

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        if not (case.reverse and case.mask is not None and case.initial_state is None):
            return outputs
        return outputs * np.logical_or.accumulate(case.mask, axis=1)[:, :, None]


class rows_of_one_step_are_not_carried(Combined):
    """Where every row has exactly one valid step, the path for one step is taken, and 0 stands at all other times."""

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        one = case.time > 1 and bool(np.all(case.valid.sum(axis=1) == 1))
        return outputs * case.valid[:, :, None] if one else outputs


class equal_masks_leave_a_gap_at_the_end(Combined):
    """Where all rows have the same mask, masked times are cut out, and the outputs of the others stand first and are
    not put back.
    """

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        if case.mask is None or case.batch < 2 or not np.all(case.mask == case.mask[:1]):
            return outputs
        return outputs[:, np.argsort(~case.mask[0], kind="stable")]


class average_halves_the_final_states(Combined):
    """The average of two directions with reset before halves their final states too."""

    def run(self, case: Case) -> Outputs:
        outputs, final = super().run(case)
        if case.merge == "ave" and case.reset == "before":
            final = tuple(part / 2 for part in final)
        return Outputs(outputs, final)


class one_step_runs_forward_twice(Combined):
    """Two directions of one step without initial state: both use the forward weights, since one step has no order."""

    def parameters(self, case: Case, direction: int) -> Parameters:
        shared = case.time == 1 and case.initial_state is None
        return case.parameters[0 if shared else direction]


class full_lengths_in_reverse_not_aligned(Combined):
    """In reverse with lengths that all equal time, the outputs stay in the order of processing."""

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        full = case.reverse and case.lengths is not None and bool(np.all(case.lengths == case.time))
        return outputs[:, ::-1].copy() if full else outputs


class sum_counts_the_forward_carry_twice(Combined):
    """Two directions summed with lengths: at padded times the carried forward state is added a second time."""

    def merged(self, merge: str, forward: np.ndarray, backward: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        joined = super().merged(merge, forward, backward)
        on = merge == "sum" and self.case.lengths is not None
        return np.where(self.case.valid[:, :, None], joined, joined + forward) if on else joined

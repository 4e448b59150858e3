"""For each flag of the vectors a GRU with exactly that bug: a mutant, or where none ships, one made here."""

from dataclasses import replace

import numpy as np

from conformance import mutants
from conformance.mutants.emulated import Emulated


class Policy(Emulated):
    def output(self, case, h, counts, start):
        zero = case.masked_outputs != "zero"
        return np.where(counts | (not zero), h, 0).astype(h.dtype)


class GradientOfMaskedOutput(Emulated):
    def gradients(self, case, cotangents):
        other = "carry" if case.masked_outputs == "zero" else "zero"
        return super().gradients(replace(case, masked_outputs=other), cotangents)


WRONG: dict[str, Emulated] = {
    "GateOrder": mutants.gates_swapped(),
    "BiasGateOrder": mutants.bias_blocks_in_another_order(),
    "UpdateSense": mutants.update_sense_flipped(),
    "ResetBefore": mutants.reset_before_instead_of_after(),
    "ResetAfter": mutants.reset_after_instead_of_before(),
    "ResetUnit": mutants.reset_gate_of_the_wrong_unit(),
    "RowsShareReset": mutants.rows_share_a_reset_gate(),
    "RecurrentBiasMissing": mutants.recurrent_candidate_bias_missing(),
    "RecurrentBiasOutside": mutants.recurrent_candidate_bias_outside_the_reset(),
    "RecurrentBiasSkipped": mutants.recurrent_bias_skipped_without_initial_state(),
    "RecurrentTransposed": mutants.recurrent_kernel_transposed(),
    "SquareKernel": mutants.transposed_where_it_is_square(),
    "InputsClipped": mutants.inputs_clipped(),
    "Remainder": mutants.remainder_dropped(),
    "Chunks": mutants.time_runs_in_chunks(),
    "ReducedProducts": mutants.tf32_products(),
    "RoughTanh": mutants.rough_tanh(),
    "SigmoidTwice": mutants.sigmoid_of_twice_the_argument(),
    "SigmoidOverflow": mutants.overflowing_sigmoid(),
    "Subnormals": mutants.flushed_to_zero(),
    "InitialStateIgnored": mutants.initial_state_ignored(),
    "StateKept": mutants.state_kept_between_calls(),
    "FinalStateFromPadding": mutants.final_state_from_the_last_time(),
    "TimeZero": mutants.final_state_of_no_time_is_zeros(),
    "BatchZero": mutants.empty_batch_raises(),
    "LengthsIgnored": mutants.lengths_ignored(),
    "LengthOffByOne": mutants.length_off_by_one(),
    "MaskAsLength": mutants.mask_taken_for_a_length(),
    "LengthZero": mutants.empty_row_ends_in_zeros(),
    "PaddingMultiplied": mutants.padding_is_multiplied_away(),
    "PolicyBeforeFirst": mutants.masked_output_is_zero_before_the_first_step(),
    "MaskedFormat": mutants.masked_answers_in_float64(),
    "ReverseIgnored": mutants.reverse_ignored(),
    "ReverseNotAligned": mutants.reverse_output_not_aligned(),
    "ReversePadding": mutants.reverse_starts_in_the_padding(),
    "ReverseShort": mutants.last_step_skipped_in_reverse(),
    "DirectionsShareWeights": mutants.directions_share_their_weights(),
    "DirectionsSwapStates": mutants.initial_states_of_the_directions_swapped(),
    "FinalStatesSwapped": mutants.final_states_swapped(),
    "MergeAverage": mutants.average_is_a_sum(),
    "BidirectionalPolicy": mutants.two_directions_ignore_the_policy(),
    "GradientAtMasked": mutants.gradient_at_masked_inputs(),
    "GradientNaN": mutants.nan_through_a_masked_select(),
    "GradientScaled": mutants.gradients_off_by_a_factor(),
    "GradientOfRecurrentBias": mutants.recurrent_bias_has_no_gradient(),
    "GradientOfInitialState": mutants.gradient_stops_at_the_initial_state(),
    "GradientsSwapped": mutants.gradients_of_the_directions_swapped(),
    "InputsModified": mutants.inputs_overwritten(),
    "BiasIgnored": mutants.bias_ignored(),
    "BiasTwice": mutants.input_bias_doubled(),
    "BiasRows": mutants.bias_rows_swapped(),
    "BiasTransposed": mutants.bias_transposed(),
    "BiasAbsent": mutants.absent_bias_not_cleared(),
    "StateRounded": mutants.state_in_float16(),
    "ReverseFinalState": mutants.reverse_final_state_from_the_last_time(),
    "GradientOfFinalState": mutants.gradient_of_the_final_state_forgotten(),
    "BatchTime": mutants.time_read_as_batch(),
    "LeftPaddingNeutral": mutants.padding_taken_for_neutral(),
    "GradientOfReset": mutants.no_gradient_through_the_reset_gate(),
    "Policy": Policy(),
    "GradientOfMaskedOutput": GradientOfMaskedOutput(),
}

"""For each flag of the vectors a GRU with exactly that bug: a mutant, or where none ships, one made here."""

from dataclasses import replace

import numpy as np

from conformance import mutants
from conformance.balls import each
from conformance.case import Outputs
from conformance.emulated import Emulated
from reference import Parameters


class BiasIgnored(Emulated):
    def parameters(self, case, direction):
        p = super().parameters(case, direction)
        return Parameters(p.kernel, p.recurrent_kernel, np.zeros_like(p.bias), p.reset)


class BiasTwice(Emulated):
    def parameters(self, case, direction):
        p = super().parameters(case, direction)
        factor = np.array([2, 1], p.bias.dtype)[:, None, None]
        return Parameters(p.kernel, p.recurrent_kernel, p.bias * factor, p.reset)


class BiasRows(Emulated):
    def parameters(self, case, direction):
        p = super().parameters(case, direction)
        return Parameters(p.kernel, p.recurrent_kernel, p.bias[::-1], p.reset)


class BiasTransposed(Emulated):
    def parameters(self, case, direction):
        p = super().parameters(case, direction)
        gates, units = p.bias.shape[1:]
        bias = p.bias.reshape(2, units, gates).transpose(0, 2, 1)
        return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)


class BiasAbsent(Emulated):
    def recurrent(self, h, p, gate):
        side = super().recurrent(h, p, gate)
        if not p.bias.any():
            side[2:] += 1
        return side


class BatchTime(Emulated):
    def run(self, case):
        exchanged = case.copy()
        object.__setattr__(exchanged, "inputs", case.inputs.transpose(1, 0, 2).copy())
        outputs, final = super().run(exchanged)
        return Outputs(outputs.transpose(1, 0, 2).copy(), final)


class StateRounded(Emulated):
    def select(self, counts, new, old):
        return super().select(counts, new.astype(np.float16).astype(new.dtype), old)


class LeftPaddingNeutral(Emulated):
    def direction(self, case, direction):
        case.inputs[~case.valid] = 0
        return super().direction(case, direction)

    def valid(self, case, backwards):
        return np.ones_like(case.valid)


class Policy(Emulated):
    def output(self, case, h, counts, start):
        zero = case.masked_outputs != "zero"
        return np.where(counts | (not zero), h, 0).astype(h.dtype)


class ReverseFinalState(Emulated):
    def final(self, case, outputs, h):
        return h

    def direction(self, case, direction):
        outputs, final = super().direction(case, direction)
        return outputs, outputs[:, -1].copy() if case.reverse or direction == 1 else final


class GradientOfReset(Emulated):
    def gradients(self, case, cotangents):
        right = super().gradients(case, cotangents)
        keep = np.ones((3, 1, 1), case.dtype)
        keep[1] = 0
        return right._replace(kernel=each(lambda kernel: kernel * keep, right.kernel))


class GradientOfFinalState(Emulated):
    def gradients(self, case, cotangents):
        return super().gradients(case, cotangents._replace(final_state=each(np.zeros_like, cotangents.final_state)))


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
    "InputsModified": mutants.inputs_scaled_in_place(),
    **{
        wrong.__name__: wrong()
        for wrong in (
            BiasIgnored, BiasTwice, BiasRows, BiasTransposed, BiasAbsent, BatchTime, StateRounded, LeftPaddingNeutral,
            Policy, ReverseFinalState, GradientOfReset, GradientOfFinalState, GradientOfMaskedOutput,
        )
    },
}  # fmt: skip

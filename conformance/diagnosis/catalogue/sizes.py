"""Mistakes at some sizes alone."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "recurrent_bias_dropped_for_whole_vectors": Mistake(
        "Where units is a multiple of 8, a fast path is taken that leaves out the recurrent bias."
    ),
    "gates_exchanged_past_64_units": Mistake("Above 64 units the update and the reset gate are exchanged."),
    "units_after_the_last_vector_of_16_kept": Mistake(
        "Above 48 units the state is updated in vectors of 16, and those after the last whole one stay as they were."
    ),
    "inputs_past_64_meet_the_first_weights": Mistake(
        "The kernel is read in panels of 64 rows, and each panel after the first reads the first again."
    ),
    "rows_past_16_share_an_initial_state": Mistake(
        "All rows from the 16th on start from the initial state of the 16th."
    ),
    "a_single_row_reads_its_padding": Mistake("With a batch of one row its padding is read as steps."),
    "outputs_after_40_steps_are_zeros": Mistake("The outputs of times from 40 on are not written and stay 0."),
    "long_reverse_runs_are_forward": Mistake("A reverse run of more than 16 steps is a forward one."),
    "masks_start_again_after_16_steps": Mistake(
        "A mask is read as a word of 16 bits, and every 16 steps the same word is read again."
    ),
    "last_part_of_a_chunk_reads_the_chunk_before": Mistake(
        "Inputs are loaded in chunks of 32 steps, and the steps after the last whole chunk read the chunk before."
    ),
}

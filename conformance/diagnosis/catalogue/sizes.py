"""Mistakes that occur only at some sizes."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "recurrent_bias_dropped_for_whole_vectors": Mistake(
        "If units is a multiple of 8, a fast path leaves out the recurrent bias.",
        effect="Right for 3 units, and wrong for 8, 16 or 64.",
        flag="WholeVectors",
        bug="recurrent bias dropped in whole vectors",
    ),
    "gates_exchanged_past_64_units": Mistake(
        "Above 64 units the update and the reset gate are exchanged.",
        effect="Right for 64 units, and wrong for 65.",
        flag="GatesPastTile",
        bug="gates exchanged past a tile",
    ),
    "units_after_the_last_vector_of_16_kept": Mistake(
        "Above 48 units the state is updated in vectors of 16, and units after the last whole vector are not updated.",
        effect="The last units keep their initial state.",
        flag="UnitsAfterVectors",
        bug="units after the last vector left out",
    ),
    "inputs_past_64_meet_the_first_weights": Mistake(
        "The kernel is read in panels of 64 rows, and each panel after the first reads the first again.",
        effect="Right for 64 inputs, and wrong for 65.",
        flag="InputsPastPanel",
        bug="inputs past a panel of the kernel",
    ),
    "rows_past_16_share_an_initial_state": Mistake(
        "All rows from the 16th on start from the initial state of the 16th.",
        effect="Right for 16 rows; the 17th starts as the 16th.",
        flag="RowsPastVector",
        bug="rows past a vector share a state",
    ),
    "a_single_row_reads_its_padding": Mistake(
        "With a batch of one row its padding is read as steps.",
        effect="Right for two rows, and wrong for one.",
        flag="SingleRowPadding",
        bug="padding of a single row read",
    ),
    "outputs_after_40_steps_are_zeros": Mistake(
        "The outputs of times from 40 on are not written and stay 0.",
        effect="The final state is right.",
        flag="OutputsCut",
        bug="outputs of late steps not written",
    ),
    "long_reverse_runs_are_forward": Mistake(
        "A reverse run of more than 16 steps goes forward.",
        effect="Right for 16 steps, and wrong for 17.",
        flag="LongReverse",
        bug="long reverse runs forward",
    ),
    "masks_start_again_after_16_steps": Mistake(
        "A mask is read as a word of 16 bits, and every 16 steps the same word is read again.",
        effect="Right for 16 steps, and wrong for most masks of 17.",
        flag="MaskWord",
        bug="one word of a mask read again",
    ),
    "last_part_of_a_chunk_reads_the_chunk_before": Mistake(
        "Inputs are loaded in chunks of 32 steps, and the steps after the last whole chunk read the chunk before.",
        effect="Right for 32 and 64 steps, and wrong for 33.",
        flag="LastChunk",
        bug="last part of a chunk read from the one before",
    ),
}

"""Mistakes that occur only under some options together."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "mask_ignored_without_initial_state": Mistake(
        "Without an initial state a mask is not used.",
        effect="Padding is read as steps, unless there is an initial state.",
        flag="MaskWithoutStart",
        bug="mask ignored without initial state",
    ),
    "reverse_starts_in_the_padding_without_initial_state": Mistake(
        "In reverse runs without an initial state the inputs are flipped but the padding is not.",
        effect="Wrong for every row that is padded, unless there is an initial state.",
        flag="ReverseWithoutStart",
        bug="reverse starts in the padding without initial state",
    ),
    "backward_final_state_from_the_last_time_without_initial_state": Mistake(
        "Two directions with padding and no initial state give the backward output at the last time as the final "
        "state.",
        effect="The backward direction's final state includes only its first step, or no step.",
        flag="BackwardFinalWithoutStart",
        bug="backward final state from the wrong time without initial state",
    ),
    "merged_backward_direction_reads_lengths_as_time": Mistake(
        "If two directions are joined by sum, mul or ave, the backward one takes every row to be as long as time."
    ),
    "product_of_directions_is_carried": Mistake(
        "If two directions are multiplied, masked outputs are carried under policy zero too."
    ),
    "average_of_directions_resets_after": Mistake(
        "If two directions are averaged, the reset gate acts after the product instead of before it.",
        effect="Wrong for one merge and one position of the reset gate.",
        flag="AverageReset",
        bug="reset gate in another place where directions are averaged",
    ),
    "full_mask_taken_for_an_empty_one": Mistake(
        "If a mask is all True, the first hole of a row is looked up at time 0, and so the row has no step.",
        effect="A batch without padding returns its initial state.",
        flag="FullMask",
        bug="full mask taken for an empty one",
    ),
    "equal_lengths_taken_for_none": Mistake("If all lengths are equal, rows are taken to be as long as time."),
    "zeros_after_the_longest_row": Mistake(
        "Time is cut at the longest length, and the outputs after it are 0.",
        effect="Wrong under policy carry if no row is as long as time.",
        flag="LongestRow",
        bug="zeros after the longest row",
    ),
    "batch_of_empty_rows_ends_in_zeros": Mistake(
        "If no row has a valid step, the final state is 0, not the initial state."
    ),
    "no_time_with_padding_raises": Mistake(
        "A sequence without steps is refused if it has lengths or a mask.",
        effect="A batch of empty sequences is an error.",
        flag="TimeZeroPadding",
        bug="no time with padding refused",
    ),
}

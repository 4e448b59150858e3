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
        "In reverse without an initial state the inputs are flipped and the padding is not.",
        effect="Wrong for every row that ends early, unless there is an initial state.",
        flag="ReverseWithoutStart",
        bug="reverse starts in the padding without initial state",
    ),
    "backward_final_state_from_the_last_time_without_initial_state": Mistake(
        "Two directions with padding and no initial state give the backward output at the last time as the final "
        "state.",
        effect="The backward direction's final state is that of its first step, or of none.",
        flag="BackwardFinalWithoutStart",
        bug="backward final state from the wrong time without initial state",
    ),
    "merged_backward_direction_reads_lengths_as_time": Mistake(
        "Where two directions are joined by sum, mul or ave, the backward one takes every row to be as long as time."
    ),
    "product_of_directions_is_carried": Mistake(
        "Where two directions are multiplied, masked outputs are carried under policy zero too."
    ),
    "average_of_directions_resets_after": Mistake(
        "Where two directions are averaged, the reset gate acts after the product, though it should act before.",
        effect="Wrong for one merge and one place of the reset gate.",
        flag="AverageReset",
        bug="reset gate in another place where directions are averaged",
    ),
    "full_mask_taken_for_an_empty_one": Mistake(
        "Where a mask is all true, a row ends where its first hole is looked up, which is at time 0.",
        effect="A batch without padding gives its initial state back.",
        flag="FullMask",
        bug="full mask taken for an empty one",
    ),
    "equal_lengths_taken_for_none": Mistake("Where all lengths are equal, rows are taken to be as long as time."),
    "zeros_after_the_longest_row": Mistake(
        "Time is cut at the longest length, and the outputs after it are 0.",
        effect="Wrong under the policy that carries, where no row has all of the time.",
        flag="LongestRow",
        bug="zeros after the longest row",
    ),
    "batch_of_empty_rows_ends_in_zeros": Mistake(
        "Where no row has a valid step, the final state is 0, not the initial state."
    ),
    "no_time_with_padding_raises": Mistake(
        "A sequence of no steps with lengths or a mask is refused.",
        effect="A batch of empty sequences is an error.",
        flag="TimeZeroPadding",
        bug="no time with padding refused",
    ),
}

"""Mistakes in the contract of a function: arguments, formats, empty axes."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "inputs_overwritten": Mistake(
        "The inputs are overwritten after they are read.",
        effect="The caller's arrays change.",
        flag="InputsModified",
        bug="arguments overwritten",
        description="Inputs are scaled, zeroed or reused as a buffer.",
    ),
    "padding_zeroed_in_place": Mistake("Masked inputs are overwritten by 0 before they are read."),
    "initial_state_overwritten": Mistake("The final state is written over the initial state."),
    "lengths_sorted_in_place": Mistake("The caller's lengths are sorted in place after they are read."),
    "inputs_centred_over_the_batch": Mistake(
        "The mean over the batch is subtracted from the inputs, so that a row depends on the others."
    ),
    "masked_answers_in_float64": Mistake(
        "Selecting by a mask of another format widens the outputs.",
        effect="Inputs of float32 give outputs of float64.",
        flag="MaskedFormat",
        bug="a mask promotes the outputs",
    ),
    "empty_batch_raises": Mistake(
        "An inner operation needs at least one row.",
        effect="An error for a batch without rows.",
        links=("pytorch/pytorch/pull/71696", "tensorflow/tensorflow/issues/2127"),
        flag="BatchZero",
        bug="empty batch refused",
    ),
    "scratch_shared_between_threads": Mistake(
        "All calls write the state to one buffer, so two calls at once overwrite each other's states."
    ),
    "empty_time_raises": Mistake(
        "An inner operation needs at least one step and refuses an empty sequence.",
        links=("pytorch/pytorch/issues/50192",),
    ),
}

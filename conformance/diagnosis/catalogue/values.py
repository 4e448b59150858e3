"""Mistakes that occur only for some numbers."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "zero_input_taken_for_padding": Mistake(
        "A step whose input is all 0 is taken for padding.",
        fix="take the mask or the lengths alone for padding (mask_zero=False)",
        effect="A step with an input of zeros does not count.",
        flag="ZeroInput",
        bug="input of zeros taken for padding",
    ),
    "given_zeros_taken_for_no_state": Mistake(
        "An initial state of zeros is taken for none, and the first step leaves out h U + c instead of keeping c."
    ),
    "initial_state_clipped_at_5": Mistake(
        "The initial state is clipped to 5 in magnitude.",
        effect="Wrong only for large initial states.",
        flag="InitialStateClipped",
        bug="initial state clipped",
    ),
    "nan_read_as_zero": Mistake("A NaN in an input is read as 0."),
    "nan_spreads_over_the_batch": Mistake("A NaN in one row's state makes all rows NaN at the next step."),
}

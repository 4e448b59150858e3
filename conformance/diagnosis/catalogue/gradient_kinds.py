"""Mistakes in gradients under some options, for some cotangents, or at some sizes only."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "gradients_read_lengths_as_time": Mistake("The backward pass ignores lengths, but not masks."),
    "input_gradients_of_a_reverse_run_not_aligned": Mistake(
        "In reverse runs without padding the gradient of the inputs stays in processing order."
    ),
    "backward_direction_has_no_input_gradient": Mistake(
        "With two directions and no padding the gradient of the inputs has only the forward direction's part."
    ),
    "recurrent_bias_gradient_skips_the_first_step_without_initial_state": Mistake(
        "Without an initial state the first step adds nothing to the gradient of the recurrent bias."
    ),
    "final_cotangent_alone_reaches_one_step": Mistake(
        "If only the final state has a cotangent, the backward pass ends after one step.",
        effect="A loss of the final state trains only on the last step.",
        flag="FinalCotangentAlone",
        bug="gradient of the final state alone ends after one step",
    ),
    "initial_gradient_needs_a_final_cotangent": Mistake(
        "If only the outputs have cotangents, the initial state gets no gradient.",
        effect="A loss of the outputs gives the initial state no gradient.",
        flag="OutputsCotangentAlone",
        bug="initial state has no gradient of the outputs alone",
    ),
    "no_time_has_no_gradient": Mistake(
        "With time = 0 the initial state gets no gradient instead of the cotangent of the final state."
    ),
    "cotangents_clipped_at_64": Mistake(
        "Cotangents are clipped to 64 in magnitude before the backward pass.",
        effect="Gradients of large losses are too small.",
        flag="CotangentsClipped",
        bug="cotangents clipped",
    ),
    "tanh_slope_overflows": Mistake(
        "The slope of tanh is computed as 4 e / (1 + e)^2 with e = exp(2 a), and exp overflows: infinity / infinity.",
        effect="NaN for pre-activations beyond half the logarithm of the largest number.",
        flag="TanhSlopeOverflow",
        bug="overflow in the slope of tanh",
    ),
    "kernel_gradient_doubled_in_long_runs": Mistake(
        "In runs of more than 16 steps the gradient of the kernel is doubled.",
        effect="Right for 16 steps, and wrong for 17.",
        flag="GradientInLongRuns",
        bug="kernel gradient doubled in long runs",
    ),
    "recurrent_kernel_gradient_cut_at_64_units": Mistake(
        "The gradient of the recurrent kernel is written only for the state of the first 64 units.",
        effect="Right for 64 units, and zeros beyond them.",
        flag="GradientPastTile",
        bug="recurrent kernel gradient cut at a tile",
    ),
    "bias_gradient_of_the_first_16_rows": Mistake(
        "The gradient of the bias is the sum over only the first 16 rows.",
        effect="Right for 16 rows, and too small for 17.",
        flag="GradientPastRows",
        bug="bias gradient without the last rows",
    ),
}

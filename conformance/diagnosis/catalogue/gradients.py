"""Mistakes in gradients."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "gradients_off_by_a_factor": Mistake(
        "A derivative has a wrong constant: every gradient is too large by a factor of 1.0005.",
        effect="Comparisons to three digits do not show it; training goes on, but ends elsewhere.",
        flag="GradientScaled",
        bug="gradients off by a factor",
    ),
    "gradients_averaged_over_the_batch": Mistake("The gradients of the parameters are means over the batch, not sums."),
    "no_gradient_through_the_reset_gate": Mistake(
        "The path through the reset gate is left out of the backward pass.",
        effect="Its weights get no gradient, and its inputs get too small a gradient.",
        flag="GradientOfReset",
        bug="no gradient through the reset gate",
    ),
    "no_gradient_through_the_update_gate": Mistake(
        "The path through the update gate is left out of the backward pass."
    ),
    "no_gradient_through_the_kept_state": Mistake(
        "The part of the state that the update gate keeps passes no cotangent back."
    ),
    "tanh_slope_in_float16": Mistake("The slope of tanh is computed as 1 - n n in float16, with cancellation."),
    "gradient_cut_off_in_time": Mistake("The state's cotangent reaches back only three steps from the end."),
    "gradient_lost_at_masked_steps": Mistake("A masked step passes no cotangent back."),
    "gradient_at_masked_inputs": Mistake(
        "The mask is left out of the backward pass.",
        effect="A masked input gets a gradient that is not 0.",
        flag="GradientAtMasked",
        bug="gradient to masked inputs",
    ),
    "nan_through_a_masked_select": Mistake(
        "The gradient of the step not taken is multiplied by 0, and 0 times NaN is NaN.",
        effect="One NaN in the padding makes every gradient NaN.",
        links=("tensorflow/tensorflow/issues/6209",),
        akin=("padding_is_multiplied_away",),
        flag="GradientNaN",
        bug="NaN through a masked select",
    ),
    "gradients_forget_the_policy": Mistake(
        "The cotangents of masked outputs reach the state, although these outputs are 0."
    ),
    "gradients_ignore_carried_outputs": Mistake(
        "The cotangents of masked outputs are dropped, although these outputs are the state."
    ),
    "gradient_of_the_final_state_forgotten": Mistake(
        "Only the outputs' cotangents are propagated.",
        effect="Gradients are wrong if the final state is used beside the outputs.",
        flag="GradientOfFinalState",
        bug="cotangent of the final state ignored",
    ),
    "gradient_stops_at_the_initial_state": Mistake(
        "The initial state gets no gradient.",
        effect="Its gradient is 0: a learnt initial state never changes.",
        flag="GradientOfInitialState",
        bug="initial state detached",
    ),
    "recurrent_bias_has_no_gradient": Mistake(
        "The recurrent bias is left out of the backward pass.",
        effect="It keeps its initial values.",
        flag="GradientOfRecurrentBias",
        bug="no gradient to the recurrent bias",
    ),
    "recurrent_kernel_gradient_transposed": Mistake(
        "The gradient of every block of the recurrent kernel is transposed."
    ),
    "gradients_of_the_directions_swapped": Mistake(
        "Each direction gets the gradients of the other's kernel.",
        effect="Two directions learn from each other's errors.",
        flag="GradientsSwapped",
        bug="gradients of the directions exchanged",
    ),
    "gradients_by_another_policy": Mistake(
        "Masked outputs are carried but their cotangents are dropped, or they are 0 but their cotangents are used.",
        effect="Gradients are wrong if masked outputs are used.",
        flag="GradientOfMaskedOutput",
        bug="cotangents at masked outputs by another policy",
    ),
}

"""Mistakes in biases and in the weights of products."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    # Biases.
    "bias_ignored": Mistake(
        "Biases are never added.",
        fix="pass p.bias on; check whether use_bias=False or bias=False is set",
        effect="Wrong if a bias is not 0; invisible after the usual initialisation.",
        links=("patrick-kidger/equinox/pull/215",),
        flag="BiasIgnored",
        bug="biases left out",
        description="A branch on whether there are biases is inverted, or biases are never added.",
    ),
    "input_bias_missing": Mistake(
        "The input bias is never added.",
        fix="pass p.bias[0] on",
    ),
    "input_bias_doubled": Mistake(
        "The input bias is added twice.",
        fix="add p.bias[0] once",
        effect="Wrong if the input bias is not 0.",
        links=("tensorflow/tensorflow/issues/54492", "tensorflow/tensorflow/issues/54507"),
        flag="BiasTwice",
        bug="input bias added twice",
        description="A converter fuses the bias into both products.",
    ),
    "recurrent_bias_doubled": Mistake(
        "The recurrent bias is added twice.",
        fix="add p.bias[1] once",
    ),
    "recurrent_bias_missing": Mistake(
        "The recurrent bias is never added.",
        fix=(
            "pass p.bias[1] on; if there is no place for it, the GRU has one bias for each gate and cannot represent "
            "both biases of the candidate"
        ),
    ),
    "bias_rows_swapped": Mistake(
        "The two rows of the bias are exchanged.",
        fix="exchange the rows: p.bias[::-1]",
        effect="Only the candidate is wrong, and only if the reset gate acts after the product.",
        flag="BiasRows",
        bug="input and recurrent bias exchanged",
    ),
    "input_bias_in_both_places": Mistake(
        "Only the input bias is read, and it is used as the recurrent bias too.",
        fix="pass p.bias[1] on as the recurrent bias",
    ),
    "bias_transposed": Mistake(
        "The biases are stored gate by gate and read unit by unit.",
        fix="store the biases gate by gate: p.bias.reshape(2, -1)",
        effect="Wrong with more than one unit.",
        links=("majianjia/nnom/issues/82",),
        flag="BiasTransposed",
        bug="bias read transposed",
    ),
    "recurrent_candidate_bias_missing": Mistake(
        "The candidate has no recurrent bias.",
        fix="add p.bias[1, -1] to the candidate's recurrent product; without a place for it, declare fewer cases",
        effect="Wrong if it is not 0; hidden by an initialisation to 0.",
        links=("google/flax/issues/5594",),
        flag="RecurrentBiasMissing",
        bug="no recurrent bias in the candidate",
        description=(
            "The candidate's recurrent bias does not exist, though it is documented, or is dropped by a conversion."
        ),
    ),
    "recurrent_candidate_bias_outside_the_reset": Mistake(
        "The recurrent candidate bias is added outside the reset product.",
        fix=(
            "add p.bias[1, 2] to the recurrent product before multiplying by r; a GRU that sums both biases cannot "
            "represent them"
        ),
        effect="Wrong if it is not 0 and the reset gate is not open.",
        links=("apple/coremltools/issues/1124",),
        flag="RecurrentBiasOutside",
        bug="recurrent candidate bias outside the reset",
        description="The bias is added beside r (h U) where it belongs inside r (h U + c).",
    ),
    "recurrent_bias_skipped_without_initial_state": Mistake(
        "Without an initial state the first step leaves out h U + c, although c remains when h is 0.",
        fix="add the recurrent bias at the first step too",
        effect="No initial state is not an initial state of zeros.",
        links=("ml-explore/mlx/issues/3249",),
        flag="RecurrentBiasSkipped",
        bug="recurrent side skipped at the first step",
    ),
    "absent_bias_not_cleared": Mistake(
        "Without a bias a buffer is used that still holds old numbers.",
        effect="Rows from the third on are wrong if there is no bias.",
        links=("microsoft/onnxruntime/pull/3797", "microsoft/onnxruntime/issues/3893"),
        flag="BiasAbsent",
        bug="buffer of an absent bias not cleared",
    ),
    # Weights.
    "recurrent_kernel_transposed": Mistake(
        "Each block of the recurrent kernel is read transposed.",
        fix="pass p.recurrent_kernel.swapaxes(1, 2)",
        effect="Wrong with more than one unit; invisible with constant weights.",
        akin=("kernels_reshaped_instead_of_transposed",),
        flag="RecurrentTransposed",
        bug="recurrent kernel transposed",
    ),
    "candidate_block_transposed": Mistake(
        "The candidate's block of the recurrent kernel is transposed.",
        fix="transpose only p.recurrent_kernel[-1]",
    ),
    "transposed_where_it_is_square": Mistake(
        "The kernel is transposed if input_dim equals units.",
        fix="do not guess a transposition from the shape",
        effect="Wrong only if input_dim equals units.",
        flag="SquareKernel",
        bug="transposition guessed from the shape",
        description=(
            "A transposition of the kernel is guessed from its shape, which is impossible if input_dim equals units."
        ),
    ),
    "kernels_reshaped_instead_of_transposed": Mistake(
        "The kernels are stored transposed and brought back by a reshape.",
        fix="transpose instead of reshaping",
        links=("keras-team/keras/issues/8720",),
    ),
    "update_block_used_for_the_reset": Mistake(
        "The reset gate reads the update gate's block of the recurrent kernel.",
        fix="give the reset gate its own block, p.recurrent_kernel[1]",
    ),
    "weights_of_the_first_call": Mistake(
        "The candidate's recurrent weights are prepared at the first call and reused for all of that shape and format."
    ),
    "remainder_dropped": Mistake(
        "Products are computed in groups of eight terms, and the rest is left out.",
        effect="Wrong only for more than eight inputs or units.",
        flag="Remainder",
        bug="remainder of a product dropped",
    ),
}

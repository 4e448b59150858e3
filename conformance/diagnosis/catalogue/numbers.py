"""Mistakes in the claimed arithmetic: less precision, rough activations, overflow."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    # Precision.
    "tf32_products": Mistake(
        "Operands of float32 products are rounded to the 10 fractional bits of TF32.",
        effect="Off by about one in a thousand: far outside float32, but invisible to a loose comparison.",
        flag="ReducedProducts",
        bug="products of reduced precision",
        description="Operands are rounded to TF32 (or less) under a claim of float32.",
    ),
    "bfloat16_products": Mistake("Operands of products are rounded to bfloat16."),
    "float16_products": Mistake("Operands of products are rounded to float16."),
    "bfloat16_sums": Mistake("Products are summed in bfloat16."),
    "float16_sums": Mistake("Products are summed in float16."),
    "state_in_bfloat16": Mistake("The state is carried in bfloat16."),
    "state_in_float16": Mistake(
        "The state is kept in half precision between steps.",
        effect="Off by about one in a thousand from the second step on.",
        flag="StateRounded",
        bug="state carried in less precision",
    ),
    "float32_under_float64": Mistake("Inputs and outputs are float64, but every step is computed in float32."),
    "one_minus_z_in_float16": Mistake("The candidate's share, 1 - z, is rounded to float16."),
    "flushed_to_zero": Mistake(
        "Subnormal results are replaced by 0 under a claim that keeps them.",
        effect="States below the smallest normal number are 0.",
        flag="Subnormals",
        bug="subnormal states flushed to 0",
    ),
    "inputs_clipped": Mistake(
        "A clip that was meant for another array limits the inputs.",
        effect="Wrong only for large inputs.",
        flag="InputsClipped",
        bug="inputs clipped",
    ),
    # Sigmoid and tanh.
    "rough_tanh": Mistake(
        "tanh is a short rational approximation, clipped.",
        effect="Off by a few per cent around 2; values beyond 1 are possible.",
        links=("tensorflow/tensorflow/issues/55390",),
        flag="RoughTanh",
        bug="rough tanh",
    ),
    "tanh_off_by_2_to_the_minus_11": Mistake("tanh is too small by 2^-11 of itself."),
    "tanh_off_by_2_to_the_minus_14": Mistake("tanh is too small by 2^-14 of itself."),
    "tanh_off_by_16_ulps": Mistake("tanh is too small by 16 units in the last place."),
    "tanh_off_by_32_ulps": Mistake("tanh is too small by 32 units in the last place."),
    "tanh_cancels": Mistake("tanh is computed as 1 - 2 / (exp(2 a) + 1), which cancels for small arguments."),
    "rough_sigmoid": Mistake("The logistic function is computed from a rational tanh, with errors up to 1.2 per cent."),
    "sigmoid_off_by_2_to_the_minus_11": Mistake("The logistic function is too small by 2^-11 of itself."),
    "sigmoid_off_by_2_to_the_minus_14": Mistake("The logistic function is too small by 2^-14 of itself."),
    "sigmoid_off_by_16_ulps": Mistake("The logistic function is too small by 16 units in the last place."),
    "overflowing_sigmoid": Mistake(
        "sigma is computed as e / (1 + e), and exp overflows: infinity / infinity.",
        effect="NaN for pre-activations beyond the logarithm of the largest number.",
        flag="SigmoidOverflow",
        bug="overflow in sigma",
    ),
    # Visible to the probe only.
    "sigmoid_from_tanh": Mistake(
        "The logistic function is computed from tanh, and has no relative accuracy for small values."
    ),
}

"""Mistakes that occur only in formats of 16 bits, and mistakes of precision that occur only at some sizes."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "bfloat16_products_in_large_runs": Mistake(
        "If batch times time is 64 or more, operands of products are rounded to bfloat16.",
        effect="Off by about one in a hundred, only in large batches and long runs.",
        flag="ReducedInLargeRuns",
        bug="products of reduced precision in large runs",
    ),
    "state_of_many_units_in_float16": Mistake(
        "Above 40 units the state is carried in float16.",
        effect="Off by about one in a thousand from the second step on, only for many units.",
        flag="StateRoundedPastTile",
        bug="state of many units carried in less precision",
    ),
    "recurrent_candidate_bias_missing_in_16_bits": Mistake(
        "In formats of 16 bits the recurrent bias of the candidate is left out."
    ),
    "hard_sigmoid_in_16_bits": Mistake(
        "In formats of 16 bits the gates use a hard sigmoid, a line of slope 1/4 clipped to [0, 1]."
    ),
}

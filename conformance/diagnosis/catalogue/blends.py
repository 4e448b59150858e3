"""Mistakes in the blend of the old state and the candidate, and in the use of the gates."""

from conformance.diagnosis.catalogue.mistake import Mistake

BLENDS = {
    "blend_is_the_candidate": "n",
    "blend_leaves_out_the_state": "(1 - z) n",
    "blend_leaves_out_the_candidate": "z h",
    "blend_keeps_the_candidate_whole": "z h + n",
    "blend_is_a_plain_sum": "h + n",
    "blend_is_a_plain_mean": "(h + n) / 2",
    "blend_uses_z_for_both": "z h + z n",
    "blend_uses_the_rest_for_both": "(1 - z) (h + n)",
    "blend_adds_z_times_the_candidate": "h + z n",
    "blend_subtracts_the_state": "(1 - z) n - z h",
    "blend_uses_1_plus_z": "z h + (1 + z) n",
    "blend_is_z_times_the_candidate": "z n",
    "blend_scales_the_state_twice": "z z h + (1 - z) n",
    "blend_uses_the_state_for_the_candidate": "z n + (1 - z) tanh(h)",
}
"""For each name the next state as a formula."""

USES: dict[str, tuple[str, str]] = {
    "reset_scales_the_state_of_the_update": (
        "The update gate reads the state after the reset gate: r h.",
        "let the update gate read the whole state h",
    ),
    "update_scales_the_state_of_the_reset": (
        "The reset gate reads the state after the update gate: z h.",
        "let the reset gate read the whole state h",
    ),
    "reset_scales_the_state_in_the_blend": (
        "The blend keeps the state after the reset gate: z r h + (1 - z) n.",
        "keep the whole state: z h + (1 - z) n",
    ),
    "update_stands_for_the_reset": (
        "The candidate uses the update gate where the reset gate should be.",
        "use the reset gate in the candidate",
    ),
    "reset_stands_for_the_update": (
        "The blend uses the reset gate where the update gate should be.",
        "use the update gate in the blend",
    ),
    "reset_acts_before_and_after": (
        "The reset gate acts on the state before the product, and again after it.",
        "apply the reset gate once",
    ),
    "reset_is_added": (
        "The reset gate is added to the candidate's recurrent side, not multiplied by it.",
        "multiply the candidate's recurrent side by the reset gate",
    ),
    "reset_scales_the_candidate": (
        "The reset gate multiplies the candidate, after tanh.",
        "multiply the recurrent side by the reset gate, inside tanh",
    ),
    "reset_places_are_exchanged": (
        "The reset gate acts before the product where it should act after it, and after it where it should act before.",
        "exchange the two: reset 'after' is reset_after=True (linear_before_reset=1)",
    ),
}
"""For each name the sentence and the fix."""

MISTAKES: dict[str, Mistake] = {
    **{
        name: Mistake(f"The next state is {letters}.", fix="blend as z h + (1 - z) n")
        for name, letters in BLENDS.items()
    },
    **{name: Mistake(sentence, fix=fix) for name, (sentence, fix) in USES.items()},
}

"""Mistakes along an axis: reversed, shifted or repeated in time, in the batch, in the units, in the inputs."""

from conformance.diagnosis.catalogue.mistake import Mistake

AXES: dict[str, tuple[str, str]] = {
    # The answer.
    "answer_reversed_in_units": (
        "Units come back in reverse order, in outputs and final states.",
        "put them back: outputs[..., ::-1]",
    ),
    "outputs_reversed_in_units": (
        "Units of the outputs come back in reverse order.",
        "put them back: outputs[..., ::-1]",
    ),
    "answer_rolled_in_units": ("Each unit's state comes back as the next unit's.", "put units back into their order"),
    "answer_reversed_in_batch": (
        "Rows come back in reverse order, in outputs and final states.",
        "put them back: outputs[::-1]",
    ),
    "outputs_reversed_in_batch": ("Rows of the outputs come back in reverse order.", "put them back: outputs[::-1]"),
    "final_states_reversed_in_batch": (
        "Rows of the final state come back in reverse order.",
        "put them back: final_state[::-1]",
    ),
    "answer_rolled_in_batch": ("Each row's answer comes back as the next row's.", "put rows back into their order"),
    "outputs_reversed_in_time": ("The outputs come back in reverse order of time.", "put them back: outputs[:, ::-1]"),
    "outputs_late": (
        "The output at a time is the state before its step: outputs are one step late, from the initial state on.",
        "write the state after the step",
    ),
    "outputs_late_from_zero": (
        "The outputs are one step late, and begin with 0.",
        "write the output of step t at time t",
    ),
    "outputs_early": ("The outputs are one step early, and the last stands twice.", "write step t's output at time t"),
    "outputs_early_to_zero": ("The outputs are one step early, and end with 0.", "write step t's output at time t"),
    "outputs_rolled_later": (
        "The outputs are one step late, and begin with the last.",
        "write the output of step t at time t",
    ),
    "outputs_rolled_earlier": (
        "The outputs are one step early, and end with the first.",
        "write the output of step t at time t",
    ),
    "outputs_all_final": ("Every output is the final state.", "write the state after each step"),
    "outputs_all_first": ("Every output is the first.", "write the state after each step"),
    "outputs_zero": ("The outputs are 0.", "write the state after each step"),
    "final_states_zero": ("The final state is 0.", "return the state after the last valid step"),
    "final_states_initial": ("The final state is the initial state.", "return the state after the last valid step"),
    "final_states_of_the_first_row": ("Every row's final state is the first row's.", "return each row's own state"),
    "outputs_read_as_time_major": (
        "Batch-major inputs are read as time-major ones, and the outputs written so.",
        "set batch_first, or transpose the inputs and the outputs: swapaxes(0, 1)",
    ),
    # The question.
    "inputs_reversed_in_time": (
        "Every run reads its inputs in reverse order of time.",
        "put them back: inputs[:, ::-1]",
    ),
    "inputs_reversed_in_features": (
        "The inputs' features are read in reverse order.",
        "put them back: inputs[..., ::-1]",
    ),
    "inputs_reversed_in_batch": ("Rows of the inputs are read in reverse order.", "put them back: inputs[::-1]"),
    "inputs_of_the_first_row": ("Every row reads the first row's inputs.", "read each row's own inputs"),
    "inputs_late": ("Each step reads the input of the time before, and the first reads 0.", "read the input of time t"),
    "inputs_late_with_the_first_twice": (
        "Each step reads the input of the time before, and the first reads its own.",
        "read the input of time t",
    ),
    "inputs_early": ("Each step reads the input of the next time, and the last reads 0.", "read the input of time t"),
    "inputs_early_with_the_last_twice": (
        "Each step reads the input of the next time, and the last reads its own.",
        "read the input of time t",
    ),
    "inputs_all_first": ("Every step reads the first input.", "read the input of time t"),
    "inputs_all_last": ("Every step reads the last input.", "read the input of time t"),
    "unchanged_inputs_skipped": (
        "A step whose inputs equal those of the step before in its row is skipped.",
        "take every step: the state changes with equal inputs too",
    ),
    "initial_states_reversed_in_batch": (
        "Rows of the initial state are read in reverse order.",
        "put them back: initial_state[::-1]",
    ),
    "initial_states_reversed_in_units": (
        "Units of the initial state are read in reverse order.",
        "put them back: initial_state[..., ::-1]",
    ),
    "initial_states_of_the_first_row": ("Every row starts from the first row's initial state.", "keep each row's own"),
    "initial_states_negated": ("The initial state is negated.", "start from the initial state as it is"),
    "initial_states_doubled": ("The initial state is doubled.", "start from the initial state as it is"),
    # The order of steps.
    "every_run_reversed": (
        "Every run goes from the last time to the first.",
        "reverse only where case.reverse says so",
    ),
    "reverse_and_forward_exchanged": (
        "A run that should be forward is reversed, and a reverse run is forward.",
        "exchange the two: pass case.reverse on as it is",
    ),
    "first_step_skipped": ("The first step is left out, and the state stays.", "begin at the first step"),
    "first_step_not_written": ("The first step is left out, and its output is 0.", "begin at the first step"),
    "last_step_skipped_either_way": (
        "The last step of a run is left out, in reverse too, and the state stays.",
        "run to the last step",
    ),
    "last_step_not_written": ("The last step is left out, and its output is 0.", "run to the last step"),
    "every_second_step_skipped": ("Every second step is left out, and the state stays.", "take every step"),
    "first_step_taken_twice": ("The first step is taken twice.", "take every step once"),
    "last_step_taken_twice": ("The last step is taken twice.", "take every step once"),
    "every_step_taken_twice": ("Every step is taken twice.", "take every step once"),
    "state_starts_again_every_second_step": (
        "Every second step starts from the initial state again.",
        "carry the state from step to step",
    ),
    "masked_steps_clear_the_state": ("The state is 0 after a masked step.", "keep the state at a masked step"),
    "masked_steps_restore_the_initial_state": (
        "The state is the initial state again after a masked step.",
        "keep the state at a masked step",
    ),
    # Two directions.
    "directions_swapped_in_the_answer": (
        "The backward direction's outputs and final state come first, and the forward one's second.",
        "give the forward direction first: (forward, backward)",
    ),
    "directions_interleaved": (
        "Outputs of the two directions side by side alternate unit by unit.",
        "put the backward direction's units after all of the forward one's",
    ),
    "forward_direction_twice": ("The backward direction's outputs are the forward one's.", "join (forward, backward)"),
    "backward_direction_twice": ("The forward direction's outputs are the backward one's.", "join (forward, backward)"),
    "sum_is_an_average": ("The sum of both directions is their mean.", "leave the sum as it is"),
    "sum_is_a_product": ("The sum of both directions is their product.", "add the two directions"),
    "product_is_a_sum": ("The product of both directions is their sum.", "multiply the two directions"),
    "average_is_a_product": ("The mean of both directions is their product.", "take half the sum"),
    "both_directions_run_backward": ("The first of two directions is reversed too.", "run the first direction forward"),
    "directions_exchange_their_order": (
        "The first of two directions is reversed and the second is not.",
        "run the first direction forward and reverse the second",
    ),
    "directions_share_the_forward_initial_state": (
        "The backward direction starts from the forward one's initial state.",
        "pass case.starts[1] to the backward direction",
    ),
    "forward_direction_ignores_its_initial_state": (
        "The forward of two directions starts from zeros.",
        "pass case.starts[0] to the forward direction",
    ),
    "final_states_both_forward": ("Both final states are the forward direction's.", "return both final states"),
}
"""For each name the sentence and the fix. A slice in a fix is applied by the adapter to the array that it gets."""


MISTAKES: dict[str, Mistake] = {name: Mistake(sentence, fix=fix) for name, (sentence, fix) in AXES.items()}

"""Mistakes in long runs alone."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "only_the_last_32_steps_run": Mistake(
        "Of a long run only the last 32 steps are taken, from zeros, and the final state alone is given."
    ),
    "every_output_from_the_last_48_steps": Mistake(
        "In a long run without padding each output is computed from the 48 steps before it, from zeros."
    ),
    "initial_state_dropped_in_long_runs": Mistake("A run of 128 steps or more starts from zeros."),
    "zeros_read_after_96_steps": Mistake("The inputs of all steps after the first 96 are read as 0."),
}

"""Mistakes that occur only in long runs."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "only_the_last_32_steps_run": Mistake(
        "Of a long run only the last 32 steps are computed, from zeros, and only the final state is returned.",
        effect="Right to five places for most random weights, at a sixteenth of the work.",
        flag="LastStepsAlone",
        bug="all but the last steps left out",
    ),
    "every_output_from_the_last_48_steps": Mistake(
        "In a long run without padding each output is computed from only the last 48 steps, starting from zeros.",
        effect="Right to seven places for most random weights.",
        flag="WindowOfSteps",
        bug="each output from a window of steps",
    ),
    "initial_state_dropped_in_long_runs": Mistake(
        "A run of 128 steps or more starts from zeros.",
        effect="Right for 127 steps; in longer runs the first outputs are wrong.",
        flag="InitialStateInLongRuns",
        bug="initial state dropped in long runs",
    ),
    "zeros_read_after_96_steps": Mistake(
        "The inputs of all steps after the first 96 are read as 0.",
        effect="Right for 96 steps, and wrong for 97.",
        flag="InputsCut",
        bug="inputs of late steps not read",
    ),
}

"""Mistakes in the state: its start, the way it is carried, and its return."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "initial_state_ignored": Mistake(
        "The initial state is accepted and not used.",
        fix="pass case.starts on",
        effect="Every run starts from zeros.",
        flag="InitialStateIgnored",
        bug="initial state ignored",
    ),
    "initial_state_ignored_without_padding": Mistake(
        "Runs without padding start from zeros; those with lengths or masks do not.",
        fix="pass case.starts on in the path for whole rows too",
    ),
    "no_initial_state_is_ones": Mistake(
        "Without an initial state a run starts from ones.",
        fix="start from zeros",
    ),
    "state_not_carried": Mistake(
        "Every step starts from the initial state.",
        fix="carry the state from step to step",
    ),
    "time_runs_in_chunks": Mistake(
        "Time is processed in chunks, and the state is not passed from chunk to chunk.",
        effect="Wrong only after the first chunk, here of sixteen steps.",
        flag="Chunks",
        bug="state lost between chunks of time",
    ),
    "rows_share_a_state": Mistake(
        "Every row uses the state of the first row.",
        fix="keep a state for each row",
    ),
    "state_kept_between_calls": Mistake(
        "A run without initial state starts from the final state of the last run.",
        fix="start from zeros where no initial state is given (stateful=False)",
        effect="The first call is right and the second is not.",
        links=("tensorflow/tensorflow/issues/38403",),
        flag="StateKept",
        bug="state kept between calls",
    ),
    "final_state_from_the_last_time": Mistake(
        "The final state is the output at the last time, even if that is padding.",
        fix="return the state after the last valid step",
        effect="Wrong for every row that is padded on the right.",
        links=("onnx/onnx-mlir/pull/2479",),
        flag="FinalStateFromPadding",
        bug="final state taken from the last time",
    ),
    "reverse_final_state_from_the_last_time": Mistake(
        "The final state of a reverse run is taken at the last time, where the run begins.",
        fix="take the reverse run's final state from the first time",
        effect="The final state includes only one step.",
        links=("yalesong/pvse/issues/13",),
        flag="ReverseFinalState",
        bug="reverse final state from the wrong time",
    ),
    "final_state_from_the_first_time": Mistake(
        "The final state is the output at the first time.",
        fix="return the state after the last valid step",
    ),
    "final_state_before_the_last_step": Mistake(
        "The final state is the state before the last step.",
        fix="return the state after the last step",
    ),
    "final_state_runs_through_the_padding": Mistake(
        "The outputs are right, but the final state includes the steps of the padding.",
        fix="return the state after the last valid step",
    ),
    "empty_row_ends_in_zeros": Mistake(
        "The final state of a row of length 0 is 0, not its initial state.",
        fix="return the initial state for a row without a step",
        effect="The state of an empty row is lost.",
        links=("onnx/onnx/issues/1674", "microsoft/onnxruntime/pull/749", "microsoft/onnxruntime/issues/28490"),
        flag="LengthZero",
        bug="a row without steps ends in zeros",
    ),
    "final_state_of_no_time_is_zeros": Mistake(
        "With time = 0 the final state is 0, not the initial state.",
        fix="return the initial state if there is no step",
        effect="An empty sequence forgets the state.",
        akin=("empty_time_raises",),
        flag="TimeZero",
        bug="final state of no time is 0",
        description="Without any step the final state is 0, or the call fails.",
    ),
}

"""Mistakes in the order of time and rows, and in two directions."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    # Time and rows.
    "reverse_ignored": Mistake(
        "Every run goes forward.",
        fix="pass case.reverse on",
        effect="Reverse runs, or the second of two directions, are wrong.",
        links=("apache/tvm/pull/15829",),
        flag="ReverseIgnored",
        bug="direction never read",
    ),
    "reverse_starts_in_the_padding": Mistake(
        "The inputs are flipped but the mask is not.",
        fix="flip the mask with the inputs",
        effect="Reverse runs are wrong for every row that is padded.",
        links=("onnx/onnx-tensorflow/issues/342", "pytorch/pytorch/issues/1811"),
        flag="ReversePadding",
        bug="reverse starts in the padding",
    ),
    "reversed_twice": Mistake(
        "A reverse run flips each row within its length, then all of time: it reads the padding, then the row forward.",
        fix="flip each row within its length, once",
    ),
    "reverse_output_not_aligned": Mistake(
        "The outputs of a reverse run are not brought back to the inputs' time.",
        fix="flip the outputs of a reverse run: outputs[:, ::-1]",
        effect="Outputs are right, at the wrong times.",
        links=("webmachinelearning/webnn/issues/801", "keras-team/keras/issues/3163"),
        flag="ReverseNotAligned",
        bug="reverse outputs in processing order",
    ),
    "last_step_skipped": Mistake(
        "A forward run leaves out the last time and keeps the state there.",
        fix="run to the last time",
    ),
    "last_step_skipped_in_reverse": Mistake(
        "A reverse run stops one step early.",
        fix="run to the first time",
        effect="The final state of a reverse run is one step old.",
        flag="ReverseShort",
        bug="reverse stops one step early",
        description="The step at time 0 is left out.",
    ),
    "time_read_as_batch": Mistake(
        "A layout is ignored: the first axis is taken for time, the second for the batch.",
        fix="transpose the inputs: case.inputs.swapaxes(0, 1), and the outputs back (or set batch_first)",
        effect="An error or, if batch equals time, wrong numbers of the right shape.",
        akin=("time_and_batch_exchanged_where_square",),
        flag="BatchTime",
        bug="batch and time exchanged",
    ),
    "time_and_batch_exchanged_where_square": Mistake(
        "Time and batch are exchanged if they are equal, because the axes are guessed from the sizes.",
        fix="state explicitly which axis is time",
        links=("openvinotoolkit/openvino/issues/37820",),
    ),
    "rows_stay_sorted": Mistake(
        "Rows are sorted by length, the longest first, and not returned to their order.",
        fix="put the rows back into the caller's order",
    ),
    # Two directions.
    "directions_share_their_weights": Mistake(
        "The backward direction uses the forward weights.",
        fix="pass case.parameters[1] to the backward direction",
        effect="The backward direction is wrong.",
        flag="DirectionsShareWeights",
        bug="directions share their weights",
    ),
    "weights_of_the_directions_swapped": Mistake(
        "Each direction uses the other's weights.",
        fix="exchange the directions' weights: case.parameters[::-1]",
    ),
    "both_directions_run_forward": Mistake(
        "The second of two directions is not reversed.",
        fix="reverse the second direction",
    ),
    "initial_states_of_the_directions_swapped": Mistake(
        "Each direction starts from the other's initial state.",
        fix="exchange the initial states: case.starts[::-1]",
        effect="Both directions are wrong if their initial states differ.",
        links=("microsoft/onnxruntime/issues/1607",),
        flag="DirectionsSwapStates",
        bug="initial states of the directions exchanged",
    ),
    "backward_direction_ignores_its_initial_state": Mistake(
        "The backward direction starts from zeros.",
        fix="pass case.starts[1] to the backward direction",
    ),
    "backward_starts_where_forward_ended": Mistake(
        "The backward direction starts from the final state of the forward one.",
        fix="pass case.starts[1] to the backward direction",
    ),
    "final_states_swapped": Mistake(
        "The final states of the two directions are exchanged under every merge except apart.",
        fix="exchange the final states",
        effect="Outputs are right and the two final states exchanged.",
        flag="FinalStatesSwapped",
        bug="final states of the directions exchanged",
        description="The final states come back in the other order.",
    ),
    "average_is_a_sum": Mistake(
        "The sum of both directions is returned instead of their mean.",
        fix="halve the sum",
        effect="Outputs are twice as large.",
        flag="MergeAverage",
        bug="mean not halved",
    ),
    "backward_comes_first": Mistake(
        "The outputs of the backward direction are put before those of the forward one.",
        fix="join them as (forward, backward)",
    ),
    "two_directions_ignore_the_policy": Mistake(
        "With two directions masked outputs are carried under every policy.",
        fix="declare bidirectional_masked_outputs=('carry',)",
        effect="Outputs at masked steps are wrong.",
        akin=("masked_outputs_always_zero",),
        flag="BidirectionalPolicy",
        bug="policy ignored with two directions",
    ),
}

"""Mistakes in lengths and masks: the choice of valid steps, and outputs at masked ones."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "lengths_ignored": Mistake(
        "Lengths or masks are accepted and not used.",
        fix="pass case.lengths and case.mask on, or declare neither",
        effect="Padding is read as steps.",
        links=("onnx/onnx/blob/main/onnx/reference/ops/op_gru.py",),
        flag="LengthsIgnored",
        bug="lengths and masks ignored",
    ),
    "length_off_by_one": Mistake(
        "The last valid step of a row is taken for padding.",
        fix="count steps from 1: a row of length n has n steps",
        effect="Final states are wrong if there are lengths or a mask.",
        flag="LengthOffByOne",
        bug="rows end one step early",
    ),
    "one_step_too_many": Mistake(
        "The step after a valid one counts as valid too.",
        fix="count steps from 1: a row of length n has n steps",
    ),
    "mask_inverted": Mistake(
        "A mask is read inverted: its valid steps are skipped, and the others are taken.",
        fix="pass ~case.mask",
    ),
    "mask_taken_for_a_length": Mistake(
        "Only the number of valid steps of a mask is used, as if rows were padded on the right.",
        fix="pass the mask on, or declare only lengths",
        effect="Wrong for holes and for padding on the left; right for padding on the right.",
        flag="MaskAsLength",
        bug="mask taken for a length",
    ),
    "right_padding_taken_for_left": Mistake(
        "Rows are taken to end at the last time, as if every row were padded on the left.",
        fix="rows are padded on the right: a row of length n has the times 0 to n - 1",
    ),
    "rows_end_at_a_hole": Mistake(
        "A row ends at its first masked step, even if valid steps follow.",
        fix="skip masked steps one by one, or declare only lengths",
    ),
    "holes_count": Mistake(
        "Masked steps between valid ones count as valid too.",
        fix="skip masked steps one by one, or declare only lengths",
    ),
    "empty_rows_run": Mistake(
        "A row without a valid step takes every step: its last step is looked up at index -1.",
        fix="return the initial state for a row without a step",
    ),
    "padding_taken_for_neutral": Mistake(
        "Masked inputs are set to 0 and read: with biases, a step on 0 changes the state.",
        fix="skip masked steps: with biases, a step on 0 changes the state",
        effect="Wrong for every padded row, most of all with padding on the left.",
        links=("zhangj111/astnn/pull/28",),
        flag="LeftPaddingNeutral",
        bug="padding taken for neutral",
    ),
    "padding_is_multiplied_away": Mistake(
        "Masked steps are computed and multiplied by 0, so a NaN in the padding survives.",
        effect="NaN in outputs or states if padding is not finite.",
        links=("tensorflow/tensorflow/issues/2540",),
        flag="PaddingMultiplied",
        bug="padding multiplied away",
    ),
    "mask_of_the_outputs_alone": Mistake(
        "Padding affects only the outputs; the state takes every step.",
        fix="carry the state over masked steps",
    ),
    "mask_of_the_state_alone": Mistake(
        "Padding affects only the state; a masked output contains the step that was not taken.",
        fix="let the policy determine the outputs at masked steps",
    ),
    "masked_outputs_always_carried": Mistake(
        "Masked outputs are always carried.",
        fix="declare masked_outputs=('carry',)",
    ),
    "masked_outputs_always_zero": Mistake(
        "Masked outputs are always 0.",
        fix="declare masked_outputs=('zero',)",
        links=("microsoft/onnxruntime/issues/12492",),
    ),
    "masked_output_is_zero_before_the_first_step": Mistake(
        "Masked outputs are carried from zeros, while the state is carried from the initial state.",
        fix="declare masked_outputs=('zero-before-first',)",
        effect="Output and state differ before the first valid step of a row with an initial state.",
        links=("keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/rnn.py",),
        flag="PolicyBeforeFirst",
        bug="zeros before the first valid step",
    ),
    "masked_outputs_by_another_policy": Mistake(
        "Masked outputs are zeros where the policy has the last state, or the reverse.",
        effect="Only outputs at masked steps are wrong, and layers that read them.",
        links=("tensorflow/tensorflow/issues/49241", "keras-team/keras/issues/11472"),
        akin=("masked_outputs_always_zero",),
        flag="Policy",
        bug="masked outputs by another policy",
    ),
}

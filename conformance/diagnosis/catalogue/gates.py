"""Mistakes in the conventions of a step: the gates' sense and activations, the position of the reset gate."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "update_sense_flipped": Mistake(
        "z multiplies the candidate and 1 - z the state.",
        fix="negate the update gate's blocks, kernels and biases alike: 1 - sigma(a) = sigma(-a)",
        effect="Wrong from the first step; converted by negating the weights of z.",
        links=("mindspore-ai/mindspore/issues/149",),
        flag="UpdateSense",
        bug="update gate in the other sense",
    ),
    "state_added_whole": Mistake(
        "The update gate does not scale the old state: h + (1 - z) n.",
        fix="scale the old state by z",
    ),
    "hard_sigmoid_gates": Mistake(
        "The gates use a hard sigmoid, a line of slope 1/5 clipped to [0, 1].",
        fix="use the logistic function for the gates (recurrent_activation='sigmoid')",
    ),
    "hard_sigmoid_sixth": Mistake(
        "The gates use a hard sigmoid, a line of slope 1/6 clipped to [0, 1].",
        fix="use the logistic function for the gates (recurrent_activation='sigmoid')",
    ),
    "tanh_gates": Mistake(
        "The gates use tanh.",
        fix="use the logistic function for the gates; check whether the two activations are exchanged",
    ),
    "sigmoid_of_twice_the_argument": Mistake(
        "sigma is computed from tanh(a) instead of tanh(a / 2).",
        fix="halve the argument: sigma(a) = (1 + tanh(a / 2)) / 2",
        effect="Gates are too steep; invisible if they are saturated or at 1/2.",
        links=("HIPS/autograd/blob/master/examples/rnn.py",),
        flag="SigmoidTwice",
        bug="sigma of twice the argument",
    ),
    "linear_candidate": Mistake(
        "The candidate has no activation.",
        fix="apply tanh to the candidate",
    ),
    "relu_candidate": Mistake(
        "The candidate is the positive part of its argument (relu).",
        fix="use tanh for the candidate (activation='tanh')",
    ),
    "sigmoid_candidate": Mistake(
        "The candidate uses the gates' activation.",
        fix="use tanh for the candidate",
    ),
    "reset_before_instead_of_after": Mistake(
        "The reset gate acts on the state before the product, even if after was requested (a default is not exported).",
        fix="set reset_after=True (linear_before_reset=1), or declare resets=('before',)",
        effect="Wrong by a few per cent with more than one unit; right with one unit and no recurrent bias.",
        links=("pytorch/pytorch/issues/189225", "microsoft/onnxscript/issues/2852", "pytorch/pytorch/issues/8153"),
        flag="ResetBefore",
        bug="reset before the product, always",
    ),
    "reset_after_instead_of_before": Mistake(
        "The reset gate acts after the product, even if before was requested.",
        fix="set reset_after=False (linear_before_reset=0), or declare resets=('after',)",
        effect="Wrong by a few per cent with more than one unit.",
        links=("FluxML/Flux.jl/issues/1671", "keras-team/keras/issues/8860"),
        flag="ResetAfter",
        bug="reset after the product, always",
    ),
    "reset_ignored": Mistake(
        "The candidate reads the whole state: the reset gate has no effect.",
        fix="multiply by the reset gate",
    ),
    "reset_complemented": Mistake(
        "1 - r is used instead of r.",
        fix="negate the reset gate's blocks, kernels and biases alike",
    ),
    "reset_of_the_input_side_too": Mistake(
        "The reset gate scales the whole argument of tanh, not only the recurrent part.",
        fix="multiply only the recurrent part by the reset gate",
    ),
    "reset_of_the_input_side": Mistake(
        "The reset gate scales the input part of the candidate's argument, not the recurrent part.",
        fix="multiply the recurrent part by the reset gate, and leave the input part unchanged",
    ),
    "reset_gate_of_the_wrong_unit": Mistake(
        "The reset gate is indexed by the wrong unit.",
        fix="take each unit's own reset gate",
        effect="Wrong with more than one unit.",
        links=("ooples/AiDotNet/pull/722",),
        flag="ResetUnit",
        bug="reset gate of another unit",
    ),
    "rows_share_a_reset_gate": Mistake(
        "The input part of the first row's reset gate is used for all rows.",
        fix="compute the reset gate row by row",
        effect="All rows but one are wrong.",
        links=("microsoft/onnxruntime/issues/16862",),
        flag="RowsShareReset",
        bug="stale reset gate",
        description="The reset gate's intermediate of another row is used.",
    ),
    "reset_gate_of_the_step_before": Mistake(
        "The reset gate of the step before is used, from the second step on.",
        fix="compute the reset gate anew at each step",
    ),
}

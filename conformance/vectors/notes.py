"""The bugs that vectors show, each under a flag: what is wrong, what one sees, and where it shipped.

A flag on a vector says: an implementation with this bug fails this vector. Left out: bugs that no answer shows, as
those of shapes at export, and bugs of one device.
"""

from typing import NamedTuple

GITHUB = "https://github.com/"


class Note(NamedTuple):
    """One bug. bug: its name in words. description: what the code does. effect: what one sees. links: where it was."""

    bug: str
    description: str
    effect: str
    links: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """The note as JSON values."""
        return {**self._asdict(), "links": list(self.links)}


def _note(bug: str, description: str, effect: str, *links: str) -> Note:
    return Note(bug, description, effect, tuple(GITHUB + link for link in links))


FLAGS = {
    # One step.
    "GateOrder": _note(
        "gate blocks in another order",
        "Weights stored as r, z, n are read as z, r, n, or the other way round.",
        "Wrong from the first step; invisible where all gates have equal weights.",
        "keras-team/keras/issues/15915",
    ),
    "BiasGateOrder": _note(
        "biases in another gate order than the weights",
        "The weights are permuted on import and the biases are not.",
        "Wrong wherever biases differ; invisible with biases of 0.",
        "openvinotoolkit/openvino/issues/17651",
    ),
    "BiasIgnored": _note(
        "biases left out",
        "A branch on whether there are biases is inverted, or biases are never added.",
        "Wrong wherever a bias is not 0; invisible after the usual initialisation.",
        "patrick-kidger/equinox/pull/215",
    ),
    "BiasTwice": _note(
        "input bias added twice",
        "A converter fuses the bias into both products.",
        "Wrong wherever the input bias is not 0.",
        "tensorflow/tensorflow/issues/54492",
        "tensorflow/tensorflow/issues/54507",
    ),
    "BiasRows": _note(
        "input and recurrent bias exchanged",
        "The two rows of the bias are read in the other order.",
        "Only the candidate is wrong, and only where the reset gate acts after the product.",
    ),
    "BiasTransposed": _note(
        "bias read transposed",
        "The biases are stored gate by gate and read unit by unit.",
        "Wrong with more than one unit.",
        "majianjia/nnom/issues/82",
    ),
    "UpdateSense": _note(
        "update gate in the other sense",
        "z multiplies the candidate and 1 - z the state.",
        "Wrong from the first step; converted by negating the weights of z.",
        "mindspore-ai/mindspore/issues/149",
    ),
    "ResetBefore": _note(
        "reset before the product, always",
        "The reset gate acts on the state before the product, whatever was asked for (a default is not exported).",
        "Wrong by some per cent with more than one unit; equal with one unit and no recurrent bias.",
        "pytorch/pytorch/issues/189225",
        "microsoft/onnxscript/issues/2852",
        "pytorch/pytorch/issues/8153",
    ),
    "ResetAfter": _note(
        "reset after the product, always",
        "The reset gate acts after the product, whatever was asked for.",
        "Wrong by some per cent with more than one unit.",
        "FluxML/Flux.jl/issues/1671",
        "keras-team/keras/issues/8860",
    ),
    "BiasAbsent": _note(
        "buffer of an absent bias not cleared",
        "Without a bias a buffer is used that still holds what was there before.",
        "Rows from the third on are wrong, where there is no bias.",
        "microsoft/onnxruntime/pull/3797",
        "microsoft/onnxruntime/issues/3893",
    ),
    "ResetUnit": _note(
        "reset gate of another unit",
        "The reset gate is indexed by the wrong unit.",
        "Wrong with more than one unit.",
        "ooples/AiDotNet/pull/722",
    ),
    "RowsShareReset": _note(
        "stale reset gate",
        "The reset gate's intermediate of another row is used.",
        "All rows but one are wrong.",
        "microsoft/onnxruntime/issues/16862",
    ),
    "RecurrentBiasMissing": _note(
        "no recurrent bias in the candidate",
        "The candidate's recurrent bias does not exist, though it is documented, or is dropped by a conversion.",
        "Wrong wherever it is not 0; hidden by an initialisation to 0.",
        "google/flax/issues/5594",
    ),
    "RecurrentBiasOutside": _note(
        "recurrent candidate bias outside the reset",
        "The bias is added beside r (h U) where it belongs inside r (h U + c).",
        "Wrong wherever it is not 0 and the reset gate is not open.",
        "apple/coremltools/issues/1124",
    ),
    "RecurrentBiasSkipped": _note(
        "recurrent side skipped at the first step",
        "Without an initial state the first step leaves out h U + c, though c stays when h is 0.",
        "No initial state is not an initial state of zeros.",
        "ml-explore/mlx/issues/3249",
    ),
    "RecurrentTransposed": _note(
        "recurrent kernel transposed",
        "Each block of the recurrent kernel is read transposed.",
        "Wrong with more than one unit; invisible with constant weights.",
        "keras-team/keras/issues/8720",
    ),
    "SquareKernel": _note(
        "transposition guessed from the shape",
        "Whether the kernel is transposed is told by its shape, which cannot be where input_dim equals units.",
        "Wrong only where input_dim equals units.",
    ),
    "BatchTime": _note(
        "batch and time exchanged",
        "A layout is ignored: the first axis is taken for time, the second for the batch.",
        "An error, or, where batch equals time, wrong numbers of the right shape.",
        "openvinotoolkit/openvino/issues/37820",
    ),
    "InputsClipped": _note(
        "inputs clipped",
        "A clip that was meant for something else bounds the inputs.",
        "Wrong only for inputs of some magnitude.",
    ),
    "Remainder": _note(
        "remainder of a product dropped",
        "Products run in groups of eight terms and the rest is left out.",
        "Wrong only for more than eight inputs or units.",
    ),
    "Chunks": _note(
        "state lost between chunks of time",
        "Time is processed in chunks and the state is not handed on.",
        "Wrong only past the first chunk, here of sixteen steps.",
    ),
    # Numbers.
    "ReducedProducts": _note(
        "products of reduced precision",
        "Operands are rounded to TF32 (or less) under a claim of float32.",
        "Off by about one in a thousand: far outside float32, unseen by a loose comparison.",
    ),
    "RoughTanh": _note(
        "rough tanh",
        "tanh is a short rational approximation, clipped.",
        "Off by some per cent around 2; values past 1 are possible.",
        "tensorflow/tensorflow/issues/55390",
    ),
    "SigmoidTwice": _note(
        "sigma of twice the argument",
        "sigma is written with tanh(a) where it should be tanh(a / 2).",
        "Gates are too steep; invisible where they are saturated or at 1/2.",
        "HIPS/autograd/blob/master/examples/rnn.py",
    ),
    "SigmoidOverflow": _note(
        "overflow in sigma",
        "sigma is written e / (1 + e), and exp overflows: infinity over infinity.",
        "NaN for pre-activations past the logarithm of the largest number.",
    ),
    "StateRounded": _note(
        "state carried in less precision",
        "The state is kept in half precision between steps.",
        "Off by about one in a thousand from the second step on.",
    ),
    "Subnormals": _note(
        "subnormal states flushed to 0",
        "Subnormal results are replaced by 0 under a claim that keeps them.",
        "States below the smallest normal number are 0.",
    ),
    # State.
    "InitialStateIgnored": _note(
        "initial state ignored",
        "The initial state is accepted and not used.",
        "Every run starts from zeros.",
    ),
    "StateKept": _note(
        "state kept between calls",
        "A run without initial state starts where the last one ended.",
        "The first call is right and the second is not.",
        "tensorflow/tensorflow/issues/38403",
    ),
    "FinalStateFromPadding": _note(
        "final state taken from the last time",
        "The final state is the output at the last time, padding or not.",
        "Wrong for every row that ends early.",
        "onnx/onnx-mlir/pull/2479",
    ),
    "TimeZero": _note(
        "final state of no time is 0",
        "Without any step the final state is 0, or the call fails.",
        "An empty sequence forgets the state.",
        "pytorch/pytorch/issues/50192",
    ),
    "BatchZero": _note(
        "empty batch refused",
        "An operation inside wants at least one row.",
        "An error for a batch of no rows.",
        "pytorch/pytorch/pull/71696",
        "tensorflow/tensorflow/issues/2127",
    ),
    # Lengths and masks.
    "LengthsIgnored": _note(
        "lengths and masks ignored",
        "Lengths or masks are accepted and not used.",
        "Padding is read as steps.",
        "onnx/onnx/blob/main/onnx/reference/ops/op_gru.py",
    ),
    "LengthOffByOne": _note(
        "rows end one step early",
        "The last valid step of a row is taken for padding.",
        "Wrong final states where there are lengths or a mask.",
    ),
    "MaskAsLength": _note(
        "mask taken for a length",
        "Of a mask only the number of valid steps is used, as if rows were padded on the right.",
        "Wrong for holes and for padding on the left; right for padding on the right.",
    ),
    "LengthZero": _note(
        "a row without steps ends in zeros",
        "The final state of a row of length 0 is 0, not its initial state.",
        "The state of an empty row is lost.",
        "onnx/onnx/issues/1674",
        "microsoft/onnxruntime/pull/749",
        "microsoft/onnxruntime/issues/28490",
    ),
    "PaddingMultiplied": _note(
        "padding multiplied away",
        "Masked steps are computed and multiplied by 0, so a NaN in the padding survives.",
        "NaN in outputs or states wherever padding is not finite.",
        "tensorflow/tensorflow/issues/2540",
    ),
    "LeftPaddingNeutral": _note(
        "padding taken for neutral",
        "Masked inputs are set to 0 and read: with biases, a step on 0 changes the state.",
        "Wrong for every padded row, on the left above all.",
        "zhangj111/astnn/pull/28",
    ),
    "Policy": _note(
        "masked outputs by another policy",
        "Zeros stand where the state reached so far was asked for, or the other way round.",
        "Only outputs at masked steps are wrong, and what reads them.",
        "microsoft/onnxruntime/issues/12492",
        "tensorflow/tensorflow/issues/49241",
        "keras-team/keras/issues/11472",
    ),
    "PolicyBeforeFirst": _note(
        "zeros before the first valid step",
        "Masked outputs are carried from zeros, while the state is carried from the initial state.",
        "Output and state differ before the first valid step of a row with an initial state.",
        "keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/rnn.py",
    ),
    "MaskedFormat": _note(
        "a mask promotes the outputs",
        "Selecting by a mask of another format widens the outputs.",
        "float64 comes back where float32 went in.",
    ),
    # Directions.
    "ReverseIgnored": _note(
        "direction never read",
        "Every run is forward.",
        "Reverse runs, or the second of two directions, are wrong.",
        "apache/tvm/pull/15829",
    ),
    "ReverseNotAligned": _note(
        "reverse outputs in processing order",
        "The outputs of a reverse run are not brought back to the inputs' time.",
        "Outputs are right, at the wrong times.",
        "webmachinelearning/webnn/issues/801",
        "keras-team/keras/issues/3163",
    ),
    "ReversePadding": _note(
        "reverse starts in the padding",
        "The inputs are flipped and the mask is not.",
        "Reverse runs are wrong for every row that is padded.",
        "onnx/onnx-tensorflow/issues/342",
        "pytorch/pytorch/issues/1811",
    ),
    "ReverseShort": _note(
        "reverse stops one step early",
        "The step at time 0 is left out.",
        "The final state of a reverse run is one step old.",
    ),
    "ReverseFinalState": _note(
        "reverse final state from the wrong time",
        "The final state of a reverse run is taken at the last time, where it had only begun.",
        "The final state is that of one step.",
        "yalesong/pvse/issues/13",
    ),
    "DirectionsShareWeights": _note(
        "directions share their weights",
        "The backward direction uses the forward weights.",
        "The backward direction is wrong.",
    ),
    "DirectionsSwapStates": _note(
        "initial states of the directions exchanged",
        "Each direction starts from the other's initial state.",
        "Both directions are wrong where their initial states differ.",
        "microsoft/onnxruntime/issues/1607",
    ),
    "FinalStatesSwapped": _note(
        "final states of the directions exchanged",
        "The final states come back in the other order.",
        "Outputs are right and the two final states exchanged.",
    ),
    "MergeAverage": _note(
        "mean not halved",
        "The mean of both directions is their sum.",
        "Outputs are twice as large.",
    ),
    "BidirectionalPolicy": _note(
        "policy ignored with two directions",
        "With two directions masked outputs are carried, whatever was asked for.",
        "Outputs at masked steps are wrong.",
        "microsoft/onnxruntime/issues/12492",
    ),
    # Gradients and the contract of a function.
    "GradientAtMasked": _note(
        "gradient to masked inputs",
        "The mask is left out of the backward pass.",
        "A masked input gets a gradient that is not 0.",
    ),
    "GradientNaN": _note(
        "NaN through a masked select",
        "The gradient of the step not taken is multiplied by 0, and 0 times NaN is NaN.",
        "One NaN in the padding makes every gradient NaN.",
        "tensorflow/tensorflow/issues/2540",
        "tensorflow/tensorflow/issues/6209",
    ),
    "GradientScaled": _note(
        "gradients off by a factor",
        "A derivative has a wrong constant: every gradient is 1.0005 times what it should be.",
        "Unseen by comparisons to three digits; training goes on, elsewhere.",
    ),
    "GradientOfReset": _note(
        "no gradient through the reset gate",
        "The path through the reset gate is left out of the backward pass.",
        "Its weights get no gradient, and what it reads too little.",
    ),
    "GradientOfRecurrentBias": _note(
        "no gradient to the recurrent bias",
        "The recurrent bias is left out of the backward pass.",
        "It stays as it was initialised.",
    ),
    "GradientsSwapped": _note(
        "gradients of the directions exchanged",
        "Each direction gets the gradients of the other's kernel.",
        "Two directions learn from each other's errors.",
    ),
    "GradientOfFinalState": _note(
        "cotangent of the final state ignored",
        "Only the outputs' cotangents are propagated.",
        "Wrong gradients where the final state is used beside the outputs.",
    ),
    "GradientOfInitialState": _note(
        "initial state detached",
        "The initial state gets no gradient.",
        "Its gradient is 0: a learnt initial state stays as it is.",
    ),
    "GradientOfMaskedOutput": _note(
        "cotangents at masked outputs by another policy",
        "What stands at a masked step is carried and its cotangent dropped, or it is 0 and its cotangent taken.",
        "Wrong gradients where masked outputs are used.",
    ),
    "InputsModified": _note(
        "arguments overwritten",
        "Inputs are scaled, zeroed or reused as a buffer.",
        "The caller's arrays change.",
    ),
}
"""Every bug that some vector shows, by its flag."""

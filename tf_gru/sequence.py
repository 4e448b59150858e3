"""The whole sequence as one differentiable function.

Left out: the equations (see steps.py), the kernels and their derivatives (see kernels/), the checks of arguments (see
arguments.py).
"""

import keras
import tensorflow as tf

from tf_gru import arguments
from tf_gru.export import litert
from tf_gru.export.tracing import check_held, tracing_for
from tf_gru.kernels import dispatch
from tf_gru.static_shape import static_shape
from tf_gru.steps import Activation, split_bias


def gru(
    inputs,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    reset: str = "after",
    initial_state=None,
    lengths=None,
    mask=None,
    reverse: bool = False,
    masked_outputs: str = "carry",
    activation: str | Activation | None = "tanh",
    recurrent_activation: str | Activation | None = "sigmoid",
    unroll: bool = False,
    fused: bool = True,
    dropout_mask=None,
    recurrent_dropout_mask=None,
    jit: bool | str = "auto",
    recompute: bool = False,
    use_cudnn: bool | str = "auto",
    use_native: bool | str = "auto",
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run a GRU over whole sequences.

    On a GPU, float32 products of every kernel use TF32 (10 bits after the point) unless
    tf.config.experimental.enable_tensor_float_32_execution(False) is called.

    Args:
        inputs: (batch, time, input_dim), float16, bfloat16, float32 or float64; all other arrays have the same dtype.
        kernel: Keras' layout (input_dim, 3 units), gates z, r, n side by side; (input_dim, 2 units), gates z, n, for
            reset="none".
        recurrent_kernel: (units, 3 units), or (units, 2 units) for reset="none".
        bias: (2, 3 units) for reset="after", (3 units,) for reset="before", (2 units,) for reset="none"; None means
            zeros.
        reset: The position of the reset gate: "after" the product, "before" it, or "none".
        initial_state: (batch, units); None means zeros.
        lengths: Integers (batch,) from 0 to time, for rows that are padded on the right. With a mask, both must agree.
        mask: Booleans (batch, time) in any pattern, True where the step counts. A masked step copies the state and
            reads nothing. It adds nothing to a gradient either, if the derivatives of both activations are finite where
            inputs and state are zeros (without a bias, at 0).
        reverse: True runs from the last step to the first; the outputs stay at their inputs' time.
        masked_outputs: The output of a masked step: "carry", the state reached so far, or "zero".
        activation: The activation of the candidate: a name that Keras knows, a function, or None for the identity.
        recurrent_activation: The activation of the gates, likewise.
        unroll: True makes one copy of the step for each step of a statically known time, instead of a loop.
        fused: True computes one product for all gates where possible, False one for each gate.
        dropout_mask: Factors of the inputs wherever a gate reads them, at every step: (batch, input_dim) for all gates,
            or (gates, batch, input_dim) for each.
        recurrent_dropout_mask: Factors of the state, likewise: (batch, units) or (gates, batch, units).
        jit: Compilation by XLA, for calls with tanh and sigmoid that need no derivative of TensorFlow's own. True
            compiles, once for each batch and time. "auto" compiles if XLA compiles the caller (jit_compile=True). False
            never compiles. True refuses a second derivative, or forward mode, that it detects; for a second derivative
            of a tf.function around the call, the function runs again from the inputs, uncompiled.
            `tf_gru.kernels.chosen` lists the kernel of a call, with the reason.
        recompute: True keeps only inputs and states of the forward pass for training, and computes the rest again, one
            chunk of time after another.
        use_cudnn: "auto" uses cuDNN's kernel if an NVIDIA GPU is visible and the kernel supports the call: reset after
            the product, tanh and sigmoid, no dropout mask, float16, float32 or float64, and not within a function that
            XLA compiles. Each call, in a graph too, checks its mask: another kernel runs unless every row is padded on
            the right and has a step. True refuses a call that the kernel does not support for another reason; False
            never uses it. Otherwise `jit` and the other options decide. A graph traced with it runs on GPUs only; an
            exported graph contains it only with True.
        use_native: "auto" uses the kernel in C++ if it was built with the package and supports the call: on a CPU, tanh
            and sigmoid, float32 or float64, no dropout mask, no unroll, fused, a single visible derivative; not within
            a function that XLA compiles, nor in an exported graph. In this kernel a row's numbers depend on no other
            row. True refuses a call that it does not support; False never uses it. Without it, a loop of TensorFlow's
            operators runs, uncompiled unless `jit` compiles it: several times slower.

    Returns:
        Outputs (batch, time, units), aligned with the inputs' time, and the final state (batch, units).

    Raises:
        ValueError: If a value or shape that is known at the call or trace does not fit.
        TypeError: If a dtype or type does not fit.
        tf.errors.InvalidArgumentError: If lengths or shapes that are known only when a graph runs do not fit. Under
            jit_compile a wrong shape fails to compile, but XLA drops assertions of values: a negative length then
                counts as
            0, a length beyond time as time, and lengths beside a mask are ignored.

    Source: Cho et al. 2014, arXiv:1406.1078, version 1 (reset after the product) and version 3 (before it).

    Examples:
        >>> import numpy as np
        >>> import tf_gru
        >>> x, h = np.ones((1, 2, 1), "float32"), np.ones((1, 1), "float32")
        >>> zeros = np.zeros((1, 3), "float32")
        >>> outputs, final_state = tf_gru.gru(x, zeros, zeros, initial_state=h)
        >>> outputs.numpy().tolist()  # zero weights: each step halves the state
        [[[0.5], [0.25]]]
    """
    reverse, unroll, fused, recompute = arguments.flags(
        reverse=reverse, unroll=unroll, fused=fused, recompute=recompute
    ).values()
    jit = arguments.check_choice("jit", jit, ("auto", True, False))
    use_cudnn = arguments.check_choice("use_cudnn", use_cudnn, ("auto", True, False))
    use_native = arguments.check_choice("use_native", use_native, ("auto", True, False))
    inputs, (kernel, recurrent_kernel, bias), units, mask, scales = arguments.checked(
        inputs,
        kernel,
        recurrent_kernel,
        bias,
        reset=reset,
        masked_outputs=masked_outputs,
        mask=mask,
        lengths=lengths,
        dropout_masks=(dropout_mask, recurrent_dropout_mask),
    )
    check_held("gru", inputs.dtype.name)
    start = _initial_state(initial_state, inputs, units)
    inputs = arguments.in_batch_of(inputs, start)
    weights = (kernel, recurrent_kernel, *split_bias(reset, bias))
    given = {
        "reset": reset,
        "reverse": reverse,
        "masked_outputs": masked_outputs,
        "activations": (keras.activations.get(activation), keras.activations.get(recurrent_activation)),
        "scales": scales,
        "fused": fused,
    }
    target = tracing_for()
    if target == "litert":
        outputs, final_state = litert.run(inputs, start, weights, mask, **given)
    else:
        if target == "onnx":  # ONNX's runtimes have neither XLA nor these ops
            jit = use_cudnn = use_native = False
        how = {"unroll": unroll, "jit": jit, "recompute": recompute, "use_cudnn": use_cudnn, "use_native": use_native}
        outputs, final_state = dispatch.run(inputs, start, weights, mask, **given, **how)
    batch, time = static_shape(inputs)[:2]
    outputs.set_shape((batch, time, units))
    final_state.set_shape((batch, units))
    return outputs, final_state


def _initial_state(initial_state, inputs: tf.Tensor, units: int) -> tf.Tensor:
    if initial_state is None:
        batch = static_shape(inputs)[0]
        return tf.zeros((tf.shape(inputs)[0] if batch is None else batch, units), inputs.dtype)
    return arguments.state("initial_state", initial_state, inputs, units)

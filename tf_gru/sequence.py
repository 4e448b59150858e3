"""The whole sequence as one differentiable function.

Left out: the equations (see steps.py), how they are run and differentiated (see kernels/), what may be passed (see
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
    """Outputs (batch, time, units), aligned with the inputs' time, and the final state (batch, units).

    inputs: (batch, time, input_dim), float16, bfloat16, float32 or float64; everything else has the same dtype.
    kernel, recurrent_kernel, bias: Keras' layout, gates z, r, n side by side on the last axis: (input_dim, 3 * units),
        (units, 3 * units), and (2, 3 * units) for reset="after", (3 * units,) for reset="before". reset="none" has no
        reset gate, so 2 for 3 and one row of bias.
    initial_state: (batch, units); None is zeros.
    mask: any booleans (batch, time), True where the step counts. A masked step copies the state and reads nothing,
        whatever stands there. It adds nothing to a gradient either, if the derivatives of both activations are finite
        where inputs and state are zeros; without a bias that is at 0.
    lengths: integers (batch,) from 0 to time; a mask padded on the right. With a mask too, both must say the same.
    reverse: from the last step to the first; the outputs stay at their inputs' time.
    masked_outputs: at a masked step "carry" gives the state reached so far, "zero" gives 0.
    activation, recurrent_activation: of the candidate and of the gates; a name Keras knows, a function, None for none.
    unroll: one copy of the step for each step of a statically known time, in place of a loop.
    fused: one product for all gates where nothing forbids it; else one for each gate.
    dropout_mask, recurrent_dropout_mask: multiply the inputs and the state wherever a gate reads them, at every step:
        (batch, width) for all gates, or (gates, batch, width) for each.
    jit: with tanh and sigmoid, and without what needs TensorFlow's own derivatives, True is compiled by XLA, again for
        each batch and time. "auto" is compiled where XLA compiles the caller (jit_compile=True), False not even there.
        True refuses a second derivative, or forward mode, that it sees under way; one of a tf.function around the call
        is found again from the inputs, uncompiled. `tf_gru.kernels.chosen` lists the kernel that a call takes, and why.
    recompute: training keeps only inputs and states from the forward pass, and computes the rest again, a chunk of time
        after the other.
    use_cudnn: "auto" takes cuDNN's kernel where an NVIDIA GPU is visible and the kernel can do what is asked: reset
        after the product, tanh and sigmoid, no dropout mask, float16, float32 or float64, and not within a function
        that XLA compiles. Each call, in a graph too, looks at its mask: another kernel runs unless every row is padded
        on the right and has a step. True refuses where the kernel cannot be taken for another reason; False never takes
        it. What it leaves out, `jit` and the rest decide. A graph that was traced with it runs on GPUs alone; what is
        exported has it only with True.
    use_native: "auto" takes the kernel in C++ where it was built with the package and can do what is asked: on a CPU,
        tanh and sigmoid, float32 or float64, no dropout mask, no unroll, fused, one derivative that can be seen; not
        within a function that XLA compiles, nor in a graph that is exported. There a row's numbers depend on nothing
        but the row. True refuses where it cannot be taken; False never takes it. What it leaves out is a loop of
        TensorFlow's operators, uncompiled unless `jit` says so: several times slower.

    On a GPU, by any kernel, float32 products are in TF32 (10 bits after the point) unless
    tf.config.experimental.enable_tensor_float_32_execution(False) is called.

    Raises ValueError or TypeError for what can be seen when it is called or traced. Lengths or shapes known only when
    a graph runs are asserted there (tf.errors.InvalidArgumentError). Under jit_compile a wrong shape fails to compile,
    but XLA drops assertions of values, so such lengths must be right: a negative one then counts as 0, one beyond time
    as time, and beside a mask they count for nothing.
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
        if target == "onnx":  # its runtimes have neither XLA nor these ops
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

"""The kernel in C++ as one differentiable function: TensorFlow's ops TfGru and TfGruBackward, and their derivatives.

TfGru keeps its gates if something differentiates it: a tape that watches at the call, or the gradient of its graph,
which sets `keep` when it is built. If nothing was kept, TfGruBackward computes the gates again, to the same bits, one
chunk of time after another.

Left out: the equations (see native/after.h, before.h, none.h). The general kernel computes second derivatives.
"""

from functools import lru_cache

import tensorflow as tf

from tf_gru import native, private_tensorflow
from tf_gru.kernels import autodiff

DTYPES = ("float32", "float64")
GUARD = (
    "the_native_kernel_of_tf_gru_cannot_be_saved__trace_this_function_within_tf_gru.export.exporting_to__"
    "or_give_the_layer_use_native_False"
)
"""The name of a variable that belongs to no model. TensorFlow refuses to save a graph with the op, and shows this
name.
"""


def run(
    inputs: tf.Tensor,  # batch time input_dim
    h: tf.Tensor,  # batch units
    weights: tuple,  # kernel, recurrent kernel, the inputs' bias, the state's
    valid: tf.Tensor | None,  # batch time
    *,
    reset: str,
    reverse: bool,
    masked_outputs: str,
    recompute: bool,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state."""
    kernel, recurrent_kernel, bias, bias_h = weights
    watched = private_tensorflow.watched([each for each in (inputs, h, *weights) if each is not None])
    outputs, final_state, _ = native.library().ops.tf_gru(
        inputs=inputs,
        start=h,
        kernel=kernel,
        recurrent_kernel=recurrent_kernel,
        bias=_or_nothing(bias, inputs.dtype),
        bias_h=_or_nothing(bias_h, inputs.dtype),
        valid=_or_nothing(valid, tf.bool),
        guard=_guard().handle,
        reset=reset,
        reverse=reverse,
        zero=masked_outputs == "zero",
        keep=watched and not recompute,
        recompute=recompute,
    )
    return outputs, final_state


def _or_nothing(tensor: tf.Tensor | None, dtype: tf.DType) -> tf.Tensor:
    return tf.zeros((0,), dtype) if tensor is None else tensor


@lru_cache(maxsize=1)
def _guard() -> tf.Variable:
    with tf.init_scope(), tf.device("CPU"):
        return tf.Variable(tf.zeros(()), trainable=False, name=GUARD)


@tf.RegisterGradient("TfGru")
def _gradient(op, d_outputs, d_final_state, _):
    """The derivative, by the op TfGruBackward."""
    inputs, (outputs, _, kept) = op.inputs, op.outputs
    if not op.get_attr("recompute"):
        private_tensorflow.set_flag(op, "keep", True)
    gradients = native.library().ops.tf_gru_backward(
        *inputs, outputs, kept, d_outputs, d_final_state, **{name: op.get_attr(name) for name in OPTIONS}
    )
    given = [gradient if _is_there(each) else None for each, gradient in zip(inputs[:6], gradients, strict=True)]
    return [*given, None, tf.zeros(())]


OPTIONS = ("reset", "reverse", "zero")


def _is_there(tensor: tf.Tensor) -> bool:
    return tensor.shape.rank != 1 or tensor.shape[0] != 0


@tf.RegisterGradient("TfGruBackward")
def _second_gradient(op, *cotangents):
    """The derivative of the derivative: the general kernel's, run again from the start."""
    *tensors, valid, _, _, _, d_outputs, d_final_state = op.inputs
    reset = op.get_attr("reset")
    options = (reset.decode() if isinstance(reset, bytes) else reset, op.get_attr("reverse"), op.get_attr("zero"))
    there = tuple(_is_there(each) for each in (*tensors, valid))
    sizes = tuple(tuple(each.shape) for each in tensors[2:])
    *second, d_d_outputs, d_d_final_state = _general(*options, there, sizes)(
        [*tensors, d_outputs, d_final_state], valid, cotangents
    )
    given = [gradient if has else None for gradient, has in zip(second, there[:-1], strict=True)]
    return [*given, None, tf.zeros(()), None, None, d_d_outputs, d_d_final_state]


@lru_cache(maxsize=64)
def _general(reset: str, reverse: bool, zero: bool, there: tuple[bool, ...], sizes: tuple):
    """The function that pulls cotangents back through the general kernel's derivative.

    It has its own graph, because a tape inside another forward mode would record nothing, and return zeros.

    sizes: the shapes of the weights, which a function traced again for other shapes would lose.
    """

    def second(tensors, valid, cotangents):
        inputs, start, *weights, d_outputs, d_final_state = tensors
        for each, shape in zip(weights, sizes, strict=True):
            each.set_shape(shape)
        weights = tuple(each if has else None for each, has in zip(weights, there[2:-1], strict=True))
        results = autodiff.run(
            inputs,
            start,
            weights,
            valid if there[-1] else None,
            reset=reset,
            reverse=reverse,
            masked_outputs="zero" if zero else "carry",
            activations=(tf.tanh, tf.sigmoid),
            scales=(None, None),
            unroll=False,
            fused=True,
        )
        first = tf.gradients(results, tensors[:6], [d_outputs, d_final_state], unconnected_gradients="zero")
        return tf.gradients(first, tensors, list(cotangents), unconnected_gradients="zero")

    return tf.function(second, autograph=False, reduce_retracing=True)

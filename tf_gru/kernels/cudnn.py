"""cuDNN's GRU on an NVIDIA GPU: TensorFlow's op CudnnRNNV3, with its gradient.

It resets after the product, uses tanh and sigmoid, and requires rows that are padded on the right and have at least one
step; `fits` checks this. Past the end of a row it returns 0, which `masked_outputs` replaces.

Float32 products use TF32, with 10 bits after the point, unless
tf.config.experimental.enable_tensor_float_32_execution(False) is called.

Source: the weights have the order of cuDNN's CUDNN_GRU: W_r, W_z, W_n, U_r, U_z, U_n, each (units, width) row by row,
then their biases in the same order.

Left out: rows without a step, holes and padding on the left (another kernel runs them, see choice.py); bfloat16, which
the op computes in float32; second derivatives, which the op does not have.
"""

from typing import Any

import tensorflow as tf

from tf_gru.kernels.recurrence import Weights

DIFFERENTIATED_ONCE = (
    "the kernel of cuDNN can be differentiated once, but a second derivative, a persistent tape or forward mode "
    "outside the tf.function that calls it asks for more: give the layer, or gru, use_cudnn=False and jit=False"
)


def run(inputs, h, weights: Weights, valid, *, reverse: bool, masked_outputs: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state.

    inputs: (batch, time, input_dim). valid: (batch, time), or None if all steps count.
    """
    batch, time = tf.shape(inputs)[0], tf.shape(inputs)[1]
    lengths = tf.fill([batch], time)
    x = inputs
    if valid is not None:
        lengths = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1)
        x = tf.where(valid[:, :, None], inputs, tf.zeros_like(inputs))
    if reverse:
        x = tf.reverse_sequence(x, lengths, seq_axis=1, batch_axis=0)
    x, start, params = _differentiated_once(x, h, packed(weights))
    outputs, final_state = op(x, start, params, lengths)
    if reverse:
        outputs = tf.reverse_sequence(outputs, lengths, seq_axis=1, batch_axis=0)
    if valid is not None:
        reached = h if reverse else final_state  # in reverse the padding comes before the first valid step
        masked = tf.zeros_like(h) if masked_outputs == "zero" else reached
        outputs = tf.where(valid[:, :, None], outputs, masked[:, None])
    return outputs, final_state


def op(x, h, params, lengths) -> tuple[tf.Tensor, tf.Tensor]:
    """Call the op: outputs (batch, time, units), and the state after the last step of each row."""
    outputs, final_state, *_ = tf.raw_ops.CudnnRNNV3(
        input=x,
        input_h=h[:, None],
        input_c=tf.zeros((), x.dtype),  # for an LSTM only
        params=params,
        sequence_lengths=lengths,
        rnn_mode="gru",
        is_training=True,  # otherwise it keeps no tensors for the derivative
        time_major=False,
    )
    return outputs, final_state[:, 0]


def fits(inputs: tf.Tensor, valid: tf.Tensor | None) -> bool | tf.Tensor:
    """True if there are rows, each padded on the right and with a step: a boolean if it is known now, otherwise a
    tensor.
    """
    if valid is None:
        known = inputs.shape[:2]
        return 0 not in known if known.is_fully_defined() else tf.reduce_all(tf.shape(inputs)[:2] > 0)
    fitting = right_padded(valid)
    return bool(fitting) if tf.executing_eagerly() else fitting


def right_padded(valid: tf.Tensor) -> tf.Tensor:
    """True if there are rows, each begins with a valid step, and no valid step follows a masked one."""
    starts, continues = valid[:, :1], valid[:, :-1] | tf.logical_not(valid[:, 1:])
    return tf.reduce_all(tf.concat([starts, continues], axis=1)) & (tf.size(valid) > 0)


def packed(weights: Weights) -> tf.Tensor:
    """All weights in cuDNN's order, in one row. Gates z, r, n become r, z, n, and a missing bias becomes zeros."""
    kernels = [tf.transpose(each) for kernel in (weights.W, weights.U) for each in _of_cudnn(kernel)]
    biases = [weights.b_x, weights.b_h]
    biases = [tf.zeros_like(weights.U[0]) if bias is None else bias for bias in biases]
    biases = [each for bias in biases for each in _of_cudnn(bias)]
    return tf.concat([tf.reshape(each, (-1,)) for each in kernels + biases], axis=0)


def _of_cudnn(fused: tf.Tensor) -> tuple:
    """The gates r, z, n of an array with z, r, n side by side."""
    z, r, n = tf.split(fused, 3, axis=-1)
    return r, z, n


@tf.custom_gradient
def _differentiated_once(*tensors) -> Any:
    """The tensors unchanged. A second derivative through the op raises an error."""
    return [tf.identity(tensor) for tensor in tensors], _gradients  # in the same graph, in a branch too


@tf.custom_gradient
def _gradients(*cotangents):
    return cotangents, _refuse_second_derivatives


def _refuse_second_derivatives(*cotangents):
    if tf.executing_eagerly():
        raise NotImplementedError(DIFFERENTIATED_ONCE)
    # A graph may contain this derivative and never run it, as a SavedModel does.
    with tf.control_dependencies([tf.debugging.Assert(tf.constant(False), [DIFFERENTIATED_ONCE])]):
        return [tf.identity(each) for each in cotangents]

"""What stands at a masked step, left unread: also by what others make of a graph of ours."""

import tensorflow as tf

HALF = (tf.float16, tf.bfloat16)


def or_zeros(valid: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """The values where valid is True, and zeros elsewhere, whatever stands there; the shapes are broadcast.

    tf2onnx makes products with 0 and 1 of a choice, which read NaN, unless infinities have to do with its condition;
    in half precision it always does.
    """
    if tf.executing_eagerly():
        return tf.where(valid, values, tf.zeros_like(values))
    valid = tf.math.is_inf(tf.where(valid, float("inf"), 0.0))
    wide = tf.cast(values, tf.float32) if values.dtype in HALF else values
    return tf.cast(tf.where(valid, wide, tf.zeros_like(wide)), values.dtype)

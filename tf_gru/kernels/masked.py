"""Zeros in place of masked steps, in a form that other programs which read the graph keep unread."""

import tensorflow as tf

HALF = (tf.float16, tf.bfloat16)


def or_zeros(valid: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """The values where valid is True, and zeros elsewhere; the shapes are broadcast.

    tf2onnx converts a choice to products with 0 and 1, which read NaN, unless its condition involves infinities; in
    half precision it always does.
    """
    if tf.executing_eagerly():
        return tf.where(valid, values, tf.zeros_like(values))
    valid = tf.math.is_inf(tf.where(valid, float("inf"), 0.0))
    wide = tf.cast(values, tf.float32) if values.dtype in HALF else values
    return tf.cast(tf.where(valid, wide, tf.zeros_like(wide)), values.dtype)

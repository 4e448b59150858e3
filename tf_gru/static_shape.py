"""The sizes of a tensor that TensorFlow knows before anything runs, as Python numbers.

In a TensorFlow 1 program that begins with tf.compat.v1.disable_v2_behavior(), `shape[axis]` is a Dimension: it is not
None for an unknown size, and cannot be used to make tensors.
"""

from typing import Any

import tensorflow as tf


def static_shape(tensor: tf.Tensor) -> tuple[Any, ...]:
    """The size of each axis: a number, or None if it is known only when the graph runs."""
    return tuple(tensor.shape.as_list())

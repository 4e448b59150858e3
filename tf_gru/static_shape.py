"""The sizes of a tensor that TensorFlow knows before anything runs, as Python numbers.

In a program of TensorFlow 1 that begins with tf.compat.v1.disable_v2_behavior(), `shape[axis]` is a Dimension instead:
not None where the size is unknown, and not what tensors are made of.
"""

from typing import Any

import tensorflow as tf


def static_shape(tensor: tf.Tensor) -> tuple[Any, ...]:
    """The size of each axis: a number, or None where only a run of the graph will know it."""
    return tuple(tensor.shape.as_list())

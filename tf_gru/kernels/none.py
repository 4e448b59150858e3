"""No reset gate: one step, and the derivative of all steps, in the parts that after.py explains.

Left out: masks and time (see recurrence.py), activations other than sigmoid and tanh (see autodiff.py).
"""

from typing import NamedTuple

import tensorflow as tf

RECURRENT = (2,)
"""The number of gates in each tensor of the recurrent side."""

WRITTEN = 2
"""The width that a backward step writes, in multiples of units."""


class Slopes(NamedTuple):
    """Derivatives of the next state: by the state directly, and by the pre-activations of both gates."""

    z: tf.Tensor  # rows units
    by_a: tf.Tensor  # rows 2*units


def recurrent(_, h, U, __) -> tuple[tf.Tensor]:
    """The recurrent side of both gates."""
    return (tf.matmul(h, U),)


def advance(x, h, kept) -> tf.Tensor:
    """The next state."""
    z, n = _gates(x, kept)
    return z * h + (1 - z) * n


def slopes(x, h, kept) -> Slopes:
    """The local derivatives at the rows of all steps."""
    z, n = _gates(x, kept)
    return Slopes(z, tf.concat([(h - n) * z * (1 - z), (1 - z) * (1 - n * n)], axis=-1))


def retreat(dh, s: Slopes, U) -> tuple[tf.Tensor, tf.Tensor]:
    """The cotangent of the state before the step, and the cotangents of the pre-activations."""
    da = tf.tile(dh, (1, 2)) * s.by_a
    return dh * s.z + tf.matmul(da, U, transpose_b=True), da


def weight_gradients(da, _, h) -> tuple[tf.Tensor, tf.Tensor, None]:
    """Gradients of the projected inputs and of the recurrent kernel."""
    return da, tf.matmul(h, da, transpose_a=True), None


def _gates(x, kept):
    x_z, x_n = x
    h_z, h_n = tf.split(kept[0], 2, axis=-1)
    return tf.sigmoid(x_z + h_z), tf.tanh(x_n + h_n)

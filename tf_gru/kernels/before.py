"""Reset before the product: one step, and the derivative of all steps, in the parts that after.py explains.

Source: Cho et al. 2014, arXiv:1406.1078, version 3.

Left out: masks and time (see recurrence.py), activations other than sigmoid and tanh (see autodiff.py).
"""

from typing import NamedTuple

import tensorflow as tf

from tf_gru.static_shape import static_shape

RECURRENT = (2, 1)
"""The number of gates in each tensor of the recurrent side."""

WRITTEN = 3
"""The width that a backward step writes, in multiples of units."""


class Slopes(NamedTuple):
    """Derivatives, each rows by units."""

    z: tf.Tensor  # of the next state, by the state directly
    by_z: tf.Tensor  # of the next state, by the pre-activations
    by_n: tf.Tensor
    r: tf.Tensor  # of the reset state r * h, by the state
    by_r: tf.Tensor  # of the reset state, by the reset gate's pre-activation


def recurrent(x, h, U, _) -> tuple[tf.Tensor, tf.Tensor]:
    """The recurrent side of the gates, and of the candidate, which waits for the reset gate."""
    units = static_shape(h)[-1]
    h_zr = tf.matmul(h, U[:, : 2 * units])
    r = tf.sigmoid(x[1] + h_zr[:, units:])
    return h_zr, tf.matmul(r * h, U[:, 2 * units :])


def advance(x, h, kept) -> tf.Tensor:
    """The next state."""
    z, _, n = _gates(x, kept)
    return z * h + (1 - z) * n


def slopes(x, h, kept) -> Slopes:
    """The local derivatives at the rows of all steps."""
    z, r, n = _gates(x, kept)
    return Slopes(z, (h - n) * z * (1 - z), (1 - z) * (1 - n * n), r, h * r * (1 - r))


def retreat(dh, s: Slopes, U) -> tuple[tf.Tensor, tf.Tensor]:
    """The cotangent of the state before the step, and the cotangents of the pre-activations."""
    units = static_shape(dh)[-1]
    da_n = dh * s.by_n
    drh = tf.matmul(da_n, U[:, 2 * units :], transpose_b=True)
    da_zr = tf.concat([dh * s.by_z, drh * s.by_r], axis=-1)
    dh = dh * s.z + drh * s.r + tf.matmul(da_zr, U[:, : 2 * units], transpose_b=True)
    return dh, tf.concat([da_zr, da_n], axis=-1)


def weight_gradients(da, s: Slopes, h) -> tuple[tf.Tensor, tf.Tensor, None]:
    """Gradients of the projected inputs and of the recurrent kernel."""
    units = static_shape(h)[-1]
    dU_zr = tf.matmul(h, da[:, : 2 * units], transpose_a=True)
    dU_n = tf.matmul(s.r * h, da[:, 2 * units :], transpose_a=True)
    return da, tf.concat([dU_zr, dU_n], axis=-1), None


def _gates(x, kept):
    x_z, x_r, x_n = x
    h_zr, h_n = kept
    h_z, h_r = tf.split(h_zr, 2, axis=-1)
    return tf.sigmoid(x_z + h_z), tf.sigmoid(x_r + h_r), tf.tanh(x_n + h_n)

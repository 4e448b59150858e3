"""Reset after the product: one step, and the derivative of all steps.

A forward step has two halves: `recurrent` computes the products with the state, `advance` the elementwise rest.
Backward, `slopes` computes the local derivatives of all steps at once, `retreat` the remaining work of each step, and
`weight_gradients` again works on all steps at once. "Rows" are the rows of one step, or of all steps stacked.

Source: Cho et al. 2014, arXiv:1406.1078, version 1.

Left out: masks and time (see recurrence.py), activations other than sigmoid and tanh (see autodiff.py).
"""

from typing import NamedTuple

import tensorflow as tf

from tf_gru.static_shape import static_shape

RECURRENT = (3,)
"""The number of gates in each tensor of the recurrent side."""

WRITTEN = 1
"""The width that a backward step writes, in multiples of units."""


class Slopes(NamedTuple):
    """Derivatives of the next state: by the state directly, by the recurrent side, by the candidate's input side."""

    z: tf.Tensor  # rows units
    by_h: tf.Tensor  # rows 3*units
    by_x_n: tf.Tensor  # rows units


def recurrent(_, h, U, b_h) -> tuple[tf.Tensor]:
    """The recurrent side of all gates."""
    product = tf.matmul(h, U)
    return (product if b_h is None else product + b_h,)


def advance(x, h, kept) -> tf.Tensor:
    """The next state."""
    z, _, n, _ = _gates(x, kept)
    return z * h + (1 - z) * n


def slopes(x, h, kept) -> Slopes:
    """The local derivatives at the rows of all steps."""
    z, r, n, h_n = _gates(x, kept)
    s_z = (h - n) * z * (1 - z)
    s_n = (1 - z) * (1 - n * n)
    s_r = s_n * h_n * r * (1 - r)
    return Slopes(z, tf.concat([s_z, s_r, s_n * r], axis=-1), s_n)


def retreat(dh, s: Slopes, U) -> tuple[tf.Tensor, tf.Tensor]:
    """The cotangent of the state before the step, and the cotangent of the state after it for the weights'
    gradients.
    """
    da_h = tf.tile(dh, (1, 3)) * s.by_h
    return dh * s.z + tf.matmul(da_h, U, transpose_b=True), dh


def weight_gradients(dh, s: Slopes, h) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gradients of the projected inputs, the recurrent kernel and the recurrent bias."""
    da_h = tf.tile(dh, (1, 3)) * s.by_h
    da_x = tf.concat([da_h[:, : 2 * static_shape(dh)[-1]], dh * s.by_x_n], axis=-1)
    return da_x, tf.matmul(h, da_h, transpose_a=True), tf.reduce_sum(da_h, axis=0)


def _gates(x, kept):
    x_z, x_r, x_n = x
    h_z, h_r, h_n = tf.split(kept[0], 3, axis=-1)
    z = tf.sigmoid(x_z + h_z)
    r = tf.sigmoid(x_r + h_r)
    return z, r, tf.tanh(x_n + r * h_n), h_n

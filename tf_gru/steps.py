"""One step of the GRU: reset after the product, before it, or no reset.

The code is the definition: the cell, the export and the general kernel (kernels/autodiff.py) call it. The kernels
after.py, before.py and none.py contain it again, beside their derivatives; tests require the same bits of both.

Source: Cho et al. 2014, arXiv:1406.1078, version 1 (reset after the product) and version 3 (before it).

Left out: time and masks (see sequence.py).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_gru.static_shape import static_shape

GATES = {"after": 3, "before": 3, "none": 2}  # z, r, n; without a reset gate z, n

Activation = Callable[..., Any]


class Block(NamedTuple):
    """The factors of one product: all of a kernel, or some of its gates."""

    kernel: tf.Tensor  # width of the values, gates * units
    bias: tf.Tensor | None  # gates * units
    scale: tf.Tensor | None  # dropout factors of the values
    gates: int


class Recurrence(NamedTuple):
    """The factors that all steps of a sequence share."""

    blocks: Sequence[Block]
    activation: Activation
    recurrent_activation: Activation


def blocks(kernel, bias, scale, sizes: Sequence[int]) -> list[Block]:
    """Cut a kernel into products of the given numbers of gates.

    scale: one for all gates (batch, width), or one for each product, along a first axis.
    """
    units = static_shape(kernel)[-1] // sum(sizes)
    widths = [units * gates for gates in sizes]
    kernels = tf.split(kernel, widths, axis=-1)
    biases = [None] * len(sizes) if bias is None else tf.split(bias, widths, axis=-1)
    scales = [scale] * len(sizes) if scale is None or scale.shape.rank == 2 else tf.unstack(scale, len(sizes))
    return [Block(*factors) for factors in zip(kernels, biases, scales, sizes, strict=True)]


def products(values: tf.Tensor, factors: Sequence[Block]) -> list[tf.Tensor]:
    """One (..., units) tensor for each gate: values * scale @ kernel + bias."""
    gates = []
    for kernel, bias, scale, count in factors:
        scaled = values if scale is None else values * scale
        product = tf.matmul(scaled, kernel) if scaled.shape.rank == 2 else _of_all_steps(scaled, kernel)
        gates += tf.split(product if bias is None else product + bias, count, axis=-1)
    return gates


def _of_all_steps(values: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """(time, batch, width) @ kernel in one product, for at least one step."""
    width, gates = static_shape(kernel)
    rows = tf.reshape(values, (-1, tf.shape(kernel)[0] if width is None else width))
    return in_time(tf.matmul(rows, kernel), values, gates)


def in_time(rows: tf.Tensor, like: tf.Tensor, width: int) -> tf.Tensor:
    """Reshape rows to (time, batch, width), for at least one step.

    The batch is inferred: if it is 0, ONNX reads a size of 0 as another size.
    """
    time, batch = static_shape(like)[:2]
    steps = tf.shape(like)[0] if time is None else time
    return tf.ensure_shape(tf.reshape(rows, (steps, -1, width)), (time, batch, width))


def input_blocks(reset: str, kernel, bias, scale, fused: bool) -> list[Block]:
    """The products of the inputs: one for all gates, or one for each."""
    return blocks(kernel, bias, scale, _sizes([GATES[reset]], scale, fused))


def recurrent_blocks(reset: str, kernel, bias, scale, fused: bool) -> list[Block]:
    """The products of the state. Reset before separates the candidate's product, which waits for the reset gate."""
    return blocks(
        kernel,
        bias,
        scale,
        _sizes({"after": [3], "before": [2, 1], "none": [2]}[reset], scale, fused),
    )


def _sizes(fewest: list[int], scale, fused: bool) -> list[int]:
    one_scale = scale is None or scale.shape.rank == 2
    return fewest if fused and one_scale else [1] * sum(fewest)


def step_after(x: tf.Tensor, h: tf.Tensor, p: Recurrence) -> tf.Tensor:
    """The next state, with the reset gate applied to the product."""
    x_z, x_r, x_n = tf.split(x, 3, axis=-1)
    h_z, h_r, h_n = products(h, p.blocks)
    z = p.recurrent_activation(x_z + h_z)
    r = p.recurrent_activation(x_r + h_r)
    n = p.activation(x_n + r * h_n)
    return z * h + (1 - z) * n


def step_before(x: tf.Tensor, h: tf.Tensor, p: Recurrence) -> tf.Tensor:
    """The next state, with the reset gate applied to the state."""
    x_z, x_r, x_n = tf.split(x, 3, axis=-1)
    h_z, h_r = products(h, p.blocks[:-1])
    z = p.recurrent_activation(x_z + h_z)
    r = p.recurrent_activation(x_r + h_r)
    (h_n,) = products(r * h, p.blocks[-1:])
    n = p.activation(x_n + h_n)
    return z * h + (1 - z) * n


def step_none(x: tf.Tensor, h: tf.Tensor, p: Recurrence) -> tf.Tensor:
    """The next state without a reset gate."""
    x_z, x_n = tf.split(x, 2, axis=-1)
    h_z, h_n = products(h, p.blocks)
    z = p.recurrent_activation(x_z + h_z)
    n = p.activation(x_n + h_n)
    return z * h + (1 - z) * n


STEPS = {"after": step_after, "before": step_before, "none": step_none}


def split_bias(reset: str, bias) -> tuple[tf.Tensor | None, tf.Tensor | None]:
    """The bias of the inputs and the bias of the state. Only reset after distinguishes them."""
    if bias is None or reset != "after":
        return bias, None
    return bias[0], bias[1]

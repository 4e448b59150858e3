"""The whole sequence in LiteRT's built-in operators, with unknown batch and time: a kernel for inference.

LiteRT cannot select slices by booleans, so rows are selected by number. It has no lists with an unknown number of rows,
so one tensor holds all states.

Left out: gradients; `unroll`, which is a loop here; the kernels, and so the effects of `jit`, `recompute` and
`use_cudnn`.
"""

from collections.abc import Callable

import tensorflow as tf

from tf_gru.private_tensorflow import dynamic_update_slice
from tf_gru.static_shape import static_shape
from tf_gru.steps import STEPS, Activation, Recurrence, input_blocks, recurrent_blocks


def run(
    inputs: tf.Tensor,  # batch time input_dim
    h: tf.Tensor,  # batch units
    weights: tuple,  # kernel, recurrent kernel, the inputs' bias, the state's
    valid: tf.Tensor | None,  # batch time
    *,
    reset: str,
    reverse: bool,
    masked_outputs: str,
    activations: tuple[Activation, Activation],
    scales: tuple,
    fused: bool,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state. The arguments are those of kernels/autodiff.py."""
    kernel, recurrent_kernel, input_bias, recurrent_bias = weights
    recurrence = Recurrence(recurrent_blocks(reset, recurrent_kernel, recurrent_bias, scales[1], fused), *activations)
    batch, time = tf.shape(inputs)[0], tf.shape(inputs)[1]
    x = tf.transpose(inputs, (1, 0, 2))
    valid = None if valid is None else tf.cast(tf.transpose(valid), tf.int32)  # time batch
    if reverse:
        x, valid = tf.reverse(x, [0]), None if valid is None else tf.reverse(valid, [0])
    if valid is not None:
        x = _or_zeros(valid, x)
    x = _inputs_products(x, input_blocks(reset, kernel, input_bias, scales[0], fused))
    x = _one_step_at_least(x, time)
    valid = None if valid is None else _one_step_at_least(valid, time)

    def step(t, h):
        stepped = STEPS[reset](tf.gather(x, t), h, recurrence)
        if valid is None:
            return stepped
        rows = tf.range(batch) + tf.gather(valid, t) * batch
        return tf.ensure_shape(tf.gather(tf.concat([h, stepped], axis=0), rows), h.shape)

    states = tf.concat([tf.expand_dims(h, 0), _all_states(step, h, tf.maximum(time, 1))], axis=0)
    final_state = tf.gather(states, time)
    outputs = states[1 : time + 1]
    if valid is not None and masked_outputs == "zero":
        outputs = _or_zeros(valid[:time], outputs)
    if reverse:
        outputs = tf.reverse(outputs, [0])
    return tf.transpose(outputs, (1, 0, 2)), final_state


def _all_states(step: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], h: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """The states of at least one step, in order. step: maps the step's number and the state to the next state."""
    states = tf.zeros(tf.concat([steps[None], tf.shape(h)], axis=0), h.dtype)

    def advance(t, h, states):
        h = step(t, h)
        states = dynamic_update_slice(states, tf.expand_dims(h, 0), tf.stack([t, 0, 0]))
        return t + 1, h, tf.ensure_shape(states, (None, *h.shape))

    shapes = (tf.TensorShape([]), h.shape, tf.TensorShape([None, *h.shape]))
    return tf.while_loop(lambda t, *_: t < steps, advance, (tf.constant(0), h, states), shape_invariants=shapes)[-1]


def _or_zeros(valid: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """The values (time, batch, width) where valid is 1, and zeros where it is 0."""
    width = static_shape(values)[-1]
    rows = tf.concat([tf.zeros((1, width), values.dtype), tf.reshape(values, (-1, width))], axis=0)
    time, batch = tf.shape(valid)[0], tf.shape(valid)[1]
    numbers = 1 + tf.expand_dims(tf.range(time) * batch, 1) + tf.range(batch)
    return tf.ensure_shape(tf.gather(rows, valid * numbers), values.shape)


def _inputs_products(x: tf.Tensor, factors) -> tf.Tensor:
    """The products of `steps.products` side by side."""
    sides = []
    for kernel, bias, scale, _ in factors:
        product = tf.matmul(x if scale is None else x * scale, kernel)
        sides.append(product if bias is None else product + bias)
    return tf.concat(sides, axis=-1)


def _one_step_at_least(values: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
    """Append a step of zeros if there is none, because a loop without steps has states without a shape."""
    paddings = tf.concat([[[0, 1]], tf.zeros((values.shape.rank - 1, 2), tf.int32)], axis=0)
    return tf.pad(values, paddings)[: tf.maximum(time, 1)]

"""The general kernel: any activations, dropout masks, unrolled or not, differentiated by TensorFlow.

One product for all steps multiplies the inputs by their kernel; the loop computes only the rest, which needs the state.
Second derivatives work in every mode, forward mode works eagerly.

Left out: the equations (see steps.py).
"""

from collections.abc import Callable

import tensorflow as tf

from tf_gru.kernels.masked import or_zeros
from tf_gru.kernels.recurrence import bound
from tf_gru.static_shape import static_shape
from tf_gru.steps import STEPS, Activation, Recurrence, input_blocks, products, recurrent_blocks


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
    unroll: bool,
    fused: bool,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state.

    activations: of the candidate, of the gates. scales: the dropout masks of the inputs and of the state.
    """
    kernel, recurrent_kernel, input_bias, recurrent_bias = weights
    recurrence = Recurrence(recurrent_blocks(reset, recurrent_kernel, recurrent_bias, scales[1], fused), *activations)
    x = tf.transpose(inputs, (1, 0, 2))
    valid = None if valid is None else tf.transpose(valid)[:, :, None]
    if valid is not None:
        x = or_zeros(valid, x)
    maybe_empty, time, start = static_shape(x)[0] in (None, 0), tf.shape(x)[0], h
    if maybe_empty:  # a sequence without steps runs one step of zeros, from zeros, whose result is not returned
        x, h = _one_step_at_least(x), tf.where(time > 0, h, tf.zeros_like(h))
        valid = None if valid is None else _one_step_at_least(valid)
    x = tf.concat(products(x, input_blocks(reset, kernel, input_bias, scales[0], fused)), axis=-1)
    outputs, final_state = _scan(
        lambda x, h: STEPS[reset](x, h, recurrence), x, h, valid, reverse=reverse, unroll=unroll
    )
    if maybe_empty:
        outputs, final_state = outputs[:time], tf.where(time > 0, final_state, start)
        valid = None if valid is None else valid[:time]
    if valid is not None and masked_outputs == "zero":
        outputs = tf.where(valid, outputs, tf.zeros_like(outputs))
    return tf.transpose(outputs, (1, 0, 2)), final_state


def _scan(
    step: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    x: tf.Tensor,  # time batch gates*units
    h: tf.Tensor,  # batch units
    valid: tf.Tensor | None,  # time batch 1
    *,
    reverse: bool,
    unroll: bool,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The states at all times, and the final state."""
    if unroll:
        return _unrolled(step, x, h, valid, reverse)
    known = static_shape(x)[0]
    steps = tf.shape(x)[0] if known is None else known
    xs = tf.TensorArray(x.dtype, size=steps, element_shape=x.shape[1:]).unstack(x)
    valids = None
    if valid is not None:
        valids = tf.TensorArray(tf.bool, size=steps, element_shape=valid.shape[1:]).unstack(valid)
    states = tf.TensorArray(h.dtype, size=steps, element_shape=h.shape)

    def advance(count, h, states):
        t = steps - 1 - count if reverse else count
        h = _advance(step, xs.read(t), h, None if valids is None else valids.read(t))
        return count + 1, h, states.write(count, h)  # in order, because tf2onnx appends, whatever the index

    _, h, states = tf.while_loop(
        lambda count, *_: count < steps, advance, (tf.constant(0), h, states), maximum_iterations=bound(steps)
    )
    return tf.reverse(states.stack(), [0]) if reverse else states.stack(), h


def _one_step_at_least(values: tf.Tensor) -> tf.Tensor:
    """Add one step of padding if there is no step, because XLA compiles the loop's reads even if the loop does not
    run.
    """
    time, *others = static_shape(values)
    paddings = tf.stack([[0, tf.maximum(1 - tf.shape(values)[0], 0)], [0, 0], [0, 0]])
    return tf.ensure_shape(tf.pad(values, paddings), (None if time is None else max(time, 1), *others))


def _unrolled(step, x, h, valid, reverse: bool) -> tuple[tf.Tensor, tf.Tensor]:
    time = static_shape(x)[0]
    if time is None:
        raise ValueError("unroll=True needs a statically known time, but inputs has shape (batch, ?, input_dim)")
    states = []
    for t in reversed(range(time)) if reverse else range(time):
        h = _advance(step, x[t], h, None if valid is None else valid[t])
        states.append(h)
    return tf.stack(states[::-1] if reverse else states), h


def _advance(step, x, h, valid) -> tf.Tensor:
    """The next state, or at a masked step the same state, bit for bit.

    A masked row steps from zeros in place of its state, so that its result reaches no gradient: a cotangent of 0 stays
    0 if the derivative of the step at zeros is finite.
    """
    if valid is None:
        return step(x, h)
    return tf.where(valid, step(x, tf.where(valid, h, tf.zeros_like(h))), h)

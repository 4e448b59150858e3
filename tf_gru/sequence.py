"""The whole sequence as one differentiable function.

The inputs meet their kernel in one product for all steps; only what needs the state is left to the loop.

Left out: the equations (see steps.py), what may be passed (see arguments.py).
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from tf_gru import arguments
from tf_gru.steps import (
    GATES,
    STEPS,
    Activation,
    Recurrence,
    input_blocks,
    products,
    recurrent_blocks,
    split_bias,
)


def gru(
    inputs,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    reset: str = "after",
    initial_state=None,
    lengths=None,
    mask=None,
    reverse: bool = False,
    masked_outputs: str = "carry",
    activation: str | Activation | None = "tanh",
    recurrent_activation: str | Activation | None = "sigmoid",
    unroll: bool = False,
    fused: bool = True,
    dropout_mask=None,
    recurrent_dropout_mask=None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units), aligned with the inputs' time, and the final state (batch, units).

    inputs: (batch, time, input_dim), float16, bfloat16, float32 or float64; everything else has the same dtype.
    kernel, recurrent_kernel, bias: Keras' layout, gates z, r, n side by side on the last axis: (input_dim, 3 * units),
        (units, 3 * units), and (2, 3 * units) for reset="after", (3 * units,) for reset="before". reset="none" has no
        reset gate, so 2 for 3 and one row of bias.
    initial_state: (batch, units); None is zeros.
    mask: any booleans (batch, time), True where the step counts. A masked step copies the state and reads nothing,
        whatever stands there. It adds nothing to a gradient either, if the derivatives of both activations are finite
        where inputs and state are zeros; without a bias that is at 0.
    lengths: integers (batch,) from 0 to time; a mask padded on the right. With a mask too, both must say the same.
    reverse: from the last step to the first; the outputs stay at their inputs' time.
    masked_outputs: at a masked step "carry" gives the state reached so far, "zero" gives 0.
    activation, recurrent_activation: of the candidate and of the gates; a name Keras knows, a function, None for none.
    unroll: one copy of the step for each step of a statically known time, in place of a loop.
    fused: one product for all gates where nothing forbids it; else one for each gate.
    dropout_mask, recurrent_dropout_mask: multiply the inputs and the state wherever a gate reads them, at every step:
        (batch, width) for all gates, or (gates, batch, width) for each.

    Raises ValueError or TypeError for what can be seen when it is called or traced. Lengths or shapes known only when
    a graph runs are asserted there (tf.errors.InvalidArgumentError). Under jit_compile a wrong shape fails to compile,
    but XLA drops assertions of values, so such lengths must be right: a negative one then counts as 0, one beyond time
    as time, and beside a mask they count for nothing.
    """
    arguments.check_choice("reset", reset, tuple(GATES))
    arguments.check_choice("masked_outputs", masked_outputs, ("carry", "zero"))
    for name, flag in {"reverse": reverse, "unroll": unroll, "fused": fused}.items():
        arguments.check_choice(name, flag, (True, False))
    inputs = arguments.sequence(inputs)
    kernel, recurrent_kernel, bias, units = arguments.weights(kernel, recurrent_kernel, bias, reset, inputs)
    mask = arguments.valid_steps(mask, lengths, inputs)
    scales = [
        arguments.dropout(name, scale, inputs, GATES[reset], weight)
        for name, scale, weight in (
            ("dropout_mask", dropout_mask, kernel),
            ("recurrent_dropout_mask", recurrent_dropout_mask, recurrent_kernel),
        )
    ]
    input_bias, recurrent_bias = split_bias(reset, bias)
    recurrence = Recurrence(
        recurrent_blocks(reset, recurrent_kernel, recurrent_bias, scales[1], fused),
        keras.activations.get(activation),
        keras.activations.get(recurrent_activation),
    )

    x = tf.transpose(inputs, (1, 0, 2))
    valid = None if mask is None else tf.transpose(mask)[:, :, None]
    if valid is not None:
        x = tf.where(valid, x, tf.zeros_like(x))
    x = tf.concat(products(x, input_blocks(reset, kernel, input_bias, scales[0], fused)), axis=-1)
    states, final_state = _scan(
        lambda x, h: STEPS[reset](x, h, recurrence),
        x,
        _initial_state(initial_state, inputs, units),
        valid,
        reverse=reverse,
        unroll=unroll,
    )
    outputs = states[:-1] if reverse else states[1:]
    if valid is not None and masked_outputs == "zero":
        outputs = tf.where(valid, outputs, tf.zeros_like(outputs))
    outputs = tf.transpose(outputs, (1, 0, 2))
    return tf.ensure_shape(outputs, (*inputs.shape[:2], units)), final_state


def _initial_state(initial_state, inputs: tf.Tensor, units: int) -> tf.Tensor:
    if initial_state is None:
        batch = tf.shape(inputs)[0] if inputs.shape[0] is None else inputs.shape[0]
        return tf.zeros((batch, units), inputs.dtype)
    return arguments.state("initial_state", initial_state, inputs, units)


def _scan(
    step: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    x: tf.Tensor,  # time batch gates*units
    h: tf.Tensor,  # batch units
    valid: tf.Tensor | None,  # time batch 1
    *,
    reverse: bool,
    unroll: bool,
) -> tuple[tf.Tensor, tf.Tensor]:
    """All time + 1 states, the initial one at the end where the scan starts, and the last one reached."""
    if x.shape[0] == 0:
        # One masked step in place of none: the state as it was, and weights whose gradients are zeros, not missing.
        h = _advance(step, _one_step_at_least(x)[0], h, tf.zeros((tf.shape(h)[0], 1), tf.bool))
        return h[None], h
    if unroll:
        return _unrolled(step, x, h, valid, reverse)
    known = x.shape[0]
    time = tf.shape(x)[0] if known is None else known
    if known is None:
        x = _one_step_at_least(x)
        valid = None if valid is None else _one_step_at_least(valid)
    xs = tf.TensorArray(x.dtype, size=tf.shape(x)[0], element_shape=x.shape[1:]).unstack(x)
    valids = None
    if valid is not None:
        valids = tf.TensorArray(tf.bool, size=tf.shape(x)[0], element_shape=valid.shape[1:]).unstack(valid)
    states = tf.TensorArray(h.dtype, size=time + 1, element_shape=h.shape).write(time if reverse else 0, h)

    def advance(count, h, states):
        t = time - 1 - count if reverse else count
        h = _advance(step, xs.read(t), h, None if valids is None else valids.read(t))
        return count + 1, h, states.write(t if reverse else t + 1, h)

    _, h, states = tf.while_loop(
        lambda count, *_: count < time,
        advance,
        (tf.constant(0), h, states),
        maximum_iterations=tf.shape(x)[0],
    )
    return states.stack(), h


def _one_step_at_least(values: tf.Tensor) -> tf.Tensor:
    """The values, with one step of padding where there is none: XLA compiles the loop's reads though none is made."""
    missing = tf.maximum(1 - tf.shape(values)[0], 0)
    paddings = tf.stack([[0, missing], [0, 0], [0, 0]])
    return tf.ensure_shape(tf.pad(values, paddings), (None, *values.shape[1:]))


def _unrolled(step, x, h, valid, reverse: bool) -> tuple[tf.Tensor, tf.Tensor]:
    time = x.shape[0]
    if time is None:
        raise ValueError("unroll=True needs a statically known time, but inputs has shape (batch, ?, input_dim)")
    states = [h]
    for t in reversed(range(time)) if reverse else range(time):
        h = _advance(step, x[t], h, None if valid is None else valid[t])
        states.append(h)
    return tf.stack(states[::-1] if reverse else states), h


def _advance(step, x, h, valid) -> tf.Tensor:
    """The next state, or where the step is masked the same state, bit for bit.

    A masked row steps from zeros in place of its state, so that nothing it would have computed reaches a gradient:
    a cotangent of 0 stays 0 wherever the derivative of the step at zeros is finite.
    """
    if valid is None:
        return step(x, h)
    return tf.where(valid, step(x, tf.where(valid, h, tf.zeros_like(h))), h)

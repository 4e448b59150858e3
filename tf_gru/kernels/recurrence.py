"""The sequence and its derivative: back-propagation through time.

Forward, one product for all steps multiplies the inputs by their kernel. Backward, the local derivatives of all steps
are computed at once, the loop computes one product with the state's cotangent for each step, and each weight's gradient
is one product. The code uses plain TensorFlow, time first, so that it runs as a loop or compiled.

Source: Werbos 1990, "Backpropagation through time".

Left out: the equations of a step (see after.py, before.py, none.py), sequences without a step (see traced.py), a
version with less memory (see chunks.py).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tf_gru.kernels import after, before, none
from tf_gru.private_tensorflow import xla_compiles
from tf_gru.static_shape import static_shape
from tf_gru.steps import GATES, in_time

VARIANTS: dict[str, Any] = {"after": after, "before": before, "none": none}


class Weights(NamedTuple):
    """Kernel, recurrent kernel, and the biases of the inputs and the state, if there are any."""

    W: tf.Tensor
    U: tf.Tensor
    b_x: tf.Tensor | None = None
    b_h: tf.Tensor | None = None


class Plan(NamedTuple):
    """The options that are fixed when a kernel is traced.

    Attributes:
        reset: The position of the reset gate.
        reverse: True scans time backwards.
        recompute: True computes both sides of the gates again in the backward pass, which then reads the states only.
        chunked: True does so for one chunk of time after another.
        compiled: True for XLA.
    """

    reset: str
    reverse: bool
    recompute: bool
    chunked: bool
    compiled: bool


def forward(x, h, weights: Weights, valid, plan: Plan) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
    """All states, the final state, and the recurrent side of the gates for each step."""
    variant = VARIANTS[plan.reset]
    time, read, counts = tf.shape(x)[0], _reader(x, static_shape(h)[-1], plan), _step_of(valid)
    arrays = [_array(h, time)]
    if not plan.recompute:
        arrays += [_array(h, time, gates) for gates in variant.RECURRENT]

    def advance(count, h, arrays):
        t = time - 1 - count if plan.reverse else count
        x = read(t)
        kept = variant.recurrent(x, h, weights.U, weights.b_h)
        stepped = variant.advance(x, h, kept)
        h = stepped if valid is None else tf.where(counts(t), stepped, h)
        # In the order of the steps, because tf2onnx appends, whatever the index.
        return count + 1, h, [array.write(count, value) for array, value in zip(arrays, (h, *kept), strict=False)]

    _, final_state, arrays = _loop(time, advance, (tf.constant(0), h, arrays))
    states, *kept = (tf.reverse(array.stack(), [0]) if plan.reverse else array.stack() for array in arrays)
    return states, final_state, kept


def backward(inputs, h, weights: Weights, valid, forward_pass, d_states, d_final, plan: Plan) -> list[tf.Tensor]:
    """The cotangents of inputs, initial state and weights. A masked step reads nothing and adds nothing.

    forward_pass: all states and, unless they are computed again, the projected inputs and the recurrent side of the
    gates.
    """
    variant = VARIANTS[plan.reset]
    states, *sides = forward_pass
    x = sides[0] if sides else projected(inputs, weights)
    time = tf.shape(inputs)[0]
    states_before = tf.concat([states[1:], h[None]] if plan.reverse else [h[None], states[:-1]], axis=0)
    if valid is not None:
        states_before = tf.where(valid, states_before, tf.zeros_like(states_before))
    states_before = _rows(states_before)
    x = tf.split(_rows(x), GATES[plan.reset], axis=-1)
    kept = [_rows(each) for each in sides[1:]] or variant.recurrent(x, states_before, weights.U, weights.b_h)
    slopes = variant.slopes(x, states_before, kept)
    if valid is not None:
        slopes = _of_valid_steps(slopes, _rows(valid))
    slope, d_state = [_step_of(_in_time(each, inputs)) for each in slopes], _step_of(d_states)
    array = _array(h, time, variant.WRITTEN)

    def retreat(count, dh, array):
        t = count if plan.reverse else time - 1 - count
        at_t = variant.Slopes(*(each(t) for each in slope))
        dh, written = variant.retreat(dh + d_state(t), at_t, weights.U)
        return count + 1, dh, array.write(t, written)

    _, dh, array = _loop(time, retreat, (tf.constant(0), d_final, array))
    da, dU, db_h = variant.weight_gradients(_rows(array.stack()), slopes, states_before)
    d_inputs = _in_time(tf.matmul(da, weights.W, transpose_b=True), inputs)
    dW = tf.matmul(_rows(inputs), da, transpose_a=True)
    db_x = tf.reduce_sum(da, axis=0)
    biases = [(weights.b_x, db_x), (weights.b_h, db_h)]
    return [d_inputs, dh, dW, dU, *(gradient for bias, gradient in biases if bias is not None)]


def _loop(time, body: Callable, start: tuple) -> tuple:
    return tf.while_loop(lambda count, *_: count < time, body, start, maximum_iterations=bound(time))


def bound(time) -> tf.Tensor | None:
    """The largest number of iterations for XLA, which needs it for the sizes of tensors kept for a derivative.

    Otherwise None: tf2onnx would give it another integer dtype within the loop, and the model would not load.
    """
    return None if xla_compiles() is False else time


def projected(inputs, weights: Weights) -> tf.Tensor:
    """The inputs' side of all gates, for all steps."""
    product = tf.matmul(_rows(inputs), weights.W)
    return _in_time(product if weights.b_x is None else product + weights.b_x, inputs)


def _of_valid_steps(slopes, valid):
    """Slopes in which masked steps copy the state: the derivative is 1 directly, and 0 by everything else."""
    copied, *others = slopes
    others = (tf.where(valid, each, tf.zeros_like(each)) for each in others)
    return type(slopes)(tf.where(valid, copied, tf.ones_like(copied)), *others)


def _rows(values: tf.Tensor) -> tf.Tensor:
    """(time, batch, width) as rows, one for each step of each sequence."""
    return tf.reshape(values, (-1, static_shape(values)[-1]))


def _in_time(rows: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    return in_time(rows, like, static_shape(rows)[-1])


def _array(h, time, multiple: int = 1) -> tf.TensorArray:
    return tf.TensorArray(h.dtype, size=time, element_shape=(None, multiple * static_shape(h)[-1]))


def _step_of(values: tf.Tensor | None) -> Callable:
    """A function that reads one step."""
    if values is None:
        return lambda _: None
    return tf.TensorArray(values.dtype, size=tf.shape(values)[0], element_shape=values.shape[1:]).unstack(values).read


def _reader(x: tf.Tensor, units: int, plan: Plan) -> Callable:
    """A function that reads one step of the projected inputs, gate by gate."""
    gates = GATES[plan.reset]
    if not plan.compiled:
        step = _step_of(x)
        return lambda t: tf.split(step(t), gates, axis=-1)
    batch = tf.shape(x)[1]

    def read(t):
        # XLA computes a slice that is used once at its place of use. It makes a shared slice a separate function, which
        # reads
        # the step's number in the innermost loop, so that nothing there is vectorised: half the speed.
        slices = (tf.slice(x, (t, 0, gate * units), (1, batch, units)) for gate in range(gates))
        return [tf.reshape(each, (batch, units)) for each in slices]

    return read

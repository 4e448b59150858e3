"""The loop over time in the two forms that converters keep whole, batch and time unknown.

Both take a step for each of at least one steps and give its states in order. They differ in where those are kept,
because each converter knows one way that does not copy all of them at each step.
"""

from collections.abc import Callable

import tensorflow as tf

from tf_gru.private_tensorflow import dynamic_update_slice

Step = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""From the number of a step and the state to the next state."""


def scan_outputs(step: Step, h: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """A TensorArray that is only appended to: tf2onnx makes it the scan output of a Loop."""
    states = tf.TensorArray(h.dtype, size=steps, element_shape=h.shape)

    def advance(t, h, states):
        h = step(t, h)
        return t + 1, h, states.write(t, h)

    *_, states = tf.while_loop(lambda t, *_: t < steps, advance, (tf.constant(0), h, states))
    return states.stack()


def updated_slices(step: Step, h: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """One tensor for all states: LiteRT's DYNAMIC_UPDATE_SLICE, since its lists want a batch that is known."""
    states = tf.zeros(tf.concat([steps[None], tf.shape(h)], axis=0), h.dtype)

    def advance(t, h, states):
        h = step(t, h)
        states = dynamic_update_slice(states, tf.expand_dims(h, 0), tf.stack([t, 0, 0]))
        return t + 1, h, tf.ensure_shape(states, (None, *h.shape))

    shapes = (tf.TensorShape([]), h.shape, tf.TensorShape([None, *h.shape]))
    return tf.while_loop(lambda t, *_: t < steps, advance, (tf.constant(0), h, states), shape_invariants=shapes)[-1]

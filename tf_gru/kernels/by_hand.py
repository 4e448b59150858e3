"""The sequence as one function with a hand-written derivative: all of time at once, or in chunks.

Both functions read inputs (batch, time, input_dim) and valid (batch, time) or None, which marks the steps that count;
all other inputs are never read. They return all states (batch, time, units) and the final state, differentiable in
everything but valid; and the tensors for the derivative. Passed again as `kept`, these replace the forward steps.
"""

from typing import Any

import tensorflow as tf

from tf_gru.kernels import chunks, recurrence
from tf_gru.kernels.masked import or_zeros
from tf_gru.kernels.recurrence import Plan, Weights

Found = tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]


def whole(inputs, h, weights: Weights, valid, plan: Plan, kept: list | None = None) -> Found:
    """All steps at once."""
    x = tf.transpose(inputs, (1, 0, 2))
    if valid is not None:
        valid = tf.transpose(valid)[:, :, None]
        x = or_zeros(valid, x)
    keeping: list[tf.Tensor] = []

    @tf.custom_gradient
    def differentiable(inputs, h, *flat_weights) -> Any:
        weights = Weights(*flat_weights)
        if kept is None:
            x = recurrence.projected(inputs, weights)
            states, final_state, sides = recurrence.forward(x, h, weights, valid, plan)
            keeping.extend([final_state, states] if plan.recompute else [final_state, states, x, *sides])
        else:
            keeping.extend(kept)
        final_state, *read_again = keeping

        def pull_back(d_states, d_final):
            return recurrence.backward(inputs, h, weights, valid, read_again, d_states, d_final, plan)

        return (read_again[0], final_state), pull_back

    states, final_state = differentiable(x, h, *(w for w in weights if w is not None))
    return tf.transpose(states, (1, 0, 2)), final_state, keeping


def in_chunks(inputs, h, weights: Weights, valid, plan: Plan, kept: list | None = None) -> Found:
    """One chunk of time after the other."""
    keeping: list[tf.Tensor] = []

    @tf.custom_gradient
    def differentiable(inputs, h, *flat_weights) -> Any:
        weights = Weights(*flat_weights)
        states, final_state = chunks.forward(inputs, h, weights, valid, plan) if kept is None else kept
        keeping.extend([states, final_state])

        def pull_back(d_states, d_final):
            return chunks.backward(inputs, h, weights, valid, states, d_states, d_final, plan)

        return (states, final_state), pull_back

    return *differentiable(inputs, h, *(w for w in weights if w is not None)), keeping

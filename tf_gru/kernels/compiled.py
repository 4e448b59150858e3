"""The kernels with a hand-written derivative, compiled by XLA: one function for forward, another for backward.

One trace serves every batch and time. XLA compiles it again for each batch and time, which takes about a second in
training and stays in memory. TensorFlow differentiates neither function, because lists of its loops cannot leave XLA's
code: the derivative of the forward function is the backward function. The backward function's derivative is the general
kernel's (see autodiff.py), computed from the same tensors.

If no tape watches yet, nothing is kept: a later derivative runs the forward function again.
"""

from functools import lru_cache, partial
from typing import Any

import keras
import tensorflow as tf

from tf_gru import private_tensorflow
from tf_gru.kernels import autodiff
from tf_gru.kernels.recurrence import Plan
from tf_gru.kernels.traced import Call, call_of


def run(inputs, h, weights, valid, *, masked_outputs: str, plan: Plan) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state.

    inputs: (batch, time, input_dim). valid: (batch, time), or None if all steps count.
    """
    call, given = call_of(inputs, h, weights, valid, masked_outputs=masked_outputs, plan=plan)
    watched = private_tensorflow.watched(given[:-1] if call.masked else given)
    no_gradient = [None] * call.masked

    @tf.custom_gradient
    def forward(*given) -> Any:
        if watched:
            outputs, final_state, kept = _call(_training(call), list(given))
        else:
            (outputs, final_state), kept = _call(_inference(call), list(given)), None

        def pull_back(*d_results):
            # Use tensors of the current graph, because a graph of second derivatives reaches no others.
            here = [tf.identity(each) for each in (*given, *d_results)]
            return [*backward(*here), *no_gradient]

        @tf.custom_gradient
        def backward(*given_and_cotangents) -> Any:
            given, d_results = given_and_cotangents[:-2], given_and_cotangents[-2:]
            found = _call(_training(call), list(given))[2] if kept is None else kept

            def pull_back_again(*d_gradients):
                d_given, d_cotangents = _second_derivative(call, given, d_results, d_gradients)
                return [*d_given, *no_gradient, *d_cotangents]

            return _call(_derivative(call), list(given), found, d_results), pull_back_again

        return (outputs, final_state), pull_back

    return forward(*given)


def _second_derivative(call: Call, given, d_results, d_gradients) -> tuple[list, list]:
    """The cotangents of all tensors but the mask, and of the results' cotangents, from the gradients' cotangents."""

    @partial(tf.function, autograph=False)
    def function(given, d_results, d_gradients):
        sources = given[: len(d_gradients)]
        # Not by tapes: they record nothing if TensorFlow traces this for forward mode.
        gradients = tf.gradients(_general(call, given), sources, d_results, unconnected_gradients="zero")
        found = tf.gradients(gradients, [*sources, *d_results], d_gradients, unconnected_gradients="zero")
        return found[: len(sources)], found[len(sources) :]

    return function(list(given), list(d_results), list(d_gradients))


def _general(call: Call, given) -> tuple[tf.Tensor, tf.Tensor]:
    """The results of the general kernel."""
    inputs, h, weights, valid = call.parts(given)
    return autodiff.run(
        inputs,
        h,
        weights,
        valid,
        reset=call.plan.reset,
        reverse=call.plan.reverse,
        masked_outputs="zero" if call.zero else "carry",
        activations=(keras.activations.tanh, keras.activations.sigmoid),
        scales=(None, None),
        unroll=False,
        fused=True,
    )


@lru_cache(maxsize=256)
def _inference(call: Call) -> Any:
    """The function from the tensors of a call to outputs and final state."""
    return _compiled(lambda tensors: call.run(tensors)[:2], call.signature)


@lru_cache(maxsize=256)
def _training(call: Call) -> Any:
    """The function from the tensors of a call to outputs, final state, and the tensors for the derivative."""
    return _compiled(call.run, call.signature)


@lru_cache(maxsize=256)
def _derivative(call: Call) -> Any:
    """The function from a call's tensors, its kept tensors, and its results' cotangents to the cotangents of all but
    the mask.
    """

    def backward(given, kept, d_results):
        sources = given[:-1] if call.masked else given
        return tf.gradients(call.run(given, kept)[:2], sources, d_results)  # tapes may be stopped during this trace

    found = _training(call).get_concrete_function().structured_outputs
    *results, kept = tf.nest.map_structure(lambda each: tf.TensorSpec(each.shape, each.dtype), found)
    return _compiled(backward, call.signature, kept, tuple(results))


def _compiled(function, *signature) -> Any:
    made = tf.function(function, input_signature=signature, autograph=False, jit_compile=True)
    return private_tensorflow.without_tracing_warning(made)  # each layer's function is traced only once


def _call(function, *arguments) -> Any:
    """Call the function without recording it on a tape."""
    if tf.executing_eagerly():
        arguments = tf.nest.map_structure(tf.stop_gradient, arguments)
    return function(*arguments)

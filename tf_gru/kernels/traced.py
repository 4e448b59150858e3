"""The kernels with a derivative written by hand as functions traced once: run as a loop, or compiled by XLA.

One trace serves every batch and time. XLA compiles it again for each batch and time it meets, which takes about a
second in training and stays in memory.
"""

from functools import lru_cache
from typing import Any

import tensorflow as tf

from tf_gru.kernels import by_hand, facts
from tf_gru.kernels.recurrence import Plan, Weights
from tf_gru.private_tensorflow import without_tracing_warning
from tf_gru.static_shape import static_shape


def run(inputs, h, weights, valid, *, masked_outputs: str, plan: Plan) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state.

    inputs: (batch, time, input_dim). valid: (batch, time), or None where all steps count.
    """
    zero = valid is not None and masked_outputs == "zero"
    tensors = [inputs, h, *weights, valid]
    specs = tuple(None if each is None else (each.dtype, static_shape(each)[-1]) for each in tensors[:-1])
    maybe_empty = static_shape(inputs)[1] in (None, 0)
    function = _function(plan, specs, valid is not None, zero, maybe_empty, facts.caller())
    return function([each for each in tensors if each is not None])


@lru_cache(maxsize=256)
def _function(plan: Plan, specs: tuple, masked: bool, zero: bool, maybe_empty: bool, _caller: str):
    """The traced function of a list of tensors: those of `run` that are there.

    Each kind of caller has one of its own, because TensorFlow keeps the derivatives of a function with it: once a
    graph has asked for a second one, or mapped it over rows, eager derivatives would want lists from XLA, which it
    cannot hand out; and forward mode's, once traced for a plain graph, cannot be compiled.
    """
    (dtype, input_dim), (_, units) = specs[:2]
    sizes = [(None, None, input_dim), (None, units), (input_dim, specs[2][1]), (units, specs[3][1])]
    sizes += [spec and (spec[1],) for spec in specs[4:]]
    signature = [tf.TensorSpec(size, dtype) for size in sizes if size is not None]
    present = [size is not None for size in sizes[2:]]
    if masked:
        signature.append(tf.TensorSpec((None, None), tf.bool))

    def call(tensors):
        inputs, h, *rest = tensors
        valid = rest.pop() if masked else None
        rest = iter(rest)
        given: list[Any] = [next(rest) if there else None for there in present]
        weights = Weights(*given)
        body = _of_any_time if maybe_empty else _of_some_time
        return body(inputs, h, weights, valid, zero, plan)

    function = tf.function(
        call, input_signature=[signature], autograph=False, jit_compile=True if plan.compiled else None
    )
    return without_tracing_warning(function)  # each layer's is traced but once


def _of_some_time(inputs, h, weights: Weights, valid, zero: bool, plan: Plan):
    run = by_hand.in_chunks if plan.chunked else by_hand.whole
    states, final_state = run(inputs, h, weights, valid, plan)
    outputs = tf.where(valid[:, :, None], states, tf.zeros_like(states)) if valid is not None and zero else states
    return outputs, final_state


def _of_any_time(inputs, h, weights: Weights, valid, zero: bool, plan: Plan):
    """A sequence without steps runs one of zeros, from zeros, of which nothing is returned: XLA compiles the reads."""
    time = tf.shape(inputs)[1]
    steps = time > 0
    missing = [[0, 0], [0, tf.maximum(1 - time, 0)]]
    inputs = tf.ensure_shape(tf.pad(inputs, [*missing, [0, 0]]), inputs.shape)
    valid = None if valid is None else tf.pad(valid, missing)
    start = tf.where(steps, h, tf.zeros_like(h))
    outputs, final_state = _of_some_time(inputs, start, weights, valid, zero, plan)
    return outputs[:, :time], tf.where(steps, final_state, h)

"""The kernels with a hand-written derivative, as a function that is traced once and runs as a loop.

One trace serves every batch and time.

Left out: functions that XLA compiles (see compiled.py).
"""

from functools import lru_cache
from typing import Any, NamedTuple

import tensorflow as tf

from tf_gru.export.tracing import tracing_for
from tf_gru.kernels import by_hand, facts
from tf_gru.kernels.recurrence import Plan, Weights
from tf_gru.private_tensorflow import without_tracing_warning
from tf_gru.static_shape import static_shape


class Call(NamedTuple):
    """The properties of a call that are fixed when it is traced.

    Attributes:
        plan: The options.
        specs: Dtype and last size of inputs, state and weights, or None for missing ones.
        masked: True if some steps are masked.
        zero: True if the outputs of masked steps are 0.
        maybe_empty: True if time may be 0.
    """

    plan: Plan
    specs: tuple
    masked: bool
    zero: bool
    maybe_empty: bool

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """The signature of the tensors of a call that are present, for any batch and time."""
        (dtype, input_dim), (_, units) = self.specs[:2]
        sizes = [(None, None, input_dim), (None, units), (input_dim, self.specs[2][1]), (units, self.specs[3][1])]
        sizes += [spec and (spec[1],) for spec in self.specs[4:]]
        signature = [tf.TensorSpec(size, dtype) for size in sizes if size is not None]
        return [*signature, tf.TensorSpec((None, None), tf.bool)] if self.masked else signature

    def run(self, tensors, kept: list | None = None) -> by_hand.Found:
        """Outputs (batch, time, units), the final state, and the tensors for the derivative. kept: such tensors of
        an earlier run.
        """
        body = _of_any_time if self.maybe_empty else _of_some_time
        return body(*self.parts(tensors), self, kept)

    def parts(self, tensors) -> tuple[tf.Tensor, tf.Tensor, Weights, tf.Tensor | None]:
        """Inputs, state, weights, and the valid steps, or None if all are valid."""
        inputs, h, *rest = tensors
        valid = rest.pop() if self.masked else None
        there = iter(rest)
        weights: list[Any] = [None if spec is None else next(there) for spec in self.specs[2:]]
        return inputs, h, Weights(*weights), valid


def call_of(inputs, h, weights, valid, *, masked_outputs: str, plan: Plan) -> tuple[Call, list[tf.Tensor]]:
    """A call, and its tensors that are present.

    inputs: (batch, time, input_dim). valid: (batch, time), or None if all steps count.
    """
    tensors = [inputs, h, *weights]
    specs = tuple(None if each is None else (each.dtype, static_shape(each)[-1]) for each in tensors)
    zero, maybe_empty = valid is not None and masked_outputs == "zero", static_shape(inputs)[1] in (None, 0)
    call = Call(plan, specs, valid is not None, zero, maybe_empty)
    return call, [each for each in (*tensors, valid) if each is not None]


def run(inputs, h, weights, valid, *, masked_outputs: str, plan: Plan) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs (batch, time, units) and the final state."""
    call, tensors = call_of(inputs, h, weights, valid, masked_outputs=masked_outputs, plan=plan)
    made = _function if tracing_for() is None else _function.__wrapped__  # tf2onnx converts a function but once
    return made(call, facts.caller())(tensors)


@lru_cache(maxsize=256)
def _function(call: Call, _caller: str):
    """The traced function of a list of tensors.

    Each kind of caller has its own function, because TensorFlow stores a function's derivatives with it: a derivative
    for forward mode that was traced for a plain graph cannot be compiled.
    """
    function = tf.function(lambda tensors: call.run(tensors)[:2], input_signature=[call.signature], autograph=False)
    return without_tracing_warning(function)  # each layer's function is traced only once


def _of_some_time(inputs, h, weights: Weights, valid, call: Call, kept) -> by_hand.Found:
    run = by_hand.in_chunks if call.plan.chunked else by_hand.whole
    states, final_state, kept = run(inputs, h, weights, valid, call.plan, kept)
    outputs = tf.where(valid[:, :, None], states, tf.zeros_like(states)) if call.zero else states
    return outputs, final_state, kept


def _of_any_time(inputs, h, weights: Weights, valid, call: Call, kept) -> by_hand.Found:
    """Run a sequence without steps as one step of zeros, whose result is not returned, because XLA compiles the
    reads.
    """
    time = tf.shape(inputs)[1]
    steps = time > 0
    missing = [[0, 0], [0, tf.maximum(1 - time, 0)]]
    inputs = tf.ensure_shape(tf.pad(inputs, [*missing, [0, 0]]), inputs.shape)
    valid = None if valid is None else tf.pad(valid, missing)
    start = tf.where(steps, h, tf.zeros_like(h))
    outputs, final_state, kept = _of_some_time(inputs, start, weights, valid, call, kept)
    return outputs[:, :time], tf.where(steps, final_state, h), kept

"""Run a call by the kernel that is chosen for it, and record this kernel."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import tensorflow as tf

from tf_gru.kernels import autodiff, choice, compiled, cudnn, facts, native, traced
from tf_gru.kernels.choice import Choice, Facts
from tf_gru.kernels.recurrence import Plan, Weights

_record: ContextVar[list[Choice] | None] = ContextVar("the choices of the calls under way", default=None)


def chosen(function: Callable, *args: Any, **kwargs: Any) -> list[Choice]:
    """Call a function, and list the kernel of each whole sequence that the call ran or traced.

    Args:
        function: A layer, `tf_gru.gru`, a model, its `predict_on_batch`, or any other function.
        *args: Its arguments.
        **kwargs: Its keyword arguments.

    Returns:
        A Choice for each sequence, in order. Its `kernel` ran, and its `reason` explains why each preferred kernel did
        not. A tf.function chooses when it is traced; a call that traces nothing lists nothing. For "cudnn", single
        calls run another kernel if it does not support their rows.

    Raises:
        Exception: Anything that the function raises.

    Examples:
        >>> import numpy as np
        >>> import tf_gru
        >>> from tf_gru.kernels import chosen
        >>> layer = tf_gru.GRU(4, activation="relu")
        >>> [choice.kernel for choice in chosen(layer, np.ones((2, 5, 3), "float32"))]
        ['autodiff']
    """
    choices: list[Choice] = []
    outer = _record.set(choices)
    try:
        function(*args, **kwargs)
    finally:
        _record.reset(outer)
    return choices


def run(
    inputs: tf.Tensor,  # batch time input_dim
    h: tf.Tensor,  # batch units
    weights: tuple,  # kernel, recurrent kernel, the inputs' bias, the state's
    valid: tf.Tensor | None,  # batch time
    *,
    reverse: bool,
    masked_outputs: str,
    reset: str,
    **options: Any,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run the chosen kernel. Returns outputs (batch, time, units) and the final state.

    options: activations, scales, unroll, fused, jit, recompute, use_cudnn, use_native.

    Raises:
        ValueError: As choice.choose does.
        NotImplementedError: As choice.choose does.
    """
    known = facts.of_call(inputs, h, weights, reset=reset, **options)
    # tf.vectorized_map cannot differentiate a loop that reads values with derivatives of their own.
    unroll = known.unroll or (known.time is not None and known.mapped)
    general: dict[str, Any] = {name: options[name] for name in ("activations", "scales", "fused")}
    general["unroll"] = unroll

    def by(kernel: str) -> tuple[tf.Tensor, tf.Tensor]:
        time = {"reverse": reverse, "masked_outputs": masked_outputs}
        if kernel == "cudnn":
            return cudnn.run(inputs, h, Weights(*weights), valid, **time)
        if kernel == "native":
            return native.run(inputs, h, weights, valid, reset=reset, **time, recompute=known.recompute)
        if kernel == "autodiff":
            return autodiff.run(inputs, h, weights, valid, reset=reset, **time, **general)
        plan = _plan(known, reverse, compiled=kernel == "compiled")
        by_hand = compiled if plan.compiled else traced
        return by_hand.run(inputs, h, weights, valid, masked_outputs=masked_outputs, plan=plan)

    selected = choice.choose(known)
    choices = _record.get()
    if choices is not None:
        choices.append(selected)
    if selected.kernel != "cudnn":
        return by(selected.kernel)
    fits = cudnn.fits(inputs, valid)
    if isinstance(fits, bool):
        return by("cudnn" if fits else choice.choose(replace(known, use_cudnn=False)).kernel)
    rarer = choice.choose(replace(known, use_cudnn=False)).kernel
    return tf.cond(fits, lambda: by("cudnn"), lambda: by(rarer))


def _plan(known: Facts, reverse: bool, *, compiled: bool) -> Plan:
    recompute = known.recompute
    return Plan(known.reset, reverse, recompute or not compiled, chunked=recompute, compiled=compiled)

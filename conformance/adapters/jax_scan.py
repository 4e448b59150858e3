"""A GRU in plain jax.lax.scan, without a framework, with weights in Keras' layout.

A masked step keeps the state by jnp.where. Its input is first replaced by 0, because jnp.where differentiates both of
its branches (see JAX's FAQ), and 0 times NaN is NaN.
"""

from typing import Any

import jax
import jax.numpy as jnp

from conformance.adapters.jax_layers import Asked, JaxLayers, xla
from conformance.interface.adapter import Capabilities
from conformance.interface.case import MERGES
from reference import Parameters, merge_biases, to_keras

JOINED = {
    "concat": lambda one, two: jnp.concatenate([one, two], axis=-1),
    "sum": jnp.add,
    "mul": jnp.multiply,
    "ave": lambda one, two: (one + two) / 2,
    "apart": lambda one, two: (one, two),
}


def _weights(p: Parameters) -> dict[str, Any]:
    arrays = to_keras(p if p.reset == "after" else merge_biases(p))
    return dict(zip(("kernel", "recurrent_kernel", "bias"), arrays, strict=True))


def _apply(asked: Asked, trees: Any, inputs: Any, states: Any, steps: Any) -> tuple[Any, tuple[Any, ...]]:
    batch, time, _ = inputs.shape
    valid = steps
    if steps is not None and steps.ndim == 1:
        valid = jnp.arange(time) < steps[:, None]
    starts = states or [jnp.zeros((batch, asked.units), inputs.dtype)] * len(trees)
    each = [
        _scan(asked, tree, inputs, start, valid, reverse=asked.reverse or bool(direction))
        for direction, (tree, start) in enumerate(zip(trees, starts, strict=True))
    ]
    outputs, finals = zip(*each, strict=True)
    return (outputs[0] if asked.merge is None else JOINED[asked.merge](*outputs)), finals


def _scan(asked: Asked, tree: Any, inputs: Any, start: Any, valid: Any, *, reverse: bool) -> tuple[Any, Any]:
    step = {"after": _after, "before": _before, "none": _none}[asked.reset]
    if valid is None:
        valid = jnp.ones(inputs.shape[:2], bool)

    def advance(h: Any, given: Any) -> tuple[Any, Any]:
        x, counts = given
        h = jnp.where(counts, step(jnp.where(counts, x, 0), h, **tree), h)
        return h, h if asked.masked_outputs == "carry" else jnp.where(counts, h, 0)

    final, outputs = jax.lax.scan(advance, start, (inputs.swapaxes(0, 1), valid.T[:, :, None]), reverse=reverse)
    return outputs.swapaxes(0, 1), final


def _after(x: Any, h: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    x_z, x_r, x_n = jnp.split(x @ kernel + bias[0], 3, axis=-1)
    h_z, h_r, h_n = jnp.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
    z, r = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
    return z * h + (1 - z) * jnp.tanh(x_n + r * h_n)


def _before(x: Any, h: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    U_z, U_r, U_n = jnp.split(recurrent_kernel, 3, axis=-1)
    x_z, x_r, x_n = jnp.split(x @ kernel + bias, 3, axis=-1)
    z, r = jax.nn.sigmoid(x_z + h @ U_z), jax.nn.sigmoid(x_r + h @ U_r)
    return z * h + (1 - z) * jnp.tanh(x_n + (r * h) @ U_n)


def _none(x: Any, h: Any, kernel: Any, recurrent_kernel: Any, bias: Any) -> Any:
    x_z, x_n = jnp.split(x @ kernel + bias, 2, axis=-1)
    h_z, h_n = jnp.split(h @ recurrent_kernel, 2, axis=-1)
    z = jax.nn.sigmoid(x_z + h_z)
    return z * h + (1 - z) * jnp.tanh(x_n + h_n)


gru = JaxLayers(
    _apply,
    _weights,
    Capabilities(
        arithmetic=xla(),
        resets=("after", "before", "none"),
        lengths=True,
        zero_length=True,
        masks=True,
        masked_outputs=("carry", "zero"),
        reverse=True,
        merges=MERGES,
        bidirectional_masked_outputs=("carry", "zero"),
        zero_time=True,
        zero_batch=True,
        gradients=True,
        compiles_per_shape=True,
    ),
    (),
)

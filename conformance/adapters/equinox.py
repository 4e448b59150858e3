"""equinox.nn.GRUCell, mapped over rows by jax.vmap and over time by jax.lax.scan, as in its documentation."""

from typing import Any

import equinox
import jax
import jax.numpy as jnp

from conformance.adapters.cells import left_to_the_caller
from conformance.adapters.jax_layers import Asked, JaxLayers, xla
from conformance.interface.adapter import Capabilities
from reference import Parameters
from reference.layouts import merge_gate_biases, to_equinox

NAMES = ("weight_ih", "weight_hh", "bias", "bias_n")


def _weights(p: Parameters) -> dict[str, Any]:
    return to_equinox(merge_gate_biases(p))


def _apply(asked: Asked, trees: Any, inputs: Any, states: Any, steps: Any) -> tuple[Any, tuple[Any, ...]]:
    del steps
    (tree,) = trees
    cell = equinox.nn.GRUCell(asked.input_dim, asked.units, dtype=asked.dtype, key=jax.random.key(0))
    numbers = tuple(tree[name] for name in NAMES)
    cell = equinox.tree_at(lambda cell: tuple(getattr(cell, name) for name in NAMES), cell, numbers)

    def row(start: Any, xs: Any) -> tuple[Any, Any]:
        def advance(h: Any, x: Any) -> tuple[Any, Any]:
            h = cell(x, h)
            return h, h

        return jax.lax.scan(advance, start, xs)

    start = states[0] if states else jnp.zeros((len(inputs), asked.units), inputs.dtype)
    final, outputs = jax.vmap(row)(start, inputs)
    return outputs, (final,)


gru = JaxLayers(
    _apply,
    _weights,
    Capabilities(
        arithmetic=xla(),
        zero_time=True,
        zero_batch=True,
        gradients=True,
        compiles_per_shape=True,
        because={
            "reset before": "equinox.nn.GRUCell resets after the product only",
            "reset none": "equinox.nn.GRUCell always has a reset gate",
            **left_to_the_caller("equinox.nn.GRUCell"),
        },
    ),
    ("equinox",),
)

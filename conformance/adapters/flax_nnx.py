"""flax.nnx: GRUCell in RNN, and in Bidirectional, compiled.

The cell's documentation has a bias b_hn, but the cell has no such number. The adapter drops the case's value, and the
suite detects it. As with linen, it is judged without lengths.
"""

from typing import Any

import numpy as np
from flax import nnx

from conformance.adapters.jax_layers import Asked, JaxLayers, xla
from conformance.interface.adapter import Capabilities
from reference import Parameters
from reference.layouts import merge_gate_biases, to_nnx


def _weights(p: Parameters) -> dict[str, Any]:
    merged = merge_gate_biases(p)
    bias = np.stack([merged.bias[0], np.zeros_like(merged.bias[1])])
    return to_nnx(Parameters(merged.kernel, merged.recurrent_kernel, bias, merged.reset))


def _apply(asked: Asked, trees: Any, inputs: Any, states: Any, steps: Any) -> tuple[Any, tuple[Any, ...]]:
    rnns = [nnx.RNN(_cell(asked, tree)) for tree in trees]
    if asked.merge is None:
        module, start, options = rnns[0], states and states[0], {"reverse": asked.reverse, "keep_order": True}
    else:
        module, start, options = nnx.Bidirectional(*rnns), states and tuple(states), {}
    finals, outputs = module(inputs, initial_carry=start, seq_lengths=steps, return_carry=True, **options)
    return outputs, finals if asked.merge else (finals,)


def _cell(asked: Asked, tree: Any) -> nnx.GRUCell:
    cell = nnx.GRUCell(asked.input_dim, asked.units, param_dtype=asked.dtype, rngs=nnx.Rngs(0))
    cell.dense_i.kernel = nnx.Param(tree["dense_i.kernel"])
    cell.dense_i.bias = nnx.Param(tree["dense_i.bias"])
    cell.dense_h.kernel = nnx.Param(tree["dense_h.kernel"])
    return cell


gru = JaxLayers(
    _apply,
    _weights,
    Capabilities(
        arithmetic=xla(),
        reverse=True,
        merges=("concat",),
        zero_time=True,
        zero_batch=True,
        gradients=True,
        compiles_per_shape=True,
        because={
            "reset before": "flax.nnx.GRUCell resets after the product only",
            "reset none": "flax.nnx.GRUCell always has a reset gate",
            "masks": "flax.nnx.RNN has seq_lengths, not masks",
            "lengths": "flax.nnx.RNN documents no outputs for the padding (flax:linen-lengths asks for the carry)",
        },
    ),
    ("flax",),
)

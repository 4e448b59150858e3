"""Weights to and from Keras.

Source: z, r, n side by side in the last axis (keras/src/layers/rnn/gru.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reference.layouts.blocks import check, fit, gates_apart, side_by_side, sizes
from reference.layouts.names import chosen, is_mapping
from reference.parameters import GATES, Invalid, Parameters, Reset, Unrepresentable, dtype_of, flag, one_of

NAMES = ("kernel", "recurrent_kernel", "bias")


def to_keras(p: Parameters, use_bias: bool = True) -> list[np.ndarray]:
    """The weights that keras.layers.GRU.set_weights takes.

    Reset after gives bias (2, 3 units); before gives (3 units,), for a layer with reset_after=False; none gives kernel
    (input_dim, 2 units), recurrent_kernel (units, 2 units) and bias (2 units,), the gates z, n side by side.
    use_bias=False leaves the bias out, which must then be zero.

    Raises Unrepresentable if a bias that Keras has no place for is not zero.
    """
    check(p, "Keras")
    flag("use_bias", use_bias)
    arrays = [side_by_side(p.kernel), side_by_side(p.recurrent_kernel)]
    if not use_bias:
        if p.bias.any():
            raise Unrepresentable("bias is not zero, but a Keras layer with use_bias=False has none; use use_bias=True")
        return arrays
    if p.reset == "after":
        return [*arrays, p.bias.reshape(2, -1).copy()]
    if p.bias[1].any():
        raise Unrepresentable(
            f"the recurrent bias is not zero, but Keras has one bias row for reset={p.reset!r}; call merge_biases first"
        )
    return [*arrays, p.bias[0].reshape(-1).copy()]


def from_keras(
    weights: Sequence[np.ndarray] | Mapping[str, Any], reset: Reset = "after", prefix: str = ""
) -> Parameters:
    """The Parameters that hold what keras.layers.GRU.get_weights gave: to_keras backwards.

    weights: that list, in which two arrays are a layer without bias; or a mapping from the paths of a model's weights
        to arrays, {w.path: w.numpy() for w in model.weights}.
    prefix: that of the layer's paths in such a mapping, "gru/gru_cell/" for instance; a list takes none.

    Raises Invalid if the shapes do not fit reset, or if what stands under the prefix is not the weights of one layer
    and nothing else.
    """
    one_of("reset", reset, tuple(GATES))
    if is_mapping(weights):
        weights = chosen("weights", weights, (NAMES, NAMES[:2]), prefix, "/", "layer.get_weights()")
    elif prefix:
        raise Invalid(f"prefix is {prefix!r}, but weights is no mapping, so it has no names; leave the prefix out")
    if not isinstance(weights, tuple | list):
        raise Invalid(
            f"weights is a {type(weights).__name__}, but must be a list of kernel, recurrent_kernel and, if any, bias; "
            "pass layer.get_weights()"
        )
    if len(weights) not in (2, 3):
        raise Invalid(
            f"weights has {len(weights)} arrays, but must have 2 or 3: kernel, recurrent_kernel and, if any, bias; "
            "pass those of one layer and direction"
        )
    gates = len(GATES[reset])
    kernel, recurrent_kernel = weights[0], weights[1]
    dtype = dtype_of("kernel", kernel)
    input_dim, units = sizes("kernel", kernel, f"(input_dim, {gates} units)", (1, gates))
    bias = weights[2] if len(weights) == 3 else np.zeros((2, gates * units), dtype)
    rows = () if len(weights) == 3 and reset != "after" else (2,)
    fit("kernel", kernel, dtype, (input_dim, gates * units), reset)
    fit("recurrent_kernel", recurrent_kernel, dtype, (units, gates * units), reset)
    fit("bias", bias, dtype, (*rows, gates * units), reset)
    input_bias, recurrent_bias = bias if rows else (bias, np.zeros_like(bias))
    return Parameters(
        gates_apart(kernel, gates),
        gates_apart(recurrent_kernel, gates),
        np.stack([input_bias, recurrent_bias]).reshape(2, gates, units),
        reset,
    )

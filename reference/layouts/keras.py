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
    """The weights that keras.layers.GRU.set_weights accepts, for these parameters.

    Args:
        p: The parameters.
        use_bias: False leaves the bias out, which must then be zero.

    Returns:
        For reset "after" kernel (input_dim, 3 units), recurrent_kernel (units, 3 units) and bias (2, 3 units). For
        "before" the bias has shape (3 units,), for a layer with reset_after=False. For "none" the arrays have 2 units
        in place of 3 units, the gates z, n side by side.

    Raises:
        Unrepresentable: If a bias that Keras does not have is not zero.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, to_keras
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> [array.shape for array in to_keras(p)]
        [(2, 12), (4, 12), (2, 12)]
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
    """Parameters from the weights that keras.layers.GRU.get_weights returns, the inverse of to_keras.

    Args:
        weights: The list of get_weights, in which two arrays mean a layer without bias; or a mapping from the paths of
            a model's weights to arrays, {w.path: w.numpy() for w in model.weights}.
        reset: The position of the reset gate; "before" for a layer with reset_after=False.
        prefix: The prefix of the layer's paths in a mapping, such as "gru/gru_cell/"; a list needs none.

    Returns:
        The parameters.

    Raises:
        Invalid: If the shapes do not fit reset, or the names under the prefix are not exactly the weights of one layer.

    Examples:
        >>> import numpy as np
        >>> from reference import from_keras
        >>> from_keras([np.zeros((2, 12)), np.zeros((4, 12)), np.zeros((2, 12))]).units
        4
    """
    one_of("reset", reset, tuple(GATES))
    if is_mapping(weights):
        weights = chosen("weights", weights, (NAMES, NAMES[:2]), prefix, "/", "layer.get_weights()")
    elif prefix:
        raise Invalid(f"prefix is {prefix!r}, but weights is not a mapping, so it has no names; leave the prefix out")
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

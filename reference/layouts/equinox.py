"""Weights to and from Equinox.

Source: r, z, n stacked along the first axis, every matrix transposed; one bias for each gate, and a second for n
(equinox/nn/_rnn.py).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.biases import no_recurrent_bias
from reference.layouts.blocks import check, fit, gates_below, on_top, only_reset, sizes
from reference.layouts.names import chosen
from reference.layouts.torch import RZN
from reference.parameters import Parameters, dtype_of

NAMES = ("weight_ih", "weight_hh", "bias", "bias_n")


def to_equinox(p: Parameters) -> dict[str, np.ndarray]:
    """The arrays of equinox.nn.GRUCell for these parameters.

    Args:
        p: Parameters with reset "after".

    Returns:
        Arrays by name: weight_ih (3 units, input_dim), weight_hh (3 units, units), bias (3 units,) and bias_n (units,).

    Raises:
        Unrepresentable: If reset is not "after", or a recurrent bias of z or r is not zero.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import to_equinox
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> sorted(to_equinox(p))
        ['bias', 'bias_n', 'weight_hh', 'weight_ih']
    """
    check(p, "Equinox")
    only_reset(p, "after", "equinox.nn.GRUCell")
    no_recurrent_bias(p, "zr", "equinox.nn.GRUCell")
    arrays = (on_top(p.kernel[RZN]), on_top(p.recurrent_kernel[RZN]), p.bias[0, RZN].reshape(-1), p.bias[1, 2].copy())
    return dict(zip(NAMES, arrays, strict=True))


def from_equinox(arrays: Mapping[str, Any], prefix: str = "") -> Parameters:
    """Parameters from the arrays of equinox.nn.GRUCell, the inverse of to_equinox.

    Args:
        arrays: Arrays by name. Nested mappings are joined by ".".
        prefix: The prefix of their names in a larger mapping, such as "encoder.".

    Returns:
        The parameters.

    Raises:
        Invalid: If the names under the prefix are not exactly these, or shapes do not fit.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import from_equinox, to_equinox
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> from_equinox(to_equinox(p)).units
        4
    """
    W, U, b, b_n = chosen("arrays", arrays, (NAMES,), prefix, ".", "a cell's arrays by their names")
    dtype = dtype_of("weight_ih", W)
    units, input_dim = sizes("weight_ih", W, "(3 units, input_dim)", (3, 1))
    shapes = ((3 * units, input_dim), (3 * units, units), (3 * units,), (units,))
    for name, array, shape in zip(NAMES, (W, U, b, b_n), shapes, strict=True):
        fit(name, array, dtype, shape, "after")
    both = np.zeros((2, 3, units), dtype)
    both[0], both[1, 2] = b.reshape(3, units)[RZN], b_n
    return Parameters(gates_below(W, 3)[RZN], gates_below(U, 3)[RZN], both, "after")

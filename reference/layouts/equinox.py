"""Weights to and from Equinox.

Source: r, z, n on top of one another, every matrix transposed; one bias for each gate, and a second for n
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
    """The arrays of equinox.nn.GRUCell: weight_ih, weight_hh, bias and bias_n.

    Raises Unrepresentable unless reset is after, and if a recurrent bias of z or r is not zero.
    """
    check(p, "Equinox")
    only_reset(p, "after", "equinox.nn.GRUCell")
    no_recurrent_bias(p, "zr", "equinox.nn.GRUCell")
    arrays = (on_top(p.kernel[RZN]), on_top(p.recurrent_kernel[RZN]), p.bias[0, RZN].reshape(-1), p.bias[1, 2].copy())
    return dict(zip(NAMES, arrays, strict=True))


def from_equinox(arrays: Mapping[str, Any], prefix: str = "") -> Parameters:
    """The Parameters that hold the arrays of equinox.nn.GRUCell: to_equinox backwards.

    prefix: that of their names in a larger mapping, "encoder." for instance. Mappings within it are joined by ".".

    Raises Invalid if what stands under the prefix is not these arrays and nothing else.
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

"""Weights to and from Haiku.

Source: z, r, n side by side, one bias, and h' = (1 - z) h + z n (haiku/_src/recurrent.py; Sonnet's GRU is the same).
Its z is 1 minus ours, and since 1 - sigma(a) = sigma(-a), every number of the z gate changes its sign.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.biases import no_recurrent_bias
from reference.layouts.blocks import check, fit, gates_apart, only_reset, side_by_side, sizes
from reference.layouts.names import chosen
from reference.parameters import Parameters, dtype_of

NAMES = ("w_i", "w_h", "b")


def to_haiku(p: Parameters) -> dict[str, np.ndarray]:
    """The parameters of haiku.GRU for these parameters.

    Args:
        p: Parameters with reset "before".

    Returns:
        Arrays by name: w_i (input_dim, 3 units), w_h (units, 3 units) and b (3 units,).

    Raises:
        Unrepresentable: If reset is not "before", or a recurrent bias is not zero.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import to_haiku
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)), reset="before")
        >>> to_haiku(p)["w_i"].shape
        (2, 12)
    """
    check(p, "Haiku")
    only_reset(p, "before", "haiku.GRU")
    no_recurrent_bias(p, "zrn", "haiku.GRU")
    return {
        "w_i": side_by_side(_turned(p.kernel)),
        "w_h": side_by_side(_turned(p.recurrent_kernel)),
        "b": _turned(p.bias[0]).reshape(-1),
    }


def from_haiku(arrays: Mapping[str, Any], prefix: str = "") -> Parameters:
    """Parameters from the parameters of haiku.GRU, the inverse of to_haiku.

    Args:
        arrays: Arrays by name. Nested mappings are joined by "/".
        prefix: The prefix of the module in a model's parameters, such as "encoder/gru/".

    Returns:
        The parameters.

    Raises:
        Invalid: If the names under the prefix are not exactly these, or shapes do not fit.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import from_haiku, to_haiku
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)), reset="before")
        >>> from_haiku(to_haiku(p)).units
        4
    """
    W, U, b = chosen("arrays", arrays, (NAMES,), prefix, "/", "what init returned")
    dtype = dtype_of("w_i", W)
    input_dim, units = sizes("w_i", W, "(input_dim, 3 units)", (1, 3))
    shapes = ((input_dim, 3 * units), (units, 3 * units), (3 * units,))
    for name, array, shape in zip(NAMES, (W, U, b), shapes, strict=True):
        fit(name, array, dtype, shape, "before")
    both = np.zeros((2, 3, units), dtype)
    both[0] = _turned(b.reshape(3, units))
    return Parameters(_turned(gates_apart(W, 3)), _turned(gates_apart(U, 3)), both, "before")


def _turned(by_gate: np.ndarray) -> np.ndarray:
    """The arrays by gate with the sign of the z gate changed."""
    turned = by_gate.copy()
    turned[0] = -turned[0]
    return turned

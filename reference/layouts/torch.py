"""Weights to and from PyTorch.

Source: r, z, n stacked along the first axis, every matrix transposed (torch/nn/modules/rnn.py).
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.blocks import as_array, check, fit, gates_below, on_top, only_reset, sizes
from reference.layouts.names import flat, here, others, under
from reference.parameters import Invalid, Parameters, dtype_of

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
ARRAY = re.compile(
    rf"({'|'.join(NAMES)})(_l\d+(?:_reverse)?|)"
)  # an array of a GRU; the arrays of a GRUCell have no suffix
RZN = [1, 0, 2]  # z, r, n to PyTorch's r, z, n, and back


def to_torch(p: Parameters, suffix: str = "_l0") -> dict[str, np.ndarray]:
    """The arrays of torch.nn.GRU's state dict, for one layer and direction.

    Args:
        p: Parameters with reset "after", the only position that PyTorch has.
        suffix: The layer and direction: "_l0", "_l0_reverse", "_l1", and so on; "" for a GRUCell.

    Returns:
        Arrays by name: weight_ih (3 units, input_dim), weight_hh (3 units, units), bias_ih and bias_hh (3 units,), each
            with
        the suffix.

    Raises:
        Unrepresentable: If reset is not "after".

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, to_torch
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> to_torch(p)["weight_ih_l0"].shape
        (12, 2)
    """
    check(p, "PyTorch")
    only_reset(p, "after", "torch.nn.GRU")
    return {
        f"weight_ih{suffix}": on_top(p.kernel[RZN]),
        f"weight_hh{suffix}": on_top(p.recurrent_kernel[RZN]),
        f"bias_ih{suffix}": p.bias[0, RZN].reshape(-1),
        f"bias_hh{suffix}": p.bias[1, RZN].reshape(-1),
    }


def from_torch(state_dict: Mapping[str, Any], suffix: str | None = None, prefix: str = "") -> Parameters:
    """Parameters from one layer and direction of torch.nn.GRU's state dict, the inverse of to_torch.

    Args:
        state_dict: NumPy arrays or CPU tensors by name. Missing biases count as zeros.
        suffix: The layer and direction: "_l0", "_l0_reverse", "_l1", and so on; "" for a GRUCell. It may be left out if
            there is only one.
        prefix: The module's name in the state dict of a whole model, such as "encoder.gru.".

    Returns:
        The parameters.

    Raises:
        Invalid: If there are several layers or directions and no suffix is given, other names occur under the prefix,
            the names or shapes do not fit, or a tensor cannot be converted to NumPy unchanged.

    Examples:
        >>> import numpy as np
        >>> from reference import from_torch
        >>> arrays = {"weight_ih_l0": np.zeros((12, 2)), "weight_hh_l0": np.zeros((12, 4))}
        >>> from_torch(arrays).units
        4
    """
    everything = flat("state_dict", state_dict, ".", "module.state_dict()")
    found = under(prefix, everything, ".")
    matches = {name: match for name in found if (match := ARRAY.fullmatch(name))}
    suffixes = list(dict.fromkeys(match[2] for match in matches.values()))
    if suffix is None and len(suffixes) > 1:
        raise Invalid(
            f"state_dict has the layers and directions {', '.join(map(repr, suffixes))}, but Parameters hold one; "
            "choose it by suffix"
        )
    chosen = suffix if suffix is not None else suffixes[0] if suffixes else "_l0"
    names = tuple(f"{name}{chosen}" for name in NAMES)
    present = tuple(name for name in names if name in found)
    unread = {name: value for name, value in found.items() if name not in matches}
    if present not in (names, names[:2]) or unread:
        elsewhere = others(everything, (names[:2], NAMES[:2]))
        raise Invalid(
            f"{here('state_dict', unread or found, prefix)}, but must have {', '.join(names)} (or neither bias), and "
            f"nothing else but other layers and directions; choose those by suffix{elsewhere}"
        )
    arrays = [as_array(name, found[name]) for name in present]
    dtype = dtype_of(names[0], arrays[0])
    units, input_dim = sizes(names[0], arrays[0], "(3 units, input_dim)", (3, 1))
    arrays += [np.zeros(3 * units, dtype)] * (len(names) - len(present))
    shapes = ((3 * units, input_dim), (3 * units, units), (3 * units,), (3 * units,))
    for name, array, shape in zip(names, arrays, shapes, strict=True):
        fit(name, array, dtype, shape, "after")
    W, U, b_x, b_h = arrays
    return Parameters(
        gates_below(W, 3)[RZN], gates_below(U, 3)[RZN], np.stack([b_x, b_h]).reshape(2, 3, units)[:, RZN], "after"
    )

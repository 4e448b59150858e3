"""Weights to and from PyTorch.

Source: r, z, n on top of one another, every matrix transposed (torch/nn/modules/rnn.py).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.blocks import as_array, check, fit, gates_below, is_mapping, on_top, only_reset, sizes
from reference.parameters import Invalid, Parameters, dtype_of

RZN = [1, 0, 2]  # z, r, n to PyTorch's r, z, n, and back


def to_torch(p: Parameters, suffix: str = "_l0") -> dict[str, np.ndarray]:
    """The arrays of torch.nn.GRU's state dict, for one layer and direction: suffix "_l0", "_l0_reverse", "_l1", ....

    Raises Unrepresentable unless reset is after, the only one that PyTorch has.
    """
    check(p, "PyTorch")
    only_reset(p, "after", "torch.nn.GRU")
    return {
        f"weight_ih{suffix}": on_top(p.kernel[RZN]),
        f"weight_hh{suffix}": on_top(p.recurrent_kernel[RZN]),
        f"bias_ih{suffix}": p.bias[0, RZN].reshape(-1),
        f"bias_hh{suffix}": p.bias[1, RZN].reshape(-1),
    }


def from_torch(state_dict: Mapping[str, Any], suffix: str = "_l0") -> Parameters:
    """The Parameters that hold one layer and direction of torch.nn.GRU's state dict: to_torch backwards.

    The values may be NumPy arrays or CPU tensors; without biases they are zeros. Raises Invalid if the names or shapes
    do not fit, and for a tensor that NumPy cannot hold as it is.
    """
    if not is_mapping(state_dict):
        raise Invalid(f"state_dict is a {type(state_dict).__name__}, but must be a mapping; pass module.state_dict()")
    names = [f"{name}{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    present = [name for name in names if name in state_dict]
    if present not in (names, names[:2]):
        raise Invalid(
            f"state_dict has {', '.join(map(str, state_dict)) or 'nothing'}, but must have {', '.join(names)} "
            "(or neither bias); choose the layer and direction by suffix"
        )
    arrays = [as_array(name, state_dict[name]) for name in present]
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

"""Weights to and from Flax: linen's GRUCell and nnx's.

Source: linen has two Dense layers for each gate, with one bias for z and r and two for n. nnx has r, z, n side by side
in two Linear layers, of which only the inputs' layer has a bias (flax/linen/recurrent.py, flax/nnx/nn/recurrent.py).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.biases import no_recurrent_bias
from reference.layouts.blocks import check, fit, gates_apart, only_reset, side_by_side, sizes
from reference.layouts.names import chosen
from reference.layouts.torch import RZN
from reference.parameters import Parameters, dtype_of

LINEN = ("iz", "ir", "in", "hz", "hr", "hn")
BIASED = ("iz", "ir", "in", "hn")
LINEN_ARRAYS = (*(f"{name}/kernel" for name in LINEN), *(f"{name}/bias" for name in BIASED))
NNX = ("dense_i.kernel", "dense_i.bias", "dense_h.kernel")


def to_linen(p: Parameters) -> dict[str, dict[str, np.ndarray]]:
    """The parameters of flax.linen.GRUCell for these parameters.

    Args:
        p: Parameters with reset "after".

    Returns:
        Kernels (rows, units) and biases (units,) of its six Dense layers, by name.

    Raises:
        Unrepresentable: If reset is not "after", or a recurrent bias of z or r is not zero.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import to_linen
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> sorted(to_linen(p))
        ['hn', 'hr', 'hz', 'in', 'ir', 'iz']
    """
    check(p, "Flax")
    only_reset(p, "after", "flax.linen.GRUCell")
    no_recurrent_bias(p, "zr", "flax.linen.GRUCell")
    kernels = dict(zip(LINEN, (*p.kernel, *p.recurrent_kernel), strict=True))
    biases = dict(zip(BIASED, (*p.bias[0], p.bias[1, 2]), strict=True))
    return {
        name: {"kernel": kernel.copy()} | ({"bias": biases[name].copy()} if name in biases else {})
        for name, kernel in kernels.items()
    }


def from_linen(params: Mapping[str, Any], prefix: str = "") -> Parameters:
    """Parameters from the parameters of flax.linen.GRUCell, the inverse of to_linen.

    Args:
        params: Arrays by name, nested as Flax has them.
        prefix: The prefix of the module in a model's parameters, such as "encoder/GRUCell_0/".

    Returns:
        The parameters.

    Raises:
        Invalid: If the names under the prefix are not exactly these, or shapes do not fit.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import from_linen, to_linen
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> from_linen(to_linen(p)).units
        4
    """
    arrays = chosen("params", params, (LINEN_ARRAYS,), prefix, "/", "variables['params']")
    kernels, biases = arrays[: len(LINEN)], arrays[len(LINEN) :]
    dtype = dtype_of("iz/kernel", kernels[0])
    input_dim, units = sizes("iz/kernel", kernels[0], "(input_dim, units)", (1, 1))
    for name, kernel in zip(LINEN, kernels, strict=True):
        fit(f"{name}/kernel", kernel, dtype, (input_dim if name[0] == "i" else units, units), "after")
    for name, bias in zip(BIASED, biases, strict=True):
        fit(f"{name}/bias", bias, dtype, (units,), "after")
    both = np.zeros((2, 3, units), dtype)
    both[0], both[1, 2] = np.stack(biases[:3]), biases[3]
    return Parameters(np.stack(kernels[:3]), np.stack(kernels[3:]), both, "after")


def to_nnx(p: Parameters) -> dict[str, np.ndarray]:
    """The arrays of flax.nnx.GRUCell for these parameters.

    Args:
        p: Parameters with reset "after".

    Returns:
        Arrays by name: "dense_i.kernel" (input_dim, 3 units), "dense_i.bias" (3 units,), "dense_h.kernel" (units, 3
            units).

    Raises:
        Unrepresentable: If reset is not "after", or a recurrent bias is not zero; the module has none, not even for n.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import to_nnx
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> to_nnx(p)["dense_i.kernel"].shape
        (2, 12)
    """
    check(p, "Flax")
    only_reset(p, "after", "flax.nnx.GRUCell")
    no_recurrent_bias(p, "zrn", "flax.nnx.GRUCell")
    arrays = (side_by_side(p.kernel[RZN]), p.bias[0, RZN].reshape(-1), side_by_side(p.recurrent_kernel[RZN]))
    return dict(zip(NNX, arrays, strict=True))


def from_nnx(arrays: Mapping[Any, Any], prefix: str = "") -> Parameters:
    """Parameters from the arrays of flax.nnx.GRUCell, the inverse of to_nnx.

    Args:
        arrays: Arrays by name. Nested mappings are joined by ".".
        prefix: The prefix of the module in a model's state, such as "encoder.cell.".

    Returns:
        The parameters.

    Raises:
        Invalid: If the names under the prefix are not exactly these, or shapes do not fit.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import from_nnx, to_nnx
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> from_nnx(to_nnx(p)).units
        4
    """
    W, b, U = chosen("arrays", arrays, (NNX,), prefix, ".", "nnx.to_pure_dict(nnx.state(cell, nnx.Param))")
    dtype = dtype_of("dense_i.kernel", W)
    input_dim, units = sizes("dense_i.kernel", W, "(input_dim, 3 units)", (1, 3))
    fit("dense_i.kernel", W, dtype, (input_dim, 3 * units), "after")
    fit("dense_i.bias", b, dtype, (3 * units,), "after")
    fit("dense_h.kernel", U, dtype, (units, 3 * units), "after")
    both = np.zeros((2, 3, units), dtype)
    both[0] = b.reshape(3, units)[RZN]
    return Parameters(gates_apart(W, 3)[RZN], gates_apart(U, 3)[RZN], both, "after")

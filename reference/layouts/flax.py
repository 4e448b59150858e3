"""Weights to and from Flax: linen's GRUCell and nnx's.

Source: linen keeps each gate's two Dense layers apart, with one bias for z and r and two for n; nnx keeps r, z, n side
by side in two Linear layers, of which only the inputs' has a bias (flax/linen/recurrent.py, flax/nnx/nn/recurrent.py).
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
    """The parameters of flax.linen.GRUCell: kernels (rows, units) and biases (units,) of its six Dense layers.

    Raises Unrepresentable unless reset is after, and if a recurrent bias of z or r is not zero.
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
    """The Parameters that hold what flax.linen.GRUCell was given: to_linen backwards.

    prefix: that of the module in the parameters of a whole model, "encoder/GRUCell_0/" for instance.

    Raises Invalid if what stands under the prefix is not these arrays and nothing else.
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
    """The numbers of flax.nnx.GRUCell: "dense_i.kernel", "dense_i.bias" and "dense_h.kernel".

    Raises Unrepresentable unless reset is after, and if a recurrent bias is not zero: the module has none, not for n.
    """
    check(p, "Flax")
    only_reset(p, "after", "flax.nnx.GRUCell")
    no_recurrent_bias(p, "zrn", "flax.nnx.GRUCell")
    arrays = (side_by_side(p.kernel[RZN]), p.bias[0, RZN].reshape(-1), side_by_side(p.recurrent_kernel[RZN]))
    return dict(zip(NNX, arrays, strict=True))


def from_nnx(arrays: Mapping[Any, Any], prefix: str = "") -> Parameters:
    """The Parameters that hold the numbers of flax.nnx.GRUCell: to_nnx backwards.

    prefix: that of the module in the state of a whole model, "encoder.cell." for instance.

    Raises Invalid if what stands under the prefix is not these arrays and nothing else.
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

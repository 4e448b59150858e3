"""Weights to and from Flax: linen's GRUCell and nnx's.

Source: linen keeps each gate's two Dense layers apart, with one bias for z and r and two for n; nnx keeps r, z, n side
by side in two Linear layers, of which only the inputs' has a bias (flax/linen/recurrent.py, flax/nnx/nn/recurrent.py).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.biases import no_recurrent_bias
from reference.layouts.blocks import check, fit, gates_apart, is_mapping, named, only_reset, side_by_side, sizes
from reference.layouts.torch import RZN
from reference.parameters import Invalid, Parameters, dtype_of

LINEN = ("iz", "ir", "in", "hz", "hr", "hn")
BIASED = ("iz", "ir", "in", "hn")


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


def from_linen(params: Mapping[str, Mapping[str, Any]]) -> Parameters:
    """The Parameters that hold what flax.linen.GRUCell was given: to_linen backwards. Raises Invalid if it is not."""
    kernels: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    for name, layer in zip(LINEN, _layers(params), strict=True):
        kernel, *bias = named(name, layer, ("kernel", "bias") if name in BIASED else ("kernel",))
        kernels.append(kernel)
        biases += bias
    dtype = dtype_of("iz kernel", kernels[0])
    input_dim, units = sizes("iz kernel", kernels[0], "(input_dim, units)", (1, 1))
    for name, kernel in zip(LINEN, kernels, strict=True):
        fit(f"{name} kernel", kernel, dtype, (input_dim if name[0] == "i" else units, units), "after")
    for name, bias in zip(BIASED, biases, strict=True):
        fit(f"{name} bias", bias, dtype, (units,), "after")
    both = np.zeros((2, 3, units), dtype)
    both[0], both[1, 2] = np.stack(biases[:3]), biases[3]
    return Parameters(np.stack(kernels[:3]), np.stack(kernels[3:]), both, "after")


def _layers(params: object) -> list[Any]:
    """The six layers in the order of LINEN, not looked into. Raises Invalid for other names."""
    if not is_mapping(params) or set(params) != set(LINEN):
        got = ", ".join(map(str, params)) if is_mapping(params) else f"a {type(params).__name__}"
        raise Invalid(f"params has {got or 'nothing'}, but must have {', '.join(LINEN)}; pass variables['params']")
    return [params[name] for name in LINEN]


def to_nnx(p: Parameters) -> dict[str, np.ndarray]:
    """The numbers of flax.nnx.GRUCell: "dense_i.kernel", "dense_i.bias" and "dense_h.kernel".

    Raises Unrepresentable unless reset is after, and if a recurrent bias is not zero: the module has none, not for n.
    """
    check(p, "Flax")
    only_reset(p, "after", "flax.nnx.GRUCell")
    no_recurrent_bias(p, "zrn", "flax.nnx.GRUCell")
    return {
        "dense_i.kernel": side_by_side(p.kernel[RZN]),
        "dense_i.bias": p.bias[0, RZN].reshape(-1),
        "dense_h.kernel": side_by_side(p.recurrent_kernel[RZN]),
    }


def from_nnx(arrays: Mapping[str, Any]) -> Parameters:
    """The Parameters that hold the numbers of flax.nnx.GRUCell: to_nnx backwards. Raises Invalid for other shapes."""
    W, b, U = named("arrays", arrays, ("dense_i.kernel", "dense_i.bias", "dense_h.kernel"))
    dtype = dtype_of("dense_i.kernel", W)
    input_dim, units = sizes("dense_i.kernel", W, "(input_dim, 3 units)", (1, 3))
    fit("dense_i.kernel", W, dtype, (input_dim, 3 * units), "after")
    fit("dense_i.bias", b, dtype, (3 * units,), "after")
    fit("dense_h.kernel", U, dtype, (units, 3 * units), "after")
    both = np.zeros((2, 3, units), dtype)
    both[0] = b.reshape(3, units)[RZN]
    return Parameters(gates_apart(W, 3)[RZN], gates_apart(U, 3)[RZN], both, "after")

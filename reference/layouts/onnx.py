"""Weights to and from ONNX.

Source: z, r, n on top of one another, every matrix transposed, with an axis of directions in front (operator GRU).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.blocks import check, fit, gates_below, on_top, sizes
from reference.layouts.names import chosen, is_mapping
from reference.parameters import Invalid, Parameters, Reset, Unrepresentable, dtype_of

NAMES = ("W", "R", "B")


def to_onnx(*directions: Parameters) -> dict[str, Any]:
    """The inputs W, R, B and the attribute linear_before_reset of ONNX's GRU, for one direction or two.

    Raises Unrepresentable for reset none and if the two directions differ in reset; Invalid if they differ in size.
    """
    if len(directions) not in (1, 2):
        raise Invalid(
            f"to_onnx got {len(directions)} Parameters, but ONNX has 1 direction or 2; pass forward, then backward"
        )
    first = directions[0]
    for p in directions:
        check(p, "ONNX")
    for p in directions:
        if p.reset == "none":
            raise Unrepresentable("reset is 'none', but ONNX's GRU always has a reset gate; no conversion is exact")
        if p.reset != first.reset:
            raise Unrepresentable(
                f"the directions have reset {first.reset!r} and {p.reset!r}, but ONNX has one for both"
            )
        if (p.kernel.shape, p.dtype) != (first.kernel.shape, first.dtype):
            raise Invalid(
                f"the directions have kernels {first.kernel.shape} {first.dtype} and {p.kernel.shape} {p.dtype}, "
                "but ONNX stacks them; they must be the same"
            )
    return {
        "W": np.stack([on_top(p.kernel) for p in directions]),
        "R": np.stack([on_top(p.recurrent_kernel) for p in directions]),
        "B": np.stack([p.bias.reshape(-1) for p in directions]),
        "linear_before_reset": int(first.reset == "after"),
    }


def from_onnx(
    W: np.ndarray | Mapping[str, Any],
    R: np.ndarray | None = None,
    B: np.ndarray | None = None,
    linear_before_reset: int = 0,
    prefix: str = "",
) -> tuple[Parameters, ...]:
    """The Parameters, one per direction, that hold ONNX's W, R and B: to_onnx backwards; no B is zeros.

    W: the array, or a mapping that has W, R and, if any, B under these names; then R and B are left out.
    prefix: that of the three names in such a mapping, of a model's initializers for instance.

    Raises Invalid if the shapes do not fit, for a linear_before_reset other than 0 and 1, and if what stands under the
    prefix is not these arrays and nothing else.
    """
    if not _zero_or_one(linear_before_reset):
        raise Invalid(
            f"linear_before_reset is {linear_before_reset!r}, but must be 0 (reset before) or 1 (reset after)"
        )
    reset: Reset = "after" if linear_before_reset else "before"
    kernels, recurrent_kernels, biases = three(W, R, B, (NAMES, NAMES[:2]), prefix)
    dtype = dtype_of("W", kernels)
    directions, units, input_dim = sizes_of_both(kernels)
    both = np.zeros((directions, 6 * units), dtype) if biases is None else biases
    fit("W", kernels, dtype, (directions, 3 * units, input_dim), reset)
    fit("R", recurrent_kernels, dtype, (directions, 3 * units, units), reset)
    fit("B", both, dtype, (directions, 6 * units), reset)
    return tuple(
        Parameters(gates_below(w, 3), gates_below(r, 3), b.reshape(2, 3, units), reset)
        for w, r, b in zip(kernels, recurrent_kernels, both, strict=True)
    )


def three(
    W: Any, R: Any, B: Any, choices: tuple[tuple[str, ...], ...], prefix: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """W, R and B, out of a mapping if W is one; B may be None."""
    if is_mapping(W):
        if R is not None or B is not None:
            raise Invalid("W is a mapping, which has R and B too, but R or B is given beside it; give one of the two")
        kernels, recurrent_kernels, *rest = chosen("W", W, choices, prefix, "/", "the initializers by their names")
        return kernels, recurrent_kernels, rest[0] if rest else None
    if prefix:
        raise Invalid(f"prefix is {prefix!r}, but W is no mapping, so it has no names; leave the prefix out")
    return W, R, B


def sizes_of_both(W: np.ndarray) -> tuple[int, int, int]:
    """Directions, units and input_dim of an array W of one direction or two."""
    axes = "(directions, 3 units, input_dim) with 1 direction or 2"
    directions, units, input_dim = sizes("W", W, axes, (1, 3, 1))
    if directions > 2:
        raise Invalid(f"W has shape {W.shape}, but must be {axes}; take one GRU at a time")
    return directions, units, input_dim


def _zero_or_one(value: object) -> bool:
    """Whether it is the integer 0 or 1; True is none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and value in (0, 1)

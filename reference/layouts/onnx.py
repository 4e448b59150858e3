"""Weights to and from ONNX.

Source: z, r, n stacked along the first axis, every matrix transposed, after a leading axis of directions (operator
GRU).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.blocks import check, fit, gates_below, on_top, sizes
from reference.layouts.names import chosen, is_mapping
from reference.parameters import Invalid, Parameters, Reset, Unrepresentable, dtype_of

NAMES = ("W", "R", "B")


def to_onnx(*directions: Parameters) -> dict[str, Any]:
    """The inputs and the attribute of ONNX's GRU operator for one direction or two.

    Args:
        *directions: Parameters, forward and optionally backward, with reset "after" or "before".

    Returns:
        W (directions, 3 units, input_dim), R (directions, 3 units, units), B (directions, 6 units) and the integer
        linear_before_reset, by name.

    Raises:
        Unrepresentable: If reset is "none", or the two directions differ in reset.
        Invalid: If the two directions differ in size.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, to_onnx
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> to_onnx(p)["B"].shape
        (1, 24)
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
    """Parameters, one for each direction, from ONNX's W, R and B, the inverse of to_onnx.

    Args:
        W: The array (directions, 3 units, input_dim), or a mapping with W, R and, if present, B under these names; then
            leave R and B out.
        R: The array (directions, 3 units, units).
        B: The array (directions, 6 units); None means zeros.
        linear_before_reset: The attribute: 0 for reset before, 1 for reset after.
        prefix: The prefix of the three names in a mapping, such as a model's initializers.

    Returns:
        One or two Parameters.

    Raises:
        Invalid: If the shapes do not fit, linear_before_reset is neither 0 nor 1, or the names under the prefix are not
            exactly these.

    Examples:
        >>> import numpy as np
        >>> from reference import from_onnx
        >>> [p.units for p in from_onnx(np.zeros((1, 12, 2)), np.zeros((1, 12, 4)))]
        [4]
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
    """W, R and B, taken from a mapping if W is one. B may be None."""
    if is_mapping(W):
        if R is not None or B is not None:
            raise Invalid(
                "W is a mapping, which has R and B too, but R or B is also given; pass only the mapping, or arrays"
            )
        kernels, recurrent_kernels, *rest = chosen("W", W, choices, prefix, "/", "the initializers by their names")
        return kernels, recurrent_kernels, rest[0] if rest else None
    if prefix:
        raise Invalid(f"prefix is {prefix!r}, but W is not a mapping, so it has no names; leave the prefix out")
    return W, R, B


def sizes_of_both(W: np.ndarray) -> tuple[int, int, int]:
    """Directions, units and input_dim of an array W of one direction or two."""
    axes = "(directions, 3 units, input_dim) with 1 direction or 2"
    directions, units, input_dim = sizes("W", W, axes, (1, 3, 1))
    if directions > 2:
        raise Invalid(f"W has shape {W.shape}, but must be {axes}; take one GRU at a time")
    return directions, units, input_dim


def _zero_or_one(value: object) -> bool:
    """True if the value is the integer 0 or 1. True itself does not count."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and value in (0, 1)

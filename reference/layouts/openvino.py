"""Weights to and from OpenVINO's GRUSequence.

Source: like ONNX, z, r, n stacked along the first axis and transposed, after a leading axis of directions; but with one
bias for each gate, and with linear_before_reset a second for n (operation GRUSequence-5).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.biases import no_recurrent_bias
from reference.layouts.blocks import fit, gates_below
from reference.layouts.onnx import NAMES, sizes_of_both, three, to_onnx
from reference.parameters import Parameters, Reset, dtype_of, exact_array, flag


def to_openvino(*directions: Parameters) -> dict[str, Any]:
    """The inputs and the attribute of OpenVINO's GRUSequence for one direction or two.

    Args:
        *directions: Parameters, forward and optionally backward, with reset "after" or "before".

    Returns:
        W (directions, 3 units, input_dim), R (directions, 3 units, units), B (directions, 4 units) for reset after or
        (directions, 3 units) for reset before, and the boolean linear_before_reset, by name.

    Raises:
        Unrepresentable: If reset is "none", the directions differ in reset, or a recurrent bias is not zero, except for
            n with reset after.
        Invalid: If the directions differ in size.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import to_openvino
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> to_openvino(p)["B"].shape
        (1, 16)
    """
    made = to_onnx(*directions)
    for p in directions:
        no_recurrent_bias(p, "zr" if p.reset == "after" else "zrn", "OpenVINO's GRUSequence")
    rows = [[*p.bias[0], p.bias[1, 2]] if p.reset == "after" else [*p.bias[0]] for p in directions]
    return {
        "W": made["W"],
        "R": made["R"],
        "B": np.stack([np.concatenate(row) for row in rows]),
        "linear_before_reset": bool(made["linear_before_reset"]),
    }


def from_openvino(
    W: np.ndarray | Mapping[str, Any],
    R: np.ndarray | None = None,
    B: np.ndarray | None = None,
    linear_before_reset: bool | None = None,
    prefix: str = "",
) -> tuple[Parameters, ...]:
    """Parameters, one for each direction, from GRUSequence's W, R and B, the inverse of to_openvino.

    Args:
        W: The array (directions, 3 units, input_dim), or a mapping with W, R and B under these names; then leave R and
            B out.
        R: The array (directions, 3 units, units).
        B: The array (directions, 4 units) or (directions, 3 units).
        linear_before_reset: The attribute: True for reset after, False for reset before.
        prefix: The prefix of the three names in a mapping.

    Returns:
        One or two Parameters.

    Raises:
        Invalid: If the shapes do not fit, linear_before_reset is missing, or the names under the prefix are not exactly
            these.

    Examples:
        >>> import numpy as np
        >>> from reference.layouts import from_openvino
        >>> arrays = np.zeros((1, 12, 2)), np.zeros((1, 12, 4)), np.zeros((1, 16))
        >>> [p.units for p in from_openvino(*arrays, linear_before_reset=True)]
        [4]
    """
    reset: Reset = "after" if flag("linear_before_reset", linear_before_reset) else "before"
    kernels, recurrent_kernels, biases = three(W, R, B, (NAMES,), prefix)
    dtype = dtype_of("W", kernels)
    count, units, input_dim = sizes_of_both(kernels)
    rows = 4 if reset == "after" else 3
    fit("W", kernels, dtype, (count, 3 * units, input_dim), reset)
    fit("R", recurrent_kernels, dtype, (count, 3 * units, units), reset)
    given = exact_array("B", biases, dtype, (count, rows * units), f"for reset={reset!r}; check linear_before_reset")
    both = np.zeros((count, 2, 3, units), dtype)
    both[:, 0] = given[:, : 3 * units].reshape(count, 3, units)
    if rows == 4:
        both[:, 1, 2] = given[:, 3 * units :]
    return tuple(
        Parameters(gates_below(w, 3), gates_below(r, 3), b, reset)
        for w, r, b in zip(kernels, recurrent_kernels, both, strict=True)
    )

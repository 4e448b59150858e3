"""Weights to and from OpenVINO's GRUSequence.

Source: z, r, n on top of one another, transposed, an axis of directions in front, as ONNX; but one bias for each gate,
and with linear_before_reset a second for n (operation GRUSequence-5).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.biases import no_recurrent_bias
from reference.layouts.blocks import fit, gates_below
from reference.layouts.onnx import NAMES, sizes_of_both, three, to_onnx
from reference.parameters import Parameters, Reset, dtype_of, exact_array, flag


def to_openvino(*directions: Parameters) -> dict[str, Any]:
    """The inputs W, R, B and the attribute linear_before_reset of GRUSequence, for one direction or two.

    Raises Unrepresentable for reset none, where the directions differ in reset, and if a recurrent bias is not zero but
    for n with reset after; Invalid if the directions differ in size.
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
    """The Parameters, one per direction, that hold GRUSequence's W, R and B: to_openvino backwards.

    W: the array, or a mapping that has W, R and B under these names; then R and B are left out.
    prefix: that of the three names in such a mapping.

    Raises Invalid if the shapes do not fit, without linear_before_reset, and if what stands under the prefix is not
    these arrays and nothing else.
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

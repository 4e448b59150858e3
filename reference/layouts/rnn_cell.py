"""Weights to and from TensorFlow 1's GRUCell, and the operator GRUBlockCell.

Source: inputs and state side by side are multiplied by one matrix for r and z and one for n, each with a bias
(tf.compat.v1.nn.rnn_cell.GRUCell in tf_keras/src/layers/rnn/legacy_cells.py; tf.raw_ops.GRUBlockCell).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.layouts.biases import no_recurrent_bias
from reference.layouts.blocks import check, fit, only_reset, side_by_side, sizes
from reference.layouts.names import chosen
from reference.parameters import Invalid, Parameters, dtype_of

NAMES = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")
R_AND_Z = [1, 0]


def to_rnn_cell(p: Parameters) -> dict[str, np.ndarray]:
    """The variables of TensorFlow 1's GRUCell for these parameters. GRUBlockCell calls them w_ru, b_ru, w_c and b_c.

    Args:
        p: Parameters with reset "before".

    Returns:
        Arrays by name: gates/kernel (input_dim + units, 2 units), gates/bias (2 units,), candidate/kernel (input_dim +
        units, units), candidate/bias (units,).

    Raises:
        Unrepresentable: If reset is not "before", or a recurrent bias is not zero.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import to_rnn_cell
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)), reset="before")
        >>> to_rnn_cell(p)["gates/kernel"].shape
        (6, 8)
    """
    check(p, "TensorFlow's GRUCell")
    only_reset(p, "before", "TensorFlow's GRUCell")
    no_recurrent_bias(p, "zrn", "TensorFlow's GRUCell")
    stacked = np.concatenate([p.kernel, p.recurrent_kernel], axis=1)  # gates (input_dim + units) units
    arrays = (side_by_side(stacked[R_AND_Z]), p.bias[0, R_AND_Z].reshape(-1), stacked[2], p.bias[0, 2].copy())
    return dict(zip(NAMES, arrays, strict=True))


def from_rnn_cell(arrays: Mapping[str, Any], prefix: str = "") -> Parameters:
    """Parameters from the variables of TensorFlow 1's GRUCell, the inverse of to_rnn_cell.

    Args:
        arrays: Arrays by name.
        prefix: The prefix of their names in a checkpoint, such as "rnn/gru_cell/".

    Returns:
        The parameters.

    Raises:
        Invalid: If the names under the prefix are not exactly these, or shapes do not fit.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> from reference.layouts import from_rnn_cell, to_rnn_cell
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)), reset="before")
        >>> from_rnn_cell(to_rnn_cell(p)).units
        4
    """
    W_rz, b_rz, W_n, b_n = chosen("arrays", arrays, (NAMES,), prefix, "/", "the variables by their names")
    dtype = dtype_of("candidate/kernel", W_n)
    rows, units = sizes("candidate/kernel", W_n, "(input_dim + units, units)", (1, 1))
    if rows <= units:
        raise Invalid(
            f"candidate/kernel has shape {W_n.shape}, but must be (input_dim + units, units), more rows than columns; "
            "check that it is not transposed"
        )
    shapes = ((rows, 2 * units), (2 * units,), (rows, units), (units,))
    for name, array, shape in zip(NAMES, (W_rz, b_rz, W_n, b_n), shapes, strict=True):
        fit(name, array, dtype, shape, "before")
    r, z = np.split(W_rz, 2, axis=1)
    stacked = np.stack([z, r, W_n])
    both = np.zeros((2, 3, units), dtype)
    both[0] = np.stack([*b_rz.reshape(2, units)[R_AND_Z], b_n])
    return Parameters(stacked[:, : rows - units], stacked[:, rows - units :], both, "before")

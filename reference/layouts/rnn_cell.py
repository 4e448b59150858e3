"""Weights to and from TensorFlow 1's GRUCell, and the operator GRUBlockCell.

Source: inputs and state side by side meet one matrix of r, z and one of n, with a bias each
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
    """The variables of GRUCell by name; GRUBlockCell calls them w_ru, b_ru, w_c and b_c.

    Raises Unrepresentable unless reset is before, and if a recurrent bias is not zero.
    """
    check(p, "TensorFlow's GRUCell")
    only_reset(p, "before", "TensorFlow's GRUCell")
    no_recurrent_bias(p, "zrn", "TensorFlow's GRUCell")
    stacked = np.concatenate([p.kernel, p.recurrent_kernel], axis=1)  # gates (input_dim + units) units
    arrays = (side_by_side(stacked[R_AND_Z]), p.bias[0, R_AND_Z].reshape(-1), stacked[2], p.bias[0, 2].copy())
    return dict(zip(NAMES, arrays, strict=True))


def from_rnn_cell(arrays: Mapping[str, Any], prefix: str = "") -> Parameters:
    """The Parameters that hold the variables of GRUCell: to_rnn_cell backwards.

    prefix: that of their names in a checkpoint, "rnn/gru_cell/" for instance.

    Raises Invalid if what stands under the prefix is not these arrays and nothing else.
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

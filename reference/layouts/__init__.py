"""Weights to and from the frameworks, number for number.

Every conversion only moves numbers, with a changed sign where a framework uses 1 - z for z. It raises Unrepresentable
if the other side cannot hold the numbers. There is one file for each framework, which names its source. biases.py adds
two biases where only their sum counts, at the caller's request.
"""

from reference.layouts.biases import merge_biases, merge_gate_biases
from reference.layouts.equinox import from_equinox, to_equinox
from reference.layouts.flax import from_linen, from_nnx, to_linen, to_nnx
from reference.layouts.haiku import from_haiku, to_haiku
from reference.layouts.keras import from_keras, to_keras
from reference.layouts.onnx import from_onnx, to_onnx
from reference.layouts.openvino import from_openvino, to_openvino
from reference.layouts.rnn_cell import from_rnn_cell, to_rnn_cell
from reference.layouts.torch import from_torch, to_torch

__all__ = [
    "from_equinox",
    "from_haiku",
    "from_keras",
    "from_linen",
    "from_nnx",
    "from_onnx",
    "from_openvino",
    "from_rnn_cell",
    "from_torch",
    "merge_biases",
    "merge_gate_biases",
    "to_equinox",
    "to_haiku",
    "to_keras",
    "to_linen",
    "to_nnx",
    "to_onnx",
    "to_openvino",
    "to_rnn_cell",
    "to_torch",
]

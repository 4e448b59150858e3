"""The specification of the GRU in pure NumPy, forward and backward, on one screen each.

Read in this order: cell.py (the equations), sequence.py (time), bidirectional.py (two directions), layouts/ (weights
from and to the frameworks). `Parameters` holds the numbers of one GRU; `gru` and `bigru` run it, `gru_backward` and
`bigru_backward` differentiate it. arguments.py checks their arguments.
"""

from reference import layouts
from reference.bidirectional import BiGradients, BiResult, bigru, bigru_backward
from reference.layouts import (
    from_keras,
    from_onnx,
    from_torch,
    merge_biases,
    merge_gate_biases,
    to_keras,
    to_onnx,
    to_torch,
)
from reference.parameters import Invalid, Parameters, Unrepresentable, Weights
from reference.sequence import Gradients, Result, flipped, gru, gru_backward, packed

__all__ = [
    "BiGradients",
    "BiResult",
    "Gradients",
    "Invalid",
    "Parameters",
    "Result",
    "Unrepresentable",
    "Weights",
    "bigru",
    "bigru_backward",
    "flipped",
    "from_keras",
    "from_onnx",
    "from_torch",
    "gru",
    "gru_backward",
    "layouts",
    "merge_biases",
    "merge_gate_biases",
    "packed",
    "to_keras",
    "to_onnx",
    "to_torch",
]

"""onnx.reference.ReferenceEvaluator on a model of the operator GRU: ONNX's own computation in NumPy.

The specification does not define Y past a row's length, so `gru` is judged without lengths; `lengths` is judged by Y_h
only.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator

from conformance.adapters.onnx_node import answer, attributes, feeds, model
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs

NUMPY = "NumPy's exp and tanh; sigma is 1 / (1 + exp(-a)): 0 where exp overflows, below the normal range"


class Reference:
    """One evaluator for each set of options. Weights are inputs of the model."""

    packages = ("onnx", "numpy")

    def __init__(self, **capabilities: Any) -> None:
        self.capabilities = Capabilities(
            arithmetic={
                dtype: Arithmetic(dtype=dtype, activation="8 ULP", summation="any order", flush=True, source=NUMPY)
                for dtype in ("float16", "float32", "float64")
            },
            resets=("after", "before"),
            reverse=True,
            merges=("concat", "apart"),
            zero_batch=True,
            because={
                "reset none": "the operator always has a reset gate",
                "outputs": "onnx:reference is asked for outputs, without lengths",
                "bidirectional_masked_outputs": "ONNX specifies no outputs for the padding",
                "lengths": "ONNX specifies no outputs for the padding; onnx:reference-lengths is asked for Y_h",
                "masks": "the operator has sequence_lens, not masks",
                "gradients": "the evaluator infers only",
                "zero_time": "the evaluator stacks the steps, and raises where there is none",
            },
            **capabilities,
        )

    def run(self, case: Case) -> Outputs:
        """Compute outputs time first. NumPy's warning where exp overflows is not an error."""
        given = feeds(case)
        with np.errstate(over="ignore"):
            outputs, final = _evaluator(tuple(given), attributes(case), case.dtype).run(None, given)
        answered = answer(case, outputs, final)
        return answered if self.capabilities.outputs else Outputs(None, answered.final_state)


@lru_cache(maxsize=128)
def _evaluator(inputs: tuple[str, ...], attributes: tuple[tuple[str, Any], ...], dtype: str) -> ReferenceEvaluator:
    return ReferenceEvaluator(model(inputs, attributes, dtype))


gru = Reference()
lengths = Reference(outputs=False, lengths=True, zero_length=True)

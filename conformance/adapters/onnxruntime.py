"""ONNX Runtime's GRU operator on the CPU, through a model of this single node."""

from functools import lru_cache
from typing import Any

import onnxruntime

from conformance.adapters.onnx_node import answer, attributes, feeds, model
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs

MLAS = "MLAS's vectorised tanh and logistic: rational approximations; measured 10.1 u and 3.0 u by the probe"
REFUSED = {
    "gradients": "the runtime infers only",
    "zero_time": "the runtime refuses sequences without a step",
    "zero_batch": "the runtime refuses a batch without rows",
}
"""Capabilities that no model in ONNX Runtime has."""


class OnnxRuntime:
    """One session for each set of options. Weights are inputs of the model."""

    packages = ("onnxruntime", "onnx")
    capabilities = Capabilities(
        arithmetic={
            "float32": Arithmetic(dtype="float32", activation="8 ULP above 4u", source=MLAS),
        },
        resets=("after", "before"),
        lengths=True,
        zero_length=True,
        masked_outputs=("zero",),
        reverse=True,
        merges=("concat", "apart"),
        bidirectional_masked_outputs=("zero",),
        because={
            "float64": "the CPU kernel is float32 only",
            "reset none": "the operator always has a reset gate",
            "masks": "the operator has sequence_lens, not masks",
            **REFUSED,
        },
    )

    def __init__(self) -> None:
        self.kernels: set[str] = set()

    def run(self, case: Case) -> Outputs:
        """Compute outputs time first, as the runtime requires."""
        given = feeds(case)
        session = _session(tuple(given), attributes(case))
        outputs, final = session.run(None, given)
        self.kernels.update(session.get_providers())
        return answer(case, outputs, final)


@lru_cache(maxsize=128)
def _session(inputs: tuple[str, ...], attributes: tuple[tuple[str, Any], ...]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    serialized = model(inputs, attributes, "float32").SerializeToString()
    return onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])


gru = OnnxRuntime()

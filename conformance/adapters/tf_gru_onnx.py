"""tf_gru's layers in a Keras model that `model.export` converted to ONNX, on ONNX Runtime's CPU provider."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from conformance.adapters.keras_models import Arrays, Converted, model
from conformance.adapters.tf_gru import build, capabilities
from conformance.adapters.weights_as_inputs import WeightsAsInputs
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case

MLAS = "MLAS's vectorised tanh and logistic: rational approximations; measured 5.3 u and 3.0 u by the probe"
DOUBLE = "ONNX Runtime's tanh and logistic in float64: measured 8.1 ULP and 1.5 u by the probe"


def _convert(case: Case) -> Callable[[Arrays, list[np.ndarray]], list[np.ndarray]]:
    wrapped = WeightsAsInputs(model(case, build(case)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        wrapped.export(path, format="onnx", verbose=False, input_signature=wrapped.signature)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(given: Arrays, weights: list[np.ndarray]) -> list[np.ndarray]:
        every = given | dict(zip(wrapped.weight_names, weights, strict=True))
        return session.run(None, every)

    return run


onnx = Converted(
    _convert,
    capabilities(
        "graph",
        arithmetic={
            "float32": Arithmetic(dtype="float32", activation="8 ULP above 4u", source=MLAS),
            "float64": Arithmetic(dtype="float64", activation="8 ULP above 2u", source=DOUBLE),
        },
        gradients=False,
        compiles_per_shape=True,
        because={"gradients": "the runtime infers only"},
    ),
    ("tf-gru", "tensorflow", "keras", "tf2onnx", "onnxruntime"),
)

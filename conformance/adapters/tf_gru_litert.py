"""tf_gru's layers in a Keras model that `model.export` converted to LiteRT's built-in operators, on its interpreter."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from conformance.adapters.keras_models import Arrays, Converted, model
from conformance.adapters.tf_gru import build, capabilities
from conformance.adapters.weights_as_inputs import WeightsAsInputs
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case

LITERT = "XNNPACK's tanh and logistic: measured 4.1 ULP, and NaN for logistic near -1e38; subnormals are flushed"
NO_ELEMENTS = "XNNPACK, the interpreter's default delegate, refuses products of tensors without elements"
BUILTIN = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
"""No operators of TensorFlow itself: an interpreter without the Flex delegate runs the model."""


def _convert(case: Case) -> Callable[[Arrays, list[np.ndarray]], list[np.ndarray]]:
    wrapped = WeightsAsInputs(model(case, build(case)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        wrapped.export(path, format="litert", verbose=False, input_signature=wrapped.signature, target_spec=BUILTIN)
        interpreter = Interpreter(model_content=path.read_bytes())
    signature = interpreter.get_signature_runner()

    def run(given: Arrays, weights: list[np.ndarray]) -> list[np.ndarray]:
        every = given | dict(zip(wrapped.weight_names, weights, strict=True))
        results = signature(**every)
        return [results[name] for name in sorted(results)]

    return run


litert = Converted(
    _convert,
    capabilities(
        "graph",
        arithmetic={"float32": Arithmetic(dtype="float32", activation="8 ULP", flush=True, source=LITERT)},
        zero_time=False,
        zero_batch=False,
        gradients=False,
        compiles_per_shape=True,
        because={
            "float64": "the built-in TANH and LOGISTIC have no float64",
            "zero_time": NO_ELEMENTS,
            "zero_batch": NO_ELEMENTS,
            "gradients": "the interpreter infers only",
        },
    ),
    ("tf-gru", "tensorflow", "keras", "ai-edge-litert"),
)

"""ONNX Runtime's GRU operator on the CPU, through a model of that one node."""

from functools import lru_cache

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from conformance.adapter import Capabilities
from conformance.arithmetic import Arithmetic
from conformance.case import Case, Outputs
from reference.layouts import to_onnx

MLAS = "MLAS's vectorised tanh and logistic: rational approximations; measured 10.1 u and 3.0 u by the probe"


class OnnxRuntime:
    """One session for each set of options; weights are inputs of the model."""

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
            "gradients": "the runtime infers only",
            "zero_time": "the runtime refuses sequences without a step",
            "zero_batch": "the runtime refuses a batch without rows",
        },
    )

    def run(self, case: Case) -> Outputs:
        """Time-major inside, as the runtime wants it."""
        weights = to_onnx(*case.parameters)
        linear_before_reset = int(weights.pop("linear_before_reset"))
        feeds = {"X": case.inputs.transpose(1, 0, 2), **weights}
        if case.lengths is not None:
            feeds["sequence_lens"] = case.lengths.astype(np.int32)
        if case.initial_state is not None:
            feeds["initial_h"] = np.stack(case.initial_state)
        direction = "bidirectional" if case.merge is not None else "reverse" if case.reverse else "forward"
        session = _session(tuple(feeds), case.units, direction, linear_before_reset)
        outputs, final = session.run(None, {name: np.ascontiguousarray(array) for name, array in feeds.items()})
        parts = tuple(part.transpose(1, 0, 2).copy() for part in outputs.transpose(1, 0, 2, 3))
        if case.merge is None:
            return Outputs(parts[0], final[0])
        return Outputs(parts if case.merge == "apart" else np.concatenate(parts, axis=-1), (final[0], final[1]))


@lru_cache(maxsize=128)
def _session(
    inputs: tuple[str, ...], units: int, direction: str, linear_before_reset: int
) -> onnxruntime.InferenceSession:
    optional = [name if name in inputs else "" for name in ("X", "W", "R", "B", "sequence_lens", "initial_h")]
    node = helper.make_node(
        "GRU", optional, ["Y", "Y_h"],
        hidden_size=units, direction=direction, linear_before_reset=linear_before_reset,
    )  # fmt: skip
    kinds = {"sequence_lens": TensorProto.INT32}
    ranks = {"X": 3, "W": 3, "R": 3, "B": 2, "sequence_lens": 1, "initial_h": 3}
    graph = helper.make_graph(
        [node],
        "gru",
        [_value(name, kinds.get(name, TensorProto.FLOAT), ranks[name]) for name in inputs],
        [_value("Y", TensorProto.FLOAT, 4), _value("Y_h", TensorProto.FLOAT, 3)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _value(name: str, kind: int, rank: int):
    return helper.make_tensor_value_info(name, kind, [None] * rank)


gru = OnnxRuntime()

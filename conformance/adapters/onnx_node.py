"""Functions for the adapters of ONNX's operator GRU: a model of this single node, its inputs, and its answer."""

from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from conformance.interface.case import Case, Outputs
from reference.layouts import to_onnx

INPUTS = {"X": 3, "W": 3, "R": 3, "B": 2, "sequence_lens": 1, "initial_h": 3}
"""The operator's inputs in their order, with their ranks."""
OPSET = 14


def feeds(case: Case) -> dict[str, np.ndarray]:
    """The inputs of a case, time first."""
    given = {"X": case.inputs.transpose(1, 0, 2), **{k: v for k, v in to_onnx(*case.parameters).items() if k in INPUTS}}
    if case.lengths is not None:
        given["sequence_lens"] = case.lengths.astype(np.int32)
    if case.initial_state is not None:
        given["initial_h"] = np.stack(case.initial_state)
    return {name: np.ascontiguousarray(array) for name, array in given.items()}


def attributes(case: Case) -> tuple[tuple[str, Any], ...]:
    """The node's attributes, in a form that a cache can hold."""
    direction = "bidirectional" if case.merge is not None else "reverse" if case.reverse else "forward"
    return (
        ("hidden_size", case.units),
        ("direction", direction),
        ("linear_before_reset", int(case.reset == "after")),
    )


def model(inputs: tuple[str, ...], attributes: tuple[tuple[str, Any], ...], dtype: str) -> ModelProto:
    """A model of the single node with these inputs."""
    number = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def value(name: str, rank: int) -> ValueInfoProto:
        kind = TensorProto.INT32 if name == "sequence_lens" else number
        return helper.make_tensor_value_info(name, kind, [None] * rank)

    names = [name if name in inputs else "" for name in INPUTS]
    node = helper.make_node("GRU", names, ["Y", "Y_h"], **dict(attributes))
    graph = helper.make_graph(
        [node], "gru", [value(name, INPUTS[name]) for name in inputs], [value("Y", 4), value("Y_h", 3)]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def answer(case: Case, outputs: np.ndarray, final: np.ndarray) -> Outputs:
    """Y (time, directions, batch, units) and Y_h (directions, batch, units) in the suite's form."""
    parts = tuple(part.transpose(1, 0, 2).copy() for part in outputs.transpose(1, 0, 2, 3))
    if case.merge is None:
        return Outputs(parts[0], final[0].copy())
    joined = parts if case.merge == "apart" else np.concatenate(parts, axis=-1)
    return Outputs(joined, (final[0].copy(), final[1].copy()))

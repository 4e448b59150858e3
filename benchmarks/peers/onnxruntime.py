"""ONNX Runtime's GRU operator on the CPU: a model of this single node, with constant weights as in an exported model.

The operator is time-major, so the inputs are passed time first, and its outputs are reordered outside the timed part.
Left out: training, which the runtime does not have.
"""

import os

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.peers import Program
from benchmarks.problem import problem
from benchmarks.rows import Row
from conformance.adapters import load
from reference import to_onnx


def program(subject: str, row: Row) -> Program:
    """Make a session with the runtime's defaults."""
    given = problem(row)
    batch, time, input_dim, units = row.shape
    weights = to_onnx(*given.parameters)
    options = {"hidden_size": units, "linear_before_reset": int(weights.pop("linear_before_reset"))}
    options["direction"] = "forward" if row.directions == 1 else "bidirectional"
    feeds = {"X": np.ascontiguousarray(given.inputs.transpose(1, 0, 2))}
    values = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [time, batch, input_dim])]
    names = ["X", "W", "R", "B"]
    if given.lengths is not None:
        feeds["sequence_lens"] = given.lengths
        values.append(helper.make_tensor_value_info("sequence_lens", TensorProto.INT32, [batch]))
        names.append("sequence_lens")
    outputs = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [time, row.directions, batch, units])
    constants = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph([helper.make_node("GRU", names, ["Y"], **options)], "gru", values, [outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def run() -> np.ndarray:
        return session.run(None, feeds)[0]

    return Program(
        run=run,
        outputs=lambda: run().transpose(2, 0, 1, 3).reshape(batch, time, -1).copy(),
        gradients=None,
        claim=load(subject).capabilities.arithmetic["float32"],
        threads=session.get_session_options().intra_op_num_threads or len(os.sched_getaffinity(0)),  # 0: one a core
    )

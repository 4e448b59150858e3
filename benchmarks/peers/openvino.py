"""OpenVINO's operation GRUSequence on the CPU, which runs oneDNN's GRU (after the product: its lbr_gru).

A model of this single node, with constant weights as in an exported model, computes in float32.
Left out: training, which the runtime does not have.
"""

import os

import numpy as np

from benchmarks.peers import Program
from benchmarks.problem import problem
from benchmarks.rows import Row
from conformance.adapters import load
from conformance.adapters.openvino import openvino, opset15
from reference import merge_biases
from reference.layouts import merge_gate_biases, to_openvino


def program(subject: str, row: Row) -> Program:
    """Compile the model with the runtime's defaults."""
    given, (batch, time, input_dim, units) = problem(row), row.shape
    merged = merge_gate_biases if row.reset == "after" else merge_biases
    weights = to_openvino(*map(merged, given.parameters))
    inputs = opset15.parameter([batch, time, input_dim], np.float32)
    start = np.zeros((batch, row.directions, units), np.float32)
    lengths = np.asarray(row.lengths, np.int32)
    constants = (opset15.constant(array) for array in (start, lengths, *(weights[name] for name in "WRB")))
    node = opset15.gru_sequence(
        inputs,
        *constants,
        hidden_size=units,
        direction="forward" if row.directions == 1 else "bidirectional",
        linear_before_reset=row.reset == "after",
    )
    model = openvino.Model([node.output(0)], [inputs], "gru")
    request = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    feeds = [np.ascontiguousarray(given.inputs)]

    def run() -> np.ndarray:
        request.infer(feeds, share_inputs=True)
        return request.get_output_tensor(0).data

    return Program(
        run=run,
        outputs=lambda: run().transpose(0, 2, 1, 3).reshape(batch, time, -1).copy(),
        gradients=None,
        claim=load(subject).capabilities.arithmetic["float32"],
        threads=len(os.sched_getaffinity(0)),
    )

"""OpenVINO's operation GRUSequence on the CPU, through a model of this single node.

The adapter sets the plugin to compute in float32, its default on hardware without a narrower format; it accepts models
in float64 and computes them in float32. OpenVINO's package reports its use over the network. The suite hides the
reporting module, which the package supports.
"""

# ruff: noqa: E402
import sys
from functools import lru_cache
from typing import Any

import numpy as np

sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
import openvino
from openvino import opset15

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs
from reference import Parameters, merge_biases
from reference.layouts import merge_gate_biases, to_openvino

ONEDNN = "oneDNN's tanh and logistic: measured 1.2 ULP and 1.5 u; the logistic is 0 from -87 on, just above subnormals"


class OpenVino:
    """One compiled model for each set of options. Weights are inputs of the model."""

    packages = ("openvino",)
    capabilities = Capabilities(
        arithmetic={
            "float32": Arithmetic(dtype="float32", activation="8 ULP above u", summation="any order", source=ONEDNN)
        },
        resets=("after", "before"),
        lengths=True,
        zero_length=True,
        masked_outputs=("zero",),
        reverse=True,
        merges=("concat", "apart"),
        bidirectional_masked_outputs=("zero",),
        because={
            "float64": "the CPU plugin computes in float32",
            "reset none": "the operation always has a reset gate",
            "masks": "the operation has sequence_lengths, not masks",
            "gradients": "the runtime infers only",
            "zero_time": "the plugin refuses sequences without a step",
            "zero_batch": "a batch without rows ends the process by SIGFPE (docs/findings.md)",
        },
    )

    def run(self, case: Case) -> Outputs:
        """Compute with rows first, as the operation requires. Lengths and initial states are always inputs."""
        made = to_openvino(*map(_merged, case.parameters))
        lengths = np.full(case.batch, case.time) if case.lengths is None else case.lengths
        given = (case.inputs, np.stack(case.starts, axis=1), lengths.astype(np.int32), *(made[k] for k in "WRB"))
        direction = "bidirectional" if case.merge is not None else "reverse" if case.reverse else "forward"
        compiled = _compiled(case.reset, case.dtype, case.inputs.shape[2], case.units, direction)
        outputs, final = (
            np.array(part) for part in compiled([np.ascontiguousarray(array) for array in given]).values()
        )
        parts = tuple(outputs[:, place].copy() for place in range(outputs.shape[1]))
        states = tuple(final[:, place].copy() for place in range(final.shape[1]))
        if case.merge is None:
            return Outputs(parts[0], states[0])
        return Outputs(parts if case.merge == "apart" else np.concatenate(parts, axis=-1), states)


@lru_cache(maxsize=64)
def _compiled(reset: str, dtype: str, input_dim: int, units: int, direction: str) -> Any:
    directions = 2 if direction == "bidirectional" else 1
    after, rows = reset == "after", 4 if reset == "after" else 3
    number = np.dtype(dtype)
    inputs = [
        opset15.parameter([-1, -1, input_dim], number),
        opset15.parameter([-1, directions, units], number),
        opset15.parameter([-1], np.int32),
        opset15.parameter([directions, 3 * units, input_dim], number),
        opset15.parameter([directions, 3 * units, units], number),
        opset15.parameter([directions, rows * units], number),
    ]
    node = opset15.gru_sequence(*inputs, hidden_size=units, direction=direction, linear_before_reset=after)
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.compile_model(openvino.Model(node.outputs(), inputs, "gru"), "CPU", options)


def _merged(p: Parameters) -> Parameters:
    return merge_gate_biases(p) if p.reset == "after" else merge_biases(p)


gru = OpenVino()

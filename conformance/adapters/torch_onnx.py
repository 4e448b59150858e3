"""torch.nn.GRU as torch.onnx.export writes it, run by ONNX Runtime: a deployed PyTorch model.

It uses the TorchScript exporter (dynamo=False), which takes milliseconds; batch and time are dynamic. Rows of different
lengths are packed in the exported module; their lengths are an input of the model, in any order.

Source: https://docs.pytorch.org/docs/2.13/onnx_torchscript.html.

Left out: the exporter of torch.export, which takes seconds for each model.
"""

import io
import os
import warnings

os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # shape inference warns that it does not know packed sequences

import numpy as np
import onnxruntime
import torch

from conformance.adapters.onnxruntime import MLAS, REFUSED
from conformance.adapters.torch import made
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs

DYNAMIC = {"inputs": {0: "batch", 1: "time"}, "state": {1: "batch"}, "lengths": {0: "batch"}}
RESULTS = ("outputs", "final_state")


class Padded(torch.nn.Module):
    """A module that packs, runs, and pads again."""

    def __init__(self, gru: torch.nn.GRU) -> None:
        super().__init__()
        self.gru = gru

    def forward(
        self, inputs: torch.Tensor, state: torch.Tensor, lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute outputs (batch, time, directions * units) and final states (directions, batch, units)."""
        packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True)
        outputs, final = self.gru(packed, state)
        return torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)[0], final


class TorchOnnx:
    """A module, a model and a session for each case."""

    packages = ("torch", "onnx", "onnxruntime")
    capabilities = Capabilities(
        arithmetic={"float32": Arithmetic(dtype="float32", activation="8 ULP above 4u", source=MLAS)},
        resets=("after",),
        lengths=True,
        masked_outputs=("zero",),
        merges=("concat",),
        bidirectional_masked_outputs=("zero",),
        because={
            "float64": "ONNX Runtime's CPU kernel is float32 only",
            "reset before": "torch.nn.GRU resets after the product only",
            "reset none": "torch.nn.GRU always has a reset gate",
            "zero_length": "pack_padded_sequence, which is exported, refuses lengths of 0",
            "masks": "packed sequences have lengths, not masks",
            "reverse": "torch.nn.GRU runs forward or in both directions, not in reverse alone",
            **REFUSED,
        },
    )

    def __init__(self) -> None:
        self.kernels: set[str] = set()

    def run(self, case: Case) -> Outputs:
        """Run the model from its bytes, as from a file."""
        given = {"inputs": case.inputs, "state": np.stack(case.starts)}
        if case.lengths is not None:
            given["lengths"] = case.lengths.astype(np.int64)
        session = _session(exported(case))
        outputs, final = session.run(RESULTS, given)
        self.kernels.update(session.get_providers())
        return Outputs(outputs, final[0] if case.merge is None else tuple(final))


def exported(case: Case) -> bytes:
    """The model with a case's weights, traced with numbers and sizes that differ from the case's."""
    gru = made(case)
    inputs, state = torch.zeros(2, 3, gru.input_size), torch.zeros(len(case.parameters), 2, gru.hidden_size)
    traced = (gru, (inputs, state)) if case.lengths is None else (Padded(gru), (inputs, state, torch.tensor([3, 2])))
    names = list(DYNAMIC) if case.lengths is not None else ["inputs", "state"]
    axes = {name: DYNAMIC[name] for name in names} | {"outputs": DYNAMIC["inputs"], "final_state": DYNAMIC["state"]}
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about the older exporter and about a fixed batch
        torch.onnx.export(*traced, file, dynamo=False, input_names=names, output_names=list(RESULTS), dynamic_axes=axes)
    return file.getvalue()


def _session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


gru = TorchOnnx()

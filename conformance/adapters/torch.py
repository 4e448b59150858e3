"""torch.nn.GRU on the CPU, eager: one layer, batch first, rows of different lengths packed."""

import numpy as np
import torch

from conformance.adapters.by_gate import by_gate
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs
from reference import Parameters
from reference.layouts import to_torch

SLEEF = "SLEEF's exp and tanh, within 1 ULP; sigma is 1 / (1 + exp(-a)): 0 where exp overflows, below the normal range"
NARROW = "each operation in float32, rounded: sigma and tanh measured within 0.501 ULP; products summed in float32"
SUFFIXES = ("_l0", "_l0_reverse")
"""The suffixes of the weights' names in the two directions."""


class Torch:
    """One module for each case. Nothing is compiled."""

    packages = ("torch",)
    always_packed = False
    capabilities = Capabilities(
        arithmetic={
            dtype: Arithmetic(dtype=dtype, activation="8 ULP", flush=True, source=SLEEF)
            for dtype in ("float32", "float64")
        }
        | {
            dtype: Arithmetic(dtype=dtype, accumulator="float32", activation="4 ULP", flush=True, source=NARROW)
            for dtype in ("float16", "bfloat16")
        },
        resets=("after",),
        lengths=True,
        masked_outputs=("zero",),
        merges=("concat",),
        bidirectional_masked_outputs=("zero",),
        gradients=True,
        because={
            "reset before": "torch.nn.GRU resets after the product only",
            "reset none": "torch.nn.GRU always has a reset gate",
            "zero_length": "pack_padded_sequence refuses lengths of 0",
            "masks": "packed sequences have lengths, not masks",
            "reverse": "torch.nn.GRU runs forward or in both directions, not in reverse alone",
            "zero_batch": "pack_padded_sequence refuses a batch without rows",
            "zero_time": "torch.nn.GRU refuses sequences without a step",
        },
    )

    def run(self, case: Case) -> Outputs:
        """Compute padded outputs, unpacked to the case's time."""
        with torch.no_grad():
            outputs, final = self._forward(made(case), case, tensor(case.inputs), _state(case))
        states = tuple(array(state) for state in final)
        return Outputs(array(outputs), states[0] if case.merge is None else states)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by autograd."""
        module = made(case)
        inputs = tensor(case.inputs).requires_grad_()
        state = tensor(np.stack(case.starts)).requires_grad_()
        outputs, final = self._forward(module, case, inputs, state)
        d_final = (cotangents.final_state,) if case.merge is None else cotangents.final_state
        torch.autograd.backward((outputs, final), (tensor(cotangents.outputs), tensor(np.stack(d_final))))
        each = [
            (of_state, *weights_by_gate(module, p, suffix))
            for of_state, p, suffix in zip(array(state.grad), case.parameters, SUFFIXES, strict=False)
        ]
        return Gradients(array(inputs.grad), *(each[0] if case.merge is None else zip(*each, strict=True)))

    def _forward(
        self, module: torch.nn.GRU, case: Case, inputs: torch.Tensor, state: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        lengths = np.full(case.batch, case.time) if case.lengths is None and self.always_packed else case.lengths
        if lengths is None:
            return module(inputs, state)
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            inputs, torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        outputs, final = module(packed, state)
        padded, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=case.time)
        return padded, final


class Packed(Torch):
    """A module whose sequences are always packed, with padding or without: the steps of all rows one after another."""

    always_packed = True


def made(case: Case) -> torch.nn.GRU:
    """The module with a case's weights."""
    p = case.parameters[0]
    two = case.merge is not None
    dtype = getattr(torch, case.dtype)
    module = torch.nn.GRU(p.input_dim, p.units, batch_first=True, bidirectional=two, dtype=dtype)
    weights: dict[str, torch.Tensor] = {}
    for parameters, suffix in zip(case.parameters, SUFFIXES, strict=False):
        weights |= {name: tensor(given) for name, given in to_torch(parameters, suffix).items()}
    module.load_state_dict(weights)
    return module


def tensor(given: np.ndarray) -> torch.Tensor:
    """An array as a tensor. bfloat16 is passed to torch as bits."""
    if given.dtype.name == "bfloat16":
        return torch.tensor(given.copy().view(np.int16)).view(torch.bfloat16)
    return torch.tensor(given)


def array(found: torch.Tensor) -> np.ndarray:
    """A tensor as an array."""
    if found.dtype is torch.bfloat16:
        return found.contiguous().view(torch.int16).numpy().view("bfloat16")
    return found.numpy()


def weights_by_gate(module: torch.nn.Module, p: Parameters, suffix: str) -> tuple[np.ndarray, ...]:
    """The gradients of kernel, recurrent kernel and bias of the direction whose names have this suffix."""
    weights = dict(module.named_parameters())
    gradients = [array(weights[name].grad) for name in to_torch(p, suffix)]
    return by_gate(lambda p: list(to_torch(p, suffix).values()), p, gradients)


def _state(case: Case) -> torch.Tensor | None:
    return None if case.initial_state is None else tensor(np.stack(case.initial_state))


gru, packed = Torch(), Packed()

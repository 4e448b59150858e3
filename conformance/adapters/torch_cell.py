"""torch.nn.GRUCell on the CPU, eager: one step after another."""

import torch

from conformance.adapters.cells import left_to_the_caller, not_called
from conformance.adapters.torch import Torch, weights_by_gate
from conformance.interface.adapter import Capabilities
from conformance.interface.case import Case, Gradients, Outputs
from reference.layouts import to_torch


class TorchCell:
    """One module for each case. Nothing is compiled."""

    packages = ("torch",)
    capabilities = Capabilities(
        arithmetic=Torch.capabilities.arithmetic,
        zero_batch=True,
        gradients=True,
        because={
            "reset before": "torch.nn.GRUCell resets after the product only",
            "reset none": "torch.nn.GRUCell always has a reset gate",
            **not_called("torch.nn.GRUCell"),
            **left_to_the_caller("torch.nn.GRUCell"),
        },
    )

    def run(self, case: Case) -> Outputs:
        """Compute the states of all steps, and the last state."""
        state = None if case.initial_state is None else torch.tensor(case.initial_state[0])
        with torch.no_grad():
            outputs, final = _forward(_module(case), torch.tensor(case.inputs), state)
        return Outputs(outputs.numpy(), final.numpy())

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by autograd."""
        module = _module(case)
        inputs, state = (torch.tensor(array, requires_grad=True) for array in (case.inputs, case.starts[0]))
        outputs = _forward(module, inputs, state)
        torch.autograd.backward(outputs, tuple(torch.tensor(part) for part in cotangents))
        return Gradients(inputs.grad.numpy(), state.grad.numpy(), *weights_by_gate(module, case.single, ""))


def _module(case: Case) -> torch.nn.GRUCell:
    p = case.single
    module = torch.nn.GRUCell(p.input_dim, p.units, dtype=getattr(torch, case.dtype))
    module.load_state_dict({name: torch.tensor(array) for name, array in to_torch(p, suffix="").items()})
    return module


def _forward(
    module: torch.nn.GRUCell, inputs: torch.Tensor, state: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    states = []
    for x in inputs.unbind(1):
        state = module(x, state)
        states.append(state)
    return torch.stack(states, dim=1), states[-1]


gru = TorchCell()

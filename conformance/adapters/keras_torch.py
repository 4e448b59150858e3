"""keras.layers.GRU and keras.layers.Bidirectional on Keras' PyTorch backend, eager, on the CPU."""

import numpy as np
import torch

from conformance.adapters.by_gate import by_gate
from conformance.adapters.keras_backends import answer, arrays, as_returned, capabilities, layer, mask, on, states
from conformance.adapters.torch import Torch
from conformance.interface.case import Case, Gradients, Outputs

keras = on("torch")


class KerasTorch:
    """One layer for each case."""

    packages = ("keras", "torch")
    capabilities = capabilities(dict(Torch.capabilities.arithmetic), "zero-before-first", compiles=False)

    def run(self, case: Case) -> Outputs:
        """Compute the layer's outputs and its final states."""
        with torch.no_grad():
            given = None if case.initial_state is None else [torch.tensor(state) for state in case.initial_state]
            parts = _call(layer(keras, case), case, torch.tensor(case.inputs), given)
        return answer(case, [part.numpy().copy() for part in parts])

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by autograd."""
        made = layer(keras, case)
        inputs = torch.tensor(case.inputs, requires_grad=True)
        starts = [torch.tensor(state, requires_grad=True) for state in case.starts]
        parts = _call(made, case, inputs, starts)
        given = [torch.tensor(np.ascontiguousarray(part)) for part in as_returned(case, cotangents)]
        sources = [inputs, *starts, *(weight.value for weight in made.trainable_weights)]
        of_inputs, *others = torch.autograd.grad(parts, sources, given, materialize_grads=True)
        numbers = [part.numpy().copy() for part in others]
        count = len(case.parameters)
        each = [
            (numbers[place], *by_gate(arrays, p, numbers[count + 3 * place : count + 3 * place + 3]))
            for place, p in enumerate(case.parameters)
        ]
        return Gradients(of_inputs.numpy(), *(each[0] if case.merge is None else zip(*each, strict=True)))


def _call(made, case: Case, inputs: torch.Tensor, given: list[torch.Tensor] | None) -> list[torch.Tensor]:
    valid = mask(case)
    options = {} if valid is None else {"mask": torch.tensor(valid)}
    return list(made(inputs, initial_state=states(case, given), **options))


gru = KerasTorch()

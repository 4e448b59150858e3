"""Makes in torch, whose gradients come from autograd: a loop in Python, a step by plain operators or fused ones."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from conformance.interface.case import Case, Gradients, Outputs
from reference import Parameters
from studies.honest.makes import Made, claiming

JOINED = {
    "concat": lambda one, two: torch.cat([one, two], -1),
    "sum": torch.add,
    "mul": torch.mul,
    "ave": lambda one, two: (one + two) / 2,
    "apart": lambda one, two: (one, two),
}


class torch_loop(Made):
    """torch by plain operators."""

    packages = ("torch",)
    capabilities = replace(Made.capabilities, arithmetic=claiming(flush=True))

    def run(self, case: Case) -> Outputs:
        with torch.no_grad():
            outputs, finals = self._forward(case, self._leaves(case))
        parts = [out.detach().numpy() for out in outputs]
        states = tuple(final.detach().numpy() for final in finals)
        return Outputs(*((parts[0], states[0]) if case.merge is None else (_pair(parts), states)))

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        leaves = self._leaves(case)
        outputs, finals = self._forward(case, leaves)
        given = [cotangents.outputs] if case.merge != "apart" else cotangents.outputs
        last = [cotangents.final_state] if case.merge is None else cotangents.final_state
        inputs, *others = (leaf.requires_grad_() for leaf in leaves)
        found = torch.autograd.grad([*outputs, *finals], [inputs, *others], [torch.tensor(c) for c in (*given, *last)])
        arrays = [array.numpy() for array in found]
        each = [arrays[1 + 4 * direction : 5 + 4 * direction] for direction in range(len(case.parameters))]
        return Gradients(arrays[0], *(each[0] if case.merge is None else zip(*each, strict=True)))

    def _leaves(self, case: Case) -> list[torch.Tensor]:
        """The inputs, then for each direction the initial state, the kernels and the bias."""
        arrays = [case.inputs]
        for start, p in zip(case.starts, case.parameters, strict=True):
            arrays += [start, p.kernel, p.recurrent_kernel, p.bias]
        return [torch.tensor(array, requires_grad=True) for array in arrays]

    def _forward(self, case: Case, leaves: list[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
        valid = torch.tensor(case.valid)[:, :, None]
        inputs = torch.where(valid, leaves[0], torch.zeros_like(leaves[0]))
        each = []
        for direction, p in enumerate(case.parameters):
            h, *weights = leaves[1 + 4 * direction : 5 + 4 * direction]
            shown = {}
            for t in self.order(case, case.reverse or direction == 1):
                h = torch.where(valid[:, t], self.torch_step(inputs[:, t], h, p, *weights), h)
                shown[t] = h if case.masked_outputs == "carry" else torch.where(valid[:, t], h, torch.zeros_like(h))
            empty = torch.zeros(case.batch, 0, case.units, dtype=h.dtype)
            each.append((torch.stack([shown[t] for t in range(case.time)], 1) if case.time else empty, h))
        outputs, finals = zip(*each, strict=True)
        if case.merge is None:
            return outputs, list(finals)
        joined = JOINED[case.merge](*outputs)
        return (joined if case.merge == "apart" else [joined]), list(finals)

    def torch_step(
        self, x: torch.Tensor, h: torch.Tensor, p: Parameters, W: torch.Tensor, U: torch.Tensor, b: torch.Tensor
    ) -> torch.Tensor:
        """The next state."""
        x_side = [x @ block + bias for block, bias in zip(W, b[0], strict=True)]
        z = torch.sigmoid(x_side[0] + (h @ U[0] + b[1, 0]))
        if p.reset == "none":
            n = torch.tanh(x_side[1] + (h @ U[1] + b[1, 1]))
        else:
            r = torch.sigmoid(x_side[1] + (h @ U[1] + b[1, 1]))
            n = torch.tanh(x_side[2] + self.candidate_side(r, h, p.reset, U[2], b[1, 2]))
        return z * h + (1 - z) * n

    def candidate_side(
        self, r: torch.Tensor, h: torch.Tensor, reset: str, U: torch.Tensor, b: torch.Tensor
    ) -> torch.Tensor:
        """The recurrent part of the candidate."""
        return (r * h) @ U + b if reset == "before" else r * (h @ U + b)


class torch_fused(torch_loop):
    """torch by addmm, addcmul and lerp, all gates in one product."""

    def torch_step(
        self, x: torch.Tensor, h: torch.Tensor, p: Parameters, W: torch.Tensor, U: torch.Tensor, b: torch.Tensor
    ) -> torch.Tensor:
        gates = len(W)
        x_side = torch.addmm(b[0].reshape(-1), x, W.transpose(0, 1).reshape(x.shape[1], -1)).chunk(gates, 1)
        if p.reset == "before":
            h_side = [torch.addmm(bias, h, block) for bias, block in zip(b[1, :2], U[:2], strict=True)]
        else:
            h_side = torch.addmm(b[1].reshape(-1), h, U.transpose(0, 1).reshape(h.shape[1], -1)).chunk(gates, 1)
        z = torch.sigmoid(x_side[0] + h_side[0])
        if p.reset == "none":
            n = torch.tanh(x_side[1] + h_side[1])
        elif p.reset == "before":
            r = torch.sigmoid(x_side[1] + h_side[1])
            n = torch.tanh(x_side[2] + torch.addmm(b[1, 2], r * h, U[2]))
        else:
            n = torch.tanh(torch.addcmul(x_side[2], torch.sigmoid(x_side[1] + h_side[1]), h_side[2]))
        return torch.addcmul(n, z, h - n)


def _pair(parts: list[np.ndarray]) -> Any:
    return tuple(parts) if len(parts) == 2 else parts[0]


TORCH_MAKES = (torch_loop, torch_fused)

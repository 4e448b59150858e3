"""torch.nn.GRU on the CPU, batch first. Rows of different lengths are packed as a part of the call."""

from functools import partial

import numpy as np
import torch

from benchmarks.peers import Program, products
from benchmarks.problem import problem
from benchmarks.rows import Row
from conformance.adapters import load
from reference import Gradients, from_torch, to_torch

SUFFIXES = ("_l0", "_l0_reverse")


def program(subject: str, row: Row) -> Program:
    """Make a program of the module, or for products:torch of the matrix products alone, by torch.mm."""
    if subject == "products:torch":
        arrays = products.operands(row)
        run = products.of(row, {name: torch.from_numpy(array) for name, array in arrays.items()}, torch.mm)
        return Program(run, None, None, None, torch.get_num_threads())
    given = problem(row)
    _, time, input_dim, units = row.shape
    module = torch.nn.GRU(input_dim, units, batch_first=True, bidirectional=row.directions == 2)
    suffixes = SUFFIXES[: row.directions]
    weights: dict[str, torch.Tensor] = {}
    for p, suffix in zip(given.parameters, suffixes, strict=True):
        weights |= {name: torch.from_numpy(array) for name, array in to_torch(p, suffix).items()}
    module.load_state_dict(weights)
    lengths = None if given.lengths is None else torch.from_numpy(given.lengths).long()
    inputs = torch.from_numpy(given.inputs).requires_grad_(row.step == "training")
    sources = [inputs, *module.parameters()]
    names = [name for name, _ in module.named_parameters()]

    def called() -> torch.Tensor:
        if lengths is None:
            return module(inputs)[0]
        packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        padded, _ = torch.nn.utils.rnn.pad_packed_sequence(module(packed)[0], batch_first=True, total_length=time)
        return padded

    def forward() -> torch.Tensor:
        with torch.no_grad():
            return called()

    def training(cotangents: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        outputs = called()
        return outputs, torch.autograd.grad(outputs, sources, cotangents)

    def gradients(cotangents: np.ndarray) -> list[Gradients]:
        _, (of_inputs, *others) = training(torch.from_numpy(cotangents))
        state = {name: array.numpy() for name, array in zip(names, others, strict=True)}
        each = [from_torch(state, suffix) for suffix in suffixes]
        return [Gradients(of_inputs.numpy(), None, *p.weights) for p in each]

    trains = row.step == "training"
    return Program(
        run=partial(training, torch.from_numpy(given.cotangents)) if trains else forward,
        outputs=lambda: forward().numpy(),
        gradients=gradients if trains else None,
        claim=load("torch").capabilities.arithmetic["float32"],
        threads=torch.get_num_threads(),
    )

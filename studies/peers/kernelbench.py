"""KernelBench's GRU problems (level 3, 39 to 42) and its check of correctness, in our own text.

Its own runner needs an NVIDIA GPU; here torch.nn.GRU runs on the CPU. A mutant is every layer of the stack. As there:
the seed of the weights and of the trials, the sizes, inputs and initial states uniform in [0, 1), and torch.allclose
with the published tolerance (tolerances.json).

Source: github.com/ScalingIntelligence/KernelBench, KernelBench/level3/39_GRU.py, 40_GRUHidden.py,
41_GRUBidirectional.py, 42_GRUBidirectionalHidden.py; run_and_check_correctness in src/kernelbench/eval.py.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters
from reference.layouts import from_torch
from studies.peers.verdicts import Verdict, answer_with_outputs

NAME = "KernelBench GRU problems"
COMMIT = "0d1222636478"
"""Of the text of src/kernelbench/eval.py that was read."""
TIME, BATCH, INPUTS, UNITS, LAYERS = 512, 3, 64, 128, 6
TRIALS, SEED = 5, 42
PROBLEMS = {
    "KernelBench 39 GRU": (1, "outputs"),
    "KernelBench 40 GRUHidden": (1, "final"),
    "KernelBench 41 GRUBidirectional": (2, "outputs"),
    "KernelBench 42 GRUBidirectionalHidden": (2, "final"),
}
"""The problems, each with its number of directions and what it wants: the last layer's outputs or all final states."""


class Trial(NamedTuple):
    """One trial of a model: x (time, batch, inputs), h0 (layers of directions, batch, units), and torch's answers."""

    x: torch.Tensor
    h0: torch.Tensor
    outputs: torch.Tensor
    final: torch.Tensor


def version() -> str:
    """The commit that was read, and the version of torch that stands for the model."""
    return f"{COMMIT}, torch {torch.__version__.partition('+')[0]}"


@cache
def tolerance() -> float:
    """The published atol and rtol in float32."""
    path = Path(__file__).parent / "tolerances.json"
    return json.loads(path.read_text())[NAME]["atol and rtol"]["float32"]


@cache
def model(directions: int) -> tuple[torch.nn.GRU, list[list[Parameters]]]:
    """The stack, and for each layer the parameters of its directions."""
    torch.manual_seed(SEED)
    stack = torch.nn.GRU(INPUTS, UNITS, LAYERS, bidirectional=directions == 2)
    arrays = {name: array.detach().numpy() for name, array in stack.named_parameters()}
    ends = ("", "_reverse")[:directions]
    return stack, [[from_torch(arrays, f"_l{layer}{end}") for end in ends] for layer in range(LAYERS)]


@cache
def trial(directions: int, number: int) -> Trial:
    """One trial, from a seed of its own; on one thread, since more wait for each other at this size."""
    torch.manual_seed(SEED)
    seed = [int(torch.randint(0, 2**32 - 1, (1,)).item()) for _ in range(TRIALS)][number]
    torch.manual_seed(seed)
    x, h0 = torch.rand(TIME, BATCH, INPUTS), torch.rand(LAYERS * directions, BATCH, UNITS)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            return Trial(x, h0, *model(directions)[0](x, h0))
    finally:
        torch.set_num_threads(threads)


def stacked(mutant: Emulated, asked: Trial, directions: int) -> tuple[np.ndarray, np.ndarray]:
    """The stack's outputs (time, batch, ...) and final states, each layer run by the mutant.

    One that shows no outputs hands them to the next layer all the same.
    """
    rows, finals = asked.x.numpy().swapaxes(0, 1).copy(), []
    states = asked.h0.numpy().reshape(LAYERS, directions, BATCH, UNITS)
    for parameters, start in zip(model(directions)[1], states, strict=True):
        case = Case(
            inputs=rows,
            parameters=tuple(parameters),
            initial_state=tuple(state.copy() for state in start),
            merge="concat" if directions == 2 else None,
        )
        rows, final = answer_with_outputs(mutant, case)
        finals += final if directions == 2 else [final]
    return np.ascontiguousarray(rows.swapaxes(0, 1)), np.stack(finals)


def judge(mutant: type[Emulated], problem: str) -> Verdict:
    """True if a mutant solves a problem."""
    return Verdict((problem,), (problem,) if problem in failed(mutant) else ())


@cache
def failed(mutant: type[Emulated], most: int = TRIALS, directions: tuple[int, ...] = (1, 2)) -> frozenset[str]:
    """The problems that a mutant fails in so many trials. It fails those whose answer it does not show."""
    subject = mutant()
    found = {name for name, (_, want) in PROBLEMS.items() if want == "outputs" and not subject.capabilities.outputs}
    for count in directions:
        problems = {name: want for name, (of, want) in PROBLEMS.items() if of == count}
        for number in range(most):
            if not found.issuperset(problems):
                found |= _failed(subject, trial(count, number), count, problems)
    return frozenset(found)


def _failed(subject: Emulated, asked: Trial, directions: int, problems: dict[str, str]) -> set[str]:
    try:
        rows, final = stacked(subject, asked, directions)
    except Exception:  # whatever a mutant raises, the problem is not solved
        return {*problems}
    got = {"outputs": torch.from_numpy(rows), "final": torch.from_numpy(final)}
    return {name for name, want in problems.items() if not _near(getattr(asked, want), got[want])}


def _near(wanted: torch.Tensor, got: torch.Tensor) -> bool:
    """As torch.allclose compares the answers, with the published number for both of its differences."""
    same = wanted.shape == got.shape and wanted.dtype == got.dtype
    return same and bool(((wanted - got).abs() <= tolerance() * (1 + got.abs())).all())

"""Subjects in this process, made from the reference in float32: right ones, and deliberately broken ones."""

from collections.abc import Callable

import numpy as np

from benchmarks import children
from benchmarks.children import ANSWERS, ChildError
from benchmarks.peers import Program
from benchmarks.problem import problem
from benchmarks.rows import Row
from conformance.interface.arithmetic import Arithmetic
from reference import Gradients, bigru, bigru_backward, gru, gru_backward

CLAIM = Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")
Broken = dict[str, Callable]
"""For a subject, a change of its outputs or of its gradients."""


class InProcess:
    """A benchmarks.children.Child without a process."""

    started: list[str]

    def __init__(self, family: str):
        self.family, self.held, self.closed = family, {}, False

    def ask(self, question: str, *arguments):
        try:
            return ANSWERS[question](self.family, self.held, *arguments)
        except Exception as error:
            raise ChildError(f"{self.family}: {error}") from error

    def close(self) -> None:
        self.closed = True


def made_of_reference(monkeypatch, outputs: Broken | None = None, gradients: Broken | None = None) -> None:
    """Replace every program by the reference, except the subjects that are broken."""
    wrong_outputs, wrong_gradients = outputs or {}, gradients or {}

    def program(subject: str, row: Row) -> Program:
        given = problem(row)
        arguments = {"lengths": given.lengths, "masked_outputs": "zero"}

        def forward() -> np.ndarray:
            run = gru if row.directions == 1 else bigru
            found = run(given.inputs, *given.parameters, **arguments).outputs
            return wrong_outputs.get(subject, lambda same: same)(found)

        def backward(cotangents: np.ndarray) -> list[Gradients]:
            return wrong_gradients.get(subject, lambda same: same)(_gradients(row, cotangents, arguments))

        if subject.startswith(("products:", "call", "fma")):
            return Program(lambda: None, None, None, None, 1)
        trains = row.step == "training"
        run = (lambda: backward(given.cotangents)) if trains else forward
        return Program(run, forward, backward if trains else None, CLAIM, 1)

    monkeypatch.setattr(children, "program", program)


def _gradients(row: Row, cotangents: np.ndarray, arguments: dict) -> list[Gradients]:
    given = problem(row)
    if row.directions == 1:
        found = gru_backward(given.inputs, *given.parameters, grad_outputs=cotangents, **arguments)
        return [found._replace(initial_state=None)]
    both = bigru_backward(given.inputs, *given.parameters, grad_outputs=cotangents, **arguments)
    return [Gradients(both.inputs, None, *weights) for weights in (both.forward, both.backward)]

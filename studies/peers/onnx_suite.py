"""ONNX's backend tests of the operator GRU, with their own runner: the mutant is the backend.

Source: onnx.backend.test (Apache-2.0), as installed. The runner generates inputs and expected outputs when it is made,
and compares with the rtol and atol of its own test cases.
"""

import importlib
import re
import unittest
from functools import cache
from importlib import metadata
from unittest import mock

import numpy as np
from onnx import ModelProto, helper
from onnx.backend.base import Backend, BackendRep
from onnx.backend.test import BackendTest, runner
from onnx.backend.test.case import node

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference.layouts import from_onnx
from studies.peers.verdicts import Verdict, answer_with_outputs, failing, flat

NAME = "ONNX backend tests"
PATTERN = "^test_gru_.*_cpu$"
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h")


def version() -> str:
    """The version of the package with the tests."""
    return f"onnx {metadata.version('onnx')}"


class MutantBackend(Backend):
    """A backend for one node, GRU, with a new mutant for each prepared model."""

    mutant: type[Emulated] = Emulated

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **kwargs) -> "Prepared":
        """Prepare the model's one node. The checker first reads the model, as in other backends."""
        super().prepare(model, device, **kwargs)
        return Prepared(model, cls.mutant())

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """True for the CPU; the runner skips its tests for other devices."""
        return device == "CPU"


class Prepared(BackendRep):
    """One GRU node with its mutant."""

    def __init__(self, model: ModelProto, mutant: Emulated) -> None:
        (self.node,) = model.graph.node
        self.names = [value.name for value in model.graph.input]
        self.mutant = mutant

    def run(self, inputs: list[np.ndarray], **_) -> tuple[np.ndarray, ...]:
        """Compute the node's named outputs, among Y and Y_h."""
        given = dict(zip(self.names, inputs, strict=True))
        feeds = {kind: given[name] for kind, name in zip(INPUTS, self.node.input, strict=False) if name}
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in self.node.attribute}
        answers = answer(self.mutant, feeds, attributes)
        return tuple(array for array, name in zip(answers, self.node.output, strict=False) if name)


def answer(mutant: Emulated, feeds: dict[str, np.ndarray], attributes: dict) -> tuple[np.ndarray, np.ndarray]:
    """Y and Y_h in the operator's layout, from its inputs and attributes by name."""
    batchwise = bool(attributes.get("layout", 0))
    direction = attributes.get("direction", b"forward").decode()
    both = direction == "bidirectional"
    state = feeds.get("initial_h")
    if state is not None and batchwise:
        state = state.swapaxes(0, 1)
    lengths = feeds.get("sequence_lens")
    case = Case(
        inputs=np.array(feeds["X"] if batchwise else feeds["X"].swapaxes(0, 1)),  # some mutants write to it
        parameters=from_onnx(feeds["W"], feeds["R"], feeds.get("B"), attributes.get("linear_before_reset", 0)),
        initial_state=None if state is None else tuple(state.copy()),
        lengths=None if lengths is None else lengths.astype(np.int64),
        reverse=direction == "reverse",
        merge="apart" if both else None,
        masked_outputs="zero",
    )
    outputs, final = answer_with_outputs(mutant, case)
    if not both:
        outputs, final = (outputs,), (final,)
    y, y_h = np.stack(outputs), np.stack(final)  # (directions, batch, time, units), (directions, batch, units)
    if batchwise:
        return y.transpose(1, 2, 0, 3), y_h.swapaxes(0, 1)
    return y.transpose(2, 0, 1, 3), y_h


@cache
def tests() -> tuple[unittest.TestCase, ...]:
    """The runner's own tests of the operator for the CPU. For speed it loads only this operator's cases."""
    importlib.import_module("onnx.backend.test.case.node.gru")  # makes its cases, with its own seed
    cases = [case for case in node._NodeTestCases if case.name.startswith("test_gru_")]
    with mock.patch.object(runner, "load_model_tests", lambda kind: cases if kind == "node" else []):
        suite = BackendTest(MutantBackend, __name__).include(PATTERN).test_suite
    return tuple(test for test in flat(suite) if re.search(PATTERN, test.id().rpartition(".")[2]))


def judge(mutant: type[Emulated]) -> Verdict:
    """The result of the tests for a mutant."""
    MutantBackend.mutant = mutant
    return Verdict(tuple(test.id().rpartition(".")[2] for test in tests()), tuple(failing(tests())))

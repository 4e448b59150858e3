"""WebNN's conformance tests of gru and gruCell, from their numbers; webnn.json names their source.

Their own runner needs a browser. Here the cases are data, compared by the distance in units in the last place that the
tests publish (tolerances.json). Every case uses relu for both activations, so the honest GRU also uses relu here, and
so does a mutant that computes the logistic function or tanh badly. A cell is a sequence of one step from a given state.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference.layouts import from_onnx
from studies.peers.verdicts import Verdict, answer_with_outputs

NAME = "WebNN conformance tests"
FOLDER = Path(__file__).parent


@cache
def data() -> dict[str, Any]:
    """The tests' numbers, with their source."""
    return json.loads((FOLDER / "webnn.json").read_text())


@cache
def tolerance() -> dict[str, dict[str, int]]:
    """The published distance in units in the last place, by operator and format."""
    return json.loads((FOLDER / "tolerances.json").read_text())[NAME]["ulp"]


def version() -> str:
    """The commit of the copy of Chromium from which the numbers were read."""
    return f"Chromium copy {data()['read_from']['commit'][:12]}"


KEPT = frozenset({"tanh_gates", "hard_sigmoid_gates", "linear_candidate", "sigmoid_candidate"})
"""Mutants that replace one activation by another; they keep their activation here."""


class Relu(Emulated):
    """A GRU in which both activations are the positive part, as in every case."""

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        """The activation of a gate."""
        return np.maximum(a, 0)

    def tanh(self, a: np.ndarray) -> np.ndarray:
        """The activation of the candidate."""
        return np.maximum(a, 0)


def with_relu(mutant: type[Emulated]) -> type[Emulated]:
    """The mutant with relu for both activations, unless it replaces an activation itself."""
    if mutant.__name__ in KEPT:
        return type(mutant.__name__, (mutant, Relu), {})
    return type(mutant.__name__, (mutant,), {"sigmoid": Relu.sigmoid, "tanh": Relu.tanh})


def judge(mutant: type[Emulated]) -> Verdict:
    """The result of the tests for a mutant, with a new mutant for each case."""
    asked = with_relu(mutant)
    cases = data()["cases"]
    failed = tuple(case["name"] for case in cases if not _passes(case, asked()))
    return Verdict(tuple(case["name"] for case in cases), failed)


def question(case: dict[str, Any]) -> Case:
    """The tests' case as a Case."""
    shared, options = data()["shared"], case["options"]
    units, steps, directions = shared["hidden_size"], case["steps"], case["directions"]
    tenth, kind = shared["tenth"][case["dtype"]], np.dtype(case["dtype"])
    gate = np.array([*shared["gate_weight"], tenth], kind).reshape(units, shared["input_size"])
    kernel = np.tile(gate, (directions, 3, 1))
    recurrent = np.full((directions, 3 * units, units), tenth, kind)
    bias = np.tile(np.array(case["bias"] * 2, kind), (directions, 1))
    if options.get("layout") == "rzn":
        kernel, recurrent, bias = (_from_rzn(array, units) for array in (kernel, recurrent, bias))
    return Case(
        inputs=np.array(case["input"], kind).reshape(steps, shared["batch"], -1).swapaxes(0, 1).copy(),
        parameters=from_onnx(kernel, recurrent, bias, int(options["resetAfter"])),
        initial_state=(np.zeros((shared["batch"], units), kind),) * directions if case["zero_initial_state"] else None,
        reverse=options.get("direction") == "backward",
        merge="apart" if directions == 2 else None,
    )


def _from_rzn(array: np.ndarray, units: int) -> np.ndarray:
    """Blocks r, z, n of the second axis (twice in a bias) as z, r, n."""
    blocks = np.split(array, array.shape[1] // units, axis=1)
    order = [i - i % 3 + (1, 0, 2)[i % 3] for i in range(len(blocks))]
    return np.concatenate([blocks[i] for i in order], axis=1)


def _passes(case: dict[str, Any], mutant: Emulated) -> bool:
    try:
        outputs, final = answer_with_outputs(mutant, question(case))
    except Exception:  # the test fails whatever a mutant raises
        return False
    if case["directions"] == 1:
        outputs, final = (outputs,), (final,)
    answers = [np.stack(final)]  # (directions, batch, units)
    if case["options"].get("returnSequence"):
        answers.append(np.stack(outputs).transpose(2, 0, 1, 3))  # (steps, directions, batch, units)
    allowed = tolerance()[case["operator"]][case["dtype"]]
    pairs = zip(answers, case["outputs"], strict=True)
    return all(_near(answer, np.array(wanted), case["dtype"], allowed) for answer, wanted in pairs)


def _near(answer: np.ndarray, wanted: np.ndarray, dtype: str, allowed: int) -> bool:
    """True if every number is within the allowed distance, counted in the format's steps."""
    if answer.dtype != dtype or answer.size != wanted.size or not np.isfinite(answer).all():
        return False
    distance = np.abs(_ordinal(answer.ravel()) - _ordinal(wanted.astype(dtype)))
    return bool((distance <= allowed).all())


def _ordinal(x: np.ndarray) -> np.ndarray:
    """The position of a float in the order of its format; both zeros are 0."""
    magnitude = np.abs(x).view(f"u{x.dtype.itemsize}").astype(np.int64)
    return np.where(x < 0, -magnitude, magnitude)

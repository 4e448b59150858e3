"""Gradients through the adapters, in cases whose every number is exact: no two subjects may differ in one bit.

Inputs and states come in equal pairs and meet weights of opposite sign, and the candidate's two biases cancel each
other: every gate is sigma(0) = 1/2 and every candidate tanh(0) = 0, but no derivative is zero for lack of an input, a
state, a weight or a bias. All numbers are small multiples of powers of two, and so are all their sums.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from conformance.adapters import load
from conformance.interface.adapter import Adapter, Malformed, SubjectError, ask, ask_gradients
from conformance.interface.case import MERGES, Case, Gradients, Outputs
from conformance.mutants.emulated import Emulated
from conformance.truth.gradients import certify_gradients
from reference import Parameters
from tests.conformance.drawn import arrays

BATCH, TIME, INPUT_DIM, UNITS = 3, 4, 2, 4
LENGTHS = np.array([4, 1, 3])
MASK = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 1, 0]], bool)
EAGER = ("reference", "tf_gru:eager", "keras:eager", "torch")


def exact_case(
    reset: str,
    *,
    merge: str | None = None,
    reverse: bool = False,
    start: bool = True,
    lengths: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    masked_outputs: str = "zero",
    batch: int = BATCH,
    time: int = TIME,
) -> Case:
    """A case in float64 in which every pre-activation is 0, whatever the state."""
    draw = np.random.default_rng(7)
    directions = 1 if merge is None else 2

    def numbers(*shape: int) -> np.ndarray:
        return draw.choice([-1.5, -1, -0.5, 0.5, 1, 1.5], shape)

    return Case(
        inputs=np.repeat(numbers(batch, time, INPUT_DIM // 2), 2, axis=-1),
        parameters=tuple(_cancelling(numbers, reset) for _ in range(directions)),
        initial_state=tuple(np.repeat(numbers(batch, UNITS // 2), 2, axis=-1) for _ in range(directions))
        if start
        else None,
        lengths=lengths,
        mask=mask,
        reverse=reverse,
        merge=merge,
        masked_outputs=masked_outputs,
    )


def _cancelling(numbers, reset: str) -> Parameters:
    """Rows in pairs w, -w; a bias c of the recurrent side beside one that cancels it, where the gates are 1/2."""
    gates = 2 if reset == "none" else 3
    kernel, recurrent_kernel = (numbers(gates, width // 2, UNITS) for width in (INPUT_DIM, UNITS))
    kernel, recurrent_kernel = (
        np.stack([block, -block], axis=2).reshape(gates, -1, UNITS) for block in (kernel, recurrent_kernel)
    )
    bias = numbers(2, gates, UNITS)
    bias[0] = -bias[1]
    if reset == "after":
        bias[0, 2] /= 2
    return Parameters(kernel, recurrent_kernel, bias, reset)


def cotangents(case: Case) -> Outputs:
    """Cotangents in the shapes of ask's answer, no two parts alike."""
    draw = np.random.default_rng(11)
    width = 2 * case.units if case.merge == "concat" else case.units
    outputs = [draw.choice([-2.0, -1, 1, 2], (case.batch, case.time, width)) for _ in range(2)]
    finals = [draw.choice([-2.0, -1, 1, 2], (case.batch, case.units)) for _ in range(2)]
    if case.merge is None:
        return Outputs(outputs[0], finals[0])
    return Outputs(tuple(outputs) if case.merge == "apart" else outputs[0], tuple(finals))


def assert_same(gru, case: Case) -> None:
    """The subject's gradients are the certified ones, bit for bit."""
    truth = certify_gradients(case, cotangents(case))
    assert truth.radius is None  # every ball is exact, so no rounding is allowed
    for computed, exact in zip(
        arrays(ask_gradients(gru, case, cotangents(case))), arrays(truth.gradients), strict=True
    ):
        np.testing.assert_array_equal(computed, exact)


def cases_for(name: str) -> Iterator[Case]:
    """Every declared reset, run, merge, padding and policy; each run with two paddings for the first reset."""
    can = load(name).capabilities
    padding = [{}, {"lengths": LENGTHS}]
    padding += [{"mask": MASK}] if can.masks else []
    padding += [{"lengths": np.array([4, 0, 3])}] if can.zero_length else []
    runs = [{}, *([{"reverse": True}] if can.reverse else []), *({"merge": merge} for merge in can.merges)]
    for number, run in enumerate(runs):
        for padded in (padding[number % len(padding)], padding[(number + 1) % len(padding)]):
            yield exact_case(can.resets[0], **run, **padded)
    for reset, run in product(can.resets[1:], runs[1:3]):
        yield exact_case(reset, **run, **padding[-1])
    for policy in ("carry", "zero"):
        if policy in can.masked_outputs:
            yield exact_case(can.resets[0], start=False, lengths=LENGTHS, masked_outputs=policy)
    yield exact_case(can.resets[0], start=False, merge=can.merges[0])
    if can.zero_batch:
        yield exact_case(can.resets[0], merge=can.merges[0], batch=0)
    if can.zero_time:
        yield exact_case(can.resets[0], merge=can.merges[0], time=0)


@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_the_cases_are_as_described(reset):
    """The state halves at every step; every entry of every gradient's array is reached by some number."""
    case = exact_case(reset, merge="apart")
    outputs, _ = ask(load("reference"), case)
    steps = 2.0 ** -np.arange(1, TIME + 1)[:, None]
    np.testing.assert_array_equal(outputs[0], case.starts[0][:, None] * steps)
    np.testing.assert_array_equal(outputs[1], case.starts[1][:, None] * steps[::-1])
    for array in arrays(ask_gradients(load("reference"), case, cotangents(case))):
        assert array.any()


@pytest.mark.parametrize("name", EAGER)
def test_every_declared_run_has_the_certified_gradients(name):
    gru = load(name)
    for case in cases_for(name):
        assert_same(gru, case)


@pytest.mark.parametrize("layer", ["tf_gru", "keras"])
@pytest.mark.parametrize(("path", "merge"), [("graph", None), ("xla", "apart")])
def test_compiled_runs_have_the_certified_gradients(layer, path, merge):
    assert_same(
        load(f"{layer}:{path}"), exact_case("after", merge=merge, reverse=merge is None, lengths=np.array([4, 0, 3]))
    )


@pytest.mark.parametrize("name", EAGER)
def test_two_directions_are_shaped_as_the_case_is(name):
    """inputs is one array, the others are pairs, in the case's format."""
    case = exact_case("after", merge="concat")
    inputs, *pairs = ask_gradients(load(name), case, cotangents(case))
    assert inputs.shape == case.inputs.shape
    assert [[part.shape for part in pair] for pair in pairs] == [
        [(BATCH, UNITS)] * 2,
        [(3, INPUT_DIM, UNITS)] * 2,
        [(3, UNITS, UNITS)] * 2,
        [(2, 3, UNITS)] * 2,
    ]


class DirectionsSwapped(Emulated):
    """An adapter that gives each direction the other's gradients."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return Gradients(right.inputs, *(part[::-1] for part in right[1:]))


class WeightsOfTheDirectionsSwapped(Emulated):
    """An adapter that takes the backward layer's variables for the forward layer's."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        right = super().gradients(case, cotangents)
        return Gradients(right.inputs, right.initial_state, *(part[::-1] for part in right[2:]))


class MergeIgnored(Emulated):
    """An adapter that gives both directions the whole cotangent, whatever the merge."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        if case.merge not in ("mul", "ave"):
            return super().gradients(case, cotangents)
        return super().gradients(replace(case, merge="sum"), cotangents)


class BackwardCotangentsNotAligned(Emulated):
    """An adapter that reads the backward direction's cotangents in processing order."""

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        if case.merge != "apart":
            return super().gradients(case, cotangents)
        forward, backward = cotangents.outputs
        return super().gradients(case, cotangents._replace(outputs=(forward, backward[:, ::-1].copy())))


@pytest.mark.parametrize(
    ("broken", "merge"),
    [
        *product((DirectionsSwapped, WeightsOfTheDirectionsSwapped), MERGES),
        *product((MergeIgnored,), ("mul", "ave")),
        (BackwardCotangentsNotAligned, "apart"),
    ],
)
def test_an_adapter_that_confuses_the_directions_is_caught(broken, merge):
    case = exact_case("after", merge=merge)
    assert_same(Emulated(), case)
    with pytest.raises(AssertionError, match="not equal"):
        assert_same(broken(), case)


def _answers(change) -> Adapter:
    """An adapter whose gradients are the reference's, changed."""
    gru = load("reference")
    return Adapter(gru.run, gru.capabilities, lambda case, given: change(gru.gradients(case, given)))


@pytest.mark.parametrize(
    ("merge", "change", "message"),
    [
        (None, lambda g: None, "gradients returned None"),
        (None, lambda g: g[:4], "gradients returned a tuple, but must return"),
        (None, lambda g: g._replace(inputs=g.inputs[0]), "gradients.inputs has shape"),
        (None, lambda g: g._replace(bias=(g.bias, g.bias)), "gradients.bias is a tuple, but must be a NumPy array"),
        (None, lambda g: g._replace(kernel=g.kernel.astype(np.float32)), "gradients.kernel is float32"),
        ("sum", lambda g: g._replace(inputs=(g.inputs, g.inputs)), "gradients.inputs is a tuple"),
        ("sum", lambda g: g._replace(kernel=g.kernel[0]), r"kernel is a ndarray, but must be a pair \(forward, back"),
        ("sum", lambda g: g._replace(kernel=g.kernel * 2), "gradients.kernel is a tuple, but must be a pair"),
        ("sum", lambda g: g._replace(bias=(g.bias[0], g.bias[1][0])), "gradients.bias has shape"),
        ("sum", lambda g: g._replace(initial_state=(g.initial_state[0], None)), "gradients.initial_state is None"),
    ],
)
def test_answers_that_are_no_gradients_are_refused_by_name(merge, change, message):
    case = exact_case("after", merge=merge)
    with pytest.raises(Malformed, match=message):
        ask_gradients(_answers(change), case, cotangents(case))


def test_gradients_that_raise_are_an_error_of_the_subject():
    case = exact_case("after", merge="sum")
    with pytest.raises(SubjectError, match="gradients raised ZeroDivisionError"):
        ask_gradients(_answers(lambda g: 1 / 0), case, cotangents(case))

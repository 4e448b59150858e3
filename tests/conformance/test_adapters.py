"""The adapters of other projects' GRUs: each is connected to its GRU, and its failures are the recorded ones.

One golden vector is one case, so a framework that compiles does so rarely. Keras chooses its backend at import, so the
adapters of its two other backends are judged in separate processes.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.adapters import load
from conformance.adapters.by_gate import by_gate
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.clauses.gradients import cotangents
from conformance.checks.judge import judge_case
from conformance.checks.verdict import FAIL, PASS
from conformance.interface.adapter import UsageError, ask, ask_gradients
from conformance.suite import judge_apart
from conformance.vectors.replay import judge_vector
from reference import Parameters, merge_biases, to_keras
from reference.layouts import merge_gate_biases, to_haiku, to_linen
from studies.pages.known import KNOWN, anchor, heading
from tests.conformance.golden import STORED
from tests.reference.truth import numbers

pytestmark = pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
FINDINGS = Path(__file__).parent.parent.parent / "docs/findings.md"

PASSES = {
    "jax:scan": ("padding-unread-holes", "gradients-masked-reverse", "merge-ave-lengths", "step-none-one-input"),
    "flax:linen": ("bidirectional-concat", "gradients-full-precision"),
    "flax:linen-lengths": ("lengths-unsorted",),
    "flax:nnx": ("step-after-no-bias",),
    "equinox": ("step-after-rows-apart", "gradients-one-step"),
    "haiku": ("reverse-before", "gradients-before"),
    "torch:cell": ("step-after-rows-apart", "gradients-one-step"),
    "torch:packed": ("lengths-unsorted", "bidirectional-masked-lengths", "gradients-masked-lengths"),
    "torch:onnx": ("step-after-rows-apart", "lengths-unsorted", "bidirectional-masked-lengths"),
    "onnx:reference": ("step-before-one-input", "reverse-after", "bidirectional-concat"),
    "onnx:reference-lengths": ("step-before-one-input", "time-reversed-before"),
    "openvino": ("lengths-unsorted", "bidirectional-masked-lengths", "step-before-one-input", "reverse-after"),
    "tensorflow:block-cell": ("step-before-one-input", "rows-permuted-before"),
    "tf_keras:dynamic-rnn": ("lengths-before", "length-zero-before", "gradients-before"),
}
FAILS = {
    "flax:linen-lengths": ("length-zero-mixed", "padding-gradient-lengths"),
    "flax:nnx": ("step-after-rows-apart",),
    "onnx:reference-lengths": ("lengths-unsorted", "padding-unread-lengths"),
    "openvino": ("length-zero-all",),
}


def _verdict(name, vector):
    gru = load(name)
    dtype = "float64" if "float64" in gru.capabilities.arithmetic else "float32"
    return judge_vector(gru, STORED[vector], dtype)


@pytest.mark.parametrize(("name", "vector"), [(name, v) for name, some in PASSES.items() for v in some])
def test_a_vector_passes(name, vector):
    verdict = _verdict(name, vector)
    assert (verdict.kind, verdict.reason) == (PASS, "")


@pytest.mark.parametrize(("name", "vector"), [(name, v) for name, some in FAILS.items() for v in some])
def test_a_vector_fails_as_recorded(name, vector):
    verdict = _verdict(name, vector)
    assert verdict.kind == FAIL
    assert heading(name, verdict.clause, verdict.dtype) is not None


def test_dynamic_rnn_gives_both_directions_apart():
    """The vectors with reset before join both directions, which is left to the callers."""
    case, _ = STORED["bidirectional-masked-before"].vector.cast("float64")
    case = replace(case, merge="apart", masked_outputs="zero")
    assert judge_case(load("tf_keras:dynamic-rnn"), BY_CLAUSE["bidirectional-masked"], case).kind == PASS


@pytest.mark.parametrize(
    ("backend", "dtype", "vector", "policy"),
    [
        ("jax", "float32", "masked-outputs-carry-lengths", "carry"),
        pytest.param("torch", "float64", "masked-outputs-zero-holes", "", marks=pytest.mark.long),
    ],
)
def test_keras_on_another_backend(backend, dtype, vector, policy):
    """On JAX it carries, unlike on TensorFlow. The loss of precision in float64 is recorded."""
    case, _ = STORED[vector].vector.cast(dtype)
    given = {"jobs": 1, "time_limit": 300, "case": case}
    (subject,) = judge_apart((f"keras:{backend}",), "dev", ("masks", "masked-outputs", "shape-and-dtype"), **given)
    assert len(subject.verdicts) == 3
    for verdict in subject.verdicts:
        known = heading(subject.name, verdict.clause, dtype)
        assert verdict.kind == (FAIL if known else PASS), verdict
    assert policy in subject.policies["masked steps"] or not policy


def test_keras_on_another_backend_is_refused_where_this_process_has_it_on_one(monkeypatch):
    import keras

    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    with pytest.raises(UsageError, match="Keras is imported on 'tensorflow' in this process; judge keras:jax in one"):
        load("keras:jax")


def test_an_export_that_forgets_where_the_reset_gate_acts_is_seen(monkeypatch):
    """Source: pytorch/pytorch#189225, where linear_before_reset was 0."""
    import onnx

    from conformance.adapters import torch_onnx

    export = torch_onnx.exported

    def forgetful(case):
        model = onnx.load_from_string(export(case))
        (gru,) = (node for node in model.graph.node if node.op_type == "GRU")
        (where,) = (each for each in gru.attribute if each.name == "linear_before_reset")
        where.i = 0
        return model.SerializeToString()

    monkeypatch.setattr(torch_onnx, "exported", forgetful)
    assert _verdict("torch:onnx", "step-after-rows-apart").kind == FAIL


def test_weights_that_do_not_arrive_are_seen(monkeypatch):
    gru = load("haiku")
    weights = gru.weights
    monkeypatch.setattr(gru, "weights", lambda p: {name: -array for name, array in weights(p).items()})
    assert judge_vector(gru, STORED["reverse-before"], "float64").kind == FAIL


def test_outputs_that_are_not_given_have_no_cotangents():
    """The gradient of padded inputs is 0, whatever the cotangents of the outputs that flax:linen-lengths lacks."""
    gru = load("flax:linen-lengths")
    case, _ = STORED["lengths-unsorted"].vector.cast("float32")
    assert ask(gru, case).outputs is None
    gradients = ask_gradients(gru, case, cotangents(case))
    assert not gradients.inputs[~case.valid].any()
    assert gradients.inputs[case.valid].any()


LAYOUTS = {
    "keras": ("after", lambda p: to_keras(p)),
    "keras before": ("before", lambda p: to_keras(merge_biases(p))),
    "linen": ("after", lambda p: [a for layer in to_linen(merge_gate_biases(p)).values() for a in layer.values()]),
    "haiku": ("before", lambda p: list(to_haiku(merge_biases(p)).values())),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_gradients_go_back_where_their_weights_came_from(name):
    """For a loss that weights every number, each gradient is its number's own weight, through a layout and back."""
    reset, layout = LAYOUTS[name]
    p = Parameters(np.ones((3, 2, 4)), np.ones((3, 4, 4)), np.zeros((2, 3, 4)), reset)
    weights = Parameters(numbers(0, 3, 2, 4), numbers(1, 3, 4, 4), numbers(2, 2, 3, 4) * [[[1]], [[0]]], reset)
    kernel, recurrent_kernel, bias = by_gate(layout, p, layout(weights))
    assert np.array_equal(kernel, weights.kernel)
    assert np.array_equal(recurrent_kernel, weights.recurrent_kernel)
    assert np.array_equal(bias[0], weights.bias[0])
    merged = {"keras": [], "linen": [0, 1]}.get(name, [0, 1, 2])
    assert np.array_equal(bias[1, merged], weights.bias[0, merged])


# Known failures.


def test_every_known_failure_has_its_place_on_the_page():
    headings = set(re.findall(r"^## (.*)$", FINDINGS.read_text(), re.MULTILINE))
    assert {title for by_title in KNOWN.values() for title in by_title} <= headings
    assert anchor("TensorFlow 1's dynamic_rnn: NaN in the padding") == "tensorflow-1s-dynamic_rnn-nan-in-the-padding"


@pytest.mark.parametrize("name", [name for name in KNOWN if name not in ("keras:jax", "keras:torch")])
def test_known_failures_are_not_declined(name):
    """Otherwise the page would describe clauses that nobody judges."""
    can = load(name).capabilities
    for clauses in KNOWN[name].values():
        assert [clause for clause in clauses if BY_CLAUSE[clause.split()[0]].declined(can)] == []

"""The paths of deployment as subjects: their results, the detection of a wrong one, and the page about them."""

import sys

import numpy as np
import pytest

from conformance.adapters import REGISTERED, keras_models, load, model_server, tf_gru_saved, tf_gru_tf1
from conformance.checks.clauses import CHECKS
from conformance.checks.verdict import DECLINED, FAIL, PASS, USUAL
from conformance.diagnosis.probe.probe import probe
from conformance.diagnosis.probe.sweep import SIGMA, TANH
from conformance.interface.adapter import SubjectError, ask
from conformance.specification import CLAUSES
from conformance.vectors.replay import judge_vector
from studies.pages import paths
from tests.conformance.golden import STORED

pytestmark = [
    pytest.mark.filterwarnings("ignore:In the future `np.object` will be defined:FutureWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]
"""NumPy deprecations that Keras causes: one before it converts to ONNX, the other when it saves variables."""

DEPLOYED = ("tf_gru:keras-save", "tf_gru:saved-model", "tf_gru:onnx", "tf_gru:litert", "tf_gru:tf1")
ASKED = {
    "padding-unread-holes": DEPLOYED,
    "bidirectional-masked-lengths": DEPLOYED[:3],
    "reverse-masked-left-carry": ("tf_gru:litert",),
    "time-zero-start": ("tf_gru:onnx",),
    "batch-zero-one-direction": ("tf_gru:onnx", "tf_gru:tf1"),
    "gradients-masked-reverse": ("tf_gru:keras-save", "tf_gru:saved-model", "tf_gru:tf1"),
}


@pytest.mark.parametrize(
    ("name", "vector"), [(name, vector) for vector, names in ASKED.items() for name in names], ids=str
)
def test_a_path_agrees_with_the_layer(name, vector):
    verdict = judge_vector(load(name), STORED[vector], "float32")
    assert (verdict.kind, verdict.reason) == (PASS, "")


def _gates_swapped(case):
    return [np.roll(array, case.units, axis=-1) for array in weights(case)]


weights = keras_models.weights


@pytest.mark.parametrize("name", DEPLOYED)
def test_weights_that_do_not_arrive_are_seen(name, monkeypatch):
    for module in (keras_models, tf_gru_saved, tf_gru_tf1):
        monkeypatch.setattr(module, "weights", _gates_swapped)
    assert judge_vector(load(name), STORED["padding-unread-holes"], "float32").kind == FAIL


def test_the_process_that_serves_cannot_import_the_package_that_made_the_model(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] in model_server.MAKERS]:
        monkeypatch.setitem(sys.modules, name, sys.modules[name])
    model_server.forbid()
    with pytest.raises(ModuleNotFoundError, match="tf_gru"):
        __import__("tf_gru")


def test_an_error_while_a_model_is_served_is_the_subjects_error(monkeypatch):
    monkeypatch.setattr(keras_models, "weights", lambda case: weights(case)[:1])
    case, _ = STORED["padding-unread-holes"].vector.cast("float32")
    with pytest.raises(SubjectError, match="ValueError: zip"):
        ask(load("tf_gru:saved-model"), case)


def test_onnx_runtime_is_as_accurate_as_claimed_and_exceeds_1():
    probed = probe(load("tf_gru:onnx"), "float32", rounds=0)
    assert probed.met
    assert probed.swept[TANH].greatest > 1


def test_the_logistic_of_xnnpack_has_a_nan_where_no_trained_gru_comes():
    probed = probe(load("tf_gru:litert"), "float32", rounds=0)
    assert not probed.swept[TANH].refutes
    assert probed.swept[TANH].inside
    worst = probed.swept[SIGMA].refutes
    assert np.isnan(worst.computed)
    assert worst.argument < -(2.0**125)


# The page


RECORD = paths.load()


def test_the_page_equals_the_commands_output():
    assert paths.PAGE.read_text() == paths.page(RECORD)


def test_every_recorded_path_meets_its_claims_and_the_others_are_named():
    assert set(paths.PATHS) <= set(REGISTERED)
    assert list(paths.wrong(RECORD)) == []
    assert [name for name in paths.PATHS if f"`{name}`" in paths.PAGE.read_text()] == list(paths.PATHS)
    assert set(paths.missing(RECORD)) == set(paths.PATHS) - set(RECORD)


@pytest.mark.parametrize("name", RECORD)
def test_the_record_and_the_adapters_decline_the_same(name):
    """If this fails, run the suite again: python -m studies paths NAME."""
    recorded = {(v["clause"], v["dtype"]) for v in RECORD[name]["verdicts"] if v["kind"] == DECLINED}
    assert recorded == _declined(load(name).capabilities)


def test_an_adapter_declines_exactly_the_undeclared_cases():
    assert _declined(load("tf_gru:graph").capabilities) == set()
    assert ("gradients", "float32") in _declined(load("tf_gru:onnx").capabilities)


def _declined(capabilities):
    return {
        (check.clause, dtype)
        for check in CHECKS
        for dtype in USUAL
        if dtype not in capabilities.arithmetic or check.declined(capabilities)
    }


def _fails(verdict):
    verdict["kind"] = FAIL


def _has_no_reason(verdict):
    verdict.update(kind=DECLINED, reason="does not declare masks")


@pytest.mark.parametrize("spoil", [_fails, _has_no_reason, dict.clear])
def test_a_mistake_in_a_record_is_named(spoil):
    verdicts = [{"clause": clause, "dtype": "float32", "kind": PASS, "reason": ""} for clause in CLAUSES]
    record = {"tf_gru:graph": {"broken": None, "verdicts": verdicts}}
    assert list(paths.wrong(record)) == []
    spoil(verdicts[0]) if spoil is not dict.clear else verdicts.clear()
    assert all(line.startswith("tf_gru:graph: ") for line in paths.wrong(record))
    assert list(paths.wrong(record))

"""Exports: the form for converters has the same numbers, one trace serves all shapes, and the guide runs."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from tests.documents import ROOT, blocks
from tf_gru import export
from tf_gru.export import tracing

GUIDE = "docs/deploying.md"
ALONE = 'import sys; sys.modules["tf_gru"] = None; '


def run(code, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_guide_runs_and_its_exports_run_without_this_package(tmp_path):
    run("\n".join(blocks(GUIDE, "python")), tmp_path)
    elsewhere = blocks(GUIDE, 'python title="elsewhere"')
    assert len(elsewhere) == 3
    run(ALONE + "\n".join(f"exec({code!r}, {{}})" for code in elsewhere), tmp_path)


@pytest.mark.parametrize(
    ("time", "options"), [(16, {"jit": True}), (None, {"jit": True}), (20, {"jit": True, "recompute": True})]
)
def test_a_model_of_a_compiled_layer_is_exported(time, options, tmp_path):
    """An export traces the derivative of every hand-written derivative, so none of these may raise."""
    model = keras.Sequential([keras.Input((time, 3)), tf_gru.GRU(4, **options)])
    inputs = np.ones((2, time or 20, 3), "float32")
    model.export(tmp_path, verbose=False)
    served = tf.saved_model.load(tmp_path)
    model.layers[0].use_native = False  # an exported graph has TensorFlow's operators only
    np.testing.assert_array_equal(served.serve(inputs), model(inputs))


FORMS = [None, *tracing.TARGETS]


def traced(form, function, **options):
    """The function, traced for a converter or as usual."""

    def named(*arguments):
        with export.exporting_to(form) if form else nullcontext():
            return function(*arguments)

    return tf.function(named, autograph=False, **options)


@pytest.mark.parametrize("form", tracing.TARGETS)
@pytest.mark.parametrize(
    ("reset", "masked", "reverse", "masked_outputs"),
    [
        ("after", "holes", False, "carry"),
        ("before", "left padded", True, "zero"),
        ("none", "right padded", True, "carry"),
    ],
)
def test_the_form_for_converters_is_the_same_gru(exact, form, reset, masked, reverse, masked_outputs, monkeypatch):
    monkeypatch.setitem(tracing.TARGETS, form, tracing.TARGETS[form]._replace(dtypes=None))
    weights, mask = exact.weights(reset), exact.masks[masked]
    options = {"reset": reset, "reverse": reverse, "masked_outputs": masked_outputs, **exact.linear}
    function = traced(form, lambda *given: tf_gru.gru(*given[:4], initial_state=given[4], mask=given[5], **options))
    inputs = np.where(mask[:, :, None], exact.inputs, np.nan)
    outputs, final_state = function(inputs, *weights, exact.initial_state, mask)

    clean = np.where(mask[:, :, None], exact.inputs, 0)
    expected, state = exact.gru(clean, *weights, reset, exact.initial_state, mask, reverse)
    if masked_outputs == "zero":
        expected = np.where(mask[:, :, None], expected, 0)
    np.testing.assert_array_equal(outputs, expected)
    np.testing.assert_array_equal(final_state, state)


@pytest.mark.parametrize("form", FORMS)
def test_one_trace_serves_every_batch_and_every_time(exact, form, monkeypatch):
    if form:
        monkeypatch.setitem(tracing.TARGETS, form, tracing.TARGETS[form]._replace(dtypes=None))
    sizes = (tf.TensorSpec((None, None, exact.input_dim), "float64"), tf.TensorSpec((None,), "int64"))
    function = traced(
        form,
        lambda inputs, lengths: tf_gru.gru(inputs, *exact.weights("after"), lengths=lengths, jit=False, **exact.linear),
        input_signature=sizes,
    )
    for batch, time in ((5, 3), (2, 1), (1, 0), (0, 2)):
        inputs, lengths = exact.inputs[:batch, :time], np.arange(batch, dtype="int64") % (time + 1)
        outputs, final_state = function(inputs, lengths)
        mask, zeros = np.arange(time) < lengths[:, None], np.zeros((batch, exact.units))
        expected, state = exact.gru(inputs, *exact.weights("after"), "after", zeros, mask, False)
        np.testing.assert_array_equal(outputs, expected)
        np.testing.assert_array_equal(final_state, state)
    assert function.experimental_get_tracing_count() == 1


def fail_while_exporting():
    with export.exporting_to("onnx"):
        raise RuntimeError("converter" if export.tracing_for() == "onnx" else "nothing was exchanged")


def test_the_layers_are_as_before_after_an_export_even_one_that_failed():
    with pytest.raises(RuntimeError, match="converter"):
        fail_while_exporting()
    assert export.tracing_for() is None


def test_other_threads_trace_the_usual_form_meanwhile():
    with export.exporting_to("onnx"), ThreadPoolExecutor(1) as threads:
        assert threads.submit(export.tracing_for).result() is None


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("onnx", {"stateful": True}, "is stateful, but ONNX keeps no state between calls: take initial_state"),
        ("litert", {"dtype": "float64"}, "computes in float64, but LiteRT does in float32: give it that dtype"),
    ],
)
def test_tracing_refuses_layers_that_a_target_cannot_express(target, options, message):
    layer, inputs = tf_gru.GRU(2, **options), np.ones((1, 3, 2))
    layer(inputs)
    with pytest.raises(ValueError, match=message), export.exporting_to(target):
        layer(inputs)
    other = next(name for name in ("onnx", "litert") if name != target)
    with export.exporting_to(other):
        layer(inputs)


def test_a_target_that_is_not_known_is_refused():
    with (
        pytest.raises(ValueError, match="target is 'tflite', but must be one of 'onnx', 'litert', 'saved_model'"),
        export.exporting_to("tflite"),
    ):
        pass

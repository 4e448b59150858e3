"""The exporter that traces is known, whatever calls it, and forgotten when it is done."""

import contextlib
from typing import ClassVar

import keras
import pytest
import tensorflow as tf

import tf_gru
from tf_gru import export

pytestmark = [
    pytest.mark.filterwarnings("ignore:In the future `np.object` will be defined:FutureWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


@keras.saving.register_keras_serializable(package="tests")
class Asking(keras.layers.Layer):
    """A layer that stores the runtime that it sees while it is called."""

    answers: ClassVar[set] = set()

    def call(self, inputs):
        self.answers.add(export.tracing_for())
        return inputs + 1


class Module(tf.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.run = tf.function(lambda x: model(x), input_signature=[tf.TensorSpec((None, 2))])


def archive(model, path):
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, input_signature=[keras.InputSpec(shape=(None, 2), dtype="float32")])
    archive.write_out(path, verbose=False)


def tf2onnx(model, _):
    import tf2onnx

    with contextlib.suppress(KeyError):  # tf2onnx 1.17 looks for output names that Keras 3 does not use
        tf2onnx.convert.from_keras(model, [tf.TensorSpec((None, 2))])


def tf2onnx_function(model, _):
    import tf2onnx

    tf2onnx.convert.from_function(Module(model).run, [tf.TensorSpec((None, 2))])


EXPORTERS = {
    "Keras to SavedModel": (lambda model, path: model.export(path, verbose=False), {"saved_model"}),
    "an archive": (archive, {"saved_model"}),
    "TensorFlow, a model": (lambda model, path: tf.saved_model.save(model, path), {"saved_model"}),
    "TensorFlow, a module": (lambda model, path: tf.saved_model.save(Module(model), path), {"saved_model"}),
    "Keras to ONNX": (lambda model, path: model.export(path / "m.onnx", format="onnx", verbose=False), {"onnx"}),
    "tf2onnx, a model": (tf2onnx, {"onnx"}),
    "tf2onnx, a function": (tf2onnx_function, {"onnx"}),
    "Keras to LiteRT": (
        lambda model, path: model.export(path / "m.tflite", format="litert", verbose=False),
        {"litert"},
    ),
    "the converter": (lambda model, _: tf.lite.TFLiteConverter.from_keras_model(model).convert(), {"litert"}),
    "Keras' file": (lambda model, path: model.save(path / "m.keras"), set()),
    "nobody": (lambda model, _: model.predict(tf.ones((1, 2)), verbose=0), {None}),
}


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_an_exporter_that_traces_is_known(exporter, tmp_path):
    function, expected = EXPORTERS[exporter]
    model = keras.Sequential([keras.Input((2,)), Asking()])
    model(tf.ones((1, 2)))
    Asking.answers.clear()
    function(model, tmp_path)
    assert Asking.answers == expected
    assert export.tracing_for() is None


def test_a_named_target_counts_before_a_detected_one(tmp_path):
    model = keras.Sequential([keras.Input((2,)), Asking()])
    Asking.answers.clear()
    with export.exporting_to("onnx"):
        tf.saved_model.save(model, tmp_path)
    assert Asking.answers == {"onnx"}


@pytest.mark.parametrize("target", ["onnx", "litert"])
def test_a_function_is_refused_a_dtype_that_the_target_lacks(target, exact):
    inputs, *weights = (tf.cast(each, "bfloat16") for each in (exact.inputs, *exact.weights("after")))
    with pytest.raises(ValueError, match="gru computes in bfloat16, but "), export.exporting_to(target):
        tf_gru.gru(inputs, *weights)

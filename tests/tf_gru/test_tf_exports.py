"""The content of a graph for export, its refusals, and functions that were traced before."""

import warnings

import numpy as np
import onnx
import pytest
import tensorflow as tf
from keras import Input, Sequential
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

import tf_gru
from tf_gru.export import exporting_to

pytestmark = [
    pytest.mark.filterwarnings("ignore:In the future `np.object` will be defined:FutureWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]
WEIGHTS = [np.linspace(-1, 1, np.prod(shape)).reshape(shape).astype("float32") for shape in ((3, 12), (4, 12), (2, 12))]


class Module(tf.Module):
    """A module with a function, as users write one."""

    def __init__(self, shape, **options):
        super().__init__()
        self.weights = [tf.Variable(each) for each in WEIGHTS]
        self.run = tf.function(
            lambda x: tf_gru.gru(x, *self.weights, **options)[0], input_signature=[tf.TensorSpec(shape)]
        )


def gradients(function, weights, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = function(x)
    return [tf.convert_to_tensor(each).numpy() for each in tape.gradient(result, [x, *weights])]


@pytest.mark.parametrize("options", [{}, {"activation": "relu"}, {"recompute": True}], ids=str)
@pytest.mark.parametrize("shape", [(None, None, 3), (2, 16, 3)], ids=str)
def test_a_loaded_model_trains(shape, options, tmp_path):
    x = tf.constant(np.linspace(-1, 1, 96).reshape(2, 16, 3), "float32")
    tf.saved_model.save(Module(shape, **options), tmp_path)
    loaded, module = tf.saved_model.load(tmp_path), Module(shape, use_native=False, **options)
    expected = gradients(module.run, module.weights, x)
    assert all(each.any() for each in expected)
    for found, wanted in zip(gradients(loaded.run, loaded.weights, x), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_saved_graph_keeps_to_operators_of_tensorflow_and_compiles_nothing(tmp_path):
    tf.saved_model.save(Module((2, 16, 3)), tmp_path)
    assert not compiled(tmp_path)


def test_compiled_code_in_a_saved_graph_is_seen(tmp_path):
    tf.saved_model.save(Module((2, 16, 3), jit=True), tmp_path)
    assert compiled(tmp_path)


def compiled(folder):
    """The functions of a SavedModel that XLA compiles."""
    read = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    functions = read.meta_graphs[0].graph_def.library.function
    return [each.signature.name for each in functions if each.attr["_XlaMustCompile"].b]


def to_onnx(module, shape):
    import tf2onnx

    model, _ = tf2onnx.convert.from_function(module.run, [tf.TensorSpec(shape)])
    return model


def test_a_native_function_that_was_called_before_is_refused_by_the_checker():
    module = Module((None, None, 3))
    module.run(tf.ones((2, 5, 3)))
    with pytest.raises(onnx.checker.ValidationError, match="TfGru"):
        onnx.checker.check_model(to_onnx(module, (None, None, 3)), full_check=True)


def test_a_function_that_was_called_before_is_right_in_onnx():
    import onnxruntime

    module, x = (
        Module((None, None, 3), reverse=True, use_native=False),
        np.linspace(-1, 1, 30).reshape(2, 5, 3).astype("float32"),
    )
    expected = module.run(x)
    model = to_onnx(module, (None, None, 3))
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (found,) = session.run(None, {"x": x})
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) < np.min(np.abs(np.diff(expected, axis=1)))  # no step equals another's


def test_sequences_of_one_size_are_converted_to_onnx_each_for_itself():
    """As in a stack of equal layers, an encoder and its decoder, or a layer that is called twice."""
    import onnxruntime

    weights = [each[:, :9] if each.shape[0] != 4 else each[:3, :9] for each in WEIGHTS]
    module = tf.Module()
    module.run = tf.function(
        lambda x: tf_gru.gru(tf_gru.gru(x, *weights)[0], *weights)[0], input_signature=[tf.TensorSpec((None, None, 3))]
    )
    x = np.linspace(-1, 1, 30).reshape(2, 5, 3).astype("float32")
    session = onnxruntime.InferenceSession(to_onnx(module, (None, None, 3)).SerializeToString())
    (found,) = session.run(None, {"x": x})
    once, twice = (np.asarray(f(x)) for f in (lambda x: tf_gru.gru(x, *weights)[0], module.run))
    assert np.max(np.abs(found - twice)) < np.min(np.abs(once - twice))


def test_a_compiled_function_that_was_called_before_is_refused_by_the_checker():
    module = Module((2, 16, 3), jit=True)
    module.run(tf.ones((2, 16, 3)))
    with pytest.raises(onnx.checker.ValidationError, match="PartitionedCall"):
        onnx.checker.check_model(to_onnx(module, (2, 16, 3)), full_check=True)


@pytest.mark.parametrize(("native", "message"), [(True, "Custom ops: TfGru"), (False, "Lowering tensor list ops is")])
def test_a_function_that_was_called_before_is_refused_by_litert(native, message):
    module = Module((None, None, 3), use_native=native)
    module.run(tf.ones((2, 5, 3)))
    with pytest.raises(Exception, match=message):
        tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module).convert()


def test_a_function_that_is_traced_for_litert_is_converted_later():
    module = Module((None, None, 3))
    with exporting_to("litert"):
        function = module.run.get_concrete_function()
    assert tf.lite.TFLiteConverter.from_concrete_functions([function], module).convert()


def test_a_stateful_layer_keeps_its_state_in_litert(tmp_path):
    """Its state knows the batch, which Keras leaves open where it exports."""
    from ai_edge_litert.interpreter import Interpreter

    model = Sequential([Input(batch_shape=(2, 5, 3)), tf_gru.GRU(4, stateful=True)])
    built_in = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    model.export(tmp_path / "m.tflite", format="litert", verbose=False, target_spec=built_in)
    run = Interpreter(str(tmp_path / "m.tflite")).get_signature_runner()
    (name,) = run.get_input_details()
    x = np.linspace(-1, 1, 30).reshape(2, 5, 3).astype("float32")
    (first, second), (once, again) = ([f(x) for _ in range(2)] for f in (lambda x: run(**{name: x})["output_0"], model))
    assert max(np.max(np.abs(first - once)), np.max(np.abs(second - again))) < np.min(np.abs(once - again))


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("onnx", {"dtype": "mixed_bfloat16"}, "computes in bfloat16, but ONNX does in float16, float32, float64"),
        ("onnx", {"stateful": True}, "is stateful, but ONNX keeps no state between calls: take initial_state"),
        ("litert", {"dtype": "float64"}, "computes in float64, but LiteRT does in float32: give it that dtype"),
    ],
)
def test_an_export_refuses_layers_that_the_target_cannot_express(target, options, message, tmp_path):
    model = Sequential([Input(batch_shape=(2, None, 3)), tf_gru.GRU(4, **options)])
    model(tf.ones((2, 5, 3)))
    name = {"onnx": "m.onnx", "litert": "m.tflite"}[target]
    with pytest.raises(ValueError, match=message):
        model.export(tmp_path / name, format=target, verbose=False)


@pytest.mark.filterwarnings("always")
def test_the_converter_of_models_fails_with_our_sentence():
    """The message is the error, or a warning before the converter's own error if the converter drops it."""
    model = Sequential([Input((None, 3), dtype="float64"), tf_gru.GRU(4, dtype="float64")])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with warnings.catch_warnings(record=True) as warned, pytest.raises((TypeError, ValueError)) as raised:
        converter.convert()
    texts = [str(raised.value), *(str(each.message) for each in warned)]
    assert any("computes in float64, but LiteRT does in float32" in text for text in texts)

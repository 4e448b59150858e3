"""The ways to export a model and run it.

Each way is a function of a model, its cell and an empty folder. It exports the model and returns a function that loads
and runs it: from the feeds to the outputs in order. This separates refusals at export from later failures.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from studies.exports.cells import Cell
from studies.exports.models import BATCH, STEPS, built

Feeds = list[np.ndarray]
Run = Callable[[Feeds], list[np.ndarray]]
Way = Callable[[keras.Model, Cell, Path], Run]


def savedmodel_export(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """Keras' own export."""
    model.export(folder, verbose=False, input_signature=_signature(model, cell))
    return _loaded(folder, lambda loaded, feeds: loaded.serve(feeds if len(feeds) > 1 else feeds[0]))


def savedmodel_save(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """TensorFlow's export of the model."""
    tf.saved_model.save(model, folder)

    def run(loaded: Any, feeds: Feeds) -> list[Any]:
        function = loaded.signatures["serving_default"]
        _, specs = function.structured_input_signature
        by_rank = _by_rank(feeds)
        found = function(**{name: tf.constant(by_rank[spec.shape.rank]) for name, spec in specs.items()})
        return [found[name] for name in sorted(found)]

    return _loaded(folder, run)


def savedmodel_module(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """TensorFlow's export of a module whose function was not called."""
    tf.saved_model.save(_Module(model), folder)
    return _loaded(folder, lambda loaded, feeds: loaded.run(*feeds))


def savedmodel_called(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """TensorFlow's export of a module whose function was called."""
    module = _Module(model)
    module.run(*_examples(model))
    tf.saved_model.save(module, folder)
    return _loaded(folder, lambda loaded, feeds: loaded.run(*feeds))


def onnx_export(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """Keras' own export."""
    file = folder / "model.onnx"
    model.export(file, format="onnx", verbose=False, input_signature=_signature(model, cell))
    return _on_onnx_runtime(file)


def onnx_tf2onnx(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """tf2onnx with a function; its from_keras looks for output names that Keras 3 does not use."""
    import tf2onnx

    file = folder / "model.onnx"
    tf2onnx.convert.from_function(_Module(model).run, _specs(model), output_path=file)
    return _on_onnx_runtime(file)


def litert_export(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """Keras' own export, restricted to built-in operators as the guide shows."""
    file = folder / "model.tflite"
    built_in = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    signature = _signature(model, cell)
    model.export(file, format="litert", verbose=False, input_signature=signature, target_spec=built_in)
    return _on_litert(file.read_bytes())


def litert_converter(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """TensorFlow's converter of the model."""
    return _on_litert(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def keras_file(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """Keras' file."""
    return _saved(model, folder / "model.keras")


def h5(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """Keras' old file format. It cannot load a functional model with keras.layers.Masking, only a Sequential of its
    layers.
    """
    if cell.mask != "layer":
        return _saved(model, folder / "model.h5")
    file, names = folder / "model.h5", [f"l{place}" for place in range(len(model.outputs))]
    chain = [layer for layer in model.layers if isinstance(layer, keras.layers.Masking) or layer.name in names]
    keras.Sequential([keras.Input(batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype), *chain]).save(file)

    def run(feeds: Feeds) -> list[np.ndarray]:
        loaded = keras.saving.load_model(file)
        return _predicted(keras.Model(loaded.inputs, [loaded.get_layer(name).output for name in names]), feeds)

    return run


def weights(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """The weights alone, loaded into a model of the same configuration with other weights."""
    file = folder / "model.weights.h5"
    model.save_weights(file)

    def run(feeds: Feeds) -> list[np.ndarray]:
        other = built(cell)
        for weight in other.weights:
            weight.assign(weight + 1)
        other.load_weights(file)
        return _predicted(other, feeds)

    return run


def savedmodel_litert(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """A SavedModel, read by the converter."""
    savedmodel_export(model, cell, folder)
    return _on_litert(tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert())


def savedmodel_onnx(model: keras.Model, cell: Cell, folder: Path) -> Run:
    """A SavedModel, read by tf2onnx in another process; then the result is checked, as in the guide."""
    import onnx

    savedmodel_export(model, cell, folder / "served")
    file = folder / "model.onnx"
    command = [sys.executable, "-m", "tf2onnx.convert", "--saved-model", folder / "served", "--output", file]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not file.exists():
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    onnx.checker.check_model(file, full_check=True)
    return _on_onnx_runtime(file)


WAYS: dict[str, Way] = {
    "savedmodel-export": savedmodel_export,
    "savedmodel-save": savedmodel_save,
    "savedmodel-module": savedmodel_module,
    "savedmodel-called": savedmodel_called,
    "onnx-export": onnx_export,
    "onnx-tf2onnx": onnx_tf2onnx,
    "litert-export": litert_export,
    "litert-converter": litert_converter,
    "keras": keras_file,
    "h5": h5,
    "weights": weights,
    "savedmodel-litert": savedmodel_litert,
    "savedmodel-onnx": savedmodel_onnx,
}


class _Module(tf.Module):
    """A module around a model, as a user writes one."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.model = model
        self.run = tf.function(
            lambda *feeds: self.model(list(feeds) if len(feeds) > 1 else feeds[0], training=False),
            input_signature=_specs(model),
        )


def _specs(model: keras.Model) -> list[tf.TensorSpec]:
    return [tf.TensorSpec(given.shape, given.dtype, given.name) for given in model.inputs]


def _signature(model: keras.Model, cell: Cell) -> Any:
    """The signature that Keras makes, but with a fixed batch if the cell fixes it."""
    if cell.batch == "open":
        return None
    specs = _specs(model)
    return [specs] if len(specs) > 1 else specs


def _examples(model: keras.Model) -> list[tf.Tensor]:
    unknown = (BATCH, STEPS["open"])
    sizes = ([size or other for size, other in zip(x.shape, (*unknown, None), strict=False)] for x in model.inputs)
    return [tf.ones(size, x.dtype) for size, x in zip(sizes, model.inputs, strict=True)]


def _saved(model: keras.Model, file: Path) -> Run:
    model.save(file)
    return lambda feeds: _predicted(keras.saving.load_model(file), feeds)


def _predicted(model: keras.Model, feeds: Feeds) -> list[np.ndarray]:
    found = model.predict(feeds if len(feeds) > 1 else feeds[0], verbose=0)
    return _arrays(found)


def _arrays(results: Any) -> list[np.ndarray]:
    return [np.asarray(result) for result in tf.nest.flatten(results)]


def _loaded(folder: Path, run: Callable[[Any, Feeds], Any]) -> Run:
    def loaded_first(feeds: Feeds) -> list[np.ndarray]:
        loaded = tf.saved_model.load(folder)  # its variables live as long as it does
        return _arrays(run(loaded, feeds))

    return loaded_first


def _by_rank(feeds: Feeds) -> dict[int, np.ndarray]:
    """The sequences under 3, the mask under 2, because exporters choose other names for inputs."""
    return {feed.ndim: feed for feed in feeds}


def _on_onnx_runtime(file: Path) -> Run:
    def run(feeds: Feeds) -> list[np.ndarray]:
        import onnxruntime

        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        by_rank = _by_rank(feeds)
        return session.run(None, {given.name: by_rank[len(given.shape)] for given in session.get_inputs()})

    return run


def _on_litert(content: bytes) -> Run:
    def run(feeds: Feeds) -> list[np.ndarray]:
        from ai_edge_litert.interpreter import Interpreter

        signature = Interpreter(model_content=content).get_signature_runner()
        details = signature.get_input_details()
        by_rank = _by_rank(feeds)
        found = signature(**{name: by_rank[len(detail["shape"])] for name, detail in details.items()})
        return [np.asarray(found[name]) for name in sorted(found)]

    return run

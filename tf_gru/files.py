"""Load models that are not in Keras 3's memory: files, models of tf_keras, and configurations."""

import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras

from tf_gru import keras_2


def loaded(
    source,
    make: Callable[[Any], keras.Model],
    *,
    hard_sigmoid_slope: float | None,
    custom_objects: dict[str, Any] | None,
    safe_mode: bool,
) -> Any:
    """Load the model that a file, a configuration or a model of tf_keras contains.

    make: converts the configuration of a model, in the form of Keras 3, to the model.
    """
    if _is_of_tf_keras(source):
        config = json.loads(source.to_json())
        if "layers" not in config["config"]:
            raise ValueError(
                f"{type(source).__name__} makes its layers in its own code, which no configuration contains: make it "
                "with tf_gru layers, and set the weights of each"
            )
        model = make(_in_keras_3(config, hard_sigmoid_slope))
        with tempfile.TemporaryDirectory() as folder:
            source.save_weights(f"{folder}/weights.h5", save_format="h5")
            model.load_weights(f"{folder}/weights.h5")
        return model
    if isinstance(source, dict) or (isinstance(source, str) and source.lstrip().startswith("{")):
        config = source if isinstance(source, dict) else json.loads(source)
        return make(_in_keras_3(config, hard_sigmoid_slope))
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(
            f"model is a {type(source).__name__}, but must be a keras.Model, one of tf_keras, a file that either saved "
            "or the configuration in model.to_json(): wrap a layer in Sequential"
        )
    config = _config_in(Path(source))
    if keras_2.marks_of_model(config) == {3}:
        keras_2.writer({3}, hard_sigmoid_slope, None)
        return keras.models.load_model(source, custom_objects=custom_objects, safe_mode=safe_mode)
    model = make(_in_keras_3(config, hard_sigmoid_slope))
    model.load_weights(source)
    return model


def _is_of_tf_keras(source) -> bool:
    """True for a model of tf_keras, which need not be installed."""
    return hasattr(source, "to_json") and any(cls.__module__.startswith("tf_keras.") for cls in type(source).__mro__)


def _in_keras_3(config: dict[str, Any], hard_sigmoid_slope: float | None) -> Any:
    """The configuration of a model in the form of Keras 3, whichever Keras wrote it."""
    if not isinstance(config.get("config"), (dict, list)) or "class_name" not in config:
        raise ValueError(
            f"the configuration has {', '.join(map(repr, config)) or 'nothing'}, but must have 'class_name' and "
            "'config': pass the result of model.to_json(), or a layer's configuration to its from_config"
        )
    marks = keras_2.marks_of_model(config)
    version = keras_2.writer(marks, hard_sigmoid_slope, keras_2.hard_sigmoid_in(config))
    return config if marks == {3} else keras_2.of_model(config, version)


def _config_in(path: Path) -> dict[str, Any]:
    """The configuration of the model in a .keras or .h5 file, with the keras_version that the file names."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json")) | json.loads(archive.read("metadata.json"))
    if not path.is_file() or not h5py.is_hdf5(path):
        raise ValueError(
            f"{path} is not a .keras or .h5 file of a model: pass one, or load it with the Keras that wrote it "
            "and give the model"
        )
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise ValueError(f"{path} has weights alone: make the model first, and call its load_weights")
        config: Any = file.attrs["model_config"]
        return json.loads(config) | {"keras_version": _text(file.attrs.get("keras_version", "1"))}


def _text(attribute: str | bytes) -> str:
    return attribute.decode() if isinstance(attribute, bytes) else attribute

"""Convert configurations of Keras 2 to Keras 3, and find out which Keras wrote a configuration.

Until Keras 3 `hard_sigmoid` was 0.2 x + 0.5, limited to 0 and 1; since then it is x / 6 + 0.5. A configuration names it
without its slope, so the reader must know which Keras wrote it.

Source: tf_keras/src/backend.py (hard_sigmoid), tf_keras/src/layers/rnn/{gru,gru_v1,base_rnn}.py, and Keras 1.2's
keras/layers/recurrent.py for its names.

Left out: files (see files.py), the layers themselves (see conversion.py).
"""

import inspect
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from tf_gru import keras_2_nodes
from tf_gru.arguments import plain

SLOPES = {0.2: 2, 1 / 6: 3}
MARKS = {
    1: {"output_dim", "init", "inner_init", "inner_activation", "consume_less", "dropout_W", "dropout_U"}
    | {"W_regularizer", "U_regularizer", "b_regularizer"},
    2: {"time_major", "batch_input_shape", "implementation"},
    3: {"seed", "batch_shape"},
}
"""Arguments of a GRU, its cell or a model's input that occur in the configurations of one Keras only."""
MARKED = ("GRU", "GRUCell", "InputLayer")
DONE_ANEW = ("build_config", "compile_config")
MODELS = {"Sequential": "Sequential", "Functional": "Model", "Model": "Model"}
RECURRENT = ("GRU", "LSTM", "SimpleRNN", "RNN")
CUDNN = ("CuDNNGRU", "CuDNNLSTM")
OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
BUILT_FOR = ("query_shape", "key_shape", "value_shape")
"""Shapes in the configuration of an attention. Keras 3 derives them itself."""
UNSET = {"trainable": True, "softmax_robust_masking": False, "time_major": False, "groups": 1}
"""Values without effect, by argument. For any other argument it is None."""


@keras.saving.register_keras_serializable(package="tf_gru")
def hard_sigmoid_of_keras_2(x):
    """0.2 x + 0.5, at least 0 and at most 1: `hard_sigmoid` before Keras 3."""
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


def writer(found: set[int], hard_sigmoid_slope, named: str | None) -> int | None:
    """The Keras that wrote a configuration, by its marks or by the caller's slope; None if it does not matter.

    named: the place that names hard_sigmoid, or None. Raises ValueError if the version matters and is unknown, for
    Keras 1, and for a slope that no Keras had or that contradicts the marks.
    """
    slope = plain("hard_sigmoid_slope", hard_sigmoid_slope)
    if slope is not None and slope not in SLOPES:
        raise ValueError(f"hard_sigmoid_slope is {slope!r}, but must be 0.2 (Keras 1 and 2) or 1/6 (Keras 3)")
    if 1 in found:
        raise ValueError(
            "this is from Keras 1, whose names and weights differ: load it with Keras 2.0 to 2.2, which reads it, "
            "save it there and give that file"
        )
    given = set() if slope is None else {SLOPES[slope]}
    if len(found) == 1 and given and given != found:
        raise ValueError(f"hard_sigmoid_slope is {slope:.4g}, but this is from Keras {min(found)}: leave the slope out")
    known = found if len(found) == 1 else given
    if named is not None and not known:
        raise ValueError(
            f"{named} is 'hard_sigmoid', but nothing says by which Keras this was written: give hard_sigmoid_slope=0.2 "
            "for Keras 1 or 2, where it was 0.2 x + 0.5, or hard_sigmoid_slope=1/6 for Keras 3, where it is x / 6 + 0.5"
        )
    return min(known, default=None)


def of_layer(config: dict[str, Any], hard_sigmoid_slope=None) -> dict[str, Any]:
    """The configuration of a GRU or its cell, whichever Keras wrote it, as arguments of our layers.

    Its arguments, or the caller's slope, show which Keras wrote it.
    """
    found = {3} if "reset_gate" in config else {v for v, marks in MARKS.items() if marks & set(config)}
    version = writer(found, hard_sigmoid_slope, next(_hard_sigmoids(config), None))
    return _gru(config, version, "the layer")


def marks_of_model(config: Any) -> set[int]:
    """The versions of Keras that left a mark in the configuration of a model."""
    if "keras_version" in config:
        return {int(str(config["keras_version"]).partition(".")[0])}
    layers = (layer["config"] for layer in _layers(config) if layer["class_name"] in MARKED)
    return {version for layer in layers for version, marks in MARKS.items() if marks & set(layer)}


def hard_sigmoid_in(config: Any) -> str | None:
    """The first place in a model's configuration that names hard_sigmoid, or None."""
    names = (
        f"{name} of {each['config'].get('name')}" for each in _layers(config) for name in _hard_sigmoids(each["config"])
    )
    return next(names, None)


def of_model(config: Any, version: int | None) -> Any:
    """The configuration of a model in the form of Keras 3, with each GRU's arguments for our layers."""
    if isinstance(config, (list, tuple)):
        return [of_model(each, version) for each in config]
    if not isinstance(config, dict):
        return config
    config = {name: of_model(value, version) for name, value in _with_input(config).items() if name not in DONE_ANEW}
    kind, inner = config.get("class_name"), config.get("config")
    if not isinstance(inner, dict):
        return config
    what = f"{inner.get('name')} ({kind})"
    if kind in CUDNN:
        raise ValueError(
            f"{what} keeps its weights in another order: in tf_keras make the same model with "
            f"{kind.removeprefix('CuDNN')} in its place, load_weights there, and give that model"
        )
    if kind in OPERATIONS:
        raise ValueError(
            f"{what} is an operation of TensorFlow, for which Keras 3 has no layer: in tf_keras put a layer in its "
            "place (Rescaling, Add, Lambda), and give that model"
        )
    if kind in MODELS:
        inner = keras_2_nodes.functional(inner) if "output_layers" in inner else inner
        config |= {"module": "keras", "class_name": MODELS[kind], "registered_name": None}
    elif kind in ("GRU", "GRUCell") and config.get("module", "keras.layers") == "keras.layers":
        inner = _gru(inner, version, what)
    elif kind in RECURRENT:
        inner = _batch_first(inner, what)
    elif kind == "InputLayer" and "batch_input_shape" in inner:
        inner["batch_shape"] = inner["batch_input_shape"]
    return {**config, "config": _of_layers(_taken(kind, _in_keras_3(inner, version)))}


def _taken(kind: str | None, config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a layer, without those that have no effect and that Keras' present layer does not take."""
    layer = getattr(keras.layers, str(kind), None)
    if layer is None:
        return config
    names = inspect.signature(layer.__init__).parameters
    return {
        name: value
        for name, value in config.items()
        if name in names or not (value == UNSET.get(name) or name.endswith("_initializer"))
    }


def _of_layers(config: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a model or a wrapper in the form of Keras 3, in which its layers name Keras as their origin."""

    def of_keras(layer):
        kind = layer.get("class_name") if isinstance(layer, dict) else None
        if kind == "Lambda":  # Keras reads it in the form of Keras 2 if no module is named
            return {name: value for name, value in layer.items() if name != "module"}
        if kind is None or "module" in layer or not hasattr(keras.layers, kind):
            return layer
        return {**layer, "module": "keras.layers", "registered_name": None}

    for name in ("layers", "cells", "layer", "backward_layer", "cell"):
        value = config.get(name)
        if value is not None:
            config[name] = [of_keras(each) for each in value] if isinstance(value, list) else of_keras(value)
    return config


def _gru(config: dict[str, Any], version: int | None, what: str) -> dict[str, Any]:
    config = _in_keras_3(_batch_first(config, what), version)
    if version == 2:
        config.setdefault("reset_after", False)  # before the option existed
    implementation = config.get("implementation", 2) or 1  # Keras came to read 0 as 1
    return {"reset_gate": True, **config, "implementation": implementation}  # reset_gate marks our configurations


def _batch_first(config: dict[str, Any], what: str) -> dict[str, Any]:
    """The configuration without an option for the time axis, which is always the second in Keras 3."""
    if config.get("time_major") or config.get("_ragged"):
        inputs = "time first" if config.get("time_major") else "ragged inputs"
        raise ValueError(
            f"{what} takes {inputs}, but must take (batch, time, features), dense: set this in the configuration "
            "(time_major and _ragged False), and change the model's inputs and outputs"
        )
    return {name: value for name, value in config.items() if name not in ("time_major", "_ragged")}


def _in_keras_3(config: dict[str, Any], version: int | None) -> dict[str, Any]:
    """The configuration of any layer without arguments that Keras 3 lacks, and with its original meaning."""
    left_out = ("batch_input_shape", "enable_caching_device", *BUILT_FOR)
    config = {name: value for name, value in config.items() if name not in left_out}
    for name, value in config.items():
        if version == 2 and name in _hard_sigmoids(config):
            config[name] = keras.activations.serialize(hard_sigmoid_of_keras_2)
        elif name.endswith("_initializer") and isinstance(value, dict) and isinstance(value.get("config"), dict):
            config[name] = {**value, "config": {k: v for k, v in value["config"].items() if k != "dtype"}}
        elif name == "axis" and isinstance(value, list) and len(value) == 1:
            config[name] = value[0]
        elif name == "dtype" and isinstance(value, dict) and str(value.get("class_name")).startswith("Policy"):
            config[name] = value["config"]["name"]
    return config


def _hard_sigmoids(config: dict[str, Any]) -> Iterator[str]:
    """The arguments with this activation, by name or as a function of this name."""
    for name, value in config.items():
        called = value.get("config") if isinstance(value, dict) else value
        if name.endswith("activation") and isinstance(called, str) and called == "hard_sigmoid":
            yield name


def _layers(config: Any) -> Iterator[dict[str, Any]]:
    """Everything in a configuration that has a class and arguments."""
    if isinstance(config, dict) and isinstance(config.get("config"), dict) and "class_name" in config:
        yield config
    inner = config.values() if isinstance(config, dict) else config if isinstance(config, (list, tuple)) else ()
    for each in inner:
        yield from _layers(each)


def _with_input(config: dict[str, Any]) -> dict[str, Any]:
    """A Sequential in the form of Keras 3: its layers by name, after an InputLayer if a layer declares the input."""
    if config.get("class_name") != "Sequential":
        return config
    inner = config["config"]
    if isinstance(inner, list):  # before Keras 2.2.3
        inner = {"name": None, "layers": inner}
    first = inner["layers"][0] if inner.get("layers") else {"class_name": None, "config": {}}
    shape = first["config"].get("batch_input_shape")
    if shape is None or first["class_name"] == "InputLayer":
        return {**config, "config": inner}
    inputs = {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": f"{first['config']['name']}_input"}}
    return {**config, "config": {**inner, "layers": [inputs, *inner["layers"]]}}

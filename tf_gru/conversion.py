"""Rebuild a model of Keras' layers with ours.

To load weights only, none of this is needed: our layers have Keras' weights, in files too.
"""

from typing import Any

import keras

from tf_gru import files, remaking
from tf_gru.arguments import check_choice
from tf_gru.bidirectional import BiGRU
from tf_gru.cell import GRUCell
from tf_gru.layer import GRU

OURS = {"GRU": GRU, "GRUCell": GRUCell}


def from_keras(
    model,
    *,
    bigru: bool = False,
    custom_objects: dict[str, Any] | None = None,
    safe_mode: bool = True,
    hard_sigmoid_slope: float | None = None,
) -> keras.Model:
    """Rebuild a model with tf_gru.GRU for every keras.layers.GRU and tf_gru.GRUCell for every keras.layers.GRUCell.

    It also replaces layers in wrappers, in stacks of cells and in nested models. The new model has the same weights,
    random states and, if the model was compiled, the optimizer with its state. The original model stays unchanged.

    A configuration of Keras leaves some options out, and these are lost: `implementation`, which changes roundings and
    the way dropout is drawn, and `use_cudnn`. The state that a stateful layer has kept is not copied.

    Args:
        model: A keras.Model, or a .keras or .h5 file with one. Also a model of Keras 2: such a file, a model of
            tf_keras, or a configuration (the result of `model.to_json()`, or the dictionary in it), which gets new
            weights. A model from Keras 2 computes the same numbers as before, because its `hard_sigmoid` stays 0.2 x +
            0.5 in every layer; it comes uncompiled. (keras.models.load_model reads it as x / 6 + 0.5. For a .keras
            file, and within wrappers in an .h5 file, it makes Keras' layers even with custom_objects={"GRU":
            tf_gru.GRU}.)
        bigru: True also replaces a keras.layers.Bidirectional around a GRU by BiGRU, if both directions have the same
            options.
        custom_objects: Your own layers, losses and metrics that a configuration names and Keras has not registered, by
            name, as in Keras' load_model.
        safe_mode: False allows `Lambda` layers with Python code, as in Keras' load_model.
        hard_sigmoid_slope: 0.2 or 1/6, for a configuration with a hard_sigmoid that does not say which Keras wrote it.

    Returns:
        The new model.

    Raises:
        ValueError: If a layer is left that your own code makes, in a subclass of Model or of GRU, because no
            configuration contains it; for files of Keras 1, for CuDNNGRU, for time_major=True, and for a hard_sigmoid
            without known slope.

    Examples:
        >>> import keras, tf_gru
        >>> model = keras.Sequential([keras.Input((5, 3)), keras.layers.GRU(4)])
        >>> type(tf_gru.from_keras(model).layers[0]) is tf_gru.GRU
        True
    """
    bigru = check_choice("bigru", bigru, (True, False))
    known = remaking.known(custom_objects, safe_mode)
    if not isinstance(model, keras.Model):

        def make(config) -> keras.Model:
            return keras.saving.deserialize_keras_object(_converted(config, bigru=False), **known)

        model = files.loaded(model, make, hard_sigmoid_slope=hard_sigmoid_slope, **known)
    converted = remaking.again(model, lambda config: _converted(config, bigru), **known)
    remaking.none_left(converted, _is_of_keras, "a tf_gru layer")
    return converted


def _converted(config, bigru: bool):
    """Convert every layer in a configuration."""
    if isinstance(config, (list, tuple)):
        return type(config)(_converted(each, bigru) for each in config)
    if not isinstance(config, dict):
        return config
    config = {name: _converted(value, bigru) for name, value in config.items()}
    if config.get("module") != "keras.layers":
        return config
    name = config.get("class_name")
    if name in OURS:
        return {**config, **_named(OURS[name])}
    if name == "Bidirectional" and bigru:
        merged = _merged(config["config"])
        return config if merged is None else {**config, **_named(BiGRU), "config": merged}
    return config


def _named(layer: type) -> dict:
    registered = keras.saving.get_registered_name(layer)
    return {"module": layer.__module__, "class_name": layer.__name__, "registered_name": registered}


def _merged(bidirectional: dict) -> dict | None:
    """The equivalent configuration of BiGRU, or None if there is none."""
    each = [bidirectional["layer"], bidirectional["backward_layer"]]
    if any(layer["registered_name"] != keras.saving.get_registered_name(GRU) for layer in each):
        return None
    forward, backward = (dict(layer["config"]) for layer in each)
    directions = [config.pop("go_backwards") for config in (forward, backward)]
    for config in (forward, backward):
        del config["name"], config["zero_output_for_mask"]  # BiGRU sets these itself
    # `trainable` belongs to the layers: Keras' wrapper passes its own on only when it is set later.
    outer = {name: bidirectional[name] for name in ("name", "dtype", "merge_mode")}
    same = forward == backward and forward["dtype"] == outer["dtype"]
    return {**forward, **outer} if same and directions == [False, True] else None


def _is_of_keras(layer) -> bool:
    return isinstance(layer, (keras.layers.GRU, keras.layers.GRUCell)) and not isinstance(layer, GRUCell)

"""A model of Keras' layers, made again with ours.

Where only weights are to be loaded nothing of this is needed: our layers have Keras' weights, in files too.
"""

from typing import Any

import keras

from tf_gru.arguments import check_choice
from tf_gru.bidirectional import BiGRU
from tf_gru.cell import GRUCell
from tf_gru.layer import GRU

OURS = {"GRU": GRU, "GRUCell": GRUCell}


def from_keras(
    model: keras.Model, *, bigru: bool = False, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True
) -> keras.Model:
    """The same model with tf_gru.GRU for every keras.layers.GRU and tf_gru.GRUCell for every keras.layers.GRUCell.

    Wherever they stand: in wrappers, in stacks of cells, in nested models. The new model has the weights, the random
    states and, if the model was compiled, its optimizer as far as it has come; the model itself is left as it was.

    custom_objects: what a configuration names and Keras does not know, a layer, a loss or a metric of one's own that is
        not registered, by name; safe_mode: False to make `Lambda` layers of Python code again. As in Keras' load_model.
    bigru: True also puts BiGRU for a keras.layers.Bidirectional around a GRU if its directions have the same options.

    What a configuration of Keras leaves out is lost: `implementation`, which changes roundings and how dropout is
    drawn, and `use_cudnn`. What a stateful layer has kept is not copied. Layers made by code of one's own, in a
    subclass of Model or of GRU, are not in a configuration: if one is left ValueError is raised.
    """
    check_choice("bigru", bigru, (True, False))
    check_choice("safe_mode", safe_mode, (True, False))
    if not (custom_objects is None or isinstance(custom_objects, dict)):
        raise TypeError(f"custom_objects is a {type(custom_objects).__name__}, but must be a dictionary of names")
    if not isinstance(model, keras.Model):
        raise TypeError(f"model is a {type(model).__name__}, but must be a keras.Model: wrap it in keras.Sequential")
    config = _converted(keras.saving.serialize_keras_object(model), bigru)
    converted = keras.saving.deserialize_keras_object(config, custom_objects=custom_objects, safe_mode=safe_mode)
    left = [layer for layer in converted._flatten_layers() if _is_of_keras(layer)]
    if left:
        names = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in left)
        raise ValueError(f"{names} is not made from the model's configuration: make it a tf_gru layer where it is made")
    _copy(model.variables, converted.variables)
    optimizer = getattr(model, "optimizer", None)  # there is none before compile
    if optimizer is not None and optimizer.built:
        converted.optimizer.build(converted.trainable_variables)
        if len(optimizer.variables) != len(converted.optimizer.variables):
            raise ValueError(
                f"the optimizer has {len(optimizer.variables)} variables, but for the weights that the model trains "
                f"now it must have {len(converted.optimizer.variables)}: compile the model again after freezing or "
                "thawing"
            )
        _copy(optimizer.variables, converted.optimizer.variables)
    return converted


def _converted(config, bigru: bool):
    """The configuration, with every layer in it converted."""
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
    """The configuration of BiGRU that means the same, if there is one."""
    each = [bidirectional["layer"], bidirectional["backward_layer"]]
    if any(layer["registered_name"] != keras.saving.get_registered_name(GRU) for layer in each):
        return None
    forward, backward = (dict(layer["config"]) for layer in each)
    directions = [config.pop("go_backwards") for config in (forward, backward)]
    for config in (forward, backward):
        del config["name"], config["zero_output_for_mask"]  # BiGRU's own business
    # `trainable` is that of the layers: Keras' wrapper gives them its own only when it is set later on.
    outer = {name: bidirectional[name] for name in ("name", "dtype", "merge_mode")}
    same = forward == backward and forward["dtype"] == outer["dtype"]
    return {**forward, **outer} if same and directions == [False, True] else None


def _is_of_keras(layer) -> bool:
    return isinstance(layer, (keras.layers.GRU, keras.layers.GRUCell)) and not isinstance(layer, GRUCell)


def _copy(sources, targets) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.assign(source)

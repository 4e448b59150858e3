"""A model of Keras' layers, made again with ours.

Where only weights are to be loaded nothing of this is needed: our layers have Keras' weights, in files too.
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
    """The same model with tf_gru.GRU for every keras.layers.GRU and tf_gru.GRUCell for every keras.layers.GRUCell.

    Wherever they stand: in wrappers, in stacks of cells, in nested models. The new model has the weights, the random
    states and, if the model was compiled, its optimizer as far as it has come; the model itself is left as it was.

    model: a keras.Model, or a .keras or .h5 file that has one; or what Keras 2 left: such a file, a model of tf_keras,
        or a configuration (what `model.to_json()` returns, or the dictionary in it), whose weights are new. A model
        from Keras 2 keeps its numbers, since `hard_sigmoid` means its 0.2 x + 0.5, in every layer, and comes
        uncompiled. (keras.models.load_model reads it as x / 6 + 0.5; in a .keras file, and within wrappers in an .h5
        file, it gives layers of Keras' whatever custom_objects={"GRU": tf_gru.GRU} says.)
    custom_objects: what a configuration names and Keras does not know, a layer, a loss or a metric of one's own that is
        not registered, by name; safe_mode: False to make `Lambda` layers of Python code again. As in Keras' load_model.
    bigru: True also puts BiGRU for a keras.layers.Bidirectional around a GRU if its directions have the same options.
    hard_sigmoid_slope: 0.2 or 1/6, for a configuration that has a hard_sigmoid and does not say which Keras wrote it.

    What a configuration of Keras leaves out is lost: `implementation`, which changes roundings and how dropout is
    drawn, and `use_cudnn`. What a stateful layer has kept is not copied. Layers made by code of one's own, in a
    subclass of Model or of GRU, are not in a configuration: if one is left ValueError is raised, as it is for what
    Keras 1 wrote, for CuDNNGRU, for time_major=True, and for a hard_sigmoid whose slope nobody gives.
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

"""A model of our layers, or a layer, made again with Keras': the way back of conversion.py."""

from typing import Any

import keras

from tf_gru import remaking
from tf_gru.arguments import check_choice
from tf_gru.bidirectional import BiGRU
from tf_gru.cell import GRUCell
from tf_gru.layer import GRU

KINDS = {keras.saving.get_registered_name(layer): layer for layer in (GRU, GRUCell, BiGRU)}
CALLED_WITH_OURS_ALONE = ("lengths", "dropout_mask", "recurrent_dropout_mask")


def to_keras(
    model, *, masks: bool = True, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True
) -> keras.Model | keras.layers.Layer:
    """The same model, or layer, with Keras' layers for ours: keras.layers.GRU, GRUCell and Bidirectional.

    It has the weights, the random states and, if the model was compiled, its optimizer as far as it has come, and gives
    the same outputs but for roundings. What a stateful layer has kept is not copied. `implementation` and `use_cudnn`
    are ours, but the first is lost in Keras' Bidirectional. A file of it is loaded without tf_gru, unless it has the
    hard_sigmoid of Keras 2.

    model: a keras.Model, or one of our layers.
    masks: False says that no mask ever comes, neither from Embedding or Masking nor in a call. Else what gives other
        numbers than Keras' for some mask is refused: a layer that carries its state through masked steps, which only
        return_sequences and zero_output_for_mask together do not; go_backwards, which turns the mask that is handed on;
        and an initial_state in a call without mask, beside which Keras drops the one that comes with the sequences.
    custom_objects, safe_mode: as in `from_keras`.

    Raises ValueError for these, for reset_gate=False, for a rate of 1, for calls with `lengths` or dropout masks, which
    Keras does not have, and if the model has one of our layers by code of its own.
    """
    masks = check_choice("masks", masks, (True, False))
    if not isinstance(model, (keras.Model, *KINDS.values())):
        raise TypeError(f"model is a {type(model).__name__}, but must be a keras.Model or a layer of tf_gru")
    known = remaking.known(custom_objects, safe_mode)
    made = remaking.again(model, lambda config: _converted(config, masks, wrapped=False), **known)
    remaking.none_left(made, lambda layer: type(layer).__module__.startswith("tf_gru."), "one of Keras'")
    return made


def _converted(config, masks: bool, wrapped: bool):
    """The configuration, with every layer in it converted. wrapped: a Bidirectional of Keras' has it."""
    if isinstance(config, (list, tuple)):
        return type(config)(_converted(each, masks, wrapped) for each in config)
    if not isinstance(config, dict):
        return config
    kind = KINDS.get(config.get("registered_name"))
    wraps = config.get("module") == "keras.layers" and config.get("class_name") == "Bidirectional"
    inner = {name: _converted(value, masks, wraps or (wrapped and kind is None)) for name, value in config.items()}
    if kind is not None or (wraps and inner != config):
        _check_calls(config, masks)
    if kind is None:
        return inner
    options = dict(inner["config"])
    _check_numbers(options)
    if masks and kind is not GRUCell:
        _check_masks(options, both=kind is BiGRU, wrapped=wrapped)
    for name in ("reset_gate", "jit", "recompute", "use_native"):
        options.pop(name, None)
    named = {"module": "keras.layers", "class_name": kind.__name__, "registered_name": None}
    if kind is BiGRU:
        own = {name: options[name] for name in ("name", "dtype")} | {"merge_mode": options.pop("merge_mode")}
        gru = {"module": "keras.layers", "class_name": "GRU", "registered_name": None, "config": options}
        options = {**own, "layer": {**gru, "config": {**options, "name": "gru"}}}
    return {**inner, **named, "config": options}


def _check_numbers(options: dict[str, Any]) -> None:
    """Refuse what Keras' layers compute in another way, or not at all."""
    if not options["reset_gate"]:
        raise ValueError(
            f"{options['name']} has reset_gate=False, but Keras' GRU always has a reset gate: it has to stay in tf_gru"
        )
    for rate in ("dropout", "recurrent_dropout"):
        if options[rate] == 1:
            raise ValueError(
                f"{options['name']} has {rate}=1, which drops nothing in some loops of Keras': make it less"
            )


def _check_masks(options: dict[str, Any], *, both: bool, wrapped: bool) -> None:
    """Refuse what gives other numbers than Keras' for some mask."""
    unless = "say masks=False if no mask ever comes"
    zeros = both or wrapped or options["zero_output_for_mask"]  # which Bidirectional sets to return_sequences
    if not (options["return_sequences"] and zeros):
        raise ValueError(
            f"{options['name']} carries its state through masked steps, where Keras' layer outputs 0 in some cases: "
            f"{unless}" + ("" if both or wrapped else ", or set return_sequences and zero_output_for_mask")
        )
    if options["unroll"] and (both or options["go_backwards"]):
        raise ValueError(
            f"{options['name']} is unrolled backwards, where Keras puts the zeros of masked steps in other places: "
            f"{unless}, or leave unroll out"
        )
    if not both and not wrapped and options["go_backwards"]:
        raise ValueError(
            f"{options['name']} goes backwards and turns its mask like its outputs, as Keras' layer does not: {unless}"
        )


def _check_calls(config: dict[str, Any], masks: bool) -> None:
    """Refuse a layer that its model calls with what Keras' layer does not take, or takes otherwise."""
    name = config["config"]["name"]
    for node in config.get("inbound_nodes", ()):
        given = {argument for argument, value in node["kwargs"].items() if value is not None}
        alone = [argument for argument in CALLED_WITH_OURS_ALONE if argument in given]
        if alone or len(node["args"]) > 3:
            raise ValueError(
                f"{name} is called with {alone[0] if alone else 'more than Keras'}, which Keras' layer does not take: "
                "give a mask, or compute what it stands for outside"
            )
        if masks and (len(node["args"]) > 1 or "initial_state" in given) and "mask" not in given:
            raise ValueError(
                f"{name} is called with an initial_state, beside which Keras drops a mask that comes with the "
                "sequences: say masks=False if none ever comes, or give the mask in the call"
            )

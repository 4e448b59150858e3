"""Rebuild a model of our layers, or a layer, with Keras' layers: the inverse of conversion.py."""

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
    """Rebuild a model or layer with Keras' layers in place of ours: keras.layers.GRU, GRUCell and Bidirectional.

    The result has the same weights, random states and, if the model was compiled, the optimizer with its state. It
    computes the same outputs up to rounding. The state that a stateful layer has kept is not copied. `implementation`
    and `use_cudnn` are copied, but Keras' Bidirectional loses `implementation`. A file of the result loads without
    tf_gru, unless it contains the hard_sigmoid of Keras 2.

    Args:
        model: A keras.Model, or one of our layers.
        masks: False states that no mask ever comes, neither from Embedding or Masking nor in a call. True refuses
            layers that compute other numbers than Keras' for some mask: a layer that carries its state through masked
            steps (all do, except with both return_sequences and zero_output_for_mask); go_backwards, which flips the
            mask for later layers; and an initial_state in a call without mask, for which Keras drops the mask of the
            sequences.
        custom_objects: As in `from_keras`.
        safe_mode: As in `from_keras`.

    Returns:
        A keras.Model, or a layer of Keras.

    Raises:
        ValueError: For a layer that `masks` refuses, for reset_gate=False, for a dropout rate of 1, for calls with
            `lengths` or dropout masks, which Keras does not have, and for a model that makes one of our layers by its
            own code.
        TypeError: If model is neither a model nor a layer of tf_gru.

    Examples:
        >>> import tf_gru
        >>> layer = tf_gru.GRU(3, return_sequences=True, zero_output_for_mask=True)
        >>> type(tf_gru.to_keras(layer)).__module__.startswith("keras.")
        True
    """
    masks = check_choice("masks", masks, (True, False))
    if not isinstance(model, (keras.Model, *KINDS.values())):
        raise TypeError(f"model is a {type(model).__name__}, but must be a keras.Model or a layer of tf_gru")
    known = remaking.known(custom_objects, safe_mode)
    made = remaking.again(model, lambda config: _converted(config, masks, wrapped=False), **known)
    remaking.none_left(made, lambda layer: type(layer).__module__.startswith("tf_gru."), "one of Keras'")
    return made


def _converted(config, masks: bool, wrapped: bool):
    """Convert every layer in a configuration. wrapped: the configuration belongs to a Bidirectional of Keras."""
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
    """Refuse options for which Keras' layers compute other numbers, or none."""
    if not options["reset_gate"]:
        raise ValueError(
            f"{options['name']} has reset_gate=False, but Keras' GRU always has a reset gate: keep this layer in tf_gru"
        )
    for rate in ("dropout", "recurrent_dropout"):
        if options[rate] == 1:
            raise ValueError(f"{options['name']} has {rate}=1, which drops nothing in some of Keras' loops: reduce it")


def _check_masks(options: dict[str, Any], *, both: bool, wrapped: bool) -> None:
    """Refuse options for which Keras' layers compute other numbers under some mask."""
    unless = "pass masks=False if no mask ever comes"
    zeros = both or wrapped or options["zero_output_for_mask"]  # Bidirectional sets this to return_sequences
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
    """Refuse a layer that its model calls with arguments that Keras' layer lacks or interprets differently."""
    name = config["config"]["name"]
    for node in config.get("inbound_nodes", ()):
        given = {argument for argument, value in node["kwargs"].items() if value is not None}
        alone = [argument for argument in CALLED_WITH_OURS_ALONE if argument in given]
        if alone or len(node["args"]) > 3:
            raise ValueError(
                f"{name} is called with {alone[0] if alone else 'more than Keras'}, which Keras' layer does not have: "
                "pass a mask, or compute its effect outside"
            )
        if masks and (len(node["args"]) > 1 or "initial_state" in given) and "mask" not in given:
            raise ValueError(
                f"{name} is called with an initial_state, beside which Keras drops a mask that comes with the "
                "sequences: pass masks=False if none ever comes, or give the mask in the call"
            )

"""Make a model or a layer again from its changed configuration, with its weights and training state."""

from collections.abc import Callable
from typing import Any

import keras

from tf_gru.arguments import check_choice


def again(model, change: Callable[[Any], Any], *, custom_objects: dict[str, Any] | None, safe_mode: bool):
    """Make a model or layer from its changed configuration, with its weights, random states and optimizer."""
    config = change(keras.saving.serialize_keras_object(model))
    made = keras.saving.deserialize_keras_object(config, custom_objects=custom_objects, safe_mode=safe_mode)
    _copy(model.variables, made.variables)
    optimizer = getattr(model, "optimizer", None)  # there is none before compile
    if optimizer is not None and optimizer.built:
        made.optimizer.build(made.trainable_variables)
        if len(optimizer.variables) != len(made.optimizer.variables):
            raise ValueError(
                f"the optimizer has {len(optimizer.variables)} variables, but for the weights that the model trains "
                f"now it must have {len(made.optimizer.variables)}: compile the model again after freezing or "
                "thawing"
            )
        _copy(optimizer.variables, made.optimizer.variables)
    return made


def none_left(made, is_left: Callable[[Any], bool], wanted: str) -> None:
    """Refuse a model with a layer that its configuration does not contain."""
    left = [layer for layer in made._flatten_layers() if is_left(layer)]
    if left:
        names = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in left)
        raise ValueError(f"{names} is not in the model's configuration: make it {wanted} in the code that makes it")


def known(custom_objects, safe_mode) -> dict[str, Any]:
    """Check the arguments for Keras that come with a configuration."""
    if not (custom_objects is None or isinstance(custom_objects, dict)):
        raise TypeError(f"custom_objects is a {type(custom_objects).__name__}, but must be a dictionary of names")
    if custom_objects is not None:  # an object is also found under its own name
        custom_objects = {
            getattr(each, "__name__", name): each for name, each in custom_objects.items()
        } | custom_objects
    return {"custom_objects": custom_objects, "safe_mode": check_choice("safe_mode", safe_mode, (True, False))}


def _copy(sources, targets) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.assign(source)

"""Convert the calls of layers in a functional model from the form of Keras 2 to Keras 3.

Keras 2 writes [layer, call, output, options] for each input tensor. It counts the calls of a model within a model from
1, and passes a recurrent layer its states in a list with the sequences. Keras 3 does neither, and reads a tensor among
the options as a list of words.

Source: tf_keras/src/engine/{functional,node}.py; keras/src/models/functional.py.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

STATES = ("GRU", "LSTM", "SimpleRNN", "RNN", "Bidirectional")
MODELS = ("Functional", "Model")


def functional(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a functional model with its calls in the form of Keras 3."""
    layers = config["layers"]
    if not all(isinstance(node, list) for layer in layers for node in layer["inbound_nodes"]):
        return config
    kinds = {layer["name"]: layer["class_name"] for layer in layers}
    calls = defaultdict(set)
    for name, call, _ in _tensors([layer["inbound_nodes"] for layer in layers] + [config["output_layers"]], kinds):
        calls[name].add(call)
    first = {name: min(numbers) for name, numbers in calls.items()}
    new = [
        {**layer, "inbound_nodes": [_call(node, layer["class_name"], first) for node in layer["inbound_nodes"]]}
        for layer in layers
    ]
    inputs, outputs = config["input_layers"], _outputs(config["output_layers"], kinds, first)
    return {**config, "layers": new, "input_layers": _one(inputs), "output_layers": _one(outputs)}


def _one(named):
    """The input or output tensors of a model. Keras 2 stores a single one in a list, but takes and returns it
    without one.
    """
    return named[0] if isinstance(named, list) and len(named) == 1 else named


def _tensors(nested, kinds: dict[str, str]) -> Iterator[tuple[str, int, int]]:
    """All tensors that are named, at any depth."""
    if _is_tensor(nested, kinds):
        yield tuple(nested[:3])
    for each in nested.values() if isinstance(nested, dict) else nested if isinstance(nested, list) else ():
        yield from _tensors(each, kinds)


def _is_tensor(nested, names) -> bool:
    is_list = isinstance(nested, list) and len(nested) in (3, 4)
    return is_list and isinstance(nested[0], str) and nested[0] in names and isinstance(nested[1], int)


def _call(node: list, kind: str, first: dict[str, int]) -> dict[str, Any]:
    """Convert one call: its tensors, then its options, which may contain tensors."""
    node = [node] if _is_tensor(node, first) else node
    inputs = [_tensor(each, first) for each in node]
    options = {name: _option(value, first) for each in node for name, value in (each[3:] or [{}])[0].items()}
    options = {name: value for name, value in options.items() if value is not None}  # such as constants
    if kind in STATES and len(inputs) > 1:
        inputs, options["initial_state"] = inputs[:1], inputs[1:]
    return {"args": [inputs[0] if len(inputs) == 1 else inputs], "kwargs": options}


def _option(value, first: dict[str, int]):
    if _is_tensor(value, first):
        return _tensor(value, first)
    return [_option(each, first) for each in value] if isinstance(value, list) else value


def _tensor(named: list, first: dict[str, int]) -> dict[str, Any]:
    """A tensor in the form of Keras 3. Its origin determines its shape and dtype."""
    name, call, output, *_ = named
    history = {"keras_history": [name, call - first.get(name, 0), output], "shape": [None], "dtype": "float32"}
    return {"class_name": "__keras_tensor__", "config": history}


def _outputs(named, kinds: dict[str, str], first: dict[str, int]):
    """The outputs of the model. Here Keras 3 counts the calls of a functional model from 1."""
    if _is_tensor(named, kinds):
        name, call, output = named
        return [name, call - first[name] + (kinds[name] in MODELS), output]
    if isinstance(named, dict):
        return {name: _outputs(each, kinds, first) for name, each in named.items()}
    return [_outputs(each, kinds, first) for each in named]

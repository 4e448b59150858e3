"""keras.layers.GRU and keras.layers.Bidirectional with copied weights: eager, in tf.function, and compiled by XLA."""

from dataclasses import replace
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from conformance.adapters.keras_backends import capabilities, mask, unbuilt
from conformance.adapters.keras_layers import KerasLayers, initial_state
from conformance.adapters.tensorflow_arithmetic import tensorflow
from conformance.interface.case import Case


def _arguments(case: Case) -> dict[str, Any]:
    valid = mask(case)
    return {**initial_state(case), **({} if valid is None else {"mask": tf.constant(valid)})}


def _subject(path: str) -> KerasLayers:
    can = capabilities(tensorflow(path), "zero-before-first", compiles=path == "xla")
    return KerasLayers(path, partial(unbuilt, keras), _arguments, can, ("keras", "tensorflow"))


eager, graph, xla = (_subject(path) for path in ("eager", "graph", "xla"))
eager.capabilities = replace(eager.capabilities, arithmetic=tensorflow("eager", ("float16",)))

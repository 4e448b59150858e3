"""keras.layers.GRU and keras.layers.Bidirectional with copied weights: eager, in tf.function, and compiled by XLA."""

from typing import Any

import keras
import tensorflow as tf

from conformance.adapter import Capabilities
from conformance.adapters.keras_layers import KerasLayers, initial_state, masked
from conformance.adapters.tensorflow_arithmetic import tensorflow
from conformance.case import MERGES, Case


def _build(case: Case) -> Any:
    p = case.parameters[0]
    options = {"reset_after": p.reset == "after", "return_sequences": True, "return_state": True, "dtype": case.dtype}
    if case.merge is not None:
        layer = keras.layers.GRU(p.units, **options)
        merge = None if case.merge == "apart" else case.merge
        return keras.layers.Bidirectional(layer, merge_mode=merge, dtype=case.dtype)
    zero = case.masked_outputs == "zero"
    return keras.layers.GRU(p.units, go_backwards=case.reverse, zero_output_for_mask=zero, **options)


def _arguments(case: Case) -> dict[str, Any]:
    return {**initial_state(case), **({"mask": tf.constant(case.valid)} if masked(case) else {})}


def _subject(path: str) -> KerasLayers:
    capabilities = Capabilities(
        arithmetic=tensorflow(path),
        resets=("after", "before"),
        lengths=True,
        zero_length=True,
        masks=True,
        masked_outputs=("zero-before-first", "zero"),
        reverse=True,
        merges=MERGES,
        bidirectional_masked_outputs=("zero",),
        zero_batch=True,
        gradients=True,
        compiles_per_shape=path == "xla",
        because={
            "reset none": "the layer always has a reset gate",
            "zero_time": "the layer reads the first step before its loop, and raises where there is none",
        },
    )
    return KerasLayers(path, _build, _arguments, capabilities, ("keras", "tensorflow"))


eager, graph, xla = (_subject(path) for path in ("eager", "graph", "xla"))

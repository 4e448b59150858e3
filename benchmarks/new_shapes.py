"""The cost of new shapes: the first call with each of 200 shapes, beside a second call with the same shape.

The calls are eager, or of a graph with open batch and time. Each way has had one call with another shape. A shape that
is compiled or traced again takes longer in its first call.

    python -m benchmarks.new_shapes

Prints a table for docs/records/new_shapes.txt. Exit code 1 if a first call took too long.
"""

import gc
import os
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from time import perf_counter
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from rich.console import Console

import tf_gru
from benchmarks.tables import Table

INPUT_DIM, UNITS = 8, 16
SHAPES = [(1 + place % 40, 20 + place // 40 * 13 + place % 13) for place in range(200)]

MORE = 0.05
"""The largest allowed difference between a first and a second call, in seconds."""

Call = Callable[[tf.Tensor], Any]


def eager(layer: Any) -> Call:
    """The call of the layer itself."""
    return layer


def graph(layer: Any) -> Call:
    """The call of a function with one trace."""
    return tf.function(layer, input_signature=[tf.TensorSpec((None, None, INPUT_DIM))])


def training(layer: Any) -> Call:
    """A training step with one trace."""

    def step(inputs):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(inputs))
        return tape.gradient(total, layer.trainable_weights)

    return tf.function(step, input_signature=[tf.TensorSpec((None, None, INPUT_DIM))])


WAYS: dict[str, Callable[[Any], Call]] = {"eager": eager, "graph": graph, "training in a graph": training}


def one(way: str, shapes: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Seconds of the first and of the second call with each shape."""
    layer = tf_gru.GRU(UNITS, return_sequences=True)
    layer.build((None, None, INPUT_DIM))
    call = WAYS[way](layer)
    call(tf.ones((3, 7, INPUT_DIM)))
    gc.disable()
    found = [(_took(call, inputs), _took(call, inputs)) for inputs in (tf.ones((*s, INPUT_DIM)) for s in shapes)]
    gc.enable()
    return found


def _took(call: Call, inputs: tf.Tensor) -> float:
    begin = perf_counter()
    call(inputs)
    return perf_counter() - begin


def main() -> None:
    """Print a row for each way."""
    print(f"{date.today()}: python -m benchmarks.new_shapes")
    print(", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy")))
    rows, worst = [], 0.0
    for way in WAYS:
        times = one(way, SHAPES)
        more = max(first - second for first, second in times)
        worst = max(worst, more)
        rows.append(
            [
                way,
                str(len(times)),
                *(f"{1000 * np.median(of):.2f}" for of in zip(*times, strict=True)),
                f"{1000 * more:.1f}",
            ]
        )
    columns = ["way", "shapes", "first call, ms", "second call, ms", f"most beyond it, ms (at most {1000 * MORE:.0f})"]
    Console(width=120).print(Table("New shapes: medians, and the worst shape", columns, rows).rich())
    sys.exit(1 if worst > MORE else 0)


if __name__ == "__main__":
    main()

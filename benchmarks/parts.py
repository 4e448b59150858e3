"""The parts of a forward call's time, each compiled and timed alone, beside the whole call.

call: a `tf.function` that returns its argument. inputs: the product of all inputs with their kernel. products: this
product and, step by step, the state's product, whose result is the next state: a loop without gates. whole: the layer.
The difference between whole and products is the cost of the gates. Float32, reset after the product, all rows of full
length.

    python -m benchmarks.parts

Prints a table for docs/records/parts.txt. Left out: training, whose backward half contains the same parts twice.
"""

import gc
import os
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from rich.console import Console

from benchmarks.peers.tensorflow import program
from benchmarks.rows import SHAPES, Row, Shape
from benchmarks.schedule import FULL, interleaved
from benchmarks.tables import Table

PARTS = ("call", "inputs", "products", "whole")


def main() -> None:
    """Print one row for each shape, in milliseconds: medians over rounds in which every part has a turn."""
    print(f"{date.today()}: python -m benchmarks.parts")
    print(", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy")))
    columns = ["batch × time × input_dim × units", *(f"{part}, ms" for part in PARTS), "products' part"]
    rows = [_row(shape) for shape in SHAPES]
    Console(width=160).print(Table("Parts of a forward call", columns, rows).rich())


def _row(shape: Shape) -> list[str]:
    runs = parts(shape)
    for run in runs.values():
        run()
    gc.disable()
    times = interleaved(list(runs), FULL, lambda part, count: [_time(runs[part]) for _ in range(count)])
    gc.enable()
    took = {part: median(seconds) for part, seconds in times.items()}
    share = f"{took['products'] / took['whole']:.0%}"
    return [" × ".join(map(str, shape)), *(f"{1000 * took[part]:.3g}" for part in PARTS), share]


def parts(shape: Shape) -> dict[str, Callable[[], Any]]:
    """Each part as a call without arguments."""
    row = Row("plain", "forward", "after", shape)
    batch, time, input_dim, units = shape
    draw = np.random.default_rng(0)
    inputs = tf.constant(draw.standard_normal((batch, time, input_dim), np.float32))
    W = tf.constant(draw.standard_normal((input_dim, 3 * units), np.float32))
    U = tf.constant(draw.standard_normal((units, 3 * units), np.float32) / units)  # its powers stay finite

    def of_inputs(inputs, W):
        return tf.reshape(tf.transpose(inputs, (1, 0, 2)), (-1, input_dim)) @ W

    def loop(inputs, W, U):
        x = tf.reshape(of_inputs(inputs, W), (time, batch, 3 * units))
        array = tf.TensorArray(x.dtype, time, element_shape=(batch, units))

        def advance(t, h, array):
            h = tf.add_n(tf.split(h @ U + x[t], 3, axis=-1))  # every product is read
            return t + 1, h, array.write(t, h)

        start = (tf.constant(0), tf.zeros((batch, units)), array)
        _, _, array = tf.while_loop(lambda t, *_: t < time, advance, start, maximum_iterations=time)
        return tf.transpose(array.stack(), (1, 0, 2))

    return {
        "call": partial(tf.function(tf.identity), inputs),
        "inputs": partial(_in_a_graph(of_inputs), inputs, W),
        "products": partial(_in_a_graph(loop), inputs, W, U),
        "whole": program("tf_gru:graph", row).run,
    }


def _in_a_graph(function: Callable) -> Callable:
    """Compile a function as the layer calls its kernel: inside a function that is not compiled."""
    compiled = tf.function(function, jit_compile=True)
    return tf.function(lambda *arguments: compiled(*arguments))


def _time(run: Callable[[], Any]) -> float:
    begin = perf_counter()
    run()
    return perf_counter() - begin


if __name__ == "__main__":
    main()

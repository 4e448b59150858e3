"""The cost of many new shapes in our layer and in Keras', each in a process of its own.

predict: 40 batch sizes by `predict_on_batch`. saved: the same by a SavedModel that was exported and loaded. eager: 60
lengths by calls of the layer. time: the time of all calls, once, including tracing and compiling. memory: the memory of
the process after a second pass over the same shapes, minus its memory after the first. Values are medians of five
processes each.

    python -m benchmarks.many_shapes

Prints a table for docs/records/many_shapes.txt.
Exit code 1 if ours takes more than twice Keras' time, or 5 MiB more memory than Keras'.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

import tf_gru
from benchmarks.tables import Table

LAYERS = {"keras": keras.layers.GRU, "tf_gru": tf_gru.GRU}
PROCESSES = 5
TIME, INPUT_DIM, UNITS = 20, 8, 16
BATCHES = range(1, 41)
LENGTHS = range(16, 76)

TIMES = 2
"""The largest allowed ratio to Keras' time."""

MEMORY = 5 * 2**20
"""The largest allowed difference to Keras' memory, in bytes."""

Call = Callable[[np.ndarray], Any]


def predict(layer: Any) -> Call:
    """The call of a model with this layer."""
    return _model(layer).predict_on_batch


def saved(layer: Any) -> Call:
    """The call of a model that was exported and loaded."""
    with tempfile.TemporaryDirectory() as folder:
        _model(layer).export(folder, verbose=False)
        loaded = tf.saved_model.load(folder)
    return lambda inputs: loaded.serve(inputs)  # keeps the variables of the loaded model


def eager(layer: Any) -> Call:
    """The call of the layer itself."""
    return layer


WAYS: dict[str, tuple[Callable[[Any], Call], list[tuple[int, int]]]] = {
    "predict": (predict, [(batch, TIME) for batch in BATCHES]),
    "saved": (saved, [(batch, TIME) for batch in BATCHES]),
    "eager": (eager, [(2, time) for time in LENGTHS]),
}


def _model(layer: Any) -> keras.Model:
    return keras.Sequential([keras.Input((TIME, INPUT_DIM)), layer])


def one(way: str, name: str) -> dict[str, float]:
    """Seconds of the first pass over the shapes, and bytes that the second pass adds, in this process."""
    make, shapes = WAYS[way]
    call = make(LAYERS[name](UNITS))
    begin = perf_counter()
    _pass(call, shapes)
    seconds = perf_counter() - begin
    held = _resident()
    _pass(call, shapes)
    return {"seconds": seconds, "bytes": _resident() - held}


def _pass(call: Call, shapes: list[tuple[int, int]]) -> None:
    for batch, time in shapes:
        np.asarray(call(np.ones((batch, time, INPUT_DIM), "float32")))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print a row for each way."""
    print(f"{date.today()}: python -m benchmarks.many_shapes")
    rows, missed = [], False
    for way in WAYS:
        found = {name: [_in_a_process(way, name) for _ in range(PROCESSES)] for name in LAYERS}
        took, added = (
            {name: median(each[what] for each in all_of) for name, all_of in found.items()}
            for what in ("seconds", "bytes")
        )
        ratio, more = took["tf_gru"] / took["keras"], added["tf_gru"] - added["keras"]
        missed |= ratio > TIMES or more > MEMORY
        rows.append([way, *(f"{took[name]:.2f}" for name in LAYERS), f"{ratio:.2f}", f"{more / 2**20:.1f}"])
    columns = ["way", *(f"{name}, s" for name in LAYERS), f"ratio (at most {TIMES})", "MiB more (at most 5)"]
    Console(width=120).print(Table("Many shapes, beside Keras", columns, rows).rich())
    sys.exit(1 if missed else 0)


def _in_a_process(way: str, name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.many_shapes", way, name]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(one(*sys.argv[1:])))
    else:
        main()

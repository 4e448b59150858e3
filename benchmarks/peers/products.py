"""The matrix products of a GRU alone: a lower limit for every implementation by such products.

Forward: the inputs with their kernel at once, the state with its kernel at each step (before: in two products).
Training: also a product back through each step, and one product for each gradient of both kernels and of the inputs.
One direction; no activations, no sums, no copies. The multiplied state is the same at each step.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from benchmarks.peers import Program
from benchmarks.rows import Row


def program(subject: str, row: Row) -> Program:
    """Make a program in NumPy."""
    del subject
    run = of(row, operands(row), np.matmul)
    threads = max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
    return Program(run, None, None, None, threads)


def operands(row: Row) -> dict[str, np.ndarray]:
    """Contiguous matrices of the shapes to multiply."""
    batch, time, input_dim, units = row.shape
    shapes = {
        "x": (time * batch, input_dim), "W": (input_dim, 3 * units), "h": (batch, units), "U": (units, 3 * units),
        "U_zr": (units, 2 * units), "U_n": (units, units), "da": (batch, 3 * units), "das": (time * batch, 3 * units),
        "da_zr": (batch, 2 * units), "da_n": (batch, units), "hs": (time * batch, units),
    }  # fmt: skip
    random = np.random.default_rng(0)
    return {name: random.standard_normal(shape, np.float32) for name, shape in shapes.items()}


def of(row: Row, m: dict[str, Any], product: Callable[[Any, Any], Any]) -> Callable[[], None]:
    """All products of one call. m: the result of `operands`, in the arrays of a framework."""
    time = row.shape[1]
    after = row.reset == "after"
    ahead = [(m["h"], m["U"])] if after else [(m["h"], m["U_zr"]), (m["h"], m["U_n"])]
    back = [(m["da"], m["U"].T)] if after else [(m["da_n"], m["U_n"].T), (m["da_zr"], m["U_zr"].T)]
    large = [(m["das"], m["W"].T), (m["x"].T, m["das"]), (m["hs"].T, m["das"])]
    pairs = [(m["x"], m["W"]), *ahead * time]
    if row.step == "training":
        pairs += [*back * time, *large]
    return partial(_all, pairs, product)


def _all(pairs: list[tuple[Any, Any]], product: Callable[[Any, Any], Any]) -> None:
    for left, right in pairs:
        product(left, right)

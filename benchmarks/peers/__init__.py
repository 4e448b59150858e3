"""The subjects: which framework each lives in, what that needs, and how it is loaded.

A subject is named as in the suite; a program is one of them on one row. A framework is imported only in the process
that was started for it.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from benchmarks.rows import Row
from conformance.interface.arithmetic import Arithmetic
from reference import Gradients, from_keras


class Program(NamedTuple):
    """One subject on one row.

    run: one call, over when it returns. outputs: what such a call computes, (batch, time, directions * units).
    gradients: for a training step, cotangents of the outputs to those of each direction (the inputs' are of both, and
    the initial state's are None). claim: its arithmetic. Matrix products alone answer nothing and claim nothing.
    threads: how many the framework says that it uses.
    """

    run: Callable[[], Any]
    outputs: Callable[[], np.ndarray] | None
    gradients: Callable[[np.ndarray], list[Gradients]] | None
    claim: Arithmetic | None
    threads: int


class Family(NamedTuple):
    """A framework: the module here that makes programs of it, the distributions it needs, the extra that has them."""

    module: str
    packages: tuple[str, ...]
    imports: tuple[str, ...]
    extra: str

    @property
    def missing(self) -> tuple[str, ...]:
        """What it needs that is not installed."""
        return tuple(name for name in self.imports if find_spec(name) is None)


FAMILIES = {
    "tensorflow": Family("benchmarks.peers.tensorflow", ("tensorflow", "keras"), ("tensorflow", "keras"), "tf"),
    "torch": Family("benchmarks.peers.torch", ("torch",), ("torch",), "peers"),
    "jax": Family("benchmarks.peers.jax", ("jax", "jaxlib"), ("jax",), "benchmarks"),
    "onnxruntime": Family("benchmarks.peers.onnxruntime", ("onnxruntime",), ("onnxruntime", "onnx"), "peers"),
    "numpy": Family("benchmarks.peers.products", ("numpy",), ("numpy", "threadpoolctl"), "benchmarks"),
}


def family(subject: str) -> str:
    """The framework that a subject lives in."""
    if subject.startswith("products:"):
        return subject.partition(":")[2]
    return "tensorflow" if subject.startswith(("tf_gru:", "keras:", "one-loop", "call")) else subject


def absent(subject: str) -> str | None:
    """Why a subject cannot be asked on this machine, or None."""
    home = FAMILIES[family(subject)]
    if not home.missing:
        return None
    return f"{', '.join(home.missing)} is not installed: pip install '.[{home.extra}]' in a clone of the repository"


def program(subject: str, row: Row) -> Program:
    """A subject, ready to be called on a row; it has not been called yet."""
    return import_module(FAMILIES[family(subject)].module).program(subject, row)


def gradients_of(inputs: np.ndarray, arrays: list[np.ndarray], reset: str) -> Gradients:
    """One direction's gradients from those to its weights in Keras' layout.

    A single row of bias is the gradient of both, since both are added to it.
    """
    p = from_keras(arrays, reset)
    both = p.bias if reset == "after" else np.stack([p.bias[0]] * 2)
    return Gradients(inputs, None, p.kernel, p.recurrent_kernel, both)

"""The subjects: the framework of each, the packages that it needs, and the function that loads it.

Subjects have the same names as in the suite. A program is one subject on one row. A framework is imported only in its
own process.
"""

import shutil
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import c_entry
from benchmarks.rows import Row
from conformance.interface.arithmetic import Arithmetic
from reference import Gradients, from_keras


class Program(NamedTuple):
    """One subject on one row.

    Attributes:
        run: One call, complete when it returns.
        outputs: Computes the outputs of such a call, (batch, time, directions * units). None for matrix products alone.
        gradients: For a training step, a function from cotangents of the outputs to the gradients of each direction.
            The inputs' gradient is the sum of both, and the initial state's is None.
        claim: Its arithmetic.
        threads: The number of threads that the framework reports.
    """

    run: Callable[[], Any]
    outputs: Callable[[], np.ndarray] | None
    gradients: Callable[[np.ndarray], list[Gradients]] | None
    claim: Arithmetic | None
    threads: int


COMPILER = "c++"


class Family(NamedTuple):
    """A framework: the module here that makes its programs, the distributions that it needs, the extra that contains
    them.

    files, commands: the other files and the programs that it needs.
    """

    module: str
    packages: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    extra: str = "benchmarks"
    files: tuple[Path, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules, files and programs that it needs and that are missing."""
        return (
            *(name for name in self.imports if find_spec(name) is None),
            *(path.name for path in self.files if not path.exists()),
            *(name for name in self.commands if shutil.which(name) is None),
        )


FAMILIES = {
    "tensorflow": Family("benchmarks.peers.tensorflow", ("tensorflow", "keras"), ("tensorflow", "keras"), "tf"),
    "torch": Family("benchmarks.peers.torch", ("torch",), ("torch",), "peers"),
    "jax": Family("benchmarks.peers.jax", ("jax", "jaxlib"), ("jax",), "benchmarks"),
    "onnxruntime": Family("benchmarks.peers.onnxruntime", ("onnxruntime",), ("onnxruntime", "onnx"), "peers"),
    "openvino": Family("benchmarks.peers.openvino", ("openvino",), ("openvino",), "benchmarks"),
    "numpy": Family("benchmarks.peers.products", ("numpy",), ("numpy", "threadpoolctl"), "benchmarks"),
    "kernel": Family("benchmarks.peers.kernel", files=(c_entry.PATH,)),
    "fma": Family("benchmarks.peers.fma", commands=(COMPILER,)),
}


def family(subject: str) -> str:
    """The framework of a subject."""
    name, _, path = subject.partition(":")
    if name == "products":
        return path
    return "tensorflow" if name in ("tf_gru", "keras", "call") else name


def absent(subject: str) -> str | None:
    """The reason why a subject cannot run on this machine, or None."""
    home = FAMILIES[family(subject)]
    if not home.missing:
        return None
    return f"{', '.join(home.missing)} is not installed: pip install '.[{home.extra}]' in a clone of the repository"


def program(subject: str, row: Row) -> Program:
    """A subject on a row, ready for its first call."""
    return import_module(FAMILIES[family(subject)].module).program(subject, row)


def gradients_of(inputs: np.ndarray, arrays: list[np.ndarray], reset: str) -> Gradients:
    """One direction's gradients from the gradients of its weights in Keras' layout.

    A single row of bias is the gradient of both biases, because both are added to it.
    """
    p = from_keras(arrays, reset)
    both = p.bias if reset == "after" else np.stack([p.bias[0]] * 2)
    return Gradients(inputs, None, p.kernel, p.recurrent_kernel, both)

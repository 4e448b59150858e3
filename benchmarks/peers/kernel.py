"""The native kernel alone, by its functions in C: no TensorFlow, no Python but one call. A training step is two calls.

kernel:one-thread is the same with one thread.
"""

import os
from ctypes import byref

import numpy as np

from benchmarks import c_entry
from benchmarks.peers import Program, gradients_of
from benchmarks.problem import problem
from benchmarks.rows import Row
from conformance.interface.arithmetic import Arithmetic
from reference import Gradients, to_keras

CLAIM = Arithmetic(dtype="float32", activation="4 ULP", source="what tf_gru:native claims, subnormals kept")


def program(subject: str, row: Row) -> Program:
    """Arrays are made once, and written again by every call."""
    library, given = c_entry.opened(), problem(row)
    cores = len(os.sched_getaffinity(0))
    library.tf_gru_set_threads(cores)
    alone = subject == "kernel:one-thread"
    how = (0, 1, 0) if alone else (0, 0, -1)  # float32; threads and their cut, chosen by the library where it may
    (p,), (batch, time, input_dim, units) = given.parameters, row.shape
    kernel, recurrent_kernel, bias = (np.ascontiguousarray(array) for array in to_keras(p))
    biases = list(bias) if row.reset == "after" else [bias, None]
    trains = row.step == "training"
    arrays = {
        "inputs": given.inputs, "start": np.zeros((batch, units), np.float32), "kernel": kernel,
        "recurrent": recurrent_kernel, "bias": biases[0], "bias_h": biases[1], "valid": None,
        "outputs": np.empty((batch, time, units), np.float32), "final_state": np.empty((batch, units), np.float32),
        "kept": np.empty((time, batch, c_entry.KEPT[row.reset] * units), np.float32) if trains else None,
    }  # fmt: skip
    sizes = (batch, time, input_dim, units, c_entry.RESETS.index(row.reset), False, False)
    call = c_entry.Call(*sizes, *(_at(array) for array in arrays.values()))
    cotangents = given.cotangents.copy()
    into = [np.empty_like(array) for array in (given.inputs, arrays["start"], kernel, recurrent_kernel)]
    into += [np.empty(3 * units, np.float32) for _ in range(2)]
    none = np.zeros((batch, units), np.float32)
    to = c_entry.Gradients(_at(cotangents), _at(none), *(_at(array) for array in into))
    by_reference = byref(call), byref(to)
    read = (arrays, cotangents, none, into)  # the library has their addresses alone

    def run(read=read) -> None:
        del read
        library.tf_gru_forward(by_reference[0], *how)
        if trains:
            library.tf_gru_backward(*by_reference, *how)

    def outputs() -> np.ndarray:
        run()
        return arrays["outputs"].copy()

    def gradients(others: np.ndarray) -> list[Gradients]:
        mine = cotangents.copy()
        cotangents[:] = others
        run()
        cotangents[:] = mine
        inputs, _, *weights, d_bias, d_bias_h = (array.copy() for array in into)
        d_bias = np.stack([d_bias, d_bias_h]) if row.reset == "after" else d_bias
        return [gradients_of(inputs, [*weights, d_bias], row.reset)]

    return Program(run, outputs, gradients if trains else None, CLAIM, 1 if alone else cores)


def _at(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data

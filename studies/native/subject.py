"""The native kernel as a subject of the suite, by its functions in C: any build, any division of the work."""

import os
from ctypes import byref

import numpy as np

from benchmarks.c_entry import KEPT, PATH, RESETS, Call, opened
from benchmarks.c_entry import Gradients as Into
from conformance.interface.adapter import Capabilities, Declined
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs
from reference import merge_biases, to_keras

LIBRARY = "STUDIED_LIBRARY"
"""The environment variable with the library's path, for `gru`."""
SOURCE = "what tf_gru:native claims, subnormals kept"


class Entry:
    """A build of the kernel with a fixed division of the work. Each direction of time is one call."""

    def __init__(self, path: str, threads: int = 1, by_units: int = 0) -> None:
        self.library = opened(path)
        self.divide(threads, by_units)
        self.capabilities = Capabilities(
            arithmetic={
                dtype: Arithmetic(dtype=dtype, activation="4 ULP", source=SOURCE) for dtype in ("float32", "float64")
            },
            resets=RESETS,
            lengths=True,
            zero_length=True,
            masks=True,
            masked_outputs=("carry", "zero"),
            reverse=True,
            zero_time=True,
            zero_batch=True,
            gradients=True,
            because={"merges": "the layer joins the directions, not the kernel"},
        )

    def divide(self, threads: int, by_units: int) -> None:
        """Divide the work of all later calls so: threads, and 1 if they divide units in place of rows."""
        self.library.tf_gru_set_threads(threads)
        self.how = threads, by_units

    def run(self, case: Case) -> Outputs:
        """The forward pass, which stores no gates."""
        _, outputs, final_state = self._forward(case, keep=False)
        return Outputs(outputs, final_state)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """The forward pass, which stores its gates, and then the backward pass."""
        (call, arrays), outputs, final_state = self._forward(case, keep=True)
        p = case.single
        given = [
            np.zeros_like(result) if cotangent is None else np.ascontiguousarray(cotangent, case.dtype)
            for cotangent, result in zip(cotangents, (outputs, final_state), strict=True)
        ]
        made = [np.empty_like(array) for array in (*arrays[:4], arrays[4], arrays[4])]
        into = Into(*(_at(array) for array in (*given, *made)))
        assert self.library.tf_gru_backward(byref(call), byref(into), int(case.dtype == "float64"), *self.how) == 0
        inputs, start, *weights, bias, bias_h = made
        by_gate = (np.stack(np.split(each, len(p.gates), axis=-1)) for each in weights)
        both = np.stack([bias, bias_h if p.reset == "after" else bias]).reshape(2, len(p.gates), p.units)
        return Gradients(inputs, start, *by_gate, both)

    def _forward(self, case: Case, *, keep: bool):
        if case.merge is not None:
            raise Declined(self.capabilities.because["merges"])
        p = case.single
        kernel, recurrent_kernel, bias = (
            np.ascontiguousarray(array) for array in to_keras(p if p.reset == "after" else merge_biases(p))
        )
        biases = list(bias) if p.reset == "after" else [bias, None]
        state = (case.batch, p.units)
        start = np.zeros(state, case.dtype) if case.initial_state is None else case.initial_state[0]
        valid = case.mask
        if case.lengths is not None:
            valid = np.arange(case.time) < np.asarray(case.lengths)[:, None]
        arrays = [
            *(np.ascontiguousarray(case.inputs), np.ascontiguousarray(start), kernel, recurrent_kernel, *biases),
            None if valid is None else np.ascontiguousarray(valid),
        ]
        outputs, final_state = np.empty((case.batch, case.time, p.units), case.dtype), np.empty(state, case.dtype)
        kept = np.empty((case.time, case.batch, KEPT[p.reset] * p.units), case.dtype) if keep else None
        sizes = case.batch, case.time, p.input_dim, p.units, RESETS.index(p.reset)
        options = case.reverse, case.masked_outputs == "zero"
        call = Call(*sizes, *options, *(_at(array) for array in (*arrays, outputs, final_state, kept)))
        assert self.library.tf_gru_forward(byref(call), int(case.dtype == "float64"), *self.how) == 0
        return (call, [*arrays, kept]), outputs, final_state


def _at(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


def gru() -> Entry:
    """The build that the environment names, or else the package's own."""
    return Entry(os.environ.get(LIBRARY, str(PATH)))

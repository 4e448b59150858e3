"""Functions for the adapters of Keras' layers on every backend: a layer, the case's weights, and its results.

This module imports no backend. Keras reads its backend from the environment at import, so each backend needs its own
process, which the suite provides for every subject.
"""

import os
from typing import Any

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import MERGES, Case, Outputs
from reference import Parameters
from reference.layouts import merge_biases, to_keras


def on(backend: str) -> Any:
    """Import Keras on a backend. Raises RuntimeError if this process already uses another one."""
    os.environ["KERAS_BACKEND"] = backend
    import keras

    if keras.backend.backend() != backend:
        raise RuntimeError(
            f"Keras is imported on {keras.backend.backend()!r} in this process; judge keras:{backend} in one of its own"
        )
    return keras


def capabilities(arithmetic: dict[str, Arithmetic], first: str, *, compiles: bool) -> Capabilities:
    """The capabilities of keras.layers.GRU and Bidirectional. first: the default policy at masked steps."""
    return Capabilities(
        arithmetic=arithmetic,
        resets=("after", "before"),
        lengths=True,
        zero_length=True,
        masks=True,
        masked_outputs=(first, "zero"),
        reverse=True,
        merges=MERGES,
        bidirectional_masked_outputs=("zero",),
        zero_batch=True,
        gradients=True,
        compiles_per_shape=compiles,
        because={
            "reset none": "the layer always has a reset gate",
            "zero_time": "the layer reads the first step before its loop, and raises where there is none",
        },
    )


def unbuilt(keras: Any, case: Case) -> Any:
    """A layer of the case's configuration that returns its outputs and its final states."""
    options = {
        "reset_after": case.reset == "after",
        "return_sequences": True,
        "return_state": True,
        "dtype": case.dtype,
    }
    if case.merge is not None:
        merge = None if case.merge == "apart" else case.merge
        return keras.layers.Bidirectional(keras.layers.GRU(case.units, **options), merge_mode=merge, dtype=case.dtype)
    zero = case.masked_outputs == "zero"
    return keras.layers.GRU(case.units, go_backwards=case.reverse, zero_output_for_mask=zero, **options)


def layer(keras: Any, case: Case) -> Any:
    """The same layer, built, with the case's weights."""
    made = unbuilt(keras, case)
    made.build((None, None, case.inputs.shape[2]))
    made.set_weights(weights(case))
    return made


def weights(case: Case) -> list[np.ndarray]:
    """The arrays for set_weights, one direction after the other."""
    return [array for p in case.parameters for array in arrays(p)]


def arrays(p: Parameters) -> list[np.ndarray]:
    """Keras' arrays. Reset before and none have one bias row, so both biases are added exactly, or the case is
    refused.
    """
    return to_keras(p if p.reset == "after" else merge_biases(p))


def mask(case: Case) -> np.ndarray | None:
    """The case's mask, or None without padding."""
    return None if case.mask is None and case.lengths is None else case.valid


def states(case: Case, given: Any) -> Any:
    """The initial states in the layer's form: a list of two for two directions."""
    return None if given is None else list(given) if case.merge is not None else given[0]


def answer(case: Case, parts: list[np.ndarray]) -> Outputs:
    """The answer from a layer's results, aligned with the inputs' time."""
    if case.merge is None:
        outputs, final = parts
        return Outputs(outputs[:, ::-1].copy() if case.reverse else outputs, final)
    return Outputs(tuple(parts[:2]) if case.merge == "apart" else parts[0], tuple(parts[-2:]))


def as_returned(case: Case, cotangents: Outputs) -> list[np.ndarray]:
    """The cotangents of a layer's results, in their order. Only a single reverse run returns its last time first."""
    if case.merge is None:
        outputs = cotangents.outputs[:, ::-1].copy() if case.reverse else cotangents.outputs
        return [outputs, cotangents.final_state]
    outputs = cotangents.outputs if case.merge == "apart" else (cotangents.outputs,)
    return [*outputs, *cotangents.final_state]

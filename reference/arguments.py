"""Checks of the arguments of gru and bigru: each returns the argument, or raises Invalid with a remedy.

parameters.py defines the allowed arrays and names, which also apply to Parameters.
"""

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from reference.parameters import HELD, Invalid, Parameters, are_parameters, dtype_of, exact_array, plain_array

Pair = tuple[np.ndarray, np.ndarray]


def sequence_of(inputs: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Check the inputs (batch, time, input_dim) for these parameters."""
    are_parameters("parameters", parameters)
    if parameters.dtype.name == HELD:
        raise Invalid(
            f"parameters has dtype {HELD}, in which NumPy does not compute; make Parameters of its arrays' "
            "astype(numpy.float32), which holds each number exactly, and round what comes back"
        )
    plain_array("inputs", inputs)
    if inputs.ndim != 3:
        raise Invalid(f"inputs has shape {inputs.shape}, but must be (batch, time, input_dim); add the missing axis")
    because = "input_dim must match the parameters; inputs are batch-major"
    return exact_array("inputs", inputs, parameters.dtype, (*inputs.shape[:2], parameters.input_dim), because)


def outputs_of_one_direction(outputs: np.ndarray) -> np.ndarray:
    """Check the outputs (batch, time, units)."""
    dtype_of("outputs", outputs)
    if outputs.ndim != 3:
        raise Invalid(
            f"outputs has shape {outputs.shape}, but must be (batch, time, units); pass one direction's outputs"
        )
    return outputs


def lengths_of(lengths: np.ndarray, batch: int, time: int) -> np.ndarray:
    """Check the lengths (batch,), integers from 0 to time."""
    plain_array("lengths", lengths)
    if lengths.dtype.kind not in "iu" or lengths.shape != (batch,):
        raise Invalid(
            f"lengths has dtype {lengths.dtype} and shape {lengths.shape}, but must be integers of shape "
            f"({batch},), one for each row; for any other pattern use mask"
        )
    outside = (lengths < 0) | (lengths > time)
    if outside.any():
        i = int(outside.argmax())
        raise Invalid(f"lengths[{i}] is {lengths[i]}, but must be from 0 to time, which is {time}; clip it first")
    return lengths


def mask_of(mask: np.ndarray, batch: int, time: int) -> np.ndarray:
    """Check the mask (batch, time), booleans."""
    plain_array("mask", mask)
    if mask.dtype != np.bool_ or mask.shape != (batch, time):
        raise Invalid(
            f"mask has dtype {mask.dtype} and shape {mask.shape}, but must be bool of shape ({batch}, {time}), "
            "True where the step counts; use mask.astype(bool)"
        )
    return mask


def alike(forward: Parameters, backward: Parameters) -> None:
    """Raise Invalid unless two directions have the same dtype, input_dim and units."""
    are_parameters("forward", forward)
    are_parameters("backward", backward)
    for size, theirs, own, advice in (
        ("dtype", forward.dtype, backward.dtype, "dtypes are never promoted: convert the arrays by astype first"),
        ("input_dim", forward.input_dim, backward.input_dim, "both read the same inputs"),
        ("units", forward.units, backward.units, "for two sizes call gru twice, the second with reverse=True"),
    ):
        if own != theirs:
            raise Invalid(f"backward has {size} {own}, but must have {theirs} like forward; {advice}")


def given(name: str, value: object, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
    """The given array, or zeros for None."""
    if value is None:
        return np.zeros(shape, parameters.dtype)
    return exact_array(name, value, parameters.dtype, shape, f"from inputs and units {parameters.units}")


def given_pair(name: str, value: object, parameters: Parameters, shape: tuple[int, ...]) -> Pair:
    """The two given arrays, with zeros for each None."""
    a, b = pair(name, value)
    return given(f"{name}[0]", a, parameters, shape), given(f"{name}[1]", b, parameters, shape)


def pair(name: str, value: object) -> tuple[Any, Any]:
    """The two members of a pair. None counts as a pair of None."""
    if value is None:
        return None, None
    if not (_several(value) and len(value) == 2):
        raise Invalid(
            f"{name} is a {type(value).__name__}, but must be a pair (forward, backward); None in it means zeros"
        )
    return value[0], value[1]


def _several(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, tuple | list)

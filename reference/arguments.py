"""The checks of what gru and bigru are given: each returns the argument, or raises Invalid with what to do.

What a single array or name must be is in parameters.py, which holds Parameters to it.
"""

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from reference.parameters import Invalid, Parameters, are_parameters, dtype_of, exact_array, plain_array

Pair = tuple[np.ndarray, np.ndarray]


def sequence_of(inputs: np.ndarray, parameters: Parameters) -> np.ndarray:
    """The inputs (batch, time, input_dim) of these parameters."""
    are_parameters("parameters", parameters)
    plain_array("inputs", inputs)
    if inputs.ndim != 3:
        raise Invalid(f"inputs has shape {inputs.shape}, but must be (batch, time, input_dim); add the missing axis")
    because = "input_dim is the parameters'; inputs are batch-major"
    return exact_array("inputs", inputs, parameters.dtype, (*inputs.shape[:2], parameters.input_dim), because)


def outputs_of_one_direction(outputs: np.ndarray) -> np.ndarray:
    """The outputs (batch, time, units)."""
    dtype_of("outputs", outputs)
    if outputs.ndim != 3:
        raise Invalid(
            f"outputs has shape {outputs.shape}, but must be (batch, time, units); pass one direction's outputs"
        )
    return outputs


def lengths_of(lengths: np.ndarray, batch: int, time: int) -> np.ndarray:
    """The lengths (batch,), integers from 0 to time."""
    plain_array("lengths", lengths)
    if lengths.dtype.kind not in "iu" or lengths.shape != (batch,):
        raise Invalid(
            f"lengths has dtype {lengths.dtype} and shape {lengths.shape}, but must be integers of shape "
            f"({batch},), one per batch row; for any other pattern use mask"
        )
    outside = (lengths < 0) | (lengths > time)
    if outside.any():
        i = int(outside.argmax())
        raise Invalid(f"lengths[{i}] is {lengths[i]}, but must be from 0 to time, which is {time}; clip it first")
    return lengths


def mask_of(mask: np.ndarray, batch: int, time: int) -> np.ndarray:
    """The mask (batch, time), booleans."""
    plain_array("mask", mask)
    if mask.dtype != np.bool_ or mask.shape != (batch, time):
        raise Invalid(
            f"mask has dtype {mask.dtype} and shape {mask.shape}, but must be bool of shape ({batch}, {time}), "
            "True where the step counts; use mask.astype(bool)"
        )
    return mask


def alike(forward: Parameters, backward: Parameters) -> None:
    """Raise unless two directions have one dtype, input_dim and units."""
    are_parameters("forward", forward)
    are_parameters("backward", backward)
    for size, theirs, own, advice in (
        ("dtype", forward.dtype, backward.dtype, "nothing is promoted: make Parameters of its arrays' astype"),
        ("input_dim", forward.input_dim, backward.input_dim, "both read the same inputs"),
        ("units", forward.units, backward.units, "for two sizes call gru twice, the second with reverse=True"),
    ):
        if own != theirs:
            raise Invalid(f"backward has {size} {own}, but must have {theirs} as forward has; {advice}")


def given(name: str, value: object, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
    """The array given; zeros for None."""
    if value is None:
        return np.zeros(shape, parameters.dtype)
    return exact_array(name, value, parameters.dtype, shape, f"from inputs and units {parameters.units}")


def given_pair(name: str, value: object, parameters: Parameters, shape: tuple[int, ...]) -> Pair:
    """The two arrays given; zeros for each None."""
    a, b = pair(name, value)
    return given(f"{name}[0]", a, parameters, shape), given(f"{name}[1]", b, parameters, shape)


def pair(name: str, value: object) -> tuple[Any, Any]:
    """The two members of a pair; None is a pair of None."""
    if value is None:
        return None, None
    if not (_several(value) and len(value) == 2):
        raise Invalid(
            f"{name} is a {type(value).__name__}, but must be a pair (forward, backward); None in it is zeros"
        )
    return value[0], value[1]


def _several(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, tuple | list)

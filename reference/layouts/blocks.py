"""Join gates into fused arrays, take fused arrays apart, and check their shapes."""

from typing import Any

import numpy as np

from reference.parameters import GATES, HELD, Invalid, Parameters, Unrepresentable, are_parameters, exact_array

FRAMEWORK_DTYPES = tuple(np.dtype(t) for t in (np.float16, np.float32, np.float64))


def side_by_side(kernel: np.ndarray) -> np.ndarray:
    """Join (gates, rows, units) into (rows, gates units)."""
    return np.concatenate(kernel, axis=1)


def gates_apart(fused: np.ndarray, gates: int) -> np.ndarray:
    """Split (rows, gates units) into (gates, rows, units)."""
    return np.stack(np.split(fused, gates, axis=1))


def on_top(kernel: np.ndarray) -> np.ndarray:
    """Join (gates, rows, units) into (gates units, rows)."""
    return side_by_side(kernel).T.copy()


def gates_below(fused: np.ndarray, gates: int) -> np.ndarray:
    """Split (gates units, rows) into (gates, rows, units)."""
    return gates_apart(fused.T, gates)


def as_array(name: str, value: Any) -> np.ndarray:
    """Convert an array or a CPU tensor to an array."""
    if isinstance(value, np.ma.MaskedArray):
        raise Invalid(
            f"{name} is a masked array, whose mask would be ignored; use {name}.filled(0), or another fill value"
        )
    try:
        return np.asarray(value)
    except (RuntimeError, TypeError, ValueError) as error:
        raise Invalid(
            f"{name} is a {type(value).__name__} that NumPy cannot read ({error}), but must be an array or a CPU "
            "tensor of float16, float32 or float64 without gradient; use tensor.detach().cpu(), and .float() on "
            "bfloat16"
        ) from error


def check(p: Parameters, framework: str) -> None:
    """Raise unless p is Parameters of a dtype that frameworks have."""
    are_parameters("p", p)
    if p.dtype not in FRAMEWORK_DTYPES and p.dtype.name != HELD:
        raise Unrepresentable(
            f"the parameters are {p.dtype}, which {framework} does not have; make float64 Parameters first"
        )


def sizes(name: str, array: np.ndarray, axes: str, gates: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of an array's axes for one gate: with axes "(input_dim, 3 units)" and gates (1, 3), input_dim and
    units.

    Raises:
        Invalid: If the number of axes differs, or an axis is too short for all gates.
    """
    if array.ndim != len(gates) or any(size < count for size, count in zip(array.shape, gates, strict=True)):
        raise Invalid(
            f"{name} has shape {array.shape}, but must be {axes}, input_dim and units 1 or more; "
            "check the order of the arrays"
        )
    return tuple(size // count for size, count in zip(array.shape, gates, strict=True))


def fit(name: str, array: object, dtype: np.dtype[Any], shape: tuple[int, ...], reset: str) -> None:
    """Raise Invalid unless array is of this dtype and shape."""
    because = f"for reset={reset!r}, which has gates {', '.join(GATES[reset])}; check reset and the order of the arrays"
    exact_array(name, array, dtype, shape, because)


def only_reset(p: Parameters, reset: str, framework: str) -> None:
    """Raise Unrepresentable unless the reset gate has the only position that the framework supports."""
    if p.reset != reset:
        raise Unrepresentable(
            f"reset is {p.reset!r}, but {framework} only has {reset!r}; no conversion keeps the function"
        )

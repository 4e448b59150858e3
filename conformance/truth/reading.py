"""Check cotangents and tangents of a case: their shapes, and that every number that is read is finite.

Left out: the case itself. It checks its own shapes; forward.py checks that its numbers are finite.
"""

from typing import Any

import numpy as np

from conformance.interface.case import DTYPES, Case, Gradients, InvalidCase, Outputs
from conformance.interface.type_guards import is_list, is_tuple
from conformance.truth.forward import every_finite, visible_steps


def read_cotangents(case: Case, cotangents: Any) -> Outputs:
    """The cotangents of a case's answer as float64 arrays in its shapes, 0 where the policy ignores them and for None.

    Raises:
        InvalidCase: If shapes do not fit, or a number that is read is not finite.
    """
    if not is_tuple(cotangents) or len(cotangents) != 2:
        raise InvalidCase(f"cotangents is a {type(cotangents).__name__}, expected Outputs(outputs, final_state)")
    name, (outputs, final) = "cotangents.outputs", cotangents
    shape, state = (case.batch, case.time, case.units), (case.batch, case.units)
    visible = [np.broadcast_to(visible_steps(case, k)[:, :, None], shape) for k in range(len(case.parameters))]
    if case.merge == "apart":
        parts = zip(_pair(outputs, name), visible, strict=True)
        read: Any = tuple(_read(part, f"{name}[{k}]", where) for k, (part, where) in enumerate(parts))
    elif case.merge == "concat":
        read = _read(outputs, name, np.concatenate(visible, axis=-1))
    else:
        read = _read(outputs, name, np.logical_or.reduce(visible))
    return Outputs(read, _each(case, final, "cotangents.final_state", state))


def read_tangents(case: Case, tangents: Any) -> Gradients:
    """The tangents of everything that a case reads as float64 arrays in its shapes, 0 for masked inputs and for None.

    Raises:
        InvalidCase: If shapes do not fit, or a number that is read is not finite.
    """
    if not is_tuple(tangents) or len(tangents) != len(Gradients._fields):
        raise InvalidCase(f"tangents is a {type(tangents).__name__}, expected Gradients{Gradients._fields}")
    p = case.parameters[0]
    shapes = ((case.batch, case.units), p.kernel.shape, p.recurrent_kernel.shape, p.bias.shape)
    inputs = _read(tangents[0], "tangents.inputs", np.broadcast_to(case.valid[:, :, None], case.inputs.shape))
    parts = zip(Gradients._fields[1:], tangents[1:], shapes, strict=True)
    return Gradients(inputs, *(_each(case, part, f"tangents.{name}", shape) for name, part, shape in parts))


def _each(case: Case, value: Any, name: str, shape: tuple[int, ...]) -> Any:
    """One array, or a pair of arrays for two directions."""
    everywhere = np.ones(shape, bool)
    if case.merge is None:
        return _read(value, name, everywhere)
    return tuple(_read(part, f"{name}[{k}]", everywhere) for k, part in enumerate(_pair(value, name)))


def _pair(value: Any, name: str) -> tuple[Any, Any]:
    if value is None:
        return None, None
    if not (is_tuple(value) or is_list(value)) or len(value) != 2:
        raise InvalidCase(f"{name} is a {type(value).__name__}, expected a pair (forward, backward)")
    return value[0], value[1]


def _read(value: Any, name: str, where: np.ndarray) -> np.ndarray:
    """The array as float64 where it is read, 0 elsewhere."""
    if value is None:
        return np.zeros(where.shape)
    if type(value) is not np.ndarray or value.dtype.name not in DTYPES:
        dtype = getattr(value, "dtype", None)
        got = f"a {type(value).__name__}" if dtype is None else f"dtype {dtype}"
        raise InvalidCase(f"{name}: got {got}, expected a NumPy array of {', '.join(DTYPES)}")
    if value.shape != where.shape:
        raise InvalidCase(f"{name}: got shape {value.shape}, expected {where.shape}")
    every_finite(value, np.isfinite(value) | ~where, name, "use a finite number")
    return np.where(where, value, 0).astype(np.float64)

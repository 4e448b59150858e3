"""The numbers of one GRU: checked, read-only, with an axis for the gates.

The gates are z (update), r (reset), n (candidate), always in this order. A GRU without reset gate has z and n only.

Left out: the fused arrays of the frameworks (see layouts/), initial values, training.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

Reset = Literal["after", "before", "none"]

GATES: dict[str, tuple[str, ...]] = {"after": ("z", "r", "n"), "before": ("z", "r", "n"), "none": ("z", "n")}
DTYPES = tuple(np.dtype(t) for t in (np.float16, np.float32, np.float64, np.longdouble))
HELD = "bfloat16"
"""A format that packages add to NumPy. Parameters hold its numbers, but nothing here computes in it."""


class Invalid(ValueError):
    """An argument that the specification does not allow.

    Examples:
        >>> from reference import Invalid, gru
        >>> try:
        ...     gru(None, None)
        ... except Invalid as error:
        ...     print(error)
        parameters is a NoneType, but must be a reference.Parameters; make one first
    """


class Unrepresentable(ValueError):
    """A conversion that would lose or change numbers.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, Unrepresentable, to_torch
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)), reset="before")
        >>> try:
        ...     to_torch(p)
        ... except Unrepresentable as error:
        ...     print(error)
        reset is 'before', but torch.nn.GRU only has 'after'; no conversion keeps the function
    """


class Weights(NamedTuple):
    """The three arrays of one GRU, or their gradients.

    Attributes:
        kernel: An array (gates, input_dim, units).
        recurrent_kernel: An array (gates, units, units).
        bias: An array (2, gates, units): the input bias, then the recurrent bias.

    Examples:
        >>> from reference import Weights
        >>> Weights._fields
        ('kernel', 'recurrent_kernel', 'bias')
    """

    kernel: np.ndarray  # gates input_dim units
    recurrent_kernel: np.ndarray  # gates units units
    bias: np.ndarray  # 2 gates units: input bias, recurrent bias


@dataclass(frozen=True, eq=False)
class Parameters:
    """One GRU: its weights, and the position of its reset gate.

    The three arrays share one float dtype and are stored as read-only copies.

    Attributes:
        kernel: An array (gates, input_dim, units), the gates in the order z, r, n.
        recurrent_kernel: An array (gates, units, units).
        bias: An array (2, gates, units): the input bias, then the recurrent bias.
        reset: "after" the recurrent product, "before" it, or "none" (no reset gate; two gates z, n).

    Raises:
        Invalid: If an array has another dtype or shape, or a number is not finite.

    Source: "after": Cho et al. 2014, arXiv:1406.1078v1; cuDNN, Keras' default. "before": arXiv:1406.1078v3; ONNX's
    default.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> p.gates, p.input_dim, p.units, p.dtype.name
        (('z', 'r', 'n'), 2, 4, 'float64')
    """

    kernel: np.ndarray  # gates input_dim units
    recurrent_kernel: np.ndarray  # gates units units
    bias: np.ndarray  # 2 gates units
    reset: Reset = "after"

    def __post_init__(self) -> None:
        one_of("reset", self.reset, tuple(GATES))
        dtype_of("kernel", self.kernel)
        if self.kernel.ndim != 3:
            raise Invalid(
                f"kernel has shape {self.kernel.shape}, but must be (gates, input_dim, units); "
                "if it is a framework's fused array, use layouts.from_keras, from_torch or from_onnx"
            )
        gates, input_dim, units = len(self.gates), self.input_dim, self.units
        because = (
            f"reset={self.reset!r} has gates {', '.join(self.gates)}; kernel has input_dim {input_dim}, units {units}"
        )
        for name, shape in (
            ("kernel", (gates, input_dim, units)),
            ("recurrent_kernel", (gates, units, units)),
            ("bias", (2, gates, units)),
        ):
            value = exact_array(name, getattr(self, name), self.dtype, shape, because)
            if not np.isfinite(value).all():
                where = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
                raise Invalid(f"{name}{list(where)} is {value[where]}, but must be finite; correct the weights first")
            object.__setattr__(self, name, _frozen(value))
        if input_dim < 1 or units < 1:
            raise Invalid(f"kernel has shape {self.kernel.shape}, but input_dim and units must be 1 or more")

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates' letters, in the order of the gate axis."""
        return GATES[self.reset]

    @property
    def input_dim(self) -> int:
        """The number of input features."""
        return self.kernel.shape[1]

    @property
    def units(self) -> int:
        """The number of state features."""
        return self.kernel.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of all arrays and of all arithmetic with them."""
        return self.kernel.dtype

    @property
    def weights(self) -> Weights:
        """The three arrays alone, as the equations read them."""
        return Weights(self.kernel, self.recurrent_kernel, self.bias)


def one_of(name: str, value: object, names: tuple[str, ...]) -> None:
    """Raise Invalid unless value is one of these names."""
    if not (isinstance(value, str) and value in names):
        raise Invalid(f"{name} is {value!r}, but must be one of {', '.join(map(repr, names))}")


def flag(name: str, value: object) -> bool:
    """Return the value if it is True or False. Raises Invalid."""
    if not isinstance(value, bool):
        raise Invalid(f"{name} is {value!r}, but must be True or False; use bool(...)")
    return value


def are_parameters(name: str, value: object) -> "Parameters":
    """Return the value if it is Parameters. Raises Invalid."""
    if not isinstance(value, Parameters):
        raise Invalid(f"{name} is a {type(value).__name__}, but must be a reference.Parameters; make one first")
    return value


def plain_array(name: str, value: object) -> np.ndarray:
    """Return the value if it is a plain NumPy array. A list has no dtype, and a masked array's mask would be
    ignored.
    """
    if type(value) is not np.ndarray:
        raise Invalid(f"{name} is a {type(value).__name__}, but must be a NumPy array; use np.asarray({name}, dtype)")
    return value


def dtype_of(name: str, value: object) -> np.dtype[Any]:
    """The dtype of a plain array of floats that Parameters hold. Raises Invalid."""
    dtype = plain_array(name, value).dtype
    if dtype not in DTYPES and dtype.name != HELD:
        raise Invalid(
            f"{name} has dtype {dtype}, but must be one of {', '.join(map(str, DTYPES))} "
            f"in this machine's byte order; use {name}.astype"
        )
    return dtype


def exact_array(name: str, value: object, dtype: np.dtype[Any], shape: tuple[int, ...], because: str) -> np.ndarray:
    """Return the value if it is a plain array of exactly this dtype and shape. Raises Invalid."""
    array = plain_array(name, value)
    if array.dtype != dtype:
        raise Invalid(
            f"{name} has dtype {array.dtype}, but must be {dtype}, the parameters' dtype; "
            f"dtypes are never promoted: use {name}.astype"
        )
    if array.shape != shape:
        raise Invalid(f"{name} has shape {array.shape}, but must be {shape} ({because})")
    return array


def _frozen(value: np.ndarray) -> np.ndarray:
    copy = np.array(value, order="C")
    copy.flags.writeable = False
    return copy

"""Parameters hold valid arrays, and refuse all others with a reason."""

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from reference import Invalid, Parameters

DTYPES = [np.float16, np.float32, np.float64, np.longdouble]


def zeros(gates: int = 3, input_dim: int = 4, units: int = 5, dtype: type = np.float64) -> Any:
    """Arrays of the right shapes."""
    return [np.zeros(s, dtype) for s in ((gates, input_dim, units), (gates, units, units), (2, gates, units))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("reset", "gates"), [("after", "zrn"), ("before", "zrn"), ("none", "zn")])
def test_parameters_tell_their_sizes(reset: Any, gates: str, dtype: type) -> None:
    """The sizes, the gates and the dtype are those of the arrays."""
    kernel, recurrent_kernel, bias = zeros(len(gates), dtype=dtype)

    p = Parameters(kernel, recurrent_kernel, bias, reset)

    assert (p.gates, p.input_dim, p.units, p.dtype) == (tuple(gates), 4, 5, dtype)


def test_reset_after_is_the_default() -> None:
    """The default is the same as in cuDNN and Keras."""
    assert Parameters(*zeros()).reset == "after"


def test_parameters_are_read_only_copies() -> None:
    """Neither the caller's arrays nor later code can change them."""
    kernel, recurrent_kernel, bias = zeros()
    p = Parameters(kernel, recurrent_kernel, bias)

    kernel[:] = 1

    assert not p.kernel.any()
    with pytest.raises(ValueError, match="read-only"):
        p.bias[:] = 1
    with pytest.raises(FrozenInstanceError):
        p.reset = "none"


def test_parameters_are_equal_only_to_themselves() -> None:
    """A comparison of arrays has no single truth value, so identity decides."""
    p = Parameters(*zeros())

    assert p == p
    assert p != Parameters(*zeros())
    assert len({p, p}) == 1


def changed(position: int, value: object) -> list[object]:
    """Valid arrays except for one."""
    arrays: list[object] = list(zeros())
    arrays[position] = value
    return arrays


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*zeros(), "both"], r"reset is 'both', but must be one of 'after', 'before', 'none'$"),
        ([*zeros(), 1], r"reset is 1, but must be one of"),
        (changed(0, [[0.0]]), r"kernel is a list, but must be a NumPy array; use np.asarray\(kernel, dtype\)$"),
        (changed(1, np.ma.array(zeros()[1])), r"recurrent_kernel is a MaskedArray, but must be a NumPy array"),
        (changed(0, np.zeros((3, 4, 5), int)), r"kernel has dtype int64, but must be one of float16, float32, float64"),
        (changed(0, np.zeros((3, 4, 5), ">f8")), r"kernel has dtype >f8, .* in this machine's byte order"),
        (changed(0, np.zeros((4, 15))), r"kernel has shape \(4, 15\), .* fused array, use layouts.from_keras"),
        (changed(0, np.zeros((2, 4, 5))), r"kernel has shape \(2, 4, 5\), but must be \(3, 4, 5\) \(reset='after' has"),
        ([*zeros(), "none"], r"kernel has shape \(3, 4, 5\), but must be \(2, 4, 5\) \(reset='none' has gates z, n;"),
        (
            changed(1, np.zeros((3, 4, 5))),
            r"recurrent_kernel has shape \(3, 4, 5\), but must be \(3, 5, 5\) "
            r"\(reset='after' has gates z, r, n; kernel has input_dim 4, units 5\)$",
        ),
        (changed(2, np.zeros((3, 5))), r"bias has shape \(3, 5\), but must be \(2, 3, 5\)"),
        (changed(2, np.zeros((2, 3, 5), "f4")), r"bias has dtype float32, but must be float64, .* use bias.astype$"),
        (zeros(units=0), r"kernel has shape \(3, 4, 0\), but input_dim and units must be 1 or more$"),
        (zeros(input_dim=0), r"kernel has shape \(3, 0, 5\), but input_dim and units must be 1 or more$"),
    ],
)
def test_invalid_input_is_refused(arguments: list, message: str) -> None:
    """The message says what, got, expected, and what to do."""
    with pytest.raises(Invalid, match=message):
        Parameters(*arguments)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_number_that_is_not_finite_is_refused(position: int, number: float) -> None:
    """Each of the three arrays is checked, and the message names it."""
    arrays = zeros()
    arrays[position][1, 1, 3] = number
    name = ("kernel", "recurrent_kernel", "bias")[position]

    with pytest.raises(
        Invalid, match=rf"^{name}\[1, 1, 3\] is {number}, but must be finite; correct the weights first$"
    ):
        Parameters(*arrays)

"""The nonlinearities where exact values are known."""

import numpy as np
import pytest

from reference.activations import sigmoid, sigmoid_slope, tanh, tanh_slope

DTYPES = [np.float16, np.float32, np.float64, np.longdouble]


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_is_exact_at_zero_and_in_both_tails(dtype: type) -> None:
    """The middle is 1/2, the ends are 0 and 1, and nothing overflows on the way."""
    largest = np.finfo(dtype).max

    s = sigmoid(np.array([-np.inf, -largest, -0.0, 0.0, largest, np.inf], dtype))

    assert s.tolist() == [0, 0, 0.5, 0.5, 1, 1]


def test_sigmoid_keeps_its_digits_in_the_left_tail() -> None:
    """Far left, where 1 + exp(a) rounds to 1, sigmoid(a) is exp(a) itself."""
    assert sigmoid(np.array([-100.0])) == np.exp([-100.0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [sigmoid, sigmoid_slope, tanh, tanh_slope])
def test_dtype_is_kept(function: type, dtype: type) -> None:
    """No function promotes."""
    assert function(np.array([-0.5, 0.5], dtype)).dtype == dtype


@pytest.mark.parametrize("function", [sigmoid, sigmoid_slope, tanh, tanh_slope])
def test_nan_stays_nan(function: type) -> None:
    """A NaN gives NaN, silently, and its neighbour is untouched."""
    value = function(np.array([np.nan, 0.25]))

    assert np.isnan(value[0])
    assert value[1] == function(np.array([0.25]))[0]


def test_slopes_are_exact_where_their_values_are() -> None:
    """At 0 the slopes are 1/4 and 1; where the function saturates they are 0."""
    assert sigmoid_slope(np.array([0.0, 0.5, 1.0])).tolist() == [0, 0.25, 0]
    assert tanh_slope(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 1, 0]

"""The native kernel's products on numbers whose sums are exact, at every size of every tile."""

import numpy as np
import pytest

from tests.tf_gru import c_entry
from tests.tf_gru.c_entry import GATES, RESETS, everything
from tf_gru import native

pytestmark = pytest.mark.skipif(not native.PATH.exists(), reason="tf_gru was installed without a native kernel")

FORMATS = (np.float32, np.float64)
ULPS = 2  # half of the class that tf_gru:native claims


@pytest.fixture(scope="module")
def library():
    native.library()  # TensorFlow lists the ops of a library only if it opens the library first
    return c_entry.opened()


def activated(library, name, values):
    """sigmoid or tanh, computed by the kernel."""
    values = np.ascontiguousarray(values)
    result = np.empty_like(values)
    library.tf_gru_activate(
        int(name == "tanh"), values.ctypes.data, result.ctypes.data, values.size, int(values.dtype == np.float64)
    )
    return result


def halves(draw, dtype, *shape):
    """Numbers of few bits, so that every sum of products of two of them is exact."""
    return (draw.integers(-4, 5, shape) / 4).astype(dtype)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("units", [1, 3, 8, 15, 16, 17, 33, 50, 64])
def test_a_step_is_its_equation_bit_for_bit(library, reset, units, dtype):
    """From given states the sums are exact, and later roundings happen here in the same places."""
    draw = np.random.default_rng(units)
    for batch in (1, 2, 3, 7, 8, 13):
        inputs, start = halves(draw, dtype, batch, 1, 5), halves(draw, dtype, batch, units)
        wide = GATES[reset] * units
        kernel, recurrent = halves(draw, dtype, 5, wide), halves(draw, dtype, units, wide)
        bias, bias_h = halves(draw, dtype, wide), halves(draw, dtype, wide) if reset == "after" else None
        r = slice(units, 2 * units)
        if reset != "none":  # the reset gate is 1, so its products are exact
            kernel[:, r], recurrent[:, r], bias[r] = 0, 0, 300
        zeros = [np.zeros((batch, 1, units), dtype), np.zeros((batch, units), dtype)]

        outputs, final_state, *_ = everything(
            library, [inputs, start, kernel, recurrent, bias, bias_h, None, *zeros], reset
        )

        a = inputs[:, 0] @ kernel + bias + start @ recurrent + (0 if bias_h is None else bias_h)
        z, n = activated(library, "sigmoid", a[:, :units]), activated(library, "tanh", a[:, -units:])
        assert outputs[:, 0].tobytes() == final_state.tobytes()
        np.testing.assert_array_equal(final_state, fused(z, start, (1 - z) * n))


def fused(a, b, c):
    """a * b + c, rounded once, by exact fractions."""
    from fractions import Fraction

    exact = [
        Fraction(float(x)) * Fraction(float(y)) + Fraction(float(w))
        for x, y, w in zip(a.flat, b.flat, c.flat, strict=True)
    ]
    return np.array([rounded(each, a.dtype) for each in exact], a.dtype).reshape(a.shape)


def rounded(exact, dtype):
    """The nearest number of the format. float(Fraction) is in float64; for float32 the test compares its neighbours."""
    near = dtype.type(float(exact))
    if dtype == np.float64:
        return near
    candidates = [near, np.nextafter(near, dtype.type(-np.inf)), np.nextafter(near, dtype.type(np.inf))]
    return min(candidates, key=lambda each: (abs(type(exact)(float(each)) - exact), each.view(np.int32) & 1))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("units", [1, 5, 16, 23, 48, 50])
def test_gradients_of_weights_are_exact_sums(library, units, dtype):
    """z is 0 and n is tanh(0), so the candidate's cotangent is the incoming one, and all others are 0."""
    draw = np.random.default_rng(units)
    for batch, time in ((1, 1), (3, 5), (40, 13), (300, 2)):
        inputs, d_outputs = halves(draw, dtype, batch, time, 19), halves(draw, dtype, batch, time, units)
        valid = draw.random((batch, time)) < 0.7
        kernel, recurrent = np.zeros((19, 2 * units), dtype), np.zeros((units, 2 * units), dtype)
        bias = np.repeat(np.array([-2000, 0], dtype), units)
        start = halves(draw, dtype, batch, units)

        _, _, d_inputs, d_start, d_kernel, d_recurrent, d_bias = everything(
            library,
            [inputs, start, kernel, recurrent, bias, None, valid, d_outputs, np.zeros_like(start)],
            "none",
            zero=True,
        )

        d = np.where(valid[:, :, None], d_outputs, 0)
        first = np.argmax(valid, axis=1)
        begins = (np.arange(time) == first[:, None]) & valid
        np.testing.assert_array_equal(d_kernel[:, units:], np.einsum("btd,btu->du", inputs, d))
        np.testing.assert_array_equal(d_bias[units:], d.sum((0, 1)))
        reached = np.where(begins[:, :, None], start[:, None], 0)  # after a step the state is tanh(0)
        np.testing.assert_array_equal(d_recurrent[:, units:], np.einsum("bth,btu->hu", reached, d))
        assert not d_kernel[:, :units].any() and not d_bias[:units].any() and not d_inputs.any()
        assert not d_start[valid.any(1)].any()


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_activations_are_within_their_class(library, name, dtype):
    """The exact values are in longdouble, which has more bits than either format, from the smallest numbers to the
    flat ends.
    """
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("longdouble is no wider than float64 here")
    draw, most = np.random.default_rng(0), 110 if dtype == np.float32 else 760
    small = np.exp(draw.uniform(np.log(np.finfo(dtype).tiny), 5, 200_000)) * draw.choice([-1, 1], 200_000)
    values = np.concatenate([np.linspace(-most, most, 200_001), 3 * draw.standard_normal(200_000), small]).astype(dtype)

    exact = values.astype(np.longdouble)
    with np.errstate(over="ignore", under="ignore"):
        exact = np.tanh(exact) if name == "tanh" else 1 / (1 + np.exp(-exact))
        error = np.abs(activated(library, name, values) - exact) / np.spacing(np.abs(exact).astype(dtype))

    assert error.max() < ULPS
    assert error.max() > 1  # the measure can detect errors


@pytest.mark.parametrize("dtype", FORMATS)
def test_activations_of_nan_and_of_zeros(library, dtype):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(dtype).smallest_subnormal], dtype)

    assert activated(library, "sigmoid", special).tolist()[1:] == [1, 0, 0.5, 0.5, 0.5]
    tanh = activated(library, "tanh", special)
    assert np.isnan(tanh[0]) and np.isnan(activated(library, "sigmoid", special)[0])
    assert tanh[1:].tobytes() == np.array([1, -1, 0.0, -0.0, special[-1]], dtype).tobytes()

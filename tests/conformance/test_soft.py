"""Floating point in software rounds every exact result once, in agreement with IEEE 754 and exact fractions."""

from fractions import Fraction
from itertools import product

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.interface.arithmetic import FORMATS, Format
from studies.softfloat import formats as soft
from studies.softfloat.formats import MODES, Soft
from tests.conformance.rounding import DIRECTED, rounded

TOY = Format(3, -1, 1)
HARDWARE = {
    "float16": np.float16,
    "float32": np.float32,
    "float64": np.float64,
    "bfloat16": ml_dtypes.bfloat16,
    "float8_e5m2": ml_dtypes.float8_e5m2,
    "float8_e4m3": ml_dtypes.float8_e4m3,
    "float8_e3m4": ml_dtypes.float8_e3m4,
}
MINI = {"float8_e5m2": Format(3, -14, 15), "float8_e4m3": Format(4, -6, 7), "float8_e3m4": Format(5, -2, 3)}
OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "multiply_add": lambda a, b, c: a * b + c,
}


def numbers_of(format: Format) -> np.ndarray:
    """Every finite number of a small format."""
    p, low, high = format
    sizes = [m * 2.0 ** (low - p + 1) for m in range(2 ** (p - 1))]
    sizes += [m * 2.0 ** (e - p + 1) for e in range(low, high + 1) for m in range(2 ** (p - 1), 2**p)]
    return np.unique([sign * size for size in sizes for sign in (-1, 1)])


@pytest.mark.parametrize("mode", DIRECTED)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_all_operands_of_a_small_format(mode, operation):
    numbers = numbers_of(TOY)
    arity = 3 if operation == "multiply_add" else 2
    operands = np.array(list(product(numbers, repeat=arity)))
    computed = getattr(Soft(TOY, mode), operation)(*operands.T)
    exact = OPERATIONS[operation]
    known: dict[Fraction, float] = {}
    for row, got in zip(operands.tolist(), computed.tolist(), strict=True):
        value = exact(*map(Fraction, row))
        if value not in known:
            known[value] = rounded(value, TOY, mode)
        assert got == known[value], row


def far(draw: st.DrawFn, format: Format) -> float:
    """A number of a format of any size in its range."""
    mantissa = draw(st.integers(0, 2**format.precision - 1))
    exponent = draw(st.integers(format.smallest - format.precision + 1, format.largest - format.precision + 1))
    return float(draw(st.sampled_from((-1, 1))) * mantissa * Fraction(2) ** exponent)


@st.composite
def operands(draw: st.DrawFn, format: Format) -> tuple[float, float, float]:
    """Two factors and an addend: of any size, or one that cancels their product, or on a rounding boundary.

    Also a product half way between two numbers, with an addend so far below it that it only breaks the tie.
    """
    a, b, c = (far(draw, format) for _ in range(3))
    near = draw(st.sampled_from(("far", "cancels", "edge", "tie")))
    if near == "tie":
        half = 2 ** ((format.precision + 1) // 2)
        a, b = (float(half - draw(st.integers(0, 3))) for _ in range(2))
        c = float(draw(st.sampled_from((-1, 1))) * format.smallest_normal)
    if near == "cancels":
        c = -rounded(Fraction(a) * Fraction(b), format, "nearest")
    if near == "edge":
        b = 1.0
        c = float(Fraction(a) * Fraction(draw(st.integers(-9, 9))) / 2 ** (format.precision + draw(st.integers(-1, 2))))
        c = rounded(Fraction(c), format, "nearest")
    return a, b, c if abs(c) < float("inf") else 1.0


@pytest.mark.parametrize("mode", DIRECTED)
@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_numbers_of_any_size(mode, name, data):
    format = FORMATS[name]
    a, b, c = data.draw(operands(format))
    calculator = Soft(format, mode)
    for operation, arguments in (
        ("add", (a, b)), ("add", (a, c)), ("subtract", (a, c)), ("multiply", (a, b)), ("multiply_add", (a, b, c)),
    ):  # fmt: skip
        expected = rounded(OPERATIONS[operation](*map(Fraction, arguments)), format, mode)
        assert float(getattr(calculator, operation)(*arguments)) == expected, (operation, arguments)


@pytest.mark.parametrize(("name", "format"), {**{n: FORMATS[n] for n in FORMATS if n != "tf32"}, **MINI}.items())
@pytest.mark.parametrize("operation", ["add", "multiply", "subtract"])
def test_hardware_and_ml_dtypes_round_alike(name, format, operation):
    """Every pair of an 8-bit format, and random pairs of all sizes of the others. Infinities and NaN are compared
    too.
    """
    dtype = HARDWARE[name]
    rng = np.random.default_rng(4)
    if name in MINI:
        numbers = np.arange(256, dtype=np.uint8).view(dtype)
        a, b = (grid.ravel() for grid in np.meshgrid(numbers, numbers))
    else:
        bits = f"u{np.dtype(dtype).itemsize}"
        a, b = (rng.integers(0, 2 ** (8 * np.dtype(dtype).itemsize), 20000, np.uint64).astype(bits) for _ in range(2))
        a, b = a.view(dtype), b.view(dtype)
    with np.errstate(all="ignore"):
        if name not in MINI:
            b[::2] = (a[::2].astype(np.float64) * rng.uniform(-2, 2, len(a[::2]))).astype(dtype)
        expected = getattr(np, operation)(a, b).astype(np.float64)
        computed = getattr(Soft(format), operation)(a.astype(np.float64), b.astype(np.float64))
    assert np.array_equal(computed, expected, equal_nan=True)


@pytest.mark.parametrize("name", [name for name in HARDWARE if name != "float64"])
def test_a_cast_rounds_as_the_hardware_does(name):
    format = {**FORMATS, **MINI}[name]
    wide = np.random.default_rng(8).standard_normal(5000) * np.exp2(np.random.default_rng(9).integers(-30, 20, 5000))
    with np.errstate(all="ignore"):
        expected = wide.astype(HARDWARE[name]).astype(np.float64)
    if name.startswith("float8"):  # ml_dtypes casts by way of float32
        expected = wide.astype(np.float32).astype(HARDWARE[name]).astype(np.float64)
        wide = wide.astype(np.float32).astype(np.float64)
    assert np.array_equal(Soft(format).cast(wide), expected)


def test_stochastic_rounding_goes_either_way_and_the_nearer_the_likelier():
    calculator = Soft(TOY, "stochastic", rng=np.random.default_rng(0))
    between = calculator.add(np.full(20000, 1.0), np.full(20000, 2.0**-4))  # a quarter of the way from 1 to 1.25
    assert set(between) == {1.0, 1.25}
    share = np.mean(between == 1.25)
    assert abs(share - 0.25) < 6 * np.sqrt(0.25 * 0.75 / 20000)  # six standard deviations
    assert set(calculator.add(np.full(9, 1.0), np.full(9, 0.25))) == {1.25}


@pytest.mark.parametrize("mode", MODES)
def test_flushing_replaces_subnormal_operands_and_results(mode):
    calculator = Soft(FORMATS["float32"], mode, flush=True, rng=np.random.default_rng(0))
    smallest = float(FORMATS["float32"].smallest_normal)
    assert calculator.multiply(smallest, 0.5) == 0
    assert calculator.subtract(1.5 * smallest, smallest) == 0
    assert calculator.multiply(0.75 * smallest, 2.0**60) == 0
    assert calculator.multiply_add(0.75 * smallest, 2.0**60, smallest) == smallest
    assert calculator.add(0.75 * smallest, smallest) == smallest
    assert calculator.multiply(smallest, 2.0) == 2 * smallest
    assert Soft(FORMATS["float32"], mode, rng=np.random.default_rng(0)).multiply(smallest, 0.5) == smallest / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rounding": "upward"}, "must be one of nearest"),
        ({"rounding": "stochastic"}, "give it rng"),
        ({"format": Format(64, -1022, 1023)}, "use fewer bits"),
    ],
)
def test_a_value_that_is_no_rounding_or_format_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Soft(**{"format": TOY, **arguments})


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("mode", DIRECTED)
def test_an_addend_far_below_a_product_breaks_its_tie(mode, sign):
    a, c = 2.0**27 - 1, sign * 2.0**-1000  # a squared has 54 bits, the last one set
    expected = rounded(Fraction(a) ** 2 + Fraction(c), FORMATS["float64"], mode)
    assert Soft(FORMATS["float64"], mode).multiply_add(a, a, c) == expected


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("_two_sum", lambda a, b: (a + b, 0 * (a + b))),  # rounds twice
        ("_two_product", lambda a, b: (a * b, 0 * (a * b))),
        ("_odd", lambda high, low: high),  # ignores the rest behind the second part
        ("FAR", 1),
    ],
)
def test_a_lost_part_of_an_exact_result_would_be_seen(monkeypatch, name, broken):
    monkeypatch.setattr(soft, name, broken)
    with pytest.raises(AssertionError):
        every_mode_of_float64()


def every_mode_of_float64():
    for mode in DIRECTED:
        test_an_addend_far_below_a_product_breaks_its_tie(mode, -1)
    for mode in DIRECTED:
        test_numbers_of_any_size(mode, "float64")


@pytest.mark.parametrize("mode", DIRECTED)
def test_a_rounding_that_truncates_or_never_does_would_be_seen(monkeypatch, mode):
    towards = np.ones_like if mode in ("down", "toward zero") else np.zeros_like
    monkeypatch.setattr(Soft, "_steps", lambda self, below, rest, low: towards(below))
    with pytest.raises(AssertionError):
        test_all_operands_of_a_small_format(mode, "multiply")

"""sigma and tanh in software are correctly rounded, or as inaccurate as a claim allows."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from conformance.interface.arithmetic import ACTIVATIONS, FORMATS, Format
from conformance.truth.balls import precision
from studies.softfloat import activations as soft_activations
from studies.softfloat.activations import SIGMA, TANH, correctly_rounded, within
from studies.softfloat.formats import Soft
from tests.conformance.rounding import DIRECTED, rounded


def arguments(format: Format) -> np.ndarray:
    """Arguments of every size, and arguments at which functions saturate or are half way."""
    rng = np.random.default_rng(1)
    sizes = rng.standard_normal(60) * np.exp2(rng.integers(max(format.smallest, -300), 9, 60))
    special = [0, 1, 2.0**-26, 2.0**-33, 2.0**-40, 2.0**-52, 2.0**-51, 17.5, 18, 25, 26, 37, 45, 46, 100, 700]
    return np.unique(Soft(format).cast(np.concatenate([sizes, special, np.negative(special)])))


def truth(function: str, a: float) -> Fraction:
    """Far more digits than any rounding needs."""
    with precision(6000):
        ball = arb(a).tanh() if function == TANH else 1 / (1 + (-arb(a)).exp())
        mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


@pytest.mark.parametrize("function", [SIGMA, TANH])
@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_correctly_rounded_functions_agree_with_exact_ones(function, name):
    format = FORMATS[name]
    a = arguments(format)
    exact = [truth(function, value) for value in a.tolist()]
    for mode in DIRECTED:
        computed = correctly_rounded(function, a, Soft(format, mode))
        assert computed.tolist() == [rounded(value, format, mode) for value in exact]


@pytest.mark.parametrize("function", [SIGMA, TANH])
def test_extended_precision_by_itself_would_not_decide_every_rounding(monkeypatch, function):
    """Without ball arithmetic a number is refused; with it alone, as without extended precision, none."""
    a = arguments(FORMATS["float64"])
    a = np.concatenate([a, np.random.default_rng(2).standard_normal(4000)])
    expected = correctly_rounded(function, a, Soft(FORMATS["float64"]))
    with monkeypatch.context() as patch:
        patch.setattr(soft_activations, "EXTENDED", np.finfo(np.float64))
        assert np.array_equal(correctly_rounded(function, a, Soft(FORMATS["float64"])), expected)
    monkeypatch.setattr(soft_activations, "_sharpened", lambda function, a, value, where: value)
    with pytest.raises(ArithmeticError, match="do not decide"):
        correctly_rounded(function, a, Soft(FORMATS["float64"]))


@pytest.mark.parametrize("function", [SIGMA, TANH])
def test_stochastic_rounding_goes_to_one_neighbour_or_the_other(function):
    """With this many draws it reaches both, if a value lies in the middle half between them."""
    format = FORMATS["float16"]
    a = arguments(format)
    below, above = (correctly_rounded(function, a, Soft(format, mode)) for mode in ("down", "up"))
    soft = Soft(format, "stochastic", rng=np.random.default_rng(0))
    drawn = np.array([correctly_rounded(function, a, soft) for _ in range(64)])
    assert np.all((drawn == below) | (drawn == above))
    exact = [truth(function, value) for value in a.tolist()]
    middle = [
        min(value - Fraction(low), Fraction(high) - value) > Fraction(high - low) / 4
        for value, low, high in zip(exact, below.tolist(), above.tolist(), strict=True)
    ]
    assert any(middle)
    assert np.array_equal(drawn.min(axis=0)[middle], below[middle])
    assert np.array_equal(drawn.max(axis=0)[middle], above[middle])


def test_arguments_far_beyond_every_exponent_saturate():
    soft = Soft(FORMATS["float64"], "up")
    assert correctly_rounded(SIGMA, np.array([-3e4, 3e4, np.inf]), soft).tolist() == [2.0**-1074, 1.0, 1.0]
    assert np.isnan(correctly_rounded(TANH, np.array([np.nan]), soft)).all()


@pytest.mark.parametrize("claim", [name for name in ACTIVATIONS if name != "correctly rounded"])
@pytest.mark.parametrize("function", [SIGMA, TANH])
@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_activations_are_off_by_as_much_as_is_claimed_and_no_more(claim, function, name):
    format, parts = FORMATS[name], ACTIVATIONS[claim]
    a = arguments(format)
    exact = [truth(function, value) for value in a.tolist()]
    used = []
    for skew in (-1.0, 1.0, 0.3):
        computed = within(parts, function, a, format, np.full(a.shape, skew))
        for value, got in zip(exact, computed.tolist(), strict=True):
            exponent = abs(value).numerator.bit_length() - value.denominator.bit_length() if value else format.smallest
            exponent = max(exponent - (abs(value) < Fraction(2) ** exponent), format.smallest)
            ulp = Fraction(2) ** (exponent + 1 - format.precision)
            reach = parts.ulps * ulp + parts.floor * format.unit_roundoff + parts.absolute
            used.append(abs(Fraction(got) - value) / reach)
    assert max(used) <= 1
    assert max(used) > Fraction(3, 4)


def test_activations_are_flushed_where_that_is_claimed():
    a = np.array([2.0**-120, -100.0])
    skew = np.zeros(2)
    kept = within(ACTIVATIONS["4 ULP"], SIGMA, a[1:], FORMATS["float32"], skew[1:])
    flushed = within(ACTIVATIONS["4 ULP"], SIGMA, a[1:], FORMATS["float32"], skew[1:], flush=True)
    assert 0 < kept[0] < float(FORMATS["float32"].smallest_normal)
    assert flushed[0] == 0

"""The one-step bound holds for every conforming GRU, and is not much wider than necessary."""

from dataclasses import replace

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.bounds import BITS, OneStep, OutsideDomain, StepSet, merged
from conformance.bounds.elementwise import exactly, spread
from conformance.bounds.proven import Computed, Proven
from conformance.checks.runs import gradient_bounds
from conformance.checks.steps import judge_steps
from conformance.interface.case import Case, Outputs
from conformance.interface.strategies import REGIMES
from conformance.mutants import rough_tanh, tf32_products
from conformance.mutants.emulated import Emulated
from conformance.truth.balls import precision
from reference import Parameters
from studies.softfloat.gru import FORMS
from tests.conformance.any_order import native
from tests.conformance.drawn import claim, drawn

RESETS = ("after", "before", "none")
UNITS = (4, 8, 16, 32, 64, 128, 256)


@given(
    st.integers(0, 2**32),
    st.sampled_from(("float16", "float32", "float64")),
    st.sampled_from(RESETS),
    st.sampled_from(REGIMES),
    st.sampled_from((1, 2, 5, 20)),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_nothing_that_conforms_is_outside(seed, dtype, reset, regime, units):
    case = drawn(dtype, (2, 3, units, units), reset=reset, regime=regime, seed=seed)
    outputs, _ = native(seed).run(case)
    judgement, _ = judge_steps(case, outputs, claim(dtype))
    assert not judgement.findings
    assert judgement.judged or dtype == "float16"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bias", [-60.0, 60.0])
def test_every_blend_may_round_as_it_does_where_the_update_gate_is_saturated(form, bias):
    case = drawn("float32", (1, 4, 6, 6))
    p = case.single
    biases = p.bias.copy()
    biases[0, 0] = bias
    case = replace(case, parameters=(Parameters(p.kernel, p.recurrent_kernel, biases, "after"),))
    judgement, _ = judge_steps(case, native(0, form=form).run(case).outputs, claim("float32"))
    assert judgement.judged and not judgement.findings


@pytest.mark.parametrize("units", UNITS)
def test_tf32_products_are_outside_at_every_width(units):
    case = drawn("float32", (1, 2, units, units))
    honest, _ = judge_steps(case, Emulated().run(case).outputs, claim("float32"))
    rough, _ = judge_steps(case, tf32_products().run(case).outputs, claim("float32"))
    assert not honest.findings
    assert rough.findings


def bounds_ten_times_as_wide(monkeypatch):
    """Multiply every bound by ten, through the margins of a StepSet."""
    margins = StepSet.margins
    monkeypatch.setattr(StepSet, "margins", lambda self, computed: margins(self, computed) / 10)


def test_bounds_ten_times_as_wide_would_let_tf32_pass(monkeypatch):
    """At the largest width, the bound of a step has no factor of ten to spare."""
    bounds_ten_times_as_wide(monkeypatch)
    with pytest.raises(AssertionError):
        test_tf32_products_are_outside_at_every_width(UNITS[-1])


@pytest.mark.parametrize("merge", ["sum", "mul", "ave"])
def test_bounds_ten_times_as_wide_would_let_a_merge_round_twice(monkeypatch, merge):
    bounds_ten_times_as_wide(monkeypatch)
    with pytest.raises(AssertionError):
        test_a_merge_may_round_once(merge, JOINS[merge])


@pytest.mark.parametrize("reset", RESETS)
def test_bounds_ten_times_as_wide_would_be_seen_at_their_edge(monkeypatch, reset):
    bounds_ten_times_as_wide(monkeypatch)
    with pytest.raises(AssertionError):
        test_the_edge_of_the_set_is_where_it_says("float32", reset)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("reset", RESETS)
def test_the_edge_of_the_set_is_where_it_says(dtype, reset):
    """The largest number inside is accepted; a number that is further off by two bounds is not."""
    case = drawn(dtype, (1, 2, 3, 3), reset=reset)
    allowed = OneStep(case.single, claim(dtype))(case.inputs[:, 0], case.starts[0])
    with precision(BITS):
        exact, bound = allowed.exact[0, 0], allowed.bound[0, 0]
        inside, outside = float(exact + bound * arb(0.75)), float(exact + 2 * bound)
    computed = np.array([[float(value) for value in allowed.exact[0]]])
    assert allowed.margins(computed).max() < 1
    for value, is_inside in ((inside, True), (outside, False)):
        computed[0, 0] = value
        assert (allowed.margins(computed).max() <= 1) == is_inside


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_uses_infinitely_much_of_any_bound(value):
    case = drawn("float32", (1, 2, 3, 3))
    allowed = OneStep(case.single, claim("float32"))(case.inputs[:, 0], case.starts[0])
    assert np.all(allowed.margins(np.full((1, 3), value, np.float32)) == np.inf)


@pytest.mark.parametrize(("activation", "ulps"), [("correctly rounded", 0.5), ("4 ULP", 4), ("8 ULP", 8)])
@pytest.mark.parametrize("reset", RESETS)
def test_the_bound_of_zero_parameters_equals_a_derivation_by_hand(activation, ulps, reset):
    """In units of u |h|: z is off by k; h + (1-z) (n-h) rounds n - h, 1 - z, their product and the sum, each by 1/2.

    To first order this is k + 2, and no other form has more. To second order, in units of u^2 |h|: the last three
    operations round numbers that are already off by k, k + 1 and k + 3/2, and the error k + 1/2 of 1 - z meets the
    error 1 of n - h. This is 4 k + 3, and the rest, of third order, is less than 1.
    """
    gates = 2 if reset == "none" else 3
    zero = Parameters(*(np.zeros(s, np.float32) for s in ((gates, 2, 1), (gates, 1, 1), (2, gates, 1))), reset)
    allowed = OneStep(zero, claim("float32", activation=activation))(
        np.ones((1, 2), np.float32), np.ones((1, 1), np.float32)
    )
    with precision(BITS):
        beyond = (allowed.bound[0, 0] * 2**24 - (ulps + 2)) * 2**24
        assert 4 * ulps + 3 <= beyond < 4 * ulps + 4


@pytest.mark.parametrize(("activation", "ulps"), [("correctly rounded", 0.5), ("4 ULP", 4), ("8 ULP", 8)])
@pytest.mark.parametrize("reset", RESETS)
def test_the_bounds_of_one_steps_gradients_equal_a_derivation_by_hand(activation, ulps, reset):
    """One unit, zero parameters, state and cotangent 1: z and 1 - z are 1/2, each off by k; all in units of u.

    The cotangent, to which that of the output is added, is a sum of two terms, and so off by 2 from the start.

    - To the state, 1/2: it comes as dh - dh (1 - z), where 1 - z is off by k and a rounding, 1/2, and the product by
      another; they are joined in a sum of magnitudes 3/2 in all. Its terms are these 2 and, with the reset gate before,
      what passes through that gate. The gates' products have weights of 0 and do not count. That is 1 + k + 1 + terms
      3/2.
    - To the update gate, 1/4, which is dh (h - n) z (1 - z): 2/4 from the start; k of z and 1 - z together; a rounding
      of 1/4 for h - n, for dh (h - n), for z z where the slope is z - z z, four for the slope's product, one for the
      sum.
    - To the candidate, 1/2, which is dh (1 - z) (1 - n n): 1 from the start; k + 1 as above; four roundings of 1/2 for
      the slope's product, and one for the sum.

    What is left is of second order: in a product of factors 1 + e it is less than the square of the sum of all e.
    """
    gates, terms = 2 if reset == "none" else 3, 3 if reset == "before" else 2
    zero = Parameters(*(np.zeros(s, np.float32) for s in ((gates, 2, 1), (gates, 1, 1), (2, gates, 1))), reset)
    one = np.ones((1, 1), np.float32)
    case = Case(inputs=np.ones((1, 1, 2), np.float32), parameters=(zero,), initial_state=(one,))
    cotangents = Outputs(np.zeros((1, 1, 1), np.float32), one)
    allowed = gradient_bounds(case, cotangents, claim("float32", activation=activation))
    derived = [
        (allowed.initial_state.bound[0, 0], 1 / 2, ulps + 2 + terms * 3 / 2),
        (allowed.bias.bound[0, 0, 0], 1 / 4, ulps + 5 / 2),
        (allowed.bias.bound[0, -1, 0], 1 / 2, ulps + 9 / 2),
    ]
    with precision(BITS):
        for bound, value, first_order in derived:
            beyond = (bound * 2**24 - first_order) * 2**24
            assert 0 <= beyond < first_order**2 / value


class FlushesToZero(Emulated):
    """Replaces subnormal operands and results by 0, like TensorFlow's threads."""

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        flushed = [_flushed(array) for array in (p.kernel, p.recurrent_kernel, p.bias)]
        return _flushed(super().step(_flushed(x), _flushed(h), Parameters(*flushed, p.reset)))

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return _flushed(_flushed(a) @ b)


def _flushed(array: np.ndarray) -> np.ndarray:
    smallest = float(claim(array.dtype.name).format.smallest_normal)
    return np.where(np.abs(array) < smallest, np.zeros_like(array), array)


@pytest.mark.parametrize("reset", RESETS)
def test_flushing_is_inside_only_where_it_is_claimed(reset):
    case = drawn("float32", (1, 4, 4, 4), reset=reset, regime="near underflow")
    outputs, _ = FlushesToZero().run(case)
    honest, _ = judge_steps(case, outputs, claim("float32", flush=True))
    too_proud, _ = judge_steps(case, outputs, claim("float32"))
    assert honest.judged and not honest.findings
    assert too_proud.findings


def test_a_rougher_activation_than_claimed_is_outside():
    case = drawn("float32", (1, 2, 4, 4))
    assert judge_steps(case, rough_tanh().run(case).outputs, claim("float32"))[0].findings


def test_sums_that_may_overflow_are_not_judged():
    case = drawn("float16", (1, 2, 4, 4))
    p = case.single
    huge = Parameters(np.full_like(p.kernel, 6e4), p.recurrent_kernel, p.bias, "after")
    with pytest.raises(OutsideDomain, match="may overflow float16"):
        OneStep(huge, claim("float16"))(case.inputs[:, 0], case.starts[0])


def of_float16(*numbers: float) -> list[Computed]:
    """Operands of float16 operations."""
    return [Proven(claim("float16")).read(np.array([number], np.float16)) for number in numbers]


def test_a_product_whose_factors_may_overflow_is_not_judged():
    """Two of the factors overflow in float16, all three do not."""
    with pytest.raises(OutsideDomain, match="up to 9e\\+04 may overflow float16"):
        Proven(claim("float16")).times(*of_float16(300, 300, 2**-10))


def test_a_product_of_three_factors_may_underflow_twice_and_round_the_first_loss():
    ops = Proven(claim("float16"))
    with precision(BITS):
        rounding = ops.once.u * (2 + ops.once.u)
        lost = ops.times(*of_float16(1, 1, 1)).error[0] - rounding
        assert lost >= ops.once.underflow * (2 + ops.once.u)


@pytest.mark.parametrize(
    ("activation", "widens"), [("8 ULP", False), ("8 ULP above u", False), ("correctly rounded", True)]
)
def test_an_ulp_does_not_depend_on_the_rounding_and_a_rounding_does(activation, widens):
    nearest, anyhow = (
        Proven(claim(activation=activation, rounding=rounding)).sigma(
            Computed(exactly(np.zeros(1)), exactly(np.zeros(1)))
        )
        for rounding in ("nearest", "any")
    )
    ratio = float(anyhow.own[0] / nearest.own[0])
    assert (ratio > 1.5) == widens and ratio < 2.1


def test_a_blend_of_a_state_past_half_the_largest_number_is_not_judged():
    ops = Proven(claim("float16"))
    a, n, large, small = of_float16(0.5, 0.25, 4e4, 2e4)
    gates = ops.sigma_and_complement(a)
    assert ops.blend(*gates, n, small).exact[0] > 1e4
    with pytest.raises(OutsideDomain, match="up to 4e\\+04 may overflow float16"):
        ops.blend(*gates, n, large)


def test_balls_are_no_machine_numbers_and_their_radii_are_not_dropped():
    with pytest.raises(TypeError, match="got an array of objects, expected machine numbers"):
        exactly(spread(exactly(np.ones(2)), exactly(np.ones(2))))


def test_a_bound_that_would_prove_nothing_is_refused():
    case = drawn("float16", (1, 2, 4, 4))
    p = case.single
    steep = np.full_like(p.kernel, 2e3) * np.array([1, -1, 1, -1], np.float16)[:, None]
    cancelling = Parameters(steep, p.recurrent_kernel, p.bias, "after")
    with pytest.raises(OutsideDomain, match="prove nothing"):
        OneStep(cancelling, claim("float16"))(np.ones((1, 4), np.float16), case.starts[0])


JOINS = {"sum": np.add, "mul": np.multiply, "ave": lambda a, b: (a + b) / 2}


@pytest.mark.parametrize(("merge", "join"), JOINS.items())
def test_a_merge_may_round_once(merge, join):
    rng = np.random.default_rng(0)
    forward, backward = (rng.standard_normal((2, 50)).astype(np.float32) for _ in range(2))
    balls = [np.vectorize(lambda v: arb(float(v)), otypes=[object])(part) for part in (forward, backward)]
    allowed = merged(merge, *balls, claim("float32"))
    right = join(forward, backward)
    assert allowed.margins(right).max() <= 1
    off = np.nextafter(np.nextafter(right, np.float32(9)), np.float32(9))
    assert allowed.margins(off).max() > 1


def test_an_average_may_underflow_in_each_half():
    tiny = np.float32(3 * 2.0**-149)
    halves = np.array([tiny / 2 + tiny / 2])
    assert halves != tiny
    allowed = merged("ave", exactly(np.array([tiny])), exactly(np.array([tiny])), claim("float32"))
    assert allowed.margins(halves) <= 1


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("a dropped bias", lambda p: Parameters(p.kernel, p.recurrent_kernel, 0 * p.bias, p.reset)),
        ("the last place of one weight", lambda p: Parameters(_nudged(p.kernel), p.recurrent_kernel, p.bias, p.reset)),
    ],
)
def test_float64_sees_mistakes_that_float32_cannot(message, change):
    """A change of one weight by a float32 rounding is far outside a float64 bound."""
    case = drawn("float64", (1, 2, 4, 4))
    outputs, _ = Emulated().run(replace(case, parameters=(change(case.single),)))
    assert judge_steps(case, outputs, claim("float64"))[0].findings, message


def _nudged(kernel: np.ndarray) -> np.ndarray:
    changed = kernel.copy()
    changed[2, 0, 0] = np.nextafter(np.float32(changed[2, 0, 0]), np.float32(9))
    return changed

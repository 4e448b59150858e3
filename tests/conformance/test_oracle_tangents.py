"""Forward mode agrees with reverse mode, which a tape confirms."""

import numpy as np
import pytest
from flint import arb

from conformance.interface.case import MERGES, POLICIES, Case, Gradients, InvalidCase
from conformance.truth import balls
from conformance.truth import gradients as oracle_gradients
from conformance.truth import tangents as oracle_tangents
from conformance.truth.balls import precision
from conformance.truth.gradients import pulled_back
from conformance.truth.reading import read_cotangents, read_tangents
from conformance.truth.tangents import certify_tangents, pushed_forward
from tests.conformance.drawn import arrays
from tests.conformance.oracle_cases import MASK, drawn, drawn_alone, drawn_cotangents, drawn_tangents

RESETS = ("after", "before", "none")
BITS = 300
THIN = -200
"""Powers of two. At BITS bits both sides of the identity are thinner than this, so that they cannot overlap merely
by being wide.
"""


def inner(a, b) -> arb:
    """The inner product of all numbers; b may be machine numbers."""
    pairs = zip(arrays(a), arrays(b), strict=True)
    return sum((p * q for x, y in pairs for p, q in zip(x.flat, balls.balls(y).flat, strict=True)), arb(0))


def sides(case: Case) -> tuple[arb, arb]:
    """<v, J w> and <J^T v, w>."""
    v = read_cotangents(case, drawn_cotangents(case))
    w = read_tangents(case, drawn_tangents(case))
    with precision(BITS):
        return inner(pushed_forward(case, w), v), inner(pulled_back(case, v), w)


def adjoint(case: Case) -> bool:
    """True if the identity holds; both sides must be thin and not 0."""
    left, right = sides(case)
    assert all(side.rad() < arb(2) ** THIN and side.abs_lower() > arb(2) ** (THIN / 2) for side in (left, right))
    return bool(left.overlaps(right))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("direction", [0, 1], ids=["forward", "reverse"])
@pytest.mark.parametrize("reset", RESETS)
def test_the_adjoint_identity_holds_in_one_direction(reset, direction, policy):
    assert adjoint(drawn_alone(direction, reset=reset, mask=MASK, masked_outputs=policy))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("reset", RESETS)
def test_the_adjoint_identity_holds_in_both(reset, merge, policy):
    assert adjoint(drawn(reset=reset, merge=merge, mask=MASK, masked_outputs=policy))


@pytest.mark.parametrize("regime", ["large weights", "saturated gates", "plain"])
def test_the_adjoint_identity_holds_on_wide_shapes(regime):
    assert adjoint(drawn(3, 12, 5, 8, regime=regime, lengths=np.array([12, 0, 5])))


WRONG = {
    "tanh's slope is 1": ("_sech", lambda a: a**0),
    "sigma's slope is sigma": ("_sigma_tangent", lambda a, d: balls.sigma(a) * d),
    "z for 1 - z": ("sigma", lambda a: balls.sigma(abs(a))),
    "the weights do not move": ("_product", lambda rows, d_rows, M, d_M: balls.times(d_rows, M)),
    "the rows do not move": ("_product", lambda rows, d_rows, M, d_M: balls.times(rows, d_M)),
    "reset before for after": ("_after", oracle_tangents._before),
    "the policy ignored": ("outputs_of", lambda case, k, s, h: np.where(case.valid[:, :, None], s, h[:, None])),
    "the merge is a sum": ("merged", lambda case, parts: parts[0] + parts[1]),
}


@pytest.mark.parametrize(("name", "replacement"), WRONG.values(), ids=WRONG)
def test_wrong_tangents_break_the_identity(monkeypatch, name, replacement):
    case = drawn(mask=MASK, masked_outputs="carry", merge="ave")
    monkeypatch.setattr(oracle_tangents, name, replacement)
    assert not adjoint(case)


@pytest.mark.parametrize("name", ["sigma_slope", "tanh_slope"])
def test_wrong_gradients_break_the_identity(monkeypatch, name):
    """The gradients are wrong by a factor of 1.0005."""
    right = getattr(oracle_gradients, name)
    monkeypatch.setattr(oracle_gradients, name, lambda a: right(a) * 2001 / 2000)
    assert not adjoint(drawn(mask=MASK))


def test_masked_inputs_and_their_tangents_are_not_read():
    case = drawn(mask=MASK)
    w = drawn_tangents(case)
    assert np.isnan(w.inputs[~MASK]).all() and np.isfinite(certify_tangents(case, w).outputs).all()
    w.inputs[0, 1, 2] = np.inf
    with pytest.raises(InvalidCase, match=r"tangents.inputs\[0, 1, 2\] is inf, but"):
        certify_tangents(case, w)


def test_no_tangents_are_zeros():
    found = certify_tangents(drawn(1, 2, 3, 2), Gradients(None, None, None, None, None))
    assert not found.outputs.any() and not found.final_state.any() and found.radius is None


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        (np.zeros(5), r"tangents is a ndarray, expected Gradients\('inputs', 'initial_state'"),
        (Gradients(np.zeros((1, 3, 2)), *[None] * 4), r"tangents.inputs: got shape \(1, 3, 2\), expected \(1, 2, 3\)"),
        (Gradients(*[None] * 4, np.zeros((2, 2, 2))), r"tangents.bias: got shape \(2, 2, 2\), expected \(2, 3, 2\)"),
    ],
)
def test_a_value_that_is_no_tangent_is_refused(tangents, message):
    with pytest.raises(InvalidCase, match=message):
        certify_tangents(drawn(1, 2, 3, 2), tangents)


def test_the_certificate_bounds_every_radius():
    case = drawn(mask=MASK, merge="mul")
    w = drawn_tangents(case)
    found = certify_tangents(case, w)
    with precision(found.bits):
        each = [ball for array in arrays(pushed_forward(case, read_tangents(case, w))) for ball in array.flat]
    assert all(ball.rad() <= 2.0**found.radius for ball in each)
    assert any(ball.rad() > 2.0 ** (found.radius - 1) for ball in each)

"""Certified gradients are true: a tape agrees in every option, and mistakes are detected."""

import time
from dataclasses import replace

import numpy as np
import pytest

from conformance.interface.case import MERGES, POLICIES, Case, InvalidCase, Outputs
from conformance.interface.strategies import REGIMES
from conformance.truth import balls
from conformance.truth import forward as oracle
from conformance.truth import gradients as oracle_gradients
from conformance.truth import reading as oracle_reading
from conformance.truth.balls import NotCertified, precision
from conformance.truth.forward import certify
from conformance.truth.gradients import certify_gradients, pulled_back
from conformance.truth.reading import read_cotangents
from reference import Parameters
from tests.conformance.drawn import arrays
from tests.conformance.oracle_cases import MASK, drawn, drawn_alone, drawn_cotangents
from tests.conformance.tape import evaluated, same

RESETS = ("after", "before", "none")


def holds(case: Case, cotangents: Outputs | None = None) -> bool:
    """True if the certified gradients equal the tape's."""
    d = drawn_cotangents(case) if cotangents is None else cotangents
    return same(certify_gradients(case, d).gradients, evaluated(case, d).gradients)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("direction", [0, 1], ids=["forward", "reverse"])
@pytest.mark.parametrize("reset", RESETS)
def test_one_direction(reset, direction, policy):
    case = drawn_alone(direction, reset=reset, mask=MASK, masked_outputs=policy)
    assert holds(case)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("reset", RESETS)
def test_two_directions(reset, merge, policy):
    case = drawn(reset=reset, merge=merge, mask=MASK, masked_outputs=policy)
    assert holds(case)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"initial_state": None},
        {"lengths": np.array([0, 2])},
        {"lengths": np.array([2, 1]), "masked_outputs": "zero"},
        {"merge": "mul", "initial_state": None, "lengths": np.array([1, 0])},
    ],
    ids=["no padding", "no initial state", "length 0", "lengths", "both directions"],
)
def test_lengths_and_defaults(options):
    assert holds(drawn(2, 2, 2, 2, **options))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("regime", REGIMES)
def test_every_regime_and_format(regime, dtype):
    assert holds(drawn(1, 2, 2, 2, regime=regime, dtype=dtype))


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("level", [3.0, 8.0, 20.0, 40.0])
def test_saturated_gates_take_no_more_bits(level, reset):
    """A slope as 1 - tanh^2 loses 2 level / log 2 bits: 115 of the 128 at 40."""
    case = drawn(1, 2, 2, 3, reset=reset)
    bias = case.single.bias.copy()
    bias[0] += (np.array([level, -level, 0]) * np.array([[1], [-1], [1]])[: bias.shape[1]]).astype(np.float32)
    case = replace(case, parameters=(replace(case.single, bias=bias),))
    assert holds(case)
    assert certify_gradients(case, drawn_cotangents(case)).bits <= 128


def test_one_unit_and_one_input():
    assert holds(drawn(1, 3, 1, 1))


@pytest.mark.parametrize(("batch", "time"), [(2, 0), (0, 2), (0, 0)])
@pytest.mark.parametrize("merge", [None, "sum"])
def test_nothing_to_compute(batch, time, merge):
    case = drawn(batch, time, 3, 2, merge=merge)
    d = drawn_cotangents(case)
    found, _, radius = certify_gradients(case, d)
    assert radius is None
    assert found.inputs.shape == (batch, time, 3)
    assert np.array_equal(found.initial_state, d.final_state)
    assert not any(array.any() for array in arrays(found)[3 if merge else 2 :])
    assert arrays(found)[-1].shape == (2, 3, 2)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_cotangents_of_every_format(dtype):
    case = drawn(1, 2, 2, 2)
    assert holds(case, drawn_cotangents(case, dtype))


def test_no_cotangents_are_zeros():
    case = drawn(1, 2, 2, 2)
    d = drawn_cotangents(case)
    zeros = Outputs(np.zeros_like(d.outputs), d.final_state)
    assert same(
        certify_gradients(case, Outputs(None, d.final_state)).gradients, certify_gradients(case, zeros).gradients
    )
    assert not any(array.any() for array in arrays(certify_gradients(case, Outputs(None, None)).gradients))
    both = drawn(1, 2, 2, 2, merge="apart")
    ones = np.ones((1, 2, 2))
    alone = certify_gradients(both, Outputs((ones, None), None)).gradients
    assert alone.kernel[0].any() and not alone.kernel[1].any()


def test_masked_inputs_are_not_read_and_get_exactly_zero():
    case = drawn(mask=MASK)
    assert np.isnan(case.inputs[~MASK]).all()
    clean = replace(case, inputs=np.where(np.isnan(case.inputs), np.float32(3), case.inputs))
    d = drawn_cotangents(case)
    found = certify_gradients(case, d).gradients
    assert same(found, certify_gradients(clean, d).gradients)
    assert not found.inputs[~MASK].any() and found.inputs[MASK].all()


@pytest.mark.parametrize(
    ("policy", "direction", "ignored"),
    [
        ("zero", 0, ~MASK),
        ("zero-before-first", 0, np.cumsum(MASK, 1) == 0),
        ("zero-before-first", 1, np.cumsum(MASK[:, ::-1], 1)[:, ::-1] == 0),
        ("carry", 0, np.zeros_like(MASK)),
    ],
)
def test_cotangents_where_the_policy_puts_a_zero_are_not_read(policy, direction, ignored):
    case = drawn_alone(direction, mask=MASK, masked_outputs=policy)
    rng = np.random.default_rng(0)
    d = Outputs(rng.standard_normal((4, 4, 2)), None)
    found = certify_gradients(case, d).gradients
    dirty = np.where(ignored[:, :, None], np.nan, d.outputs)
    assert same(found, certify_gradients(case, Outputs(dirty, None)).gradients)
    for row, t in np.argwhere(~ignored):
        d.outputs[row, t, 1] = np.inf
        with pytest.raises(InvalidCase, match=rf"cotangents.outputs\[{row}, {t}, 1\] is inf, but"):
            certify_gradients(case, d)
        d.outputs[row, t, 1] = 0


def test_a_cotangent_that_one_direction_reads_is_read():
    mask = np.array([[0, 1, 0]], bool)
    d = np.zeros((1, 3, 2))
    d[0, 0] = np.nan
    hidden = drawn(1, 3, 2, 2, mask=mask, masked_outputs="zero", merge="sum")
    assert np.isfinite(certify_gradients(hidden, Outputs(d, None)).gradients.inputs).all()
    with pytest.raises(InvalidCase, match="is nan, but"):
        certify_gradients(replace(hidden, masked_outputs="zero-before-first"), Outputs(d, None))


@pytest.mark.parametrize(
    ("cotangents", "message"),
    [
        (None, r"cotangents is a NoneType, expected Outputs\(outputs, final_state\)"),
        (Outputs(np.zeros((1, 2, 3)), None), r"cotangents.outputs: got shape \(1, 2, 3\), expected \(1, 2, 2\)"),
        (Outputs([[[0, 0]]], None), "cotangents.outputs: got a list, expected a NumPy array of float16"),
        (Outputs(np.zeros((1, 2, 2), int), None), "cotangents.outputs: got dtype int64, expected a NumPy array"),
        (Outputs(None, np.zeros((2, 2))), r"cotangents.final_state: got shape \(2, 2\), expected \(1, 2\)"),
        (Outputs(None, np.full((1, 2), np.nan)), r"cotangents.final_state\[0, 0\] is nan, but"),
    ],
)
def test_a_value_that_is_no_cotangent_is_refused(cotangents, message):
    with pytest.raises(InvalidCase, match=message):
        certify_gradients(drawn(1, 2, 2, 2), cotangents)


def test_a_pair_is_wanted_where_the_answer_is_one():
    case = drawn(1, 2, 2, 2, merge="apart")
    with pytest.raises(InvalidCase, match=r"cotangents.outputs is a ndarray, expected a pair \(forward, backward\)"):
        certify_gradients(case, Outputs(np.zeros((2, 1, 2, 2)), None))
    with pytest.raises(InvalidCase, match=r"cotangents.final_state is a ndarray, expected a pair"):
        certify_gradients(case, Outputs(None, np.zeros((1, 2))))


@pytest.mark.parametrize("call", [certify, lambda case: certify_gradients(case, Outputs(None, None))])
def test_numbers_that_are_read_must_be_finite(call):
    case = drawn(1, 2, 2, 2)
    case.inputs[0, 1, 0] = np.nan
    with pytest.raises(InvalidCase, match=r"inputs\[0, 1, 0\] is nan.*mask this step"):
        call(case)
    state = np.array([[0, -np.inf]], np.float32)
    with pytest.raises(InvalidCase, match=r"initial_state\[0, 1\] is -inf, but"):
        call(drawn(1, 0, 2, 2, initial_state=(state,)))
    with pytest.raises(InvalidCase, match=r"initial_state\[1\]\[0, 1\] is -inf, but"):
        call(drawn(1, 0, 2, 2, merge="apart", initial_state=(np.zeros((1, 2), np.float32), state)))


def test_a_gradient_past_the_largest_number_is_not_certified():
    one = np.ones((1, 1, 1))
    p = Parameters(np.full((3, 1, 1), 2.0**-1000), np.zeros((3, 1, 1)), np.zeros((2, 3, 1)), "after")
    case = Case(inputs=one * 2.0**1000, parameters=(p,))
    with pytest.raises(NotCertified, match="above the largest float64"):
        certify_gradients(case, Outputs(None, np.full((1, 1), 2.0**100)))


@pytest.mark.parametrize("reset", RESETS)
def test_two_precisions_overlap(reset):
    case = drawn(reset=reset, merge="mul", mask=MASK)
    d = read_cotangents(case, drawn_cotangents(case))
    coarse, fine = (in_balls(case, d, bits) for bits in (80, 300))
    assert all(a.overlaps(b) and a.contains(b.mid()) for a, b in zip(coarse, fine, strict=True))


def test_the_certificate_bounds_every_radius():
    case = drawn(mask=MASK)
    d = drawn_cotangents(case)
    _, bits, radius = certify_gradients(case, d)
    found = in_balls(case, read_cotangents(case, d), bits)
    assert radius is not None
    assert all(ball.rad() <= 2.0**radius for ball in found)
    assert any(ball.rad() > 2.0 ** (radius - 1) for ball in found)


def in_balls(case: Case, cotangents: Outputs, bits: int) -> list:
    """Every gradient as a ball."""
    with precision(bits):
        return [ball for array in arrays(pulled_back(case, cotangents)) for ball in array.flat]


def without_reset(step, d, of):
    pulled = RIGHT["_after"](step, d, of)
    return pulled._replace(by_x=[pulled.by_x[0], 0 * pulled.by_x[1], pulled.by_x[2]])


def without_the_copy(step, d, of):
    pulled = RIGHT["_after"](step, d, of)
    return pulled._replace(d_h=pulled.d_h - d * step.z)


RIGHT = {name: getattr(oracle_gradients, name) for name in ("_after", "scans", "order", "visible_steps", "sigma_slope")}
WRONG = {
    "sigma is its own slope": ("sigma_slope", balls.sigma),
    "sigma's slope at half the argument": ("sigma_slope", lambda a: balls.sigma_slope(a / 2)),
    "tanh has sigma's slope": ("tanh_slope", balls.sigma_slope),
    "z for 1 - z": ("sigma", lambda a: balls.sigma(-a)),
    "the reset gate gets none": ("_after", without_reset),
    "the state is not passed on": ("_after", without_the_copy),
    "reset before for after": ("_after", oracle_gradients._before),
    "the state after the step for the one before": (
        "_after",
        lambda step, d, of: RIGHT["_after"](step._replace(h=step.new), d, of),
    ),
    "times in the other order": ("order", lambda case, k: oracle.order(case, k)[::-1]),
    "the mask ignored": ("scans", lambda case: oracle.scans(replace(case, mask=None))),
    "the policy ignored": ("visible_steps", lambda case, k: np.ones((case.batch, case.time), bool)),
    "zero before the first alone": ("visible_steps", lambda case, k: np.cumsum(case.valid, 1) > 0),
    "nothing transposed": ("matrix", lambda a: balls.matrix(a.T if a.shape[0] == a.shape[1] else a)),
}


@pytest.mark.parametrize(("name", "replacement"), WRONG.values(), ids=WRONG)
def test_a_wrong_oracle_is_seen(monkeypatch, name, replacement):
    case = drawn_alone(0, mask=MASK, masked_outputs="zero")
    case.inputs[~MASK] = 1
    assert holds(case)
    d = drawn_cotangents(case)
    d.outputs[~MASK] = 1
    monkeypatch.setattr(oracle_gradients, name, replacement)
    monkeypatch.setattr(oracle_reading, name, replacement, raising=False)
    assert not holds(case, d)


def test_a_cotangent_in_the_direction_that_does_not_read_it_is_seen(monkeypatch):
    case = drawn(mask=MASK, masked_outputs="zero-before-first", merge="sum")
    monkeypatch.setattr(oracle_gradients, "visible_steps", lambda case, k: np.ones((case.batch, case.time), bool))
    assert not holds(case)


@pytest.mark.parametrize("merge", MERGES)
def test_a_wrong_merge_is_seen(monkeypatch, merge):
    case = drawn(mask=MASK, merge=merge)
    right = oracle_gradients._unmerged
    monkeypatch.setattr(oracle_gradients, "_unmerged", lambda *given: right(*given)[::-1])
    if merge in ("sum", "ave"):
        monkeypatch.setattr(oracle_gradients, "_unmerged", lambda *given: [2 * d for d in right(*given)])
    assert not holds(case)


def test_gradients_cost_no_more_than_five_answers():
    """Reverse mode needs at most five times the operations (Baur and Strassen 1983).

    The test uses the median of three runs, because other processes share the machine.
    """
    case = drawn(4, 32, 16, 16)
    d = drawn_cotangents(case)
    answers, costs = [], []
    for _ in range(3):
        start = time.process_time()
        answer = certify(case)
        between = time.process_time()
        found = certify_gradients(case, d)
        answers.append(between - start)
        costs.append(time.process_time() - between)
    assert found.bits == answer.bits
    assert sorted(costs)[1] < 5 * sorted(answers)[1]

"""Each term of the bounds of runs is needed: without it, some honest run falls outside.

In each run its term is most of the error. This is impossible for three terms, because the roundings around them are
larger: the blends z h + (1-z) n and n - z n + z h, which tests/studies refutes separately; the cotangent's part in (d +
d n) (1 - n); and the terms of another direction in the sum of input gradients.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from conformance.bounds import BLENDS, derivative, proven, run, step
from conformance.bounds.blends import CANDIDATE_FIRST, PRODUCTS, STATE_FIRST, Rounding
from conformance.bounds.proven import Later, Proven
from conformance.checks.clauses.bidirectional import the_merge_is_the_one_asked_for
from conformance.checks.judgement import Judgement
from conformance.checks.runs import judge_final_states, judge_gradients
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs
from reference import Parameters
from studies.softfloat.gru import NEGATED
from tests.conformance.any_order import AnyOrder, native, software
from tests.conformance.drawn import claim, drawn

Patch = pytest.MonkeyPatch


def made(x, W=0.0, U=0.0, b=0.0, c=0.0, h=0.0, *, reset="none", dtype="float32") -> Case:
    """One row of one unit. x: (time, input_dim). W: (gates, input_dim). U, b, c: a number for each gate."""
    gates, x = 2 if reset == "none" else 3, np.array(x, dtype)
    kernel = np.broadcast_to(np.asarray(W, float), (gates, x.shape[1]))[:, :, None]
    U, b, c = (np.broadcast_to(np.asarray(part, float), gates) for part in (U, b, c))
    arrays = (kernel, U[:, None, None], np.stack([b, c])[:, :, None])
    return Case(
        inputs=x[None],
        parameters=(Parameters(*(array.astype(dtype) for array in arrays), reset),),
        initial_state=(np.full((1, 1), h, dtype),),
    )


def final(case: Case, gru: AnyOrder, arithmetic: Arithmetic) -> Judgement:
    return judge_final_states(case, gru.run(case).final_state, arithmetic)


def gradients(case: Case, gru: AnyOrder, arithmetic: Arithmetic, outputs=0.0, last=1.0) -> Judgement:
    """The gradients for cotangents of the outputs, (time,) or one number, and of the final state."""
    shown = np.broadcast_to(np.reshape(outputs, (-1, 1)), (case.batch, case.time, case.units))
    given = Outputs(shown.astype(case.dtype), np.full((case.batch, case.units), last, case.dtype))
    return judge_gradients(case, given, gru.gradients(case, given), arithmetic)


def of_seeds(judged: Callable[[int], Judgement], count: int) -> Judgement:
    total = Judgement()
    for seed in range(count):
        total = total.add(judged(seed))
    return total


# Honest runs.


def rounded_operands() -> Judgement:
    arithmetic = claim(products="bfloat16")
    return gradients(drawn(), software(arithmetic, 0), arithmetic)


def rounded_on_reading() -> Judgement:
    """Weights of opposite sign leave only the part of an input that is lost when it is read."""
    arithmetic = claim(compute="bfloat16", accumulator="float64", activation="correctly rounded")
    return final(made([[1.003, 1]], [[0, 0], [64, -64]], b=(-40, 0)), software(arithmetic, 0), arithmetic)


def a_sum_rounded_up() -> Judgement:
    """A product and a bias, in float16 among float32: both roundings go up, and no other has this size."""
    arithmetic = claim(accumulator="float16", rounding="any", activation="correctly rounded")
    case = made([[1 + 2.0**-10]], [[0], [1 + 2.0**-10]], b=(-40, 2.0**-20))
    return of_seeds(lambda seed: final(case, software(arithmetic, seed, PRODUCTS, rounding="up"), arithmetic), 12)


def a_large_state_replaced() -> Judgement:
    arithmetic = claim("float16", rounding="any", activation="correctly rounded")
    case = made([[0]], b=(-11.1, -0.127), h=-133.5, dtype="float16")
    ways = ("up", "down", "toward zero")
    return of_seeds(lambda i: final(case, software(arithmetic, i, STATE_FIRST, rounding=ways[i]), arithmetic), 3)


def a_small_state_kept() -> Judgement:
    """A case found by search."""
    arithmetic = claim("float16", rounding="any", activation="correctly rounded")
    case = made([[0]], b=(7.445741060729867, -0.5891953519831812), h=0.004382685066144662, dtype="float16")
    return final(case, software(arithmetic, 2928, CANDIDATE_FIRST, rounding="toward zero"), arithmetic)


CANCELLING = [1e6, -1e6]
NEARLY_ONE = [1 + 5 * 2.0**-23, 1]
"""With these weights, the difference of the two products is off by almost half a spacing of 2^-4."""


def an_update_gate_after_cancellation() -> Judgement:
    return final(made([NEARLY_ONE], [CANCELLING, [0, 0]], b=(0, 1), h=-1), native(0), claim())


def a_reset_gate_after_cancellation() -> Judgement:
    sides = {"after": {"c": (0, 0, 1)}, "before": {"U": (0, 0, 1), "h": 1.0}}
    cases = [
        made([NEARLY_ONE], [[0, 0], CANCELLING, [0, 0]], b=(-3, 0, 0), reset=reset, **side)
        for reset, side in sides.items()
    ]
    return of_seeds(lambda seed: final(cases[seed], native(seed), claim()), len(cases))


def stationary() -> Case:
    """After a first step that cancels, a step whose derivative is 0 at the exact state, but not beside it."""
    exact = 1e6 * 5 * 2.0**-23
    b = 2 * (np.arctanh(0.5) + exact / 2)
    return made([NEARLY_ONE, [0, 0]], [[0, 0], CANCELLING], U=(0, -4 / 3), b=(0, b), h=(exact + b) * 3 / 4)


def a_state_past_which_the_derivative_changes() -> Judgement:
    return final(stationary(), native(0), claim())


def gradients_at_a_state_that_is_off() -> Judgement:
    return gradients(stationary(), native(0), claim())


def cotangents_that_cancel() -> Judgement:
    """Cotangents of outputs that all show one state."""
    case = replace(made([[1]] * 4, 1), mask=np.array([[True, False, False, False]]))
    return gradients(case, native(0), claim(), outputs=[1.2345, 1e4, -1e4, 0.1])


def cotangents_near_underflow() -> Judgement:
    return gradients(made([[1]], 1, b=1), native(0), claim(), last=2.0**-140)


def each_side_of_a_blend_differentiated() -> Judgement:
    """A state beside the candidate: each side's slope has a separate error."""
    case = made([[1]], 1e-3, b=(2, 0.7), h=np.tanh(0.7))
    skews = ("most", "least", "either", "between")
    grus = [software(claim(), seed, PRODUCTS + NEGATED, skew=skews[seed % 4]) for seed in range(8)]
    return of_seeds(lambda seed: gradients(case, grus[seed], claim()), len(grus))


def gates_that_may_lie_far_out() -> Judgement:
    """Four products that lose half a spacing of 2^20 each, and only these losses are left."""
    large = np.float32(2.0**43 * 1.49)
    off = np.float32(1 + 2.0**-23)
    weights = [part for _ in range(4) for part in (large, -off * large)]
    case = made([[off, 1] * 4], [weights, [0] * 8], h=1)
    return of_seeds(lambda seed: final(case, native(seed), claim()), 4)


def operands_past_the_largest() -> Judgement:
    arithmetic = claim(products="float16")
    return final(made([[1e5]], 1e-5), software(arithmetic, 0), arithmetic)


def products_past_the_largest() -> Judgement:
    """Products on the way to the reset gate's cotangent, which is small."""
    case = made([[1]], 1e-3, b=(-40, -16.5, 0), c=(0, 0, 8000), reset="after", dtype="float16")
    return of_seeds(lambda seed: gradients(case, native(seed), claim("float16"), last=20), 4)


def a_term_within_the_sum_of_another_side() -> Judgement:
    """Each of 64 small products is added to the reset gate's product, and rounded to twice its size."""
    arithmetic = claim(summation="any order", activation="correctly rounded")
    small = np.full((3, 64), 2.0**-24 * 1.01) * [[0], [0], [1]]
    case = made(np.ones((1, 64)), small, b=(-40, 40, 0), c=(0, 0, 1), reset="after")
    total = np.float32(1)
    for weight in small[2].astype(np.float32):
        total += weight
    return judge_final_states(case, np.tanh(total, dtype=np.float64).astype(np.float32).reshape(1, 1), arithmetic)


def a_bias_added_after_a_cast() -> Judgement:
    """Products summed in float32 and then rounded to float16, of which the bias leaves little."""
    arithmetic = claim("float16", accumulator="float32", activation="correctly rounded")
    W, x = np.float16(1 + 2.0**-10), np.float16(1 + 100 * 2.0**-10)
    case = made([[x]], [[0], [0], [W]], b=(-17, 0, -(W * x)), reset="after", dtype="float16")
    return of_seeds(lambda seed: final(case, software(arithmetic, seed), arithmetic), 6)


def a_cotangent_rounded_as_its_state_is() -> Judgement:
    arithmetic = claim(output="bfloat16")
    case = made([[1]], 1, b=1)
    return of_seeds(lambda seed: gradients(case, software(arithmetic, seed), arithmetic, outputs=1.2345), 4)


def weights_flushed_before_they_are_widened() -> Judgement:
    arithmetic = claim(compute="float64", flush=True)
    case = made([[1e30]], [[0], [1e-39]], b=(-40, 0))
    return judge_final_states(case, np.zeros((1, 1), np.float32), arithmetic)


def merges_of_what_is_shown() -> Judgement:
    arithmetic = claim(compute="float64", activation="correctly rounded")

    def judged(seed: int) -> Judgement:
        case = drawn(shape=(3, 4, 2, 3), seed=seed, merge="sum")
        return the_merge_is_the_one_asked_for(software(arithmetic, seed), case)

    return of_seeds(judged, 5)


# The removed terms.


def taken(owner: object, name: str, wrong: Callable) -> Callable[[Patch], None]:
    """Replace a function by another, called with the right one and its arguments."""

    def spoil(patch: Patch) -> None:
        right = getattr(owner, name)
        patch.setattr(owner, name, lambda *arguments, **options: wrong(right, *arguments, **options))

    return spoil


def without_form(name: str) -> Callable[[Patch], None]:
    return lambda patch: patch.setitem(BLENDS, name, lambda once, of: 0 * of.z)


def exact(right, ops, a):
    """An activation whose argument has no error."""
    return right(ops, a._replace(error=0 * a.error))


def nothing_later(right, run, flows, sizes) -> dict[int | None, Later]:
    return {owner: later._replace(size=0 * later.size) for owner, later in right(run, flows, sizes).items()}


def one_slope(right, ops, parts, h, dh):
    slope = derivative._sigma_slope(parts.z, parts.keep)
    return derivative._pull(ops, slope, ops.times(dh, ops.subtract(h, parts.n.computed)))


def flat_far_out(right, a):
    """Treat a ball that reaches far out as if it were far out."""
    return np.frompyfunc(lambda ball, slope: slope if abs(ball) < 2**20 else arb(0), 2, 1)(a, right(a))


TERMS = {
    "operands are rounded": (taken(Proven, "operand", lambda right, ops, numbers: numbers), rounded_operands),
    "numbers are rounded on reading": (
        taken(Proven, "_cast", lambda right, ops, numbers, old, new: numbers),
        rounded_on_reading,
    ),
    "n, not n - 1": (
        taken(Proven, "growth", lambda right, ops, terms, **how: right(ops, terms - 1, **how)),
        a_sum_rounded_up,
    ),
    STATE_FIRST: (without_form(STATE_FIRST), a_large_state_replaced),
    CANDIDATE_FIRST: (without_form(CANDIDATE_FIRST), a_small_state_kept),
    "z inherits": (taken(Proven, "sigma_and_complement", exact), an_update_gate_after_cancellation),
    "r inherits": (taken(Proven, "sigma", exact), a_reset_gate_after_cancellation),
    "the Jacobian varies, forward": (
        taken(run, "around", lambda right, numbers: numbers.exact),
        a_state_past_which_the_derivative_changes,
    ),
    "the Jacobian varies, backward": (
        taken(run, "around", lambda right, numbers: numbers.exact),
        gradients_at_a_state_that_is_off,
    ),
    "cotangents are added": (taken(run, "_later", nothing_later), cotangents_that_cancel),
    "underflow": (taken(Arithmetic, "underflow", lambda *_: Fraction(0)), cotangents_near_underflow),
    "each side has its slope": (taken(derivative, "_through_update", one_slope), each_side_of_a_blend_differentiated),
    "far gates": (taken(proven, "sigma_slope", flat_far_out), gates_that_may_lie_far_out),
    "operands overflow": (taken(Proven, "require", lambda *_: None), operands_past_the_largest),
    "products overflow": (taken(Proven, "require", lambda *_: None), products_past_the_largest),
    "one sum": (
        taken(step, "_joined", lambda right, ops, side, b, state: ops.add(ops.sum([side], [b]), state)),
        a_term_within_the_sum_of_another_side,
    ),
    "biases after a cast": (taken(Proven, "either", lambda right, ops, *ways: ways[0]), a_bias_added_after_a_cast),
    "cotangents as states are shown": (
        taken(Proven, "cotangents", lambda right, ops, numbers: ops.read(numbers)),
        a_cotangent_rounded_as_its_state_is,
    ),
    "flushed operands": (
        taken(proven, "flushed", lambda right, balls, smallest: right(balls, smallest * 0)),
        weights_flushed_before_they_are_widened,
    ),
    "merges as shown": (taken(Rounding, "then", lambda right, once, other: once), merges_of_what_is_shown),
}


@pytest.mark.parametrize("term", TERMS)
def test_without_a_term_some_honest_run_is_outside(monkeypatch, term):
    spoil, honest = TERMS[term]
    assert not honest().findings

    spoil(monkeypatch)

    assert honest().findings

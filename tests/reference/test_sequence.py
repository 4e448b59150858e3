"""Time: steps that are read, copied and returned, and arguments that are refused."""

import itertools
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import Gradients, Invalid, flipped, gru, gru_backward, packed
from tests.reference.truth import (
    BATCH,
    INPUT_DIM,
    MASKS,
    POLICIES,
    RESETS,
    TIME,
    UNITS,
    Case,
    cotangents,
    numbers,
    rounded,
    truth_of_gru,
)

DTYPES = [np.float16, np.float32, np.float64, np.longdouble]
HOLES = np.array(MASKS["holes"], bool)


def same(a: Any, b: Any) -> bool:
    """True if all arrays have the same bits."""
    return [(x.shape, x.dtype, x.tobytes()) for x in a] == [(x.shape, x.dtype, x.tobytes()) for x in b]


# Each public function follows its options: among the truths of all options, its own is the nearest.


CASES = [Case(*options) for options in itertools.product(RESETS, [False, True], ["holes", "leading"], POLICIES)]


def distance(computed: Any, true: list[np.ndarray]) -> float:
    """The largest difference from a truth."""
    pairs = ((c, t) for a, b in zip(computed, true, strict=True) for c, t in zip(a.flat, b.flat, strict=True))
    return max(abs(float(c) - float(flint.arb(t).mid())) for c, t in pairs)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gru_means_its_options(case: Case) -> None:
    """The results of gru are nearer to the truth of its options than to the truth of any others."""
    state = case.state(20)
    computed = gru(case.inputs(), case.parameters(10), initial_state=state, reverse=case.reverse, **case.options())

    assert min(CASES, key=lambda other: distance(computed, truth_of_gru(other)[0])) == case


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gru_backward_means_its_options(case: Case) -> None:
    """The gradients of gru_backward are nearer to the truth of its options than to the truth of any others."""
    d_outputs, d_final = cotangents(case, both=False)
    computed = gru_backward(
        case.inputs(),
        case.parameters(10),
        grad_outputs=d_outputs,
        grad_final_state=d_final,
        initial_state=case.state(20),
        reverse=case.reverse,
        **case.options(),
    )

    comparable = [other for other in CASES if (other.reset == "none") == (case.reset == "none")]
    assert min(comparable, key=lambda other: distance(computed, truth_of_gru(other)[1])) == case


# Masks.


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 1e300])
def test_masked_inputs_are_never_read(junk: float, reverse: bool, policy: str) -> None:
    """The padding changes no bit of the results or the gradients, and causes no warning."""
    case = Case(mask="holes")
    p, h, (d, d_final) = case.parameters(10), case.state(20), cotangents(case, both=False)
    options: Any = {"initial_state": h, "mask": HOLES, "reverse": reverse, "masked_outputs": policy}
    clean = np.where(HOLES[:, :, None], case.inputs(), 0)
    dirty = np.where(HOLES[:, :, None], case.inputs(), junk)

    assert same(gru(clean, p, **options), gru(dirty, p, **options))
    of_clean = gru_backward(clean, p, grad_outputs=d, grad_final_state=d_final, **options)
    of_dirty = gru_backward(dirty, p, grad_outputs=d, grad_final_state=d_final, **options)
    assert same(of_clean, of_dirty)
    assert not of_dirty.inputs[~HOLES].any()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_masked_step_copies_the_state(reverse: bool) -> None:
    """Even a state that no equation would keep finite is copied bit for bit."""
    h = np.array([[np.nan, np.inf], [-0.0, 1e308]])

    outputs, final = gru(
        numbers(0, BATCH, TIME, INPUT_DIM),
        Case().parameters(10),
        initial_state=h,
        mask=np.zeros((BATCH, TIME), bool),
        reverse=reverse,
    )

    assert same([final, *outputs.swapaxes(0, 1)], [h] * (1 + TIME))


def test_under_carry_a_masked_output_repeats_the_state_reached() -> None:
    """Before the first valid step it is the initial state, in processing order."""
    case = Case(mask="trailing")
    x, p, h = case.inputs(), case.parameters(10), case.state(20)

    ahead = gru(x, p, initial_state=h, **case.options())
    back = gru(x, p, initial_state=h, reverse=True, **case.options())

    assert same(ahead.outputs[1, 1:], [ahead.final_state[1]] * 3)
    assert same(back.outputs[1, 1:], [h[1]] * 3)
    assert same(back.outputs[:, 0], back.final_state)


def test_under_zero_only_masked_outputs_differ() -> None:
    """They are 0. The valid outputs and the final state equal those under carry."""
    case = Case(mask="holes")
    x, p, h = case.inputs(), case.parameters(10), case.state(20)

    carry = gru(x, p, initial_state=h, mask=HOLES)
    zero = gru(x, p, initial_state=h, mask=HOLES, masked_outputs="zero")

    assert same([zero.final_state, zero.outputs[HOLES]], [carry.final_state, carry.outputs[HOLES]])
    assert not zero.outputs[~HOLES].any()
    assert carry.outputs.all()


@pytest.mark.parametrize("junk", [np.nan, np.inf, 1e300])
def test_under_zero_the_cotangent_of_a_masked_output_is_ignored(junk: float) -> None:
    """No cotangent changes any gradient."""
    case = Case(mask="holes")
    d, _ = cotangents(case, both=False)
    dirty = np.where(HOLES[:, :, None], d, junk)

    found = [
        gru_backward(case.inputs(), case.parameters(10), grad_outputs=g, mask=HOLES, masked_outputs="zero")
        for g in (d, dirty)
    ]

    assert same(*found)


def test_lengths_are_a_mask() -> None:
    """Lengths and the equivalent mask have the same bits, alone and together."""
    case = Case(mask="trailing")
    x, p, lengths, mask = case.inputs(), case.parameters(10), np.array([3, 1], np.uint8), case.valid()

    by_lengths = gru(x, p, lengths=lengths)

    assert same(by_lengths, gru(x, p, mask=mask))
    assert same(by_lengths, gru(x, p, lengths=lengths, mask=mask))
    assert same(gru_backward(x, p, lengths=lengths), gru_backward(x, p, mask=mask))


@pytest.mark.parametrize("lengths", [[0, 0], [0, TIME], [TIME, TIME]])
def test_lengths_reach_from_zero_to_time(lengths: list[int]) -> None:
    """Both ends are valid lengths. A row of length 0 keeps its initial state."""
    case = Case()
    h = case.state(20)

    result = gru(case.inputs(), case.parameters(10), initial_state=h, lengths=np.array(lengths))

    assert [same([f], [s]) for f, s in zip(result.final_state, h, strict=True)] == [n == 0 for n in lengths]


# Time, state, sizes.


@given(st.integers(0, TIME), st.sampled_from(RESETS))
@settings(deadline=None, derandomize=True)
def test_splitting_the_sequence_changes_nothing(k: int, reset: str) -> None:
    """Running the first k steps, then the rest from the state reached, has the same bits."""
    case = Case(reset)
    x, p = case.inputs(), case.parameters(10)

    whole = gru(x, p)
    first = gru(x[:, :k].copy(), p)
    rest = gru(x[:, k:].copy(), p, initial_state=first.final_state)

    assert same(whole, (np.concatenate([first.outputs, rest.outputs], axis=1), rest.final_state))


def test_reverse_is_forward_on_the_reversed_inputs() -> None:
    """Outputs come back aligned with the inputs, and flipped returns them in processing order."""
    case = Case(mask="holes")
    x, p = case.inputs(), case.parameters(10)

    ahead = gru(x[:, ::-1].copy(), p, mask=HOLES[:, ::-1])
    back = gru(x, p, mask=HOLES, reverse=True)

    assert same((flipped(back.outputs), back.final_state), ahead)


def test_no_initial_state_is_zeros() -> None:
    """None and zeros have the same bits, forward and backward."""
    case = Case()
    x, p, zeros = case.inputs(), case.parameters(10), np.zeros((BATCH, UNITS))

    assert same(gru(x, p), gru(x, p, initial_state=zeros))
    assert same(
        gru_backward(x, p, grad_final_state=zeros + 1),
        gru_backward(x, p, grad_final_state=zeros + 1, initial_state=zeros),
    )


def test_no_cotangent_is_zeros() -> None:
    """None and zeros have the same bits, and all gradients are 0."""
    case = Case()
    x, p, d = case.inputs(), case.parameters(10), numbers(5, BATCH, TIME, UNITS)

    assert same(
        gru_backward(x, p, grad_outputs=d),
        gru_backward(x, p, grad_outputs=d, grad_final_state=np.zeros((BATCH, UNITS))),
    )
    assert not any(g.any() for g in gru_backward(x, p))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("batch", "time"), [(0, 0), (0, 3), (2, 0)])
@pytest.mark.parametrize("reset", RESETS)
def test_nothing_to_do_is_done(reset: str, batch: int, time: int, reverse: bool) -> None:
    """Without rows or steps the final state is the initial state, and the weights have gradient 0."""
    p = Case(reset).parameters(10)
    x, h, d = numbers(0, batch, time, INPUT_DIM), numbers(1, batch, UNITS), numbers(2, batch, UNITS)

    result = gru(x, p, initial_state=h, reverse=reverse)
    g = gru_backward(x, p, grad_final_state=d, initial_state=h, reverse=reverse)

    assert same(result, (np.zeros((batch, time, UNITS)), h))
    assert same(g, Gradients(np.zeros_like(x), d, *map(np.zeros_like, p.weights)))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reset", RESETS)
def test_dtype_is_kept_throughout(reset: str, dtype: type, policy: Any) -> None:
    """Results and gradients have the dtype of the parameters."""
    case = Case(reset, mask="holes")
    x, p = case.inputs().astype(dtype), rounded(case.parameters(10), dtype)
    d = cotangents(case, both=False)[0].astype(dtype)

    result = gru(x, p, mask=HOLES, masked_outputs=policy)
    g = gru_backward(x, p, grad_outputs=d, mask=HOLES, masked_outputs=policy)

    assert {a.dtype for a in (*result, *g)} == {np.dtype(dtype)}


@pytest.mark.parametrize("reset", RESETS)
def test_a_nan_that_is_read_stays_in_its_row(reset: str) -> None:
    """The other rows, and the row's own past, keep their bits; nothing is raised."""
    case = Case(reset)
    x, p = case.inputs(), case.parameters(10)
    clean = gru(x, p)
    x[0, 2, 1] = np.nan

    outputs, final = gru(x, p)

    assert same([outputs[1], outputs[0, :2], final[1]], [clean.outputs[1], clean.outputs[0, :2], clean.final_state[1]])
    assert np.isnan(outputs[0, 2:]).all()
    assert np.isnan(final[0]).all()
    g = gru_backward(x, p, grad_final_state=np.ones((BATCH, UNITS)))
    assert np.isfinite(g.inputs[1]).all()
    assert np.isfinite(g.initial_state[1]).all()


def test_arguments_are_left_as_they_are() -> None:
    """No argument is written to, and no result shares its memory."""
    case = Case(mask="holes")
    x, p, h, mask, (d, d_final) = (
        case.inputs(),
        case.parameters(10),
        case.state(20),
        HOLES.copy(),
        cotangents(case, False),
    )
    before = [a.copy() for a in (x, h, mask, d, d_final)]

    result = gru(x, p, initial_state=h, mask=mask)
    g = gru_backward(x, p, grad_outputs=d, grad_final_state=d_final, initial_state=h, mask=mask)

    assert same(before, (x, h, mask, d, d_final))
    assert not any(np.shares_memory(a, b) for a in (*result, *g) for b in (x, h, mask, d, d_final, *p.weights))


# Processing order.


def test_flipped_reverses_all_of_time() -> None:
    """Padding comes first."""
    outputs = np.arange(6.0).reshape(1, 3, 2)

    assert flipped(outputs).tolist() == [[[4, 5], [2, 3], [0, 1]]]


def test_flipped_is_a_copy() -> None:
    """Writing to it does not change the outputs. The same holds for packed."""
    outputs = np.arange(6.0).reshape(1, 3, 2)

    flipped(outputs)[:] = 9
    packed(outputs, np.ones((1, 3), bool))[:] = 9

    assert outputs.ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_packed_puts_valid_steps_in_processing_order_and_padding_after() -> None:
    """The last valid step comes first, the masked steps follow in time order."""
    outputs = np.arange(10.0).reshape(2, 5, 1)
    mask = np.array([[1, 0, 1, 1, 0], [0, 0, 0, 0, 1]], bool)

    assert packed(outputs, mask)[:, :, 0].tolist() == [[3, 2, 0, 1, 4], [9, 5, 6, 7, 8]]
    assert packed(outputs, lengths=np.array([0, 3]))[:, :, 0].tolist() == [[0, 1, 2, 3, 4], [7, 6, 5, 8, 9]]
    assert same([packed(outputs, np.ones((2, 5), bool))], [flipped(outputs)])


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 2)])
def test_packed_takes_empty_outputs(shape: tuple[int, int, int]) -> None:
    """Without rows or steps there is nothing to move."""
    assert packed(np.zeros(shape), np.zeros(shape[:2], bool)).shape == shape


# Refusals.


INPUTS = numbers(0, BATCH, TIME, INPUT_DIM)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": INPUTS.tolist()}, r"inputs is a list, but must be a NumPy array; use np.asarray\(inputs, dtype\)$"),
        ({"inputs": INPUTS[0]}, r"inputs has shape \(4, 3\), but must be \(batch, time, input_dim\); add the missing"),
        (
            {"inputs": INPUTS.astype("f4")},
            r"inputs has dtype float32, but must be float64, the parameters' dtype; dtypes",
        ),
        ({"inputs": INPUTS.astype(int)}, r"inputs has dtype int64, but must be float64"),
        (
            {"inputs": INPUTS[:, :, :2]},
            r"inputs has shape \(2, 4, 2\), but must be \(2, 4, 3\) \(input_dim must match the para",
        ),
        ({"parameters": [INPUTS]}, r"parameters is a list, but must be a reference.Parameters; make one first$"),
        (
            {"initial_state": np.zeros((2, 3))},
            r"initial_state has shape \(2, 3\), but must be \(2, 2\) \(from inputs and",
        ),
        ({"initial_state": np.zeros((2, 2), "f4")}, r"initial_state has dtype float32, but must be float64"),
        ({"initial_state": 0.0}, r"initial_state is a float, but must be a NumPy array"),
        ({"lengths": [4, 4]}, r"lengths is a list, but must be a NumPy array"),
        (
            {"lengths": np.array([4.0, 4.0])},
            r"lengths has dtype float64 and shape \(2,\), but must be integers of shape",
        ),
        ({"lengths": np.array([True, True])}, r"lengths has dtype bool and shape \(2,\), but must be integers"),
        (
            {"lengths": np.array([4])},
            r"lengths has .* shape \(1,\), but must be integers of shape \(2,\), one for each row",
        ),
        ({"lengths": np.array([4, 5])}, r"lengths\[1\] is 5, but must be from 0 to time, which is 4; clip it first$"),
        ({"lengths": np.array([-1, 4])}, r"lengths\[0\] is -1, but must be from 0 to time"),
        (
            {"mask": np.ones((2, 4))},
            r"mask has dtype float64 and shape \(2, 4\), but must be bool of shape \(2, 4\), True",
        ),
        (
            {"mask": np.ones((4, 2), bool)},
            r"mask has dtype bool and shape \(4, 2\), but must be bool of shape \(2, 4\)",
        ),
        (
            {"mask": HOLES, "lengths": np.array([4, 4])},
            r"lengths and mask are both given, but differ; pass",
        ),
        ({"reverse": 1}, r"reverse is 1, but must be True or False; use bool"),
        ({"masked_outputs": "hold"}, r"masked_outputs is 'hold', but must be one of 'carry', 'zero'$"),
    ],
)
def test_invalid_input_is_refused(arguments: dict[str, Any], message: str) -> None:
    """Both directions of the derivative refuse alike. The message says what, got, expected, and what to do."""
    valid: dict[str, Any] = {"inputs": INPUTS, "parameters": Case().parameters(10)}

    for function in (gru, gru_backward):
        with pytest.raises(Invalid, match=message):
            function(**(valid | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grad_outputs": np.zeros((2, 4, 3))}, r"grad_outputs has shape \(2, 4, 3\), but must be \(2, 4, 2\)"),
        ({"grad_final_state": np.zeros((2, 2), "f4")}, r"grad_final_state has dtype float32, but must be float64"),
    ],
)
def test_an_invalid_cotangent_is_refused(arguments: dict[str, Any], message: str) -> None:
    """A cotangent must have the shape of its result."""
    with pytest.raises(Invalid, match=message):
        gru_backward(INPUTS, Case().parameters(10), **arguments)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda: packed(INPUTS),
            r"packed got neither mask nor lengths, but needs one; if every step counts, use flipped$",
        ),
        (
            lambda: packed(INPUTS, HOLES[:1]),
            r"mask has dtype bool and shape \(1, 4\), but must be bool of shape \(2, 4\)",
        ),
        (lambda: packed(INPUTS[0], HOLES), r"outputs has shape \(4, 3\), but must be \(batch, time, units\); pass one"),
        (lambda: packed(INPUTS.astype(int), HOLES), r"outputs has dtype int64, but must be one of float16"),
        (lambda: flipped(INPUTS.astype(complex)), r"outputs has dtype complex128, but must be one of float16"),
        (lambda: flipped(INPUTS[0]), r"outputs has shape \(4, 3\), but must be \(batch, time, units\); pass one"),
        (lambda: flipped((INPUTS, INPUTS)), r"outputs is a tuple, but must be a NumPy array"),
    ],
)
def test_an_order_that_means_nothing_is_refused(function: Any, message: str) -> None:
    """flipped and packed accept one direction's outputs, and packed needs the valid steps."""
    with pytest.raises(Invalid, match=message):
        function()

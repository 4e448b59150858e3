"""Two directions: independent runs, aligned, then a merge."""

from typing import Any

import numpy as np
import pytest

from reference import Invalid, Parameters, bigru, bigru_backward, gru, gru_backward
from tests.reference.truth import BATCH, INPUT_DIM, MASKS, POLICIES, RESETS, TIME, UNITS, Case, numbers, rounded

HOLES = np.array(MASKS["holes"], bool)
X = numbers(0, BATCH, TIME, INPUT_DIM)
MERGES = {
    "concat": lambda a, b: np.concatenate([a, b], axis=2),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}


def same(a: Any, b: Any) -> bool:
    """True if all arrays have the same bits."""
    return [(x.shape, x.dtype, x.tobytes()) for x in a] == [(x.shape, x.dtype, x.tobytes()) for x in b]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("reset", RESETS)
def test_apart_gives_two_runs(reset: str, policy: Any) -> None:
    """The pair equals the results of gru, forward and in reverse."""
    case = Case(reset)
    p, q, h, k = case.parameters(10), case.parameters(30), case.state(20), case.state(21)

    both = bigru(X, p, q, merge="apart", initial_state=(h, k), mask=HOLES, masked_outputs=policy)
    ahead = gru(X, p, initial_state=h, mask=HOLES, masked_outputs=policy)
    back = gru(X, q, initial_state=k, mask=HOLES, masked_outputs=policy, reverse=True)

    assert same(both.outputs, (ahead.outputs, back.outputs))
    assert same(both.final_state, (ahead.final_state, back.final_state))


@pytest.mark.parametrize("merge", MERGES)
def test_a_merge_joins_the_two_outputs(merge: Any) -> None:
    """The merged outputs are the merge of the pair, and the final states stay apart."""
    p, q = Case().parameters(10), Case().parameters(30)

    merged = bigru(X, p, q, merge=merge, lengths=np.array([3, 0]))
    apart = bigru(X, p, q, merge="apart", lengths=np.array([3, 0]))

    assert same([merged.outputs], [MERGES[merge](*apart.outputs)])
    assert same(merged.final_state, apart.final_state)


def test_concat_is_the_default() -> None:
    """The default is the same as in Keras."""
    p, q = Case().parameters(10), Case().parameters(30)

    assert same([bigru(X, p, q).outputs], [bigru(X, p, q, merge="concat").outputs])


def test_directions_may_reset_differently() -> None:
    """The directions are independent."""
    p, q = Case("after").parameters(10), Case("none").parameters(30)

    assert same([bigru(X, p, q).final_state[1]], [gru(X, q, reverse=True).final_state])


def test_apart_gradients_are_those_of_two_runs() -> None:
    """Each direction has its own gradients; the inputs get the sum. None means zeros, in a pair too."""
    p, q, d, d_final = (
        Case().parameters(10),
        Case().parameters(30),
        numbers(5, BATCH, TIME, UNITS),
        numbers(6, BATCH, UNITS),
    )

    both = bigru_backward(X, p, q, merge="apart", grad_outputs=(d, None), grad_final_state=(None, d_final), mask=HOLES)
    ahead = gru_backward(X, p, grad_outputs=d, mask=HOLES)
    back = gru_backward(X, q, grad_final_state=d_final, mask=HOLES, reverse=True)

    assert same([both.inputs], [ahead.inputs + back.inputs])
    assert same(both.initial_state, (ahead.initial_state, back.initial_state))
    assert same(both.forward, ahead[2:])
    assert same(both.backward, back[2:])


def test_gradients_of_nothing_are_zero() -> None:
    """Without cotangents every gradient is 0."""
    g = bigru_backward(X, Case().parameters(10), Case().parameters(30))

    assert not any(a.any() for a in (g.inputs, *g.initial_state, *g.forward, *g.backward))


@pytest.mark.parametrize("junk", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("merge", [*MERGES, "apart"])
def test_under_zero_the_cotangent_of_a_masked_output_is_ignored(merge: Any, junk: float) -> None:
    """The cotangent does not even reach the merge, where it could overflow."""
    p, q = Case().parameters(10), Case().parameters(30)
    d = numbers(5, BATCH, TIME, 2 * UNITS if merge == "concat" else UNITS)
    dirty = np.where(HOLES[:, :, None], d, junk)
    options: Any = {"merge": merge, "mask": HOLES, "masked_outputs": "zero"}

    found = [bigru_backward(X, p, q, grad_outputs=(g, g) if merge == "apart" else g, **options) for g in (d, dirty)]

    flat = [[g.inputs, *g.initial_state, *g.forward, *g.backward] for g in found]
    assert same(*flat)
    assert not flat[0][0][~HOLES].any()


@pytest.mark.parametrize("merge", [*MERGES, "apart"])
@pytest.mark.parametrize(("batch", "time"), [(0, 0), (0, 3), (2, 0)])
def test_nothing_to_do_is_done(batch: int, time: int, merge: Any) -> None:
    """Without rows or steps the final states are the initial states."""
    p, q = Case().parameters(10), Case().parameters(30)
    x, h, k = numbers(0, batch, time, INPUT_DIM), numbers(1, batch, UNITS), numbers(2, batch, UNITS)

    result = bigru(x, p, q, merge=merge, initial_state=(h, k))
    g = bigru_backward(x, p, q, merge=merge, initial_state=(h, k), grad_final_state=(k, h))

    assert same(result.final_state, (h, k))
    assert same(g.initial_state, (k, h))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("merge", [*MERGES, "apart"])
def test_dtype_is_kept_throughout(merge: Any, dtype: type) -> None:
    """Results and gradients have the dtype of the parameters, whatever the merge."""
    p, q = rounded(Case().parameters(10), dtype), rounded(Case().parameters(30), dtype)

    result = bigru(X.astype(dtype), p, q, merge=merge, mask=HOLES, masked_outputs="zero")
    g = bigru_backward(X.astype(dtype), p, q, merge=merge, mask=HOLES, masked_outputs="zero")

    outputs = result.outputs if isinstance(result.outputs, tuple) else (result.outputs,)
    arrays = (*outputs, *result.final_state, g.inputs, *g.initial_state, *g.forward, *g.backward)
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


WIDER = Parameters(numbers(1, 3, INPUT_DIM, 4), numbers(2, 3, 4, 4), numbers(3, 2, 3, 4))
NARROW = rounded(Case().parameters(30), np.float32)
OF_MORE = Parameters(numbers(1, 3, INPUT_DIM + 1, UNITS), numbers(2, 3, UNITS, UNITS), numbers(3, 2, 3, UNITS))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"merge": "max"}, r"merge is 'max', but must be one of 'concat', 'sum', 'mul', 'ave', 'apart'$"),
        ({"merge": None}, r"merge is None, but must be one of"),
        ({"backward": WIDER}, r"backward has units 4, but must have 2 like forward; for two sizes call gru twice"),
        (
            {"backward": NARROW},
            r"backward has dtype float32, but must have float64 like forward; dtypes are never promoted",
        ),
        (
            {"backward": OF_MORE},
            r"backward has input_dim 4, but must have 3 like forward; both read the same inputs$",
        ),
        ({"forward": None}, r"forward is a NoneType, but must be a reference.Parameters; make one first$"),
        ({"backward": [X]}, r"backward is a list, but must be a reference.Parameters; make one first$"),
        ({"inputs": X.astype("f4")}, r"inputs has dtype float32, but must be float64, the parameters' dtype"),
        ({"initial_state": np.zeros((2, 2))}, r"initial_state is a ndarray, but must be a pair \(forward, backward\)"),
        ({"initial_state": (None, np.zeros((2, 3)))}, r"initial_state has shape \(2, 3\), but must be \(2, 2\)"),
        ({"lengths": np.array([4, 5])}, r"lengths\[1\] is 5, but must be from 0 to time"),
        ({"masked_outputs": "hold"}, r"masked_outputs is 'hold', but must be one of 'carry', 'zero'$"),
    ],
)
def test_invalid_input_is_refused(arguments: dict[str, Any], message: str) -> None:
    """Both directions of the derivative refuse alike. The message says what, got, expected, and what to do."""
    valid: dict[str, Any] = {"inputs": X, "forward": Case().parameters(10), "backward": Case().parameters(30)}

    for function in (bigru, bigru_backward):
        with pytest.raises(Invalid, match=message):
            function(**(valid | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grad_outputs": np.zeros((2, 4, 2))}, r"grad_outputs has shape \(2, 4, 2\), but must be \(2, 4, 4\)"),
        ({"grad_outputs": np.zeros((2, 4, 4)), "merge": "sum"}, r"grad_outputs has shape .* but must be \(2, 4, 2\)"),
        ({"grad_outputs": np.zeros((2, 2, 4, 2)), "merge": "apart"}, r"grad_outputs is a ndarray, but must be a pair"),
        ({"grad_outputs": (None, np.zeros(2)), "merge": "apart"}, r"grad_outputs\[1\] has shape \(2,\), but must be"),
        ({"grad_final_state": np.zeros((2, 2))}, r"grad_final_state is a ndarray, but must be a pair"),
    ],
)
def test_an_invalid_cotangent_is_refused(arguments: dict[str, Any], message: str) -> None:
    """A cotangent must have the shape of its result."""
    with pytest.raises(Invalid, match=message):
        bigru_backward(X, Case().parameters(10), Case().parameters(30), **arguments)

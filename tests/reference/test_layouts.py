"""Every conversion returns the same bits, and refuses to lose numbers."""

from typing import Any

import numpy as np
import pytest

from reference import (
    Invalid,
    Parameters,
    Unrepresentable,
    from_keras,
    from_onnx,
    from_torch,
    gru,
    merge_biases,
    to_keras,
    to_onnx,
    to_torch,
)
from tests.reference.truth import GATES, RESETS, numbers

DTYPES = [np.float16, np.float32, np.float64]
INPUT_DIM, UNITS = 4, 5


def parameters(reset: Any = "after", bias: str = "both", seed: int = 0, dtype: type = np.float64) -> Parameters:
    """Distinct numbers; the bias has both rows, the input row alone, or neither."""
    gates = GATES[reset]
    arrays = [
        numbers(seed, gates, INPUT_DIM, UNITS),
        numbers(seed + 1, gates, UNITS, UNITS),
        numbers(seed + 2, 2, gates, UNITS),
    ]
    arrays[2][{"both": 2, "input": 1, "none": 0}[bias] :] = 0
    W, U, b = (a.astype(dtype) for a in arrays)
    return Parameters(W, U, b, reset)


def assert_same(p: Parameters, q: Parameters) -> None:
    """Fail unless both hold the same numbers in the same dtype, for the same reset."""
    assert (p.reset, p.dtype) == (q.reset, q.dtype)
    assert all((a == b).all() for a, b in zip(p.weights, q.weights, strict=True))


def assert_own(array: np.ndarray, p: Parameters) -> None:
    """Fail unless the array can be written to without changing the parameters."""
    assert array.flags.writeable
    assert array.flags.c_contiguous
    assert not any(np.shares_memory(array, w) for w in p.weights)


# There and back.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("reset", "bias"), [("after", "both"), ("before", "input"), ("none", "input")])
def test_keras_and_back_is_the_same(reset: Any, bias: str, dtype: type) -> None:
    """Keras holds every bias of reset after, and one row otherwise."""
    p = parameters(reset, bias, dtype=dtype)

    assert_same(from_keras(to_keras(p), reset), p)


@pytest.mark.parametrize("reset", RESETS)
def test_keras_without_bias_and_back_is_the_same(reset: Any) -> None:
    """A layer with use_bias=False has two arrays."""
    p = parameters(reset, "none")

    assert len(to_keras(p, use_bias=False)) == 2
    assert_same(from_keras(to_keras(p, use_bias=False), reset), p)


@pytest.mark.parametrize("suffix", ["_l0", "_l1_reverse"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_torch_and_back_is_the_same(dtype: type, suffix: str) -> None:
    """PyTorch holds every bias of reset after."""
    p = parameters(dtype=dtype)

    assert_same(from_torch(to_torch(p, suffix), suffix), p)


def test_torch_without_biases_has_zeros() -> None:
    """The state dict of a module with bias=False is accepted."""
    p = parameters(bias="none")
    arrays = {name: a for name, a in to_torch(p).items() if "weight" in name}

    assert_same(from_torch(arrays), p)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_onnx_and_back_is_the_same(dtype: type, reset: str, directions: int) -> None:
    """ONNX holds every bias of both resets, in one or two directions."""
    ps = [parameters(reset, seed=10 * k, dtype=dtype) for k in range(directions)]

    back = from_onnx(**to_onnx(*ps))

    assert len(back) == directions
    for p, q in zip(ps, back, strict=True):
        assert_same(p, q)


@pytest.mark.parametrize("reset", ["after", "before"])
def test_onnx_takes_an_attribute_of_numpy(reset: str) -> None:
    """0 and 1 are accepted in any integer type."""
    p = parameters(reset)
    onnx = to_onnx(p)

    assert_same(from_onnx(**onnx | {"linear_before_reset": np.int64(onnx["linear_before_reset"])})[0], p)


def test_onnx_without_bias_has_zeros_and_resets_before() -> None:
    """The defaults are the operator's."""
    p = parameters("before", "none")
    onnx = to_onnx(p)

    assert_same(from_onnx(onnx["W"], onnx["R"])[0], p)


def test_arrays_have_the_frameworks_shapes_and_order() -> None:
    """One number of every gate is compared."""
    p = parameters()
    kernel, recurrent_kernel, bias = to_keras(p)
    torch, onnx = to_torch(p), to_onnx(p)
    z, r, n = 0, 1, 2

    assert [a.shape for a in (kernel, recurrent_kernel, bias)] == [(4, 15), (5, 15), (2, 15)]
    assert (kernel[3, 1], kernel[3, 6], kernel[3, 11]) == (p.kernel[z, 3, 1], p.kernel[r, 3, 1], p.kernel[n, 3, 1])
    assert (bias[1, 1], bias[1, 6], bias[1, 11]) == (p.bias[1, z, 1], p.bias[1, r, 1], p.bias[1, n, 1])
    weight = torch["weight_ih_l0"]
    assert weight.shape == (15, 4)
    assert (weight[1, 3], weight[6, 3], weight[11, 3]) == (p.kernel[r, 3, 1], p.kernel[z, 3, 1], p.kernel[n, 3, 1])
    assert torch["bias_hh_l0"].shape == (15,)
    assert torch["bias_hh_l0"][6] == p.bias[1, z, 1]
    assert [onnx[k].shape for k in "WRB"] == [(1, 15, 4), (1, 15, 5), (1, 30)]
    assert (onnx["R"][0, 6, 3], onnx["B"][0, 16]) == (p.recurrent_kernel[r, 3, 1], p.bias[1, z, 1])
    assert [to_onnx(parameters(r))["linear_before_reset"] for r in ("after", "before")] == [1, 0]


@pytest.mark.parametrize("sizes", [(1, 1), (1, 2), (2, 1)])
def test_conversions_copy(sizes: tuple[int, int]) -> None:
    """The results can be written to, at any size, and share no memory with the parameters."""
    input_dim, units = sizes
    p = Parameters(numbers(0, 3, input_dim, units), numbers(1, 3, units, units), numbers(2, 2, 3, units))

    for array in (*to_keras(p), *to_torch(p).values(), *(to_onnx(p)[k] for k in "WRB")):
        assert_own(array, p)


# Merging the biases.


@pytest.mark.parametrize("dtype", [*DTYPES, np.longdouble])
@pytest.mark.parametrize("reset", ["before", "none"])
def test_merged_biases_make_the_same_function(reset: str, dtype: type) -> None:
    """Sums that are exact move into the input row, and Keras can hold the result."""
    p = parameters(reset, dtype=dtype)
    bias = (np.arange(2.0 * GATES[reset] * UNITS).reshape(2, GATES[reset], UNITS) / 8 - 1).astype(dtype)
    p = Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)
    x = np.zeros((2, 1, INPUT_DIM), dtype)

    merged = merge_biases(p)

    assert (merged.bias[0] == bias[0] + bias[1]).all()
    assert not merged.bias[1].any()
    assert (gru(x, merged).outputs == gru(x, p).outputs).all()


@pytest.mark.parametrize("dtype", [*DTYPES, np.longdouble])
@pytest.mark.parametrize("small", ["tiny", "half an ulp and more", "overflow"])
@pytest.mark.parametrize("first", ["input", "recurrent"])
def test_biases_whose_sum_would_be_rounded_are_not_merged(first: str, small: str, dtype: type) -> None:
    """Not even a rounding in the last bit, or a sum above the largest number, is accepted; whichever bias is larger."""
    info, bias = np.finfo(dtype), np.zeros((2, 3, UNITS), dtype)
    bias[:, 1, 2] = {
        "tiny": (1, info.tiny),
        "half an ulp and more": (1, info.eps * dtype(0.75)),
        "overflow": (info.max, info.max),
    }[small]
    p = parameters("before", dtype=dtype)
    p = Parameters(p.kernel, p.recurrent_kernel, bias if first == "input" else bias[::-1].copy(), "before")

    with pytest.raises(
        Unrepresentable, match=r"bias\[0, 1, 2\] \+ bias\[1, 1, 2\] is not exact in .*; use a wider dtype$"
    ):
        merge_biases(p)


# Refusals.


LONG = parameters(dtype=np.longdouble)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda: to_keras(parameters("before")),
            r"the recurrent bias is not zero, .* for reset='before'; call merge_biases",
        ),
        (lambda: to_keras(parameters("none")), r"the recurrent bias is not zero, but Keras has one bias row"),
        (
            lambda: to_keras(parameters(bias="input"), use_bias=False),
            r"bias is not zero, but a Keras layer with use_bias=F",
        ),
        (lambda: to_keras(LONG), r"the parameters are \w+, which Keras does not have; make float64 Parameters first$"),
        (lambda: merge_biases(parameters("after")), r"reset='after' scales the candidate's recurrent bias by r"),
        (lambda: to_torch(parameters("before")), r"reset is 'before', but torch.nn.GRU only has 'after'"),
        (lambda: to_torch(parameters("none")), r"reset is 'none', but torch.nn.GRU only has 'after'"),
        (lambda: to_torch(LONG), r"the parameters are \w+, which PyTorch does not have"),
        (lambda: to_onnx(parameters("none")), r"reset is 'none', but ONNX's GRU always has a reset gate"),
        (lambda: to_onnx(LONG), r"the parameters are \w+, which ONNX does not have"),
        (
            lambda: to_onnx(parameters("after"), parameters("before")),
            r"the directions have reset 'after' and 'before', but",
        ),
    ],
)
def test_a_conversion_that_would_lose_numbers_is_refused(function: Any, message: str) -> None:
    """Nothing is dropped or rounded."""
    with pytest.raises(Unrepresentable, match=message):
        function()


class Unreadable:
    """The behaviour of a torch tensor that requires grad, or has a dtype that NumPy lacks."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("requires grad")


KERAS, TORCH, ONNX = to_keras(parameters()), to_torch(parameters()), to_onnx(parameters())


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda: from_keras(KERAS[:1]),
            r"weights has 1 arrays, but must have 2 or 3: kernel, recurrent_kernel and, if any, bias; pass",
        ),
        (lambda: from_keras([*KERAS[:2], *KERAS[:2]]), r"weights has 4 arrays, but must have 2 or 3: kernel"),
        (lambda: from_keras(KERAS[0]), r"weights is a ndarray, but must be a list .*; pass layer.get_weights\(\)$"),
        (lambda: from_keras(KERAS, "both"), r"reset is 'both', but must be one of"),
        (lambda: from_keras(KERAS, "before"), r"bias has shape \(2, 15\), but must be \(15,\) \(for reset='before'"),
        (
            lambda: from_keras(KERAS, "none"),
            r"kernel has shape \(4, 15\), but must be \(4, 14\) \(for reset='none', which has",
        ),
        (
            lambda: from_keras([KERAS[0], KERAS[1], KERAS[2][0]]),
            r"bias has shape \(15,\), but must be \(2, 15\) \(for reset='after', which has gates z, r, n; check reset",
        ),
        (
            lambda: from_keras([KERAS[1], KERAS[0], KERAS[2]]),
            r"recurrent_kernel has shape \(4, 15\), but must be \(5, 15\)",
        ),
        (
            lambda: from_keras([np.array(1.0), KERAS[1]]),
            r"kernel has shape \(\), but must be \(input_dim, 3 units\), .* 1 or more; check the order of the arrays$",
        ),
        (
            lambda: from_keras([np.zeros((4, 2)), KERAS[1]]),
            r"kernel has shape \(4, 2\), but must be \(input_dim, 3 units\)",
        ),
        (
            lambda: from_keras([np.zeros((4, 1)), KERAS[1]], "none"),
            r"kernel has shape \(4, 1\), but must be \(input_dim, 2 units\)",
        ),
        (
            lambda: from_keras([np.zeros((0, 15)), KERAS[1]]),
            r"kernel has shape \(0, 15\), but must be \(input_dim, 3 units\), input_dim and units 1 or more",
        ),
        (lambda: from_keras([KERAS[0].tolist(), KERAS[1]]), r"kernel is a list, but must be a NumPy array"),
        (
            lambda: from_keras([KERAS[0], KERAS[1].astype("f4")]),
            r"recurrent_kernel has dtype float32, but must be float64",
        ),
        (
            lambda: from_torch({}),
            r"state_dict has nothing, but must have weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0",
        ),
        (
            lambda: from_torch(TORCH, "_l1"),
            r"state_dict has weight_ih_l0, .*, but must have weight_ih_l1, .* by suffix$",
        ),
        (
            lambda: from_torch({k: v for k, v in TORCH.items() if k != "bias_hh_l0"}),
            r"state_dict has weight_ih_l0, weight_hh_l0, bias_ih_l0, but must have",
        ),
        (
            lambda: from_torch(TORCH | {"weight_hh_l0": np.zeros((20, 5))}),
            r"weight_hh_l0 has shape \(20, 5\), but must be",
        ),
        (
            lambda: from_torch(TORCH | {"bias_hh_l0": np.zeros(15, np.float32)}),
            r"bias_hh_l0 has dtype float32, but must be float64, the parameters' dtype; dtypes are never promoted",
        ),
        (
            lambda: from_torch(TORCH | {"weight_ih_l0": np.array(1.0)}),
            r"weight_ih_l0 has shape \(\), but must be \(3 units, input_dim\)",
        ),
        (
            lambda: from_torch(TORCH | {"weight_ih_l0": np.zeros(6)}),
            r"weight_ih_l0 has shape \(6,\), but must be \(3 units, input_dim\)",
        ),
        (
            lambda: from_torch(TORCH | {"weight_ih_l0": np.zeros((15, 4), int)}),
            r"weight_ih_l0 has dtype int64, but must be",
        ),
        (lambda: to_keras(None), r"p is a NoneType, but must be a reference.Parameters; make one first$"),
        (lambda: to_keras(parameters(), 1), r"use_bias is 1, but must be True or False; use bool\(...\)$"),
        (lambda: merge_biases(KERAS), r"p is a list, but must be a reference.Parameters; make one first$"),
        (lambda: to_torch(TORCH), r"p is a dict, but must be a reference.Parameters; make one first$"),
        (lambda: to_onnx(parameters(), ONNX), r"p is a dict, but must be a reference.Parameters; make"),
        (
            lambda: from_torch(None),
            r"state_dict is a NoneType, but must be a mapping from names to arrays; pass module.state_dict\(\)$",
        ),
        (
            lambda: from_torch(TORCH | {"weight_hh_l0": Unreadable()}),
            r"weight_hh_l0 is a Unreadable that NumPy cannot read \(requires grad\), but must be .* tensor.detach\(\)",
        ),
        (lambda: to_onnx(), r"to_onnx got 0 Parameters, but ONNX has 1 direction or 2; pass forward, then backward$"),
        (lambda: to_onnx(*[parameters()] * 3), r"to_onnx got 3 Parameters"),
        (
            lambda: to_onnx(parameters(), parameters(dtype=np.float32)),
            r"the directions have kernels \(3, 4, 5\) float64 and \(3, 4, 5\) float32, .* they must be the same$",
        ),
        (
            lambda: from_onnx(ONNX["W"], ONNX["R"], ONNX["B"], 2),
            r"linear_before_reset is 2, but must be 0 \(reset before\)",
        ),
        (
            lambda: from_onnx(ONNX["W"], ONNX["R"], ONNX["B"], True),
            r"linear_before_reset is True, but must be 0 \(reset before\)",
        ),
        (
            lambda: from_onnx(ONNX["W"], ONNX["R"], ONNX["B"], np.zeros(2)),
            r"linear_before_reset is array.*, but must be 0 \(reset before\)",
        ),
        (
            lambda: from_onnx(ONNX["W"][0], ONNX["R"]),
            r"W has shape \(15, 4\), but must be \(directions, 3 units, input_dim\)",
        ),
        (
            lambda: from_onnx(np.zeros((3, 15, 4)), ONNX["R"]),
            r"W has shape \(3, 15, 4\), but must be .* with 1 direction or 2; take one GRU at a time$",
        ),
        (
            lambda: from_torch({name: np.ma.array(array) for name, array in TORCH.items()}),
            r"weight_ih_l0 is a masked array, whose mask would be ignored",
        ),
        (lambda: from_onnx(ONNX["W"], ONNX["R"][:, :, :4]), r"R has shape \(1, 15, 4\), but must be \(1, 15, 5\)"),
        (lambda: from_onnx(ONNX["W"], ONNX["R"], ONNX["B"][:, :15]), r"B has shape \(1, 15\), but must be \(1, 30\)"),
    ],
)
def test_input_that_does_not_fit_is_refused(function: Any, message: str) -> None:
    """The message says what, got, expected, and what to do."""
    with pytest.raises(Invalid, match=message):
        function()


def test_fused_arrays_are_pointed_to_the_layouts() -> None:
    """A framework's arrays passed as Parameters raise an error that names the layouts."""
    with pytest.raises(Invalid, match=r"use layouts\.from_keras, from_torch or from_onnx$"):
        Parameters(KERAS[0], KERAS[1], KERAS[2])

"""Weights to and from Keras, PyTorch and ONNX, number for number.

Every conversion only moves numbers, and refuses with Unrepresentable what the other side cannot hold.

Source: Keras keeps z, r, n side by side in the last axis (keras/src/layers/rnn/gru.py). PyTorch keeps r, z, n on top of
one another, every matrix transposed (torch/nn/modules/rnn.py). ONNX keeps z, r, n likewise transposed, with an axis of
directions in front (operator GRU).

Left out: frameworks that exchange z and 1 - z, or that add up the two biases; to make such a model, convert by hand.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reference.parameters import (
    GATES,
    Invalid,
    Parameters,
    Reset,
    Unrepresentable,
    are_parameters,
    dtype_of,
    exact_array,
    flag,
    one_of,
)

FRAMEWORK_DTYPES = tuple(np.dtype(t) for t in (np.float16, np.float32, np.float64))
RZN = [1, 0, 2]  # z, r, n to PyTorch's r, z, n, and back


def to_keras(p: Parameters, use_bias: bool = True) -> list[np.ndarray]:
    """The weights that keras.layers.GRU.set_weights takes.

    Reset after gives bias (2, 3 units); before gives (3 units,), for a layer with reset_after=False; none gives kernel
    (input_dim, 2 units), recurrent_kernel (units, 2 units) and bias (2 units,), the gates z, n side by side.
    use_bias=False leaves the bias out, which must then be zero.

    Raises Unrepresentable if a bias that Keras has no place for is not zero.
    """
    _check(p, "Keras")
    flag("use_bias", use_bias)
    arrays = [_side_by_side(p.kernel), _side_by_side(p.recurrent_kernel)]
    if not use_bias:
        if p.bias.any():
            raise Unrepresentable("bias is not zero, but a Keras layer with use_bias=False has none; use use_bias=True")
        return arrays
    if p.reset == "after":
        return [*arrays, p.bias.reshape(2, -1).copy()]
    if p.bias[1].any():
        raise Unrepresentable(
            f"the recurrent bias is not zero, but Keras has one bias row for reset={p.reset!r}; call merge_biases first"
        )
    return [*arrays, p.bias[0].reshape(-1).copy()]


def from_keras(weights: Sequence[np.ndarray], reset: Reset = "after") -> Parameters:
    """The Parameters that hold what keras.layers.GRU.get_weights gave: to_keras backwards.

    Two arrays are a layer without bias. Raises Invalid if the shapes do not fit reset.
    """
    one_of("reset", reset, tuple(GATES))
    if not (isinstance(weights, tuple | list) and len(weights) in (2, 3)):
        raise Invalid(
            f"weights is a {type(weights).__name__}, but must be a list of kernel, recurrent_kernel and, if any, bias; "
            "pass layer.get_weights()"
        )
    gates = len(GATES[reset])
    kernel, recurrent_kernel = weights[0], weights[1]
    dtype = dtype_of("kernel", kernel)
    units = kernel.shape[-1] // gates if kernel.ndim else 0
    bias = weights[2] if len(weights) == 3 else np.zeros((2, gates * units), dtype)
    rows = () if len(weights) == 3 and reset != "after" else (2,)
    _fit("kernel", kernel, dtype, (kernel.shape[0] if kernel.ndim else 0, gates * units), reset)
    _fit("recurrent_kernel", recurrent_kernel, dtype, (units, gates * units), reset)
    _fit("bias", bias, dtype, (*rows, gates * units), reset)
    input_bias, recurrent_bias = bias if rows else (bias, np.zeros_like(bias))
    return Parameters(
        _gates_apart(kernel, gates),
        _gates_apart(recurrent_kernel, gates),
        np.stack([input_bias, recurrent_bias]).reshape(2, gates, units),
        reset,
    )


def merge_biases(p: Parameters) -> Parameters:
    """The same GRU with the recurrent bias added into the input bias, where only their sum counts.

    Raises Unrepresentable for reset after, whose candidate tells the two biases apart, and if a sum would be rounded.
    """
    are_parameters("p", p)
    if p.reset == "after":
        raise Unrepresentable(
            "reset='after' scales the candidate's recurrent bias by r, so the two biases cannot be merged"
        )
    a, b = p.bias
    with np.errstate(all="ignore"):
        total = a + b
        b_in_total = total - a
        lost = (a - (total - b_in_total)) + (b - b_in_total)  # Knuth's TwoSum: the rounding error of a + b, exactly
    if (lost != 0).any():
        gate, unit = (int(i) for i in np.argwhere(lost != 0)[0])
        raise Unrepresentable(
            f"bias[0, {gate}, {unit}] + bias[1, {gate}, {unit}] is not exact in {p.dtype}; use a wider dtype"
        )
    return Parameters(p.kernel, p.recurrent_kernel, np.stack([total, np.zeros_like(total)]), p.reset)


def to_torch(p: Parameters, suffix: str = "_l0") -> dict[str, np.ndarray]:
    """The arrays of torch.nn.GRU's state dict, for one layer and direction: suffix "_l0", "_l0_reverse", "_l1", ....

    Raises Unrepresentable unless reset is after, the only one that PyTorch has.
    """
    _check(p, "PyTorch")
    if p.reset != "after":
        raise Unrepresentable(
            f"reset is {p.reset!r}, but torch.nn.GRU only has 'after'; no conversion keeps the function"
        )
    return {
        f"weight_ih{suffix}": _on_top(p.kernel[RZN]),
        f"weight_hh{suffix}": _on_top(p.recurrent_kernel[RZN]),
        f"bias_ih{suffix}": p.bias[0, RZN].reshape(-1),
        f"bias_hh{suffix}": p.bias[1, RZN].reshape(-1),
    }


def from_torch(state_dict: Mapping[str, Any], suffix: str = "_l0") -> Parameters:
    """The Parameters that hold one layer and direction of torch.nn.GRU's state dict: to_torch backwards.

    The values may be NumPy arrays or CPU tensors; without biases they are zeros. Raises Invalid if the names or shapes
    do not fit, and for a tensor that NumPy cannot hold as it is.
    """
    if not isinstance(state_dict, Mapping):
        raise Invalid(f"state_dict is a {type(state_dict).__name__}, but must be a mapping; pass module.state_dict()")
    names = [f"{name}{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    present = [name for name in names if name in state_dict]
    if present not in (names, names[:2]):
        raise Invalid(
            f"state_dict has {', '.join(map(str, state_dict)) or 'nothing'}, but must have {', '.join(names)} "
            "(or neither bias); choose the layer and direction by suffix"
        )
    arrays = [_as_array(name, state_dict[name]) for name in present]
    dtype = dtype_of(names[0], arrays[0])
    units = len(arrays[0]) // 3 if arrays[0].ndim else 0
    arrays += [np.zeros(3 * units, dtype)] * (len(names) - len(present))
    input_dim = arrays[0].shape[-1] if arrays[0].ndim else 0
    for name, array, shape in zip(
        names, arrays, ((3 * units, input_dim), (3 * units, units), (3 * units,), (3 * units,)), strict=True
    ):
        _fit(name, array, dtype, shape, "after")
    W, U, b_x, b_h = arrays
    return Parameters(
        _gates_below(W, 3)[RZN], _gates_below(U, 3)[RZN], np.stack([b_x, b_h]).reshape(2, 3, units)[:, RZN], "after"
    )


def to_onnx(*directions: Parameters) -> dict[str, Any]:
    """The inputs W, R, B and the attribute linear_before_reset of ONNX's GRU, for one direction or two.

    Raises Unrepresentable for reset none and if the two directions differ in reset; Invalid if they differ in size.
    """
    if len(directions) not in (1, 2):
        raise Invalid(
            f"to_onnx got {len(directions)} Parameters, but ONNX has 1 direction or 2; pass forward, then backward"
        )
    first = directions[0]
    for p in directions:
        _check(p, "ONNX")
    for p in directions:
        if p.reset == "none":
            raise Unrepresentable("reset is 'none', but ONNX's GRU always has a reset gate; no conversion is exact")
        if p.reset != first.reset:
            raise Unrepresentable(
                f"the directions have reset {first.reset!r} and {p.reset!r}, but ONNX has one for both"
            )
        if (p.kernel.shape, p.dtype) != (first.kernel.shape, first.dtype):
            raise Invalid(
                f"the directions have kernels {first.kernel.shape} {first.dtype} and {p.kernel.shape} {p.dtype}, "
                "but ONNX stacks them; they must be the same"
            )
    return {
        "W": np.stack([_on_top(p.kernel) for p in directions]),
        "R": np.stack([_on_top(p.recurrent_kernel) for p in directions]),
        "B": np.stack([p.bias.reshape(-1) for p in directions]),
        "linear_before_reset": int(first.reset == "after"),
    }


def from_onnx(
    W: np.ndarray, R: np.ndarray, B: np.ndarray | None = None, linear_before_reset: int = 0
) -> tuple[Parameters, ...]:
    """The Parameters, one per direction, that hold ONNX's W, R and B: to_onnx backwards; no B is zeros.

    Raises Invalid if the shapes do not fit, and for a linear_before_reset other than 0 and 1.
    """
    is_integer = isinstance(linear_before_reset, int | np.integer) and not isinstance(linear_before_reset, bool)
    if not is_integer or linear_before_reset not in (0, 1):
        raise Invalid(
            f"linear_before_reset is {linear_before_reset!r}, but must be 0 (reset before) or 1 (reset after)"
        )
    reset: Reset = "after" if linear_before_reset else "before"
    dtype = dtype_of("W", W)
    if W.ndim != 3 or len(W) not in (1, 2):
        raise Invalid(f"W has shape {W.shape}, but must be (directions, 3 units, input_dim) with 1 direction or 2")
    directions, units = len(W), W.shape[1] // 3
    B = np.zeros((directions, 6 * units), dtype) if B is None else B
    _fit("W", W, dtype, (directions, 3 * units, W.shape[2]), reset)
    _fit("R", R, dtype, (directions, 3 * units, units), reset)
    _fit("B", B, dtype, (directions, 6 * units), reset)
    return tuple(
        Parameters(_gates_below(w, 3), _gates_below(r, 3), b.reshape(2, 3, units), reset)
        for w, r, b in zip(W, R, B, strict=True)
    )


def _side_by_side(kernel: np.ndarray) -> np.ndarray:
    """(gates, rows, units) to (rows, gates units)."""
    return np.concatenate(kernel, axis=1)


def _gates_apart(fused: np.ndarray, gates: int) -> np.ndarray:
    """(rows, gates units) to (gates, rows, units)."""
    return np.stack(np.split(fused, gates, axis=1))


def _on_top(kernel: np.ndarray) -> np.ndarray:
    """(gates, rows, units) to (gates units, rows)."""
    return _side_by_side(kernel).T.copy()


def _gates_below(fused: np.ndarray, gates: int) -> np.ndarray:
    """(gates units, rows) to (gates, rows, units)."""
    return _gates_apart(fused.T, gates)


def _as_array(name: str, value: Any) -> np.ndarray:
    """An array or a CPU tensor as an array."""
    try:
        return np.asarray(value)
    except (RuntimeError, TypeError, ValueError) as error:
        raise Invalid(
            f"{name} is a {type(value).__name__} that NumPy cannot read ({error}), but must be an array or a CPU "
            "tensor of float16, float32 or float64 without gradient; use tensor.detach().cpu(), and .float() on "
            "bfloat16"
        ) from error


def _check(p: Parameters, framework: str) -> None:
    are_parameters("p", p)
    if p.dtype not in FRAMEWORK_DTYPES:
        raise Unrepresentable(
            f"the parameters are {p.dtype}, which {framework} does not have; make float64 Parameters first"
        )


def _fit(name: str, array: object, dtype: np.dtype[Any], shape: tuple[int, ...], reset: str) -> None:
    because = f"for reset={reset!r}, which has gates {', '.join(GATES[reset])}; check reset and the order of the arrays"
    exact_array(name, array, dtype, shape, because)

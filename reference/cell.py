"""One step of the GRU and its derivative, three times: reset after, reset before, no reset gate.

The code is the definition. x is the input of the step, h the state before it, z the update gate, r the reset gate, n
the candidate. Each kernel holds one matrix for each gate, so x @ W computes one product for each gate.

Source: Cho et al. 2014, arXiv:1406.1078. Version 1 of the paper applies the reset gate after the recurrent product
(cuDNN; Keras, reset_after=True), version 3 before it (ONNX, linear_before_reset=0). The paper has no biases; here both
products have one, as in cuDNN.

The equations use ordinary arithmetic, @, exp, tanh and abs only, so they also run on object arrays of exact numbers.

Left out: time, masks (sequence.py), dropout, other activations.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from reference.activations import sigmoid, sigmoid_slope, tanh, tanh_slope
from reference.parameters import Weights

Tape = tuple[np.ndarray, ...]  # the quantities of a step that its derivative needs; named where they are unpacked


class StepGradients(NamedTuple):
    """The derivative of one step with respect to all its arrays."""

    x: np.ndarray  # batch input_dim
    h: np.ndarray  # batch units
    weights: Weights


def step_reset_after(x: np.ndarray, h: np.ndarray, w: Weights) -> tuple[np.ndarray, Tape]:
    """The next state, and the tape for step_reset_after_vjp. r scales the recurrent product with its bias."""
    W, U, (b_x, b_h) = w.kernel, w.recurrent_kernel, w.bias[:, :, None]
    x_z, x_r, x_n = x @ W + b_x
    h_z, h_r, h_n = h @ U + b_h
    z = sigmoid(x_z + h_z)
    r = sigmoid(x_r + h_r)
    n = tanh(x_n + r * h_n)
    return z * h + (1 - z) * n, (x, h, z, r, n, h_n)


def step_reset_after_vjp(dh: np.ndarray, tape: Tape, w: Weights) -> StepGradients:
    """Pull the cotangent of the next state back to everything that step_reset_after read."""
    x, h, z, r, n, h_n = tape
    W, U = w.kernel, w.recurrent_kernel
    da_z = dh * (h - n) * sigmoid_slope(z)
    da_n = dh * (1 - z) * tanh_slope(n)
    da_r = da_n * h_n * sigmoid_slope(r)
    da_x = np.stack([da_z, da_r, da_n])  # at x @ W + b_x
    da_h = np.stack([da_z, da_r, da_n * r])  # at h @ U + b_h: r meets the recurrent side only
    db = np.stack([da_x.sum(axis=1), da_h.sum(axis=1)])
    dx = (da_x @ transposed(W)).sum(axis=0)
    dh = dh * z + (da_h @ transposed(U)).sum(axis=0)
    return StepGradients(dx, dh, Weights(x.T @ da_x, h.T @ da_h, db))


def step_reset_before(x: np.ndarray, h: np.ndarray, w: Weights) -> tuple[np.ndarray, Tape]:
    """The next state, and the tape for step_reset_before_vjp. r scales the state that the candidate reads."""
    W, (U_z, U_r, U_n), (b_x, b_h) = w.kernel, w.recurrent_kernel, w.bias[:, :, None]
    x_z, x_r, x_n = x @ W + b_x
    b_z, b_r, b_n = b_h
    z = sigmoid(x_z + (h @ U_z + b_z))
    r = sigmoid(x_r + (h @ U_r + b_r))
    s = r * h
    n = tanh(x_n + (s @ U_n + b_n))
    return z * h + (1 - z) * n, (x, h, z, r, n, s)


def step_reset_before_vjp(dh: np.ndarray, tape: Tape, w: Weights) -> StepGradients:
    """Pull the cotangent of the next state back to everything that step_reset_before read."""
    x, h, z, r, n, s = tape
    W, (U_z, U_r, U_n) = w.kernel, w.recurrent_kernel
    da_z = dh * (h - n) * sigmoid_slope(z)
    da_n = dh * (1 - z) * tanh_slope(n)
    ds = da_n @ U_n.T
    da_r = ds * h * sigmoid_slope(r)
    da = np.stack([da_z, da_r, da_n])  # the same at both products
    db = da.sum(axis=1)
    dx = (da @ transposed(W)).sum(axis=0)
    dh = dh * z + da_z @ U_z.T + da_r @ U_r.T + ds * r
    dU = np.stack([h.T @ da_z, h.T @ da_r, s.T @ da_n])
    return StepGradients(dx, dh, Weights(x.T @ da, dU, np.stack([db, db])))


def step_reset_none(x: np.ndarray, h: np.ndarray, w: Weights) -> tuple[np.ndarray, Tape]:
    """The next state, and the tape for step_reset_none_vjp. The candidate reads the whole state."""
    W, U, (b_x, b_h) = w.kernel, w.recurrent_kernel, w.bias[:, :, None]
    x_z, x_n = x @ W + b_x
    h_z, h_n = h @ U + b_h
    z = sigmoid(x_z + h_z)
    n = tanh(x_n + h_n)
    return z * h + (1 - z) * n, (x, h, z, n)


def step_reset_none_vjp(dh: np.ndarray, tape: Tape, w: Weights) -> StepGradients:
    """Pull the cotangent of the next state back to everything that step_reset_none read."""
    x, h, z, n = tape
    W, U = w.kernel, w.recurrent_kernel
    da_z = dh * (h - n) * sigmoid_slope(z)
    da_n = dh * (1 - z) * tanh_slope(n)
    da = np.stack([da_z, da_n])  # the same at both products
    db = da.sum(axis=1)
    dx = (da @ transposed(W)).sum(axis=0)
    dh = dh * z + (da @ transposed(U)).sum(axis=0)
    return StepGradients(dx, dh, Weights(x.T @ da, h.T @ da, np.stack([db, db])))


def transposed(kernel: np.ndarray) -> np.ndarray:
    """Every gate's matrix, transposed."""
    return kernel.swapaxes(1, 2)


class Cell(NamedTuple):
    """A step and its derivative."""

    step: Callable[[np.ndarray, np.ndarray, Weights], tuple[np.ndarray, Tape]]
    vjp: Callable[[np.ndarray, Tape, Weights], StepGradients]


CELLS = {
    "after": Cell(step_reset_after, step_reset_after_vjp),
    "before": Cell(step_reset_before, step_reset_before_vjp),
    "none": Cell(step_reset_none, step_reset_none_vjp),
}

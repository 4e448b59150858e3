"""A GRU over time: initial state, lengths and masks, reversal, the outputs of masked steps; forward and backward.

A masked step reads nothing: its input never reaches the equations, and the state is copied bit for bit. Outputs always
stay aligned with the time of the inputs; flipped and packed are the two named ways to processing order.

Source: the lengths of cuDNN and ONNX (sequence_lens) and the masks of Keras, with one answer where these differ: a mask
may be any pattern, and reverse skips masked steps wherever they stand.

Left out: several layers, dropout, time-major arrays, state kept between calls.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from reference.arguments import given, lengths_of, mask_of, outputs_of_one_direction, sequence_of
from reference.cell import CELLS, Cell, Tape
from reference.parameters import Invalid, Parameters, Weights, flag, one_of

MaskedOutputs = Literal["carry", "zero"]


class Result(NamedTuple):
    """What a GRU gives."""

    outputs: np.ndarray  # batch time units
    final_state: np.ndarray  # batch units


class Gradients(NamedTuple):
    """The derivative of a GRU with respect to all that it read."""

    inputs: np.ndarray  # batch time input_dim
    initial_state: np.ndarray  # batch units
    kernel: np.ndarray  # gates input_dim units
    recurrent_kernel: np.ndarray  # gates units units
    bias: np.ndarray  # 2 gates units


def gru(
    inputs: np.ndarray,
    parameters: Parameters,
    *,
    initial_state: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    reverse: bool = False,
    masked_outputs: MaskedOutputs = "carry",
) -> Result:
    """Run a GRU over time.

    inputs: (batch, time, input_dim), of the parameters' dtype, which is kept throughout; batch and time may be 0.
    initial_state: (batch, units); None is zeros.
    lengths: (batch,) integers from 0 to time; the steps from there on are masked.
    mask: (batch, time) booleans, True where the step counts. Give lengths or mask; both only if they say the same.
    reverse: process time from last to first; the outputs stay aligned with the inputs.
    masked_outputs: what a masked step outputs: "carry", the state reached so far, or "zero".

    Gives outputs (batch, time, units) and final_state (batch, units), the state after the last step processed.
    Raises Invalid.
    """
    return results(checked_run(inputs, parameters, initial_state, lengths, mask, reverse, masked_outputs))


def gru_backward(
    inputs: np.ndarray,
    parameters: Parameters,
    *,
    grad_outputs: np.ndarray | None = None,
    grad_final_state: np.ndarray | None = None,
    initial_state: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    reverse: bool = False,
    masked_outputs: MaskedOutputs = "carry",
) -> Gradients:
    """Pull the cotangents of gru's results back to all that gru read.

    grad_outputs, grad_final_state: shaped like the result each belongs to; None is zeros. Under "zero" the cotangent of
    a masked output is ignored. The other arguments are gru's.

    Gives one gradient per array that gru read, of its shape; at a masked input it is exactly 0. Raises Invalid.
    """
    run = checked_run(inputs, parameters, initial_state, lengths, mask, reverse, masked_outputs)
    batch, time, _ = inputs.shape
    d_outputs = given("grad_outputs", grad_outputs, parameters, (batch, time, parameters.units))
    d_final = given("grad_final_state", grad_final_state, parameters, (batch, parameters.units))
    return gradients(run, d_outputs, d_final)


Show = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Run(NamedTuple):
    """One run, its arguments checked and its defaults filled in: all that the equations see."""

    x: np.ndarray  # batch time input_dim
    h: np.ndarray  # batch units
    weights: Weights
    valid: np.ndarray  # batch time
    steps: range  # in processing order
    cell: Cell
    show: Show


def results(run: Run) -> Result:
    """The results of a checked run."""
    hs, h, _ = scan(run)
    return Result(run.show(hs, run.valid), h)


def gradients(run: Run, d_outputs: np.ndarray, d_final: np.ndarray) -> Gradients:
    """The gradients of a checked run."""
    _, _, tapes = scan(run)
    return scan_vjp(run, tapes, run.show(d_outputs, run.valid), d_final)


def scan(run: Run) -> tuple[np.ndarray, np.ndarray, dict[int, Tape]]:
    """The state reached at every step, the last one, and the tape of every step."""
    h = run.h.copy()
    hs = np.zeros((*run.valid.shape, h.shape[1]), h.dtype)
    tapes: dict[int, Tape] = {}
    for t in run.steps:
        rows = run.valid[:, t]
        h[rows], tapes[t] = run.cell.step(run.x[rows, t], h[rows], run.weights)
        hs[:, t] = h
    return hs, h, tapes


def scan_vjp(run: Run, tapes: dict[int, Tape], dhs: np.ndarray, dh: np.ndarray) -> Gradients:
    """Pull the cotangents of scan's states back to all that it read."""
    dx = np.zeros_like(run.x)
    dh = dh.copy()
    dW, dU, db = (np.zeros_like(w) for w in run.weights)
    for t in reversed(run.steps):
        rows = run.valid[:, t]
        dh += dhs[:, t]
        dx[rows, t], dh[rows], d = run.cell.vjp(dh[rows], tapes[t], run.weights)
        dW += d.kernel
        dU += d.recurrent_kernel
        db += d.bias
    return Gradients(dx, dh, dW, dU, db)


# What a masked step outputs, from the states reached: both are projections, hence their own transposes.
SHOWS: dict[str, Show] = {
    "carry": lambda hs, valid: hs,
    "zero": lambda hs, valid: np.where(valid[:, :, None], hs, 0),
}


def flipped(outputs: np.ndarray) -> np.ndarray:
    """Outputs (batch, time, units) of a reverse run, last time first, masked steps included: Keras' go_backwards."""
    outputs_of_one_direction(outputs)
    return outputs[:, ::-1].copy()


def packed(outputs: np.ndarray, mask: np.ndarray | None = None, *, lengths: np.ndarray | None = None) -> np.ndarray:
    """Outputs (batch, time, units) of a reverse run in processing order, the masked steps after it in time order.

    For lengths this is TensorFlow's reverse_sequence. Raises Invalid, also if neither mask nor lengths is given.
    """
    outputs_of_one_direction(outputs)
    if mask is None and lengths is None:
        raise Invalid("packed needs mask or lengths, got neither; where every step counts use flipped")
    batch, time, _ = outputs.shape
    valid = validity(batch, time, lengths, mask)
    t = np.arange(time, dtype=np.intp)
    processed = np.where(valid, -t, time + t)
    return np.take_along_axis(outputs, processed.argsort(axis=1)[:, :, None], axis=1)


def checked_run(
    inputs: np.ndarray,
    parameters: Parameters,
    initial_state: np.ndarray | None,
    lengths: np.ndarray | None,
    mask: np.ndarray | None,
    reverse: bool,
    masked_outputs: str,
) -> Run:
    """The Run that gru's arguments mean; raises Invalid."""
    batch, time, _ = sequence_of(inputs, parameters).shape
    flag("reverse", reverse)
    one_of("masked_outputs", masked_outputs, tuple(SHOWS))
    return Run(
        inputs,
        given("initial_state", initial_state, parameters, (batch, parameters.units)),
        parameters.weights,
        validity(batch, time, lengths, mask),
        range(time)[::-1] if reverse else range(time),
        CELLS[parameters.reset],
        SHOWS[masked_outputs],
    )


def validity(batch: int, time: int, lengths: np.ndarray | None, mask: np.ndarray | None) -> np.ndarray:
    """Which steps count, (batch, time): those that lengths or mask says, else all. Raises Invalid."""
    if lengths is not None:
        lengths_of(lengths, batch, time)
    if mask is not None:
        mask_of(mask, batch, time)
    if lengths is None:
        return np.ones((batch, time), bool) if mask is None else mask
    valid = np.arange(time) < lengths[:, None]
    if mask is not None and (mask != valid).any():
        raise Invalid("lengths and mask are both given, but say different things; give the one you mean")
    return valid

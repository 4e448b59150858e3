"""A GRU over time: initial state, lengths and masks, reversal, the outputs of masked steps; forward and backward.

A masked step reads nothing: its input never reaches the equations, and the state is copied bit for bit. Outputs stay
aligned with the time of the inputs. `flipped` and `packed` convert them to two orders of processing.

Source: the lengths of cuDNN and ONNX (sequence_lens) and the masks of Keras. Where these differ, a mask may have any
pattern, and reverse skips masked steps wherever they are.

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
    """The result of a GRU.

    Attributes:
        outputs: The state at each step, an array (batch, time, units).
        final_state: The state after the last processed step, an array (batch, units).

    Examples:
        >>> from reference import Result
        >>> Result._fields
        ('outputs', 'final_state')
    """

    outputs: np.ndarray  # batch time units
    final_state: np.ndarray  # batch units


class Gradients(NamedTuple):
    """The gradients of a GRU with respect to all its arrays.

    Attributes:
        inputs: An array (batch, time, input_dim); exactly 0 at masked inputs.
        initial_state: An array (batch, units).
        kernel: An array (gates, input_dim, units).
        recurrent_kernel: An array (gates, units, units).
        bias: An array (2, gates, units).

    Examples:
        >>> from reference import Gradients
        >>> Gradients._fields
        ('inputs', 'initial_state', 'kernel', 'recurrent_kernel', 'bias')
    """

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

    Args:
        inputs: An array (batch, time, input_dim) of the parameters' dtype, which is kept throughout; batch and time may
            be 0.
        parameters: The parameters of the GRU.
        initial_state: An array (batch, units); None means zeros.
        lengths: Integers (batch,) from 0 to time; later steps are masked.
        mask: Booleans (batch, time), True where the step counts. Give lengths or mask; both only if they agree.
        reverse: True processes time from last to first; the outputs stay aligned with the inputs.
        masked_outputs: The output of a masked step: "carry", the state reached so far, or "zero".

    Returns:
        The outputs and the final state.

    Raises:
        Invalid: If an argument has another dtype, shape or name.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, gru
        >>> zero = Parameters(np.zeros((3, 1, 1)), np.zeros((3, 1, 1)), np.zeros((2, 3, 1)))
        >>> gru(np.ones((1, 2, 1)), zero, initial_state=np.ones((1, 1))).outputs.tolist()  # each step halves the state
        [[[0.5], [0.25]]]
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
    """Compute the gradients of a GRU from the cotangents of its results.

    Args:
        inputs: As for `gru`.
        parameters: As for `gru`.
        grad_outputs: Cotangents (batch, time, units); None means zeros. Under "zero" the cotangent of a masked output
            is ignored.
        grad_final_state: Cotangents (batch, units); None means zeros.
        initial_state: As for `gru`.
        lengths: As for `gru`.
        mask: As for `gru`.
        reverse: As for `gru`.
        masked_outputs: As for `gru`.

    Returns:
        One gradient for each array that gru read, in its shape; exactly 0 at a masked input.

    Raises:
        Invalid: If an argument has another dtype, shape or name.

    Source: Werbos 1990, "Backpropagation through time".

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, gru_backward
        >>> zero = Parameters(np.zeros((3, 1, 1)), np.zeros((3, 1, 1)), np.zeros((2, 3, 1)))
        >>> gru_backward(np.ones((1, 2, 1)), zero, grad_final_state=np.ones((1, 1))).initial_state.tolist()
        [[0.25]]
    """
    run = checked_run(inputs, parameters, initial_state, lengths, mask, reverse, masked_outputs)
    batch, time, _ = inputs.shape
    d_outputs = given("grad_outputs", grad_outputs, parameters, (batch, time, parameters.units))
    d_final = given("grad_final_state", grad_final_state, parameters, (batch, parameters.units))
    return gradients(run, d_outputs, d_final)


Show = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Run(NamedTuple):
    """A run with checked arguments and defaults: everything that the equations read."""

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
    """The state at every step, the final state, and the tape of every step."""
    h = run.h.copy()
    hs = np.zeros((*run.valid.shape, h.shape[1]), h.dtype)
    tapes: dict[int, Tape] = {}
    for t in run.steps:
        rows = run.valid[:, t]
        h[rows], tapes[t] = run.cell.step(run.x[rows, t], h[rows], run.weights)
        hs[:, t] = h
    return hs, h, tapes


def scan_vjp(run: Run, tapes: dict[int, Tape], dhs: np.ndarray, dh: np.ndarray) -> Gradients:
    """Pull the cotangents of scan's states back to everything that it read."""
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


# The outputs of masked steps, from the states reached. Both functions are projections, so each is its own transpose.
SHOWS: dict[str, Show] = {
    "carry": lambda hs, valid: hs,
    "zero": lambda hs, valid: np.where(valid[:, :, None], hs, 0),
}


def flipped(outputs: np.ndarray) -> np.ndarray:
    """Reverse the time of outputs: last time first, masked steps included, as Keras' go_backwards returns them.

    Args:
        outputs: An array (batch, time, units) of a reverse run.

    Returns:
        A new array of the same shape.

    Raises:
        Invalid: If outputs is not an array of three axes.

    Examples:
        >>> import numpy as np
        >>> from reference import flipped
        >>> flipped(np.array([[[1.0], [2.0], [3.0]]])).tolist()
        [[[3.0], [2.0], [1.0]]]
    """
    outputs_of_one_direction(outputs)
    return outputs[:, ::-1].copy()


def packed(outputs: np.ndarray, mask: np.ndarray | None = None, *, lengths: np.ndarray | None = None) -> np.ndarray:
    """Sort outputs of a reverse run by processing order, followed by the masked steps in time order.

    For lengths this is TensorFlow's reverse_sequence.

    Args:
        outputs: An array (batch, time, units) of a reverse run.
        mask: As for `gru`.
        lengths: As for `gru`. Give lengths or mask.

    Returns:
        A new array of the same shape.

    Raises:
        Invalid: If an argument has another dtype or shape, or neither mask nor lengths is given.

    Examples:
        >>> import numpy as np
        >>> from reference import packed
        >>> packed(np.array([[[1.0], [2.0], [3.0]]]), lengths=np.array([2])).tolist()
        [[[2.0], [1.0], [3.0]]]
    """
    outputs_of_one_direction(outputs)
    if mask is None and lengths is None:
        raise Invalid("packed got neither mask nor lengths, but needs one; if every step counts, use flipped")
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
    """Make a Run from gru's arguments. Raises Invalid."""
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
    """The valid steps, (batch, time) booleans, from lengths or mask; all steps without them. Raises Invalid."""
    if lengths is not None:
        lengths_of(lengths, batch, time)
    if mask is not None:
        mask_of(mask, batch, time)
    if lengths is None:
        return np.ones((batch, time), bool) if mask is None else mask
    valid = np.arange(time) < lengths[:, None]
    if mask is not None and (mask != valid).any():
        raise Invalid("lengths and mask are both given, but differ; pass only one of them")
    return valid

"""Two GRUs over the same inputs, one from each end, and a merge; forward and backward.

The two runs are independent. Before the merge, both have outputs aligned with the time of the inputs. Each has its own
final state.

Source: Schuster and Paliwal 1997, "Bidirectional recurrent neural networks"; the merges of keras.layers.Bidirectional.

Left out: directions with different units, flipped and packed (apply these to the pair that merge="apart" returns).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from reference.arguments import Pair, alike, given, given_pair, pair
from reference.parameters import Parameters, Weights, one_of
from reference.sequence import MaskedOutputs, Run, checked_run, gradients, results

MergeName = Literal["concat", "sum", "mul", "ave", "apart"]
MaybePair = tuple[np.ndarray | None, np.ndarray | None]


class BiResult(NamedTuple):
    """The result of a bidirectional GRU.

    Attributes:
        outputs: An array (batch, time, units); (batch, time, 2 units) for "concat"; a pair of arrays for "apart".
        final_state: A pair (forward, backward) of arrays (batch, units).

    Examples:
        >>> from reference import BiResult
        >>> BiResult._fields
        ('outputs', 'final_state')
    """

    outputs: np.ndarray | Pair  # batch time units (concat: 2 units); apart: a pair of them
    final_state: Pair  # batch units, forward and backward


class BiGradients(NamedTuple):
    """The gradients of a bidirectional GRU with respect to all its arrays.

    Attributes:
        inputs: An array (batch, time, input_dim), the sum of both directions.
        initial_state: A pair (forward, backward) of arrays (batch, units).
        forward: The gradients of the forward direction's weights.
        backward: The gradients of the backward direction's weights.

    Examples:
        >>> from reference import BiGradients
        >>> BiGradients._fields
        ('inputs', 'initial_state', 'forward', 'backward')
    """

    inputs: np.ndarray  # batch time input_dim
    initial_state: Pair  # batch units, forward and backward
    forward: Weights
    backward: Weights


Join = Callable[[np.ndarray, np.ndarray], Any]
Split = Callable[[Any, np.ndarray, np.ndarray], Any]


@dataclass(frozen=True)
class Merge:
    """A merge of the outputs a and b of two directions, and its derivative, which splits a cotangent d into theirs."""

    join: Join
    vjp: Split


MERGES: dict[str, Merge] = {
    "concat": Merge(lambda a, b: np.concatenate([a, b], axis=-1), lambda d, a, b: np.split(d, 2, axis=-1)),
    "sum": Merge(lambda a, b: a + b, lambda d, a, b: (d, d)),
    "mul": Merge(lambda a, b: a * b, lambda d, a, b: (d * b, d * a)),
    "ave": Merge(lambda a, b: (a + b) / 2, lambda d, a, b: (d / 2, d / 2)),
    "apart": Merge(lambda a, b: (a, b), lambda d, a, b: d),
}


def bigru(
    inputs: np.ndarray,
    forward: Parameters,
    backward: Parameters,
    *,
    merge: MergeName = "concat",
    initial_state: MaybePair | None = None,
    lengths: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    masked_outputs: MaskedOutputs = "carry",
) -> BiResult:
    """Run one GRU forward and another in reverse, and merge their outputs.

    Args:
        inputs: An array (batch, time, input_dim) of the parameters' dtype.
        forward: The parameters of the forward direction.
        backward: The parameters of the backward direction, of the same dtype, input_dim and units.
        merge: "concat" joins along the units, forward first; "sum", "mul" and "ave" combine element by element; "apart"
            returns a pair.
        initial_state: A pair (forward, backward) of arrays (batch, units), in which None means zeros.
        lengths: As for `gru`.
        mask: As for `gru`.
        masked_outputs: As for `gru`.

    Returns:
        The merged outputs and a pair of final states.

    Raises:
        Invalid: If an argument has another dtype, shape or name.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, bigru
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> bigru(np.ones((1, 5, 2)), p, p).outputs.shape
        (1, 5, 8)
    """
    one_of("merge", merge, tuple(MERGES))
    ahead, back = checked_runs(inputs, forward, backward, initial_state, lengths, mask, masked_outputs)
    return merged_results(ahead, back, MERGES[merge])


def bigru_backward(
    inputs: np.ndarray,
    forward: Parameters,
    backward: Parameters,
    *,
    grad_outputs: np.ndarray | MaybePair | None = None,
    grad_final_state: MaybePair | None = None,
    merge: MergeName = "concat",
    initial_state: MaybePair | None = None,
    lengths: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    masked_outputs: MaskedOutputs = "carry",
) -> BiGradients:
    """Compute the gradients of a bidirectional GRU from the cotangents of its results.

    Args:
        inputs: As for `bigru`.
        forward: As for `bigru`.
        backward: As for `bigru`.
        grad_outputs: Cotangents in the shape of bigru's outputs, a pair for merge="apart"; None means zeros, also in
            the pair. Under "zero" the cotangent of a masked output is ignored.
        grad_final_state: A pair of cotangents (batch, units); None means zeros, also in the pair.
        merge: As for `bigru`.
        initial_state: As for `bigru`.
        lengths: As for `bigru`.
        mask: As for `bigru`.
        masked_outputs: As for `bigru`.

    Returns:
        One gradient for each array that bigru read.

    Raises:
        Invalid: If an argument has another dtype, shape or name.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, bigru_backward
        >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
        >>> bigru_backward(np.ones((1, 5, 2)), p, p, grad_outputs=np.ones((1, 5, 8))).forward.kernel.shape
        (3, 2, 4)
    """
    one_of("merge", merge, tuple(MERGES))
    ahead, back = checked_runs(inputs, forward, backward, initial_state, lengths, mask, masked_outputs)
    batch, time, _ = inputs.shape
    units = forward.units
    d_final = given_pair("grad_final_state", grad_final_state, forward, (batch, units))
    if merge == "apart":
        d_outputs = np.stack(given_pair("grad_outputs", grad_outputs, forward, (batch, time, units)))
    else:
        width = 2 * units if merge == "concat" else units
        d_outputs = given("grad_outputs", grad_outputs, forward, (batch, time, width))
    return merged_gradients(ahead, back, MERGES[merge], d_outputs, d_final)


def merged_results(ahead: Run, back: Run, merge: Merge) -> BiResult:
    """The results of two checked runs."""
    (a, h_a), (b, h_b) = results(ahead), results(back)
    return BiResult(merge.join(a, b), (h_a, h_b))


def merged_gradients(ahead: Run, back: Run, merge: Merge, d_outputs: np.ndarray, d_final: Pair) -> BiGradients:
    """The gradients of two checked runs. An ignored cotangent must not reach the merge either."""
    a, b = results(ahead).outputs, results(back).outputs
    d_a, d_b = merge.vjp(ahead.show(d_outputs, ahead.valid), a, b)
    of_a = gradients(ahead, d_a, d_final[0])
    of_b = gradients(back, d_b, d_final[1])
    return BiGradients(
        of_a.inputs + of_b.inputs, (of_a.initial_state, of_b.initial_state), Weights(*of_a[2:]), Weights(*of_b[2:])
    )


def checked_runs(
    inputs: np.ndarray,
    forward: Parameters,
    backward: Parameters,
    initial_state: MaybePair | None,
    lengths: np.ndarray | None,
    mask: np.ndarray | None,
    masked_outputs: str,
) -> tuple[Run, Run]:
    """Make two Runs from bigru's arguments. Raises Invalid."""
    alike(forward, backward)
    h_a, h_b = pair("initial_state", initial_state)
    ahead = checked_run(inputs, forward, h_a, lengths, mask, False, masked_outputs)
    back = checked_run(inputs, backward, h_b, lengths, mask, True, masked_outputs)
    return ahead, back

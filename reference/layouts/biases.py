"""Merge the two biases where only their sum counts, for frameworks with one bias vector for a gate."""

import numpy as np

from reference.parameters import GATES, Parameters, Unrepresentable, are_parameters


def merge_biases(p: Parameters) -> Parameters:
    """The same GRU with the recurrent bias added into the input bias, for GRUs in which only the sum counts.

    Args:
        p: Parameters with reset "before" or "none".

    Returns:
        Parameters whose recurrent bias is zero.

    Raises:
        Unrepresentable: If reset is "after", where the candidate's two biases act differently, or if a sum would be
            rounded.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, merge_biases
        >>> p = Parameters(np.zeros((3, 2, 1)), np.zeros((3, 1, 1)), np.ones((2, 3, 1)), reset="before")
        >>> merge_biases(p).bias.ravel().tolist()
        [2.0, 2.0, 2.0, 0.0, 0.0, 0.0]
    """
    are_parameters("p", p)
    if p.reset == "after":
        raise Unrepresentable(
            "reset='after' scales the candidate's recurrent bias by r, so the two biases cannot be merged"
        )
    return _merged(p, len(p.gates))


def merge_gate_biases(p: Parameters) -> Parameters:
    """The same GRU with the recurrent biases of z and r added into their input biases. The candidate keeps both biases.

    Args:
        p: Parameters with reset "after".

    Returns:
        Parameters whose recurrent bias is zero for z and r.

    Raises:
        Unrepresentable: If reset is not "after" (use merge_biases), or if a sum would be rounded.

    Examples:
        >>> import numpy as np
        >>> from reference import Parameters, merge_gate_biases
        >>> p = Parameters(np.zeros((3, 2, 1)), np.zeros((3, 1, 1)), np.ones((2, 3, 1)))
        >>> merge_gate_biases(p).bias.ravel().tolist()
        [2.0, 2.0, 1.0, 0.0, 0.0, 1.0]
    """
    are_parameters("p", p)
    if p.reset != "after":
        raise Unrepresentable(f"reset={p.reset!r} has no gate with a separate recurrent bias; call merge_biases")
    return _merged(p, len(p.gates) - 1)


def no_recurrent_bias(p: Parameters, gates: str, framework: str) -> None:
    """Raise Unrepresentable if the recurrent bias of one of these gates is not zero."""
    for gate in gates:
        if p.bias[1, GATES[p.reset].index(gate)].any():
            merge = "merge_gate_biases" if p.reset == "after" else "merge_biases"
            only = p.reset == "after" and gate == "n"
            todo = "no conversion keeps the function" if only else f"call {merge} first"
            raise Unrepresentable(f"the recurrent bias of {gate} is not zero, but {framework} has none; {todo}")


def _merged(p: Parameters, gates: int) -> Parameters:
    """Add the recurrent biases of the first gates into their input biases, exactly."""
    a, b = p.bias[:, :gates]
    with np.errstate(all="ignore"):
        total = a + b
        b_in_total = total - a
        lost = (a - (total - b_in_total)) + (b - b_in_total)  # Knuth's TwoSum: the rounding error of a + b, exactly
    if (lost != 0).any():
        gate, unit = (int(i) for i in np.argwhere(lost != 0)[0])
        raise Unrepresentable(
            f"bias[0, {gate}, {unit}] + bias[1, {gate}, {unit}] is not exact in {p.dtype}; use a wider dtype"
        )
    bias = p.bias.copy()
    bias[0, :gates], bias[1, :gates] = total, 0
    return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)

"""The two biases made one, where only their sum counts: what a framework with one vector for a gate can hold."""

import numpy as np

from reference.parameters import GATES, Parameters, Unrepresentable, are_parameters


def merge_biases(p: Parameters) -> Parameters:
    """The same GRU with the recurrent bias added into the input bias, where only their sum counts.

    Raises Unrepresentable for reset after, whose candidate tells the two biases apart, and if a sum would be rounded.
    """
    are_parameters("p", p)
    if p.reset == "after":
        raise Unrepresentable(
            "reset='after' scales the candidate's recurrent bias by r, so the two biases cannot be merged"
        )
    return _merged(p, len(p.gates))


def merge_gate_biases(p: Parameters) -> Parameters:
    """The same GRU with the recurrent biases of z and r added into their input biases; the candidate keeps its two.

    Raises Unrepresentable unless reset is after (merge_biases is for the others), and if a sum would be rounded.
    """
    are_parameters("p", p)
    if p.reset != "after":
        raise Unrepresentable(f"reset={p.reset!r} has no recurrent bias of its own in any gate; call merge_biases")
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
    """The recurrent biases of the first gates added into their input biases, exactly."""
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

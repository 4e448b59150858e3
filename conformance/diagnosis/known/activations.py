"""Known deviations of activations: other functions of the gates and of the candidate, and clips."""

from collections.abc import Callable
from math import erf, pi, sqrt

import numpy as np

from conformance.diagnosis.catalogue.activations import (
    CANDIDATE,
    CLIPPED,
    CLIPS,
    GATES,
    LIMITS,
    ONE_GATE,
    clip_name,
    limit_name,
)
from conformance.diagnosis.known.deviation import Deviation
from conformance.diagnosis.known.gru import Blocks
from conformance.diagnosis.known.running_error import Near, Rounded

Function = Callable[[Rounded, Near], Near]


def _through(function: Callable[[np.ndarray], np.ndarray], slope: float) -> Function:
    """A function with a given largest slope that is as accurate as sigma and tanh."""

    def applied(ops: Rounded, a: Near) -> Near:
        value = function(a.value)
        return Near(value, slope * a.error + (ops.relative + ops.unit) * np.abs(value) + ops.absolute)

    return applied


def _line(slope: float) -> Function:
    return lambda ops, a: ops.clipped(ops.scaled(a, slope, 0.5), 0, 1)


def _softsign(a: np.ndarray) -> np.ndarray:
    return a / (1 + np.abs(a))


def _exponential(a: np.ndarray) -> np.ndarray:
    """exp(a) - 1 below 0, and 0 above it."""
    return np.expm1(np.minimum(a, 0))


def _phi(a: np.ndarray) -> np.ndarray:
    return np.vectorize(erf, otypes=[float])(a)


def _sigma(a: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(a / 2)) / 2


def _squared(ops: Rounded, a: Near) -> Near:
    gate = ops.sigmoid(a)
    return ops.times(gate, gate)


OF_GATES: dict[str, Function] = {
    "tanh": lambda ops, a: ops.tanh(a),
    "hard_fifth": _line(1 / 5),
    "hard_sixth": _line(1 / 6),
    "hard_quarter": _line(1 / 4),
    "hard_half": _line(1 / 2),
    "twice": lambda ops, a: ops.sigmoid(ops.scaled(a, 2)),
    "halved": lambda ops, a: ops.sigmoid(ops.scaled(a, 0.5)),
    "negated": lambda ops, a: ops.sigmoid(ops.scaled(a, -1)),
    "softsign": lambda ops, a: ops.scaled(_through(_softsign, 1)(ops, a), 0.5, 0.5),
    "linear": lambda ops, a: a,
    "relu": lambda ops, a: Near(np.maximum(a.value, 0), a.error),
    "sigmoid_of_sigmoid": lambda ops, a: ops.sigmoid(ops.sigmoid(a)),
    "sigmoid_of_tanh": lambda ops, a: ops.sigmoid(ops.tanh(a)),
    "square_root": _through(lambda a: np.sqrt(_sigma(a)), 0.5),
    "squared": _squared,
}

OF_THE_CANDIDATE: dict[str, Function] = {
    "hard_tanh": lambda ops, a: ops.clipped(a, -1, 1),
    "softsign": _through(_softsign, 1),
    "tanh_of_sigmoid": lambda ops, a: ops.tanh(ops.sigmoid(a)),
    "sigmoid_of_tanh": lambda ops, a: ops.sigmoid(ops.tanh(a)),
    "tanh_of_tanh": lambda ops, a: ops.tanh(ops.tanh(a)),
    "tanh_twice": lambda ops, a: ops.tanh(ops.scaled(a, 2)),
    "tanh_halved": lambda ops, a: ops.tanh(ops.scaled(a, 0.5)),
    "tanh_negated": lambda ops, a: ops.scaled(ops.tanh(a), -1),
    "tanh_positive": lambda ops, a: ops.clipped(ops.tanh(a), 0, 1),
    "tanh_scaled": lambda ops, a: ops.scaled(ops.tanh(ops.scaled(a, 2 / 3)), 1.7159),
    "sine": _through(np.sin, 1),
    "arctangent": _through(np.arctan, 1),
    "error_function": _through(_phi, 2 / sqrt(pi)),
    "leaky_relu": lambda ops, a: Near(np.where(a.value > 0, a.value, 0.01 * a.value), a.error),
    "leaky_relu_of_keras": lambda ops, a: Near(np.where(a.value > 0, a.value, 0.2 * a.value), a.error),
    "elu": _through(lambda a: np.maximum(a, 0) + _exponential(a), 1),
    "selu": _through(
        lambda a: 1.0507009873554805 * np.maximum(a, 0) + 1.7580993408473768 * _exponential(a), 1.7580993408473768
    ),
    "softplus": _through(lambda a: np.logaddexp(0, a), 1),
    "swish": _through(lambda a: a * _sigma(a), 1.1),
    "gelu": _through(lambda a: a * (1 + _phi(a / sqrt(2))) / 2, 1.13),
    "gelu_of_tanh": _through(lambda a: a * (1 + np.tanh(sqrt(2 / pi) * (a + 0.044715 * a**3))) / 2, 1.13),
    "relu_6": lambda ops, a: ops.clipped(a, 0, 6),
}


def _gates(name: str, function: Function) -> type[Deviation]:
    def sigmoid(self: Deviation, a: Near) -> Near:
        if name == "gates_negated" and self.case.reset == "none":
            raise ValueError("without a reset gate this is the update gate in the other sense")
        return function(self.ops, a)

    return type(name, (Deviation,), {"sigmoid": sigmoid})


def _update(name: str, function: Function) -> type[Deviation]:
    def update(self: Deviation, x_side: list[Near], h: Near, w: Blocks) -> Near:
        if len(w.W) != 3:
            raise ValueError("without a reset gate this is the same for all gates")
        return function(self.ops, self.ops.plus(x_side[0], self.recurrent(h, w, 0)))

    return type(name, (Deviation,), {"update": update})


def _reset(name: str, function: Function) -> type[Deviation]:
    def reset(self: Deviation, x_side: list[Near], h: Near, w: Blocks) -> Near:
        return function(self.ops, self.ops.plus(x_side[1], self.recurrent(h, w, 1)))

    return type(name, (Deviation,), {"reset": reset})


def _candidate(name: str, function: Function) -> type[Deviation]:
    def tanh(self: Deviation, a: Near) -> Near:
        return function(self.ops, a)

    return type(name, (Deviation,), {"tanh": tanh})


def _clip(name: str, gates: str, limit: float) -> type[Deviation]:
    def sigmoid(self: Deviation, a: Near) -> Near:
        return super(made, self).sigmoid(self.ops.clipped(a, -limit, limit))

    def tanh(self: Deviation, a: Near) -> Near:
        return super(made, self).tanh(self.ops.clipped(a, -limit, limit))

    parts = ({"sigmoid": sigmoid} if "z" in gates else {}) | ({"tanh": tanh} if "n" in gates else {})
    made: type[Deviation] = type(name, (Deviation,), parts)
    return made


def _limited(name: str, limit: float) -> type[Deviation]:
    def tanh(self: Deviation, a: Near) -> Near:
        return self.ops.clipped(super(made, self).tanh(a), -limit, limit)

    made: type[Deviation] = type(name, (Deviation,), {"tanh": tanh})
    return made


DEVIATIONS = (
    *(_gates(f"gates_{name}", OF_GATES[name]) for name, (_, elsewhere) in GATES.items() if not elsewhere),
    *(
        made(f"{ONE_GATE[gate]}_gate_{name}", OF_GATES[name])
        for gate, made in (("z", _update), ("r", _reset))
        for name in GATES
        if name != "negated"
    ),
    *(_candidate(f"candidate_{name}", OF_THE_CANDIDATE[name]) for name in CANDIDATE),
    *(_clip(clip_name(which, limit), gates, limit) for which, (_, gates) in CLIPPED.items() for limit in CLIPS),
    *(_limited(limit_name(limit), limit) for limit in LIMITS),
)
"""All deviations of the tables, in their order."""

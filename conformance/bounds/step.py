"""The one-step bound: the set of all states that one step of a conforming GRU may return.

Contract. Let h be the state that an implementation really had. Let it compute the next state by the equations in its
claimed arithmetic, with a blend in BLENDS. Then the state that it returns lies in the set returned here.

Each step is judged from the implementation's own previous state. So the bound stays small at any length, because
nothing grows with time. The equations are written once, over operations that carry their errors (proven.py).
"""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from conformance.bounds.blends import Rounding
from conformance.bounds.elementwise import covers, exactly, margin, middle, radius, spread, up
from conformance.bounds.proven import NOTHING_PROVEN, Computed, Gate, Matrix, OutsideDomain, Proven
from conformance.interface.arithmetic import Arithmetic, contains
from conformance.truth.balls import Balls, precision
from reference import Parameters

BITS = 192


class StepSet(NamedTuple):
    """Two object arrays (rows, units) of arb: the exact step, and the largest allowed distance from it."""

    exact: Balls
    bound: Balls

    @staticmethod
    def of(balls: Balls) -> "StepSet":
        """The set of numbers in these balls."""
        return StepSet(middle(balls), radius(balls))

    @staticmethod
    def around(numbers: Computed) -> "StepSet":
        """The set of possible computed values, around the middle of the exact ones."""
        return StepSet(middle(numbers.exact), numbers.error + radius(numbers.exact))

    @property
    def balls(self) -> Balls:
        """The set as balls: all values that the step may return."""
        with precision(BITS):
            return spread(self.exact, self.bound)

    def margins(self, computed: np.ndarray) -> np.ndarray:
        """The share of its bound that each computed number uses. Above 1 is outside. NaN and infinities use an
        infinite share.
        """
        with precision(BITS):
            return margin(computed.astype(np.float64), self.exact, self.bound).astype(np.float64)

    def errors(self, computed: np.ndarray) -> np.ndarray:
        """The signed distance of each computed number from the exact one, as float64."""
        with precision(BITS):
            return (exactly(computed) - self.exact).astype(np.float64)


class StepWeights(NamedTuple):
    """One direction's parameters as operands: a kernel, a recurrent kernel and two biases for each gate."""

    W: list[Any]
    U: list[Any]
    b: list[Any]
    c: list[Any]

    @staticmethod
    def proven(ops: Proven, p: Parameters) -> "StepWeights":
        """Read parameters through proven operations."""
        kernels = (
            [Matrix(ops.operand(ops.read(block))) for block in array] for array in (p.kernel, p.recurrent_kernel)
        )
        return StepWeights(*kernels, *([ops.read(gate) for gate in row] for row in p.bias))


class OneStep:
    """The one-step bound of one direction's parameters in one class of arithmetic."""

    def __init__(self, parameters: Parameters, arithmetic: Arithmetic) -> None:
        self.arithmetic, self.reset, self.parameters = arithmetic, parameters.reset, parameters
        with precision(BITS):
            self.ops = Proven(arithmetic)

    @cached_property
    def weights(self) -> StepWeights:
        """The weights as operands, converted once. Raises OutsideDomain if a weight may overflow the format of
        operands.
        """
        with precision(BITS):
            return StepWeights.proven(self.ops, self.parameters)

    def __call__(self, x: np.ndarray, h: np.ndarray) -> StepSet:
        """The set of allowed next states.

        Args:
            x: Inputs (rows, input_dim), machine numbers.
            h: Returned states (rows, units), machine numbers.

        Returns:
            The set, (rows, units).

        Raises:
            OutsideDomain: If overflow is possible, or the bound would prove nothing.
        """
        with precision(BITS):
            state = self.ops.carried(h)
            parts = step_parts(self.ops, self.reset, self.weights, self.ops.read(x), state)
            result = StepSet.around(self.ops.shown(self.ops.blend(parts.z, parts.keep, parts.n.computed, state)))
            if np.any(covers(result.balls, state.exact)):
                raise OutsideDomain(NOTHING_PROVEN)
            return result


class Parts(NamedTuple):
    """The quantities that the blend and the derivative need.

    Attributes:
        z: The update gate.
        keep: 1 - z, computed as sigma(-a).
        n: The candidate state.
        r: The reset gate.
        v: The recurrent product that the reset gate multiplies ("after").
        s: The product of the reset gate and the state ("before").
    """

    z: Gate
    keep: Gate
    n: Gate
    r: Gate | None = None
    v: Computed | None = None
    s: Computed | None = None


# The equations, over any operations (ops), from inputs x and states h.


def step_parts(ops: Any, reset: str, w: StepWeights, x: Any, h: Any) -> Parts:
    """One step up to its blend, for a position of the reset gate."""
    return {"after": _after, "before": _before, "none": _none}[reset](ops, w, x, h)


def _after(ops: Any, w: StepWeights, x: Any, h: Any) -> Parts:
    r = ops.sigma(_pre_activation(ops, w, x, h, 1))
    v = ops.sum([(h, w.U[2])], [w.c[2]])
    n = ops.tanh(_joined(ops, (x, w.W[2]), w.b[2], ops.times(r.computed, v)))
    return Parts(*_update(ops, w, x, h), n, r, v)


def _before(ops: Any, w: StepWeights, x: Any, h: Any) -> Parts:
    r = ops.sigma(_pre_activation(ops, w, x, h, 1))
    s = ops.times(r.computed, h)
    return Parts(*_update(ops, w, x, h), ops.tanh(_pre_activation(ops, w, x, s, 2)), r, s=s)


def _none(ops: Any, w: StepWeights, x: Any, h: Any) -> Parts:
    return Parts(*_update(ops, w, x, h), ops.tanh(_pre_activation(ops, w, x, h, 1)))


def _update(ops: Any, w: StepWeights, x: Any, h: Any) -> tuple[Gate, Gate]:
    return ops.sigma_and_complement(_pre_activation(ops, w, x, h, 0))


def _pre_activation(ops: Any, w: StepWeights, x: Any, h: Any, gate: int) -> Any:
    """x W + b + h U + c: each side summed with its own bias, the biases added first, or all in one sum."""
    side, state, b, c = (x, w.W[gate]), (h, w.U[gate]), w.b[gate], w.c[gate]
    if ops.arithmetic.summation == "any order":
        return ops.sum([side, state], [b, c])
    apart = ops.add(ops.sum([side], [b]), ops.sum([state], [c]))
    merged = ops.add(ops.sum([side], [ops.add(b, c)]), ops.sum([state]))
    return ops.either(apart, merged)


def _joined(ops: Any, side: tuple[Any, Any], b: Any, state: Any) -> Any:
    """x W + b and the other side of a pre-activation: added to it, or a term of its sum."""
    if ops.arithmetic.summation == "any order":
        return ops.sum([side], [b, state])
    return ops.add(ops.sum([side], [b]), state)


def merged(merge: str, forward: Balls, backward: Balls, arithmetic: Arithmetic) -> StepSet:
    """The set of one merged output, from the balls of both directions' states (rows, units).

    "ave" may halve before or after the addition: one rounding, and an underflow for each half. The result has the
    format of the carried or of the returned states.
    """
    with precision(BITS):
        ops = Proven(arithmetic)
        once = (
            ops.once
            if contains(arithmetic.output_format, arithmetic.format)
            else ops.once.then(ops.rounding(arithmetic.output_format))
        )
        once = Rounding(once.u, 2 * once.underflow)
        joined = {
            "sum": lambda: forward + backward,
            "mul": lambda: forward * backward,
            "ave": lambda: (forward + backward) / 2,
        }
        if merge not in joined:
            return StepSet.of(np.concatenate([forward, backward], axis=-1))
        result = joined[merge]()
        return StepSet(middle(result), radius(result) + once.of(up(result)))

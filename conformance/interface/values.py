"""Kinds of numbers in a free combination's case, each a change to a case of plain numbers.

Kernels have special code for such numbers: for zeros, for equal rows, for distant values.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import WEIGHTS, Case
from conformance.interface.strategies import with_exact_sums
from reference import Parameters

REGIMES = ("saturated gates", "large weights", "far gates", "near underflow")
"""Kinds that are drawn directly (strategies.Numbers)."""
Change = Callable[[Case, np.random.Generator], Case]


def _steep_gates(case: Case, rng: np.random.Generator) -> Case:
    """Change the pre-activations of the gates to values so large that the slope is below the smallest normal number.

    Some candidates are as far out: there exp(2 a) overflows in float32.
    """

    def parameters(p: Parameters) -> Parameters:
        bias = p.bias.astype(np.float64)
        bias[0, :-1] += rng.choice((-100, -60, 60, 100), bias[0, :-1].shape)
        bias[0, -1] += rng.choice((-100, 0, 0, 100), bias[0, -1].shape)
        return Parameters(p.kernel, p.recurrent_kernel, with_exact_sums(bias, case.dtype).astype(case.dtype), p.reset)

    return _with(case, parameters)


def _zero_inputs(case: Case, rng: np.random.Generator) -> Case:
    """Put zeros in some input vectors, at valid steps too, including the first or the last one of each row. At
    every fourth step the inputs of all rows are zeros.
    """
    inputs = case.inputs.copy()
    zero = rng.random(inputs.shape[:2]) < 0.3
    zero[::2, :1] = zero[1::2, -1:] = zero[:, 2::4] = True
    inputs[zero] = 0
    return replace(case, inputs=inputs)


def _sparse_inputs(case: Case, rng: np.random.Generator) -> Case:
    """Put zeros in most inputs, but leave a nonzero number in every vector."""
    inputs = case.inputs * (rng.random(case.inputs.shape) < 0.2).astype(case.dtype)
    if inputs.shape[2]:
        lost = ~inputs.any(axis=2)
        inputs[lost, -1] = case.inputs[lost, -1]
    return replace(case, inputs=inputs)


def _large_states(case: Case, _: np.random.Generator) -> Case:
    states = case.initial_state
    return replace(case, initial_state=None if states is None else tuple(16 * state for state in states))


def _equal_rows(case: Case, _: np.random.Generator) -> Case:
    """Give all rows the same inputs; their states differ."""
    return replace(case, inputs=np.repeat(case.inputs[:1], case.batch, axis=0))


def _equal_states(case: Case, _: np.random.Generator) -> Case:
    """Give all rows the same initial state; their inputs differ."""
    states = case.initial_state
    equal = None if states is None else tuple(np.repeat(h[:1], case.batch, axis=0) for h in states)
    return replace(case, initial_state=equal)


def _equal_steps(case: Case, rng: np.random.Generator) -> Case:
    """Give some steps the inputs of the step before."""
    inputs = case.inputs.copy()
    for t in range(1, case.time):
        same = rng.random(case.batch) < 1 / 2
        inputs[same, t] = inputs[same, t - 1]
    return replace(case, inputs=inputs)


def _absent_weights(case: Case, rng: np.random.Generator) -> Case:
    """Put zeros in a kernel or bias, a different one in each direction, or in one gate's part of it."""
    order = rng.permutation(4)

    def parameters(place: int, p: Parameters) -> Parameters:
        arrays = {name: getattr(p, name).copy() for name in WEIGHTS}
        parts = (arrays["kernel"], arrays["recurrent_kernel"], *arrays["bias"])
        part = parts[order[place]]
        part[slice(None) if rng.random() < 2 / 3 else rng.integers(len(part))] = 0
        return Parameters(**arrays, reset=p.reset)

    return replace(case, parameters=tuple(parameters(*numbered) for numbered in enumerate(case.parameters)))


def _equal_weights(case: Case, rng: np.random.Generator) -> Case:
    """Give both directions the same weights. With one direction, give two gates or all units the same weights."""
    if len(case.parameters) == 2:
        return replace(case, parameters=(case.parameters[0],) * 2)
    of_units = bool(rng.random() < 1 / 2)

    def parameters(p: Parameters) -> Parameters:
        arrays = {name: getattr(p, name).copy() for name in WEIGHTS}
        for name, array in arrays.items():
            if of_units:
                array[...] = array[..., :1]
            elif name != "bias":
                array[1] = array[0]
        return Parameters(**arrays, reset=p.reset)

    return _with(case, parameters)


def _scaled_inputs(case: Case, rng: np.random.Generator) -> Case:
    """Scale one feature or all features far up or down, and scale the kernels the opposite way."""
    inputs, far = case.inputs.copy(), 2.0 ** min(30, FORMATS[case.dtype].largest // 2)
    scale = np.asarray(far if rng.random() < 1 / 2 else 1 / far, case.dtype)
    which = slice(None) if rng.random() < 1 / 2 else slice(0, 1)
    inputs[:, :, which] *= scale

    def parameters(p: Parameters) -> Parameters:
        kernel = p.kernel.copy()
        kernel[:, which] /= scale
        return Parameters(kernel, p.recurrent_kernel, p.bias, p.reset)

    return _with(replace(case, inputs=inputs), parameters)


def _remembering(case: Case, _: np.random.Generator) -> Case:
    """Make the gates hold the state at every step except the first and last ones, which the first input feature marks.

    So the first steps and the initial state determine the last step, whatever the number of steps between.
    """
    inputs = case.inputs.copy()
    inputs[:, :, 0] = 1
    inputs[:, :2, 0], inputs[:, -2:, 0] = -1 / 16, 0

    def parameters(p: Parameters) -> Parameters:
        kernel, recurrent, bias = p.kernel.copy(), p.recurrent_kernel / 8, p.bias.copy()
        kernel[0] /= 8
        kernel[0, 0] = 40
        recurrent[0] = 0
        return Parameters(kernel, recurrent.astype(case.dtype), bias, p.reset)

    return _with(replace(case, inputs=inputs), parameters)


def _with(case: Case, changed: Callable[[Parameters], Parameters]) -> Case:
    return replace(case, parameters=tuple(map(changed, case.parameters)))


LARGE_STATES, EQUAL_STATES = STATES = ("large states", "equal states")
"""Kinds that need an initial state."""
CHANGES: Mapping[str, Change] = {
    "steep gates": _steep_gates,
    "zero inputs": _zero_inputs,
    "sparse inputs": _sparse_inputs,
    LARGE_STATES: _large_states,
    "equal rows": _equal_rows,
    EQUAL_STATES: _equal_states,
    "equal steps": _equal_steps,
    "absent weights": _absent_weights,
    "equal weights": _equal_weights,
    "scaled inputs": _scaled_inputs,
    "remembering": _remembering,
}
VALUES = ("few bits", "many bits", *REGIMES, *CHANGES)
TAME = tuple(name for name in VALUES if name not in ("large weights", "far gates", "near underflow"))
"""Values for which the bound of a gradient, or of a merge of two whole runs, proves something."""

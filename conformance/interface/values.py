"""Kinds of numbers that a free combination's case can have, each a change to a case of plain numbers.

Kernels have code of their own for such numbers: a test for zeros, for equal rows, for what is far out.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import WEIGHTS, Case
from reference import Parameters

REGIMES = ("saturated gates", "large weights", "far gates", "near underflow")
"""Kinds that are drawn as such (strategies.Numbers)."""
Change = Callable[[Case, np.random.Generator], Case]


def _steep_gates(case: Case, rng: np.random.Generator) -> Case:
    """Pre-activations of the gates so far out that the slope there is below the smallest normal number."""

    def parameters(p: Parameters) -> Parameters:
        bias = p.bias.copy()
        bias[0, :-1] += rng.choice((-100, -60, 60, 100), bias[0, :-1].shape)
        return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)

    return _with(case, parameters)


def _zero_inputs(case: Case, rng: np.random.Generator) -> Case:
    """Input vectors that are all zero, at valid steps too, the first and the last among them."""
    inputs = case.inputs.copy()
    zero = rng.random(inputs.shape[:2]) < 0.3
    zero[::2, :1] = zero[1::2, -1:] = True
    inputs[zero] = 0
    return replace(case, inputs=inputs)


def _sparse_inputs(case: Case, rng: np.random.Generator) -> Case:
    """Inputs most of which are 0, and no vector all of them."""
    inputs = case.inputs * (rng.random(case.inputs.shape) < 0.2).astype(case.dtype)
    if inputs.shape[2]:
        lost = ~inputs.any(axis=2)
        inputs[lost, -1] = case.inputs[lost, -1]
    return replace(case, inputs=inputs)


def _large_states(case: Case, _: np.random.Generator) -> Case:
    states = case.initial_state
    return replace(case, initial_state=None if states is None else tuple(16 * state for state in states))


def _equal_rows(case: Case, _: np.random.Generator) -> Case:
    """Rows with the same inputs, and states of their own."""
    return replace(case, inputs=np.repeat(case.inputs[:1], case.batch, axis=0))


def _equal_states(case: Case, _: np.random.Generator) -> Case:
    """Rows with the same initial state, and inputs of their own."""
    states = case.initial_state
    equal = None if states is None else tuple(np.repeat(h[:1], case.batch, axis=0) for h in states)
    return replace(case, initial_state=equal)


def _equal_steps(case: Case, rng: np.random.Generator) -> Case:
    """Steps whose inputs are those of the step before."""
    inputs = case.inputs.copy()
    for t in range(1, case.time):
        same = rng.random(case.batch) < 1 / 2
        inputs[same, t] = inputs[same, t - 1]
    return replace(case, inputs=inputs)


def _absent_weights(case: Case, rng: np.random.Generator) -> Case:
    """A kernel or a bias that is all zero, another one in each direction; or one gate's part of it."""
    order = rng.permutation(4)

    def parameters(place: int, p: Parameters) -> Parameters:
        arrays = {name: getattr(p, name).copy() for name in WEIGHTS}
        parts = (arrays["kernel"], arrays["recurrent_kernel"], *arrays["bias"])
        part = parts[order[place]]
        part[slice(None) if rng.random() < 2 / 3 else rng.integers(len(part))] = 0
        return Parameters(**arrays, reset=p.reset)

    return replace(case, parameters=tuple(parameters(*numbered) for numbered in enumerate(case.parameters)))


def _equal_weights(case: Case, rng: np.random.Generator) -> Case:
    """Weights that are the same in both directions; or where there is one, in two gates, or in every unit."""
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
    """Inputs that are scaled far up or down, one feature or all, and kernels that undo it."""
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
    """Gates that hold the state at every step but the ends, which the first input tells.

    So what the first step wrote, and the initial state beneath it, decide the last step, however many lie between.
    """
    inputs = case.inputs.copy()
    inputs[:, :, 0] = 1
    inputs[:, :2, 0] = inputs[:, -2:, 0] = -1 / 16

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
"""Kinds that want an initial state."""
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

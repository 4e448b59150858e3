"""keras.layers.GRU and keras.layers.Bidirectional on Keras' JAX backend, compiled by jax.jit, on the CPU.

float64 is enabled for the whole process, which serves this subject only.
"""

from functools import partial
from typing import Any

import jax
import numpy as np

from conformance.adapters.by_gate import by_gate
from conformance.adapters.jax_layers import xla
from conformance.adapters.keras_backends import (
    answer,
    arrays,
    as_returned,
    capabilities,
    layer,
    mask,
    on,
    states,
    weights,
)
from conformance.interface.case import Case, Gradients, Outputs

keras = on("jax")
jax.config.update("jax_enable_x64", True)


class KerasJax:
    """A layer for each configuration, called without state; the weights are arguments."""

    packages = ("keras", "jax")
    capabilities = capabilities(xla(), "carry", compiles=True)

    def __init__(self) -> None:
        self._programs: dict[tuple[object, ...], tuple[Any, Any]] = {}

    def run(self, case: Case) -> Outputs:
        """Compute the layer's outputs and its final states."""
        forward, _ = self._program(case)
        return answer(case, [np.array(part) for part in forward(weights(case), case.inputs, _starts(case), mask(case))])

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """By jax.vjp of the same function."""
        _, backward = self._program(case)
        given = (weights(case), case.inputs, list(case.starts), mask(case), as_returned(case, cotangents))
        of_weights, of_inputs, of_states = jax.tree.map(np.array, backward(*given))
        each = [
            (of_states[place], *by_gate(arrays, p, of_weights[3 * place : 3 * place + 3]))
            for place, p in enumerate(case.parameters)
        ]
        return Gradients(of_inputs, *(each[0] if case.merge is None else zip(*each, strict=True)))

    def _program(self, case: Case) -> tuple[Any, Any]:
        key = (case.reset, case.dtype, case.inputs.shape[2], case.units, case.reverse, case.merge, case.masked_outputs)
        if key not in self._programs:
            apply = partial(_apply, layer(keras, case), case)
            self._programs[key] = (jax.jit(apply), jax.jit(partial(_backward, apply)))
        return self._programs[key]


def _apply(made: Any, case: Case, weights: Any, inputs: Any, given: Any, valid: Any) -> list[Any]:
    """case: any of its configuration."""
    options = {} if valid is None else {"mask": valid}
    others = [variable.value for variable in made.non_trainable_variables]
    results, _ = made.stateless_call(weights, others, inputs, initial_state=states(case, given), **options)
    return list(results)


def _backward(apply: Any, weights: Any, inputs: Any, given: Any, valid: Any, cotangents: Any) -> Any:
    def forward(weights: Any, inputs: Any, given: Any) -> list[Any]:
        return apply(weights, inputs, given, valid)

    _, back = jax.vjp(forward, weights, inputs, given)
    return back(cotangents)


def _starts(case: Case) -> list[np.ndarray] | None:
    return None if case.initial_state is None else list(case.initial_state)


gru = KerasJax()

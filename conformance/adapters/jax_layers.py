"""The common base of the JAX adapters: a pure function of weights, inputs and states, compiled by jax.jit, and its vjp.

There is one program for each configuration and shape; the weights are arguments. float64 is enabled for cases of that
format only.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from conformance.adapters.by_gate import by_gate
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs
from reference import Parameters

Weights = Mapping[str, Any]
"""A framework's own tree of arrays."""


class Asked(NamedTuple):
    """The configuration that a program is compiled for, besides its shapes and formats."""

    reset: str
    input_dim: int
    units: int
    dtype: str
    reverse: bool
    merge: str | None
    masked_outputs: str

    @staticmethod
    def of(case: Case) -> "Asked":
        """The configuration of a case."""
        p = case.parameters[0]
        return Asked(p.reset, p.input_dim, p.units, case.dtype, case.reverse, case.merge, case.masked_outputs)


class JaxLayers:
    """A GRU as a pure function.

    Attributes:
        apply: A function from (configuration, weights of each direction, inputs, initial states or None, lengths or
            mask or None) to (outputs, final states). The outputs are one array, or a pair if they are apart; there is
            one final state for each direction.
        weights: A function from one direction's parameters to the framework's tree.
    """

    def __init__(
        self,
        apply: Callable[..., tuple[Any, tuple[Any, ...]]],
        weights: Callable[[Parameters], Weights],
        capabilities: Capabilities,
        packages: tuple[str, ...],
    ) -> None:
        self.weights, self.capabilities, self.packages = weights, capabilities, ("jax", *packages)
        self.forward = jax.jit(apply, static_argnums=0)
        self.backward = jax.jit(partial(_backward, apply), static_argnums=0)

    def run(self, case: Case) -> Outputs:
        """Call the compiled function once."""
        with jax.enable_x64(case.dtype == "float64"):
            given = (self._trees(case), case.inputs, case.initial_state, steps(case))
            outputs, finals = self.forward(Asked.of(case), *given)
            shown = tuple(map(np.array, outputs)) if isinstance(outputs, tuple) else np.array(outputs)
            states = tuple(map(np.array, finals))
        if not self.capabilities.outputs:
            shown = None
        return Outputs(shown, states[0] if case.merge is None else states)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by jax.vjp of the same function. Outputs that it does not return have no cotangents."""
        if not self.capabilities.outputs:
            cotangents = cotangents._replace(outputs=jax.tree.map(np.zeros_like, cotangents.outputs))
        finals = (cotangents.final_state,) if case.merge is None else tuple(cotangents.final_state)
        with jax.enable_x64(case.dtype == "float64"):
            given = (self._trees(case), case.inputs, case.starts, steps(case))
            trees, inputs, states = self.backward(Asked.of(case), *given, (cotangents.outputs, finals))
            each = [
                (np.array(state), *by_gate(lambda p: jax.tree.leaves(self.weights(p)), p, jax.tree.leaves(tree)))
                for state, p, tree in zip(states, case.parameters, trees, strict=True)
            ]
            of_inputs = np.array(inputs)
        return Gradients(of_inputs, *(each[0] if case.merge is None else zip(*each, strict=True)))

    def _trees(self, case: Case) -> list[Weights]:
        return [self.weights(p) for p in case.parameters]


def steps(case: Case) -> np.ndarray | None:
    """The lengths as 32-bit integers, the mask, or None."""
    return case.mask if case.lengths is None else case.lengths.astype(np.int32)


def xla(summation: str = "separate", activation: str = "8 ULP") -> dict[str, Arithmetic]:
    """The claims for XLA's CPU compiler."""
    return {
        dtype: Arithmetic(
            dtype=dtype, activation=activation, summation=summation, flush=True, source="XLA's tanh and logistic"
        )
        for dtype in ("float32", "float64")
    }


def _backward(apply: Callable[..., Any], asked: Asked, trees: Any, inputs: Any, states: Any, steps: Any, given: Any):
    def forward(trees: Any, inputs: Any, states: Any) -> Any:
        return apply(asked, trees, inputs, states, steps)

    _, back = jax.vjp(forward, trees, inputs, states)
    return back(given)

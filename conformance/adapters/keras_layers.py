"""The common base of the adapters of tf_gru and of Keras: a Keras layer with the case's weights, called along one path.

A layer is built once for each configuration, so that a compiled path compiles once for each shape, not for each case.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from conformance.adapters.keras_backends import answer, as_returned, weights
from conformance.adapters.tensorflow_kernels import COMPILED, held
from conformance.interface.adapter import Capabilities
from conformance.interface.case import Case, Gradients, Outputs
from reference import Parameters

PATHS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "eager": lambda function: function,
    "graph": tf.function,
    "xla": lambda function: tf.function(function, jit_compile=True),
}


class KerasLayers:
    """Layers that `build` makes for a case, called along a path: "eager", "graph" or "xla".

    arguments: a function from a case to the layer's call arguments besides the inputs.
    """

    def __init__(
        self,
        path: str,
        build: Callable[[Case], Any],
        arguments: Callable[[Case], dict[str, Any]],
        capabilities: Capabilities,
        packages: tuple[str, ...],
    ) -> None:
        self.path, self.build, self.arguments = PATHS[path], build, arguments
        self.capabilities, self.packages = capabilities, packages
        self._layers: dict[tuple[object, ...], _Layer] = {}

    def run(self, case: Case) -> Outputs:
        """Compute the layer's outputs and its final state, aligned with the inputs' time."""
        parts = [part.numpy() for part in self._layer(case).forward(tf.constant(case.inputs), self.arguments(case))]
        return answer(case, parts)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by TensorFlow's own tape, inside the path."""
        starts = [tf.constant(state) for state in case.starts]
        given = {**self.arguments(case), "initial_state": starts if case.merge is not None else starts[0]}
        of_results = [tf.constant(part) for part in as_returned(case, cotangents)]
        results = self._layer(case).backward(tf.constant(case.inputs), given, of_results)
        return answer_gradients(case, [tf.convert_to_tensor(part).numpy() for part in results])

    @property
    def kernels(self) -> set[str]:
        """The kernels that ran, as far as they are visible; an eager call shows none."""
        if self.path is PATHS["xla"]:
            return {COMPILED} if self._layers else set()
        return held(graph for layer in self._layers.values() for graph in layer.graphs)

    def _layer(self, case: Case) -> "_Layer":
        p = case.parameters[0]
        key = (p.reset, case.dtype, p.input_dim, p.units, case.reverse, case.merge, case.masked_outputs)
        if key not in self._layers:
            self._layers[key] = _Layer(self.build(case), self.path, case)
        layer = self._layers[key]
        layer.keras.set_weights(weights(case))
        return layer


class _Layer:
    """A built layer with its two compiled functions."""

    def __init__(self, layer: Any, path: Callable[[Callable[..., Any]], Callable[..., Any]], case: Case) -> None:
        self.keras, self.path = layer, path
        self.graphs: list[tf.Graph] = []
        layer.build((None, None, case.parameters[0].input_dim))

    @cached_property
    def forward(self) -> Callable[..., Any]:
        """A function from inputs and call arguments to a list of tensors."""

        def forward(inputs: Any, arguments: dict[str, Any]) -> Any:
            self._traced()
            return self.keras(inputs, **arguments)

        return self.path(forward)

    @cached_property
    def backward(self) -> Callable[..., Any]:
        """A function from inputs, call arguments and a cotangent of each result to the gradients of inputs, states and
        weights.

        The weights are in the order of set_weights: one direction after the other.
        """

        def backward(inputs: Any, arguments: dict[str, Any], cotangents: list[Any]) -> Any:
            self._traced()
            sources = [inputs, *tf.nest.flatten(arguments["initial_state"]), *self.keras.weights]
            sources = [getattr(source, "value", source) for source in sources]
            with tf.GradientTape() as tape:
                tape.watch(sources)
                results = list(self.keras(inputs, **arguments))
            return tape.gradient(
                results, sources, output_gradients=cotangents, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )

        return self.path(backward)

    def _traced(self) -> None:
        if not tf.executing_eagerly():
            self.graphs.append(tf.compat.v1.get_default_graph())


def initial_state(case: Case) -> dict[str, Any]:
    """The call argument initial_state, if the case has one."""
    if case.initial_state is None:
        return {}
    states = [tf.constant(state) for state in case.initial_state]
    return {"initial_state": states if case.merge is not None else states[0]}


def answer_gradients(case: Case, results: list[np.ndarray]) -> Gradients:
    """The gradients of the inputs, of each direction's initial state, and of the weights in Keras' order."""
    directions = len(case.parameters)
    inputs, states, weights = results[0], results[1 : 1 + directions], results[1 + directions :]
    each = [
        (state, *_weights_by_gate(*weights[3 * direction : 3 * direction + 3], p))
        for direction, (state, p) in enumerate(zip(states, case.parameters, strict=True))
    ]
    return Gradients(inputs, *(each[0] if case.merge is None else zip(*each, strict=True)))


def _weights_by_gate(
    kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray, p: Parameters
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _by_gate(kernel, p), _by_gate(recurrent_kernel, p), _bias_by_gate(bias, p)


def _by_gate(fused: np.ndarray, p: Parameters) -> np.ndarray:
    """Keras' (rows, gates * units) as (gates, rows, units)."""
    return np.stack(np.split(fused, len(p.gates), axis=-1))


def _bias_by_gate(bias: np.ndarray, p: Parameters) -> np.ndarray:
    """Keras' rows as (2, gates, units). A single row is the gradient of both biases, because both are added to it."""
    rows = bias if bias.ndim == 2 else np.stack([bias, bias])
    return rows.reshape(2, len(p.gates), p.units)

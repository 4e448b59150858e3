"""A Keras model around a case's layer, as users save and export it: inputs by name, and only the layer's weights.

A model is converted once for each configuration. The converted model receives the weights of each case.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from conformance.adapters.keras_backends import answer, weights
from conformance.interface.adapter import Capabilities
from conformance.interface.case import Case, Outputs

Arrays = dict[str, np.ndarray]


def model(case: Case, layer: Any) -> keras.Model:
    """A model that calls the layer on inputs named as in `feeds`, with unknown batch and time."""
    p = case.parameters[0]
    x = keras.Input((None, p.input_dim), dtype=case.dtype, name="inputs")
    states = [keras.Input((p.units,), dtype=case.dtype, name=name) for name in _states(case)]
    others = {}
    if case.mask is not None:
        others["mask"] = keras.Input((None,), dtype="bool", name="mask")
    if case.lengths is not None:
        others["lengths"] = keras.Input((), dtype="int64", name="lengths")
    given = {"initial_state": states if case.merge is not None else states[0]} if states else {}
    results = layer(x, **given, **others)
    return keras.Model([x, *states, *others.values()], list(results))


def feeds(case: Case) -> Arrays:
    """The inputs of a case's model, in their order."""
    given = {"inputs": case.inputs, **dict(zip(_states(case), case.initial_state or (), strict=True))}
    if case.mask is not None:
        given["mask"] = case.mask
    if case.lengths is not None:
        given["lengths"] = case.lengths.astype(np.int64)
    return given


def configuration(case: Case) -> tuple[object, ...]:
    """The configuration for which a model is made."""
    p = case.parameters[0]
    return (p.reset, case.dtype, p.input_dim, p.units, case.reverse, case.merge, case.masked_outputs, *feeds(case))


def _states(case: Case) -> tuple[str, ...]:
    if case.initial_state is None:
        return ()
    return ("initial_state",) if case.merge is None else ("forward_state", "backward_state")


class Converted:
    """A subject whose models are converted first.

    convert: a function from a case to a function of feeds and weights that returns the model's results.
    """

    def __init__(
        self,
        convert: Callable[[Case], Callable[[Arrays, list[np.ndarray]], list[np.ndarray]]],
        capabilities: Capabilities,
        packages: tuple[str, ...],
    ) -> None:
        self.convert, self.capabilities, self.packages = convert, capabilities, packages
        self._converted: dict[tuple[object, ...], Any] = {}

    def run(self, case: Case) -> Outputs:
        """Compute the results of the converted model."""
        return answer(case, self.converted(case)(feeds(case), weights(case)))

    def converted(self, case: Case) -> Any:
        """The result of `convert` for the case's configuration."""
        key = configuration(case)
        if key not in self._converted:
            self._converted[key] = self.convert(case)
        return self._converted[key]

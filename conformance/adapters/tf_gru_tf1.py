"""tf_gru.gru in a graph and a session of TensorFlow 1, whose loops also use that version's control flow.

One graph serves every case of a configuration: batch, time and the width of the inputs are unknown in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from conformance.adapters.keras_backends import weights
from conformance.adapters.keras_layers import answer_gradients
from conformance.adapters.tf_gru import capabilities
from conformance.interface.case import Case, Gradients, Outputs
from tf_gru import gru

v1 = tf.compat.v1


class TensorFlow1:
    """A session for each configuration."""

    packages = ("tf-gru", "tensorflow")
    capabilities = capabilities(
        "graph",
        merges=(),
        bidirectional_masked_outputs=(),
        because=dict.fromkeys(
            ("merges", "merge apart or concat"), "gru runs one direction; merging two is the caller's"
        ),
    )

    def __init__(self) -> None:
        self._graphs: dict[tuple[object, ...], _Built] = {}

    def run(self, case: Case) -> Outputs:
        """Compute outputs and final state by name, in one session."""
        built, fed = self._built(case), _fed(case)
        return Outputs(*built.session.run(built.results, {built.placeholders[name]: fed[name] for name in fed}))

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by tf.gradients, in the graph."""
        built = self._built(case, differentiated=True)
        fed = _fed(case, differentiated=True) | dict(zip(COTANGENTS, cotangents, strict=True))
        results = built.session.run(built.results, {built.placeholders[name]: fed[name] for name in fed})
        return answer_gradients(case, list(results))

    def _built(self, case: Case, *, differentiated: bool = False) -> "_Built":
        fed = tuple(_fed(case, differentiated=differentiated))
        key = (case.reset, case.dtype, case.units, case.reverse, case.masked_outputs, fed, differentiated)
        if key not in self._graphs:
            self._graphs[key] = _build(case, fed, differentiated)
        return self._graphs[key]


COTANGENTS = ("outputs' cotangent", "final state's cotangent")
WEIGHTS = ("kernel", "recurrent_kernel", "bias")


class _Built(NamedTuple):
    session: Any
    placeholders: dict[str, Any]
    results: list[Any]


def _fed(case: Case, *, differentiated: bool = False) -> dict[str, np.ndarray]:
    fed = {"inputs": case.inputs, **dict(zip(WEIGHTS, weights(case), strict=True))}
    if case.initial_state is not None or differentiated:
        (fed["initial_state"],) = case.starts
    if case.mask is not None:
        fed["mask"] = case.mask
    if case.lengths is not None:
        fed["lengths"] = case.lengths
    return fed


def _build(case: Case, fed: tuple[str, ...], differentiated: bool) -> _Built:
    gates, units, dtype = len(case.single.gates), case.units, case.dtype
    shapes = {
        "inputs": (None, None, None),
        "kernel": (None, gates * units),
        "recurrent_kernel": (units, gates * units),
        "bias": (2, 3 * units) if case.reset == "after" else (gates * units,),
        "initial_state": (None, units),
        "mask": (None, None),
        "lengths": (None,),
        **dict(zip(COTANGENTS, ((None, None, units), (None, units)), strict=True)),
    }
    kinds = {"mask": "bool", "lengths": "int64"}
    names = fed + (COTANGENTS if differentiated else ())
    with tf.Graph().as_default() as graph, _control_flow_of_its_time():
        placeholders = {name: v1.placeholder(kinds.get(name, dtype), shapes[name]) for name in names}
        given = {name: placeholders[name] for name in fed}
        results = list(gru(**given, reset=case.reset, reverse=case.reverse, masked_outputs=case.masked_outputs))
        if differentiated:
            sources = [given[name] for name in ("inputs", "initial_state", *WEIGHTS)]
            cotangents = [placeholders[name] for name in COTANGENTS]
            results = tf.gradients(results, sources, cotangents, unconnected_gradients="zero")
    return _Built(v1.Session(graph=graph), placeholders, results)


@contextmanager
def _control_flow_of_its_time() -> Iterator[None]:
    """Use loops of Switch and Merge, as a TensorFlow 1 program has them after disable_v2_behavior."""
    v1.disable_control_flow_v2()
    try:
        yield
    finally:
        v1.enable_control_flow_v2()


tf1 = TensorFlow1()

"""TensorFlow 1's GRUCell, now in tf_keras, in dynamic_rnn and bidirectional_dynamic_rnn, in a session.

tf.compat.v1.nn.rnn_cell is this module under TF_USE_LEGACY_KERAS=1. The adapter imports it from tf_keras, because one
process cannot have both Keras 3 and tf_keras as tf.keras. One graph serves every case of a configuration.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tf_keras.api._v1.keras.__internal__.legacy import rnn_cell

from conformance.adapters.by_gate import by_gate
from conformance.adapters.tensorflow_arithmetic import EIGEN
from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs
from reference import Parameters, merge_biases
from reference.layouts import to_rnn_cell

v1 = tf.compat.v1
CELLS = ("fw", "bw")


class DynamicRnn:
    """A session for each configuration. Each case first assigns its weights to the variables."""

    packages = ("tf_keras", "tensorflow")
    capabilities = Capabilities(
        arithmetic={
            dtype: Arithmetic(dtype=dtype, activation=activation, summation="any order", flush=True, source=source)
            for dtype, (activation, source) in EIGEN.items()
        },
        resets=("before",),
        lengths=True,
        zero_length=True,
        masked_outputs=("zero",),
        merges=("apart",),
        bidirectional_masked_outputs=("zero",),
        zero_batch=True,
        gradients=True,
        because={
            "reset after": "TensorFlow 1's GRUCell resets before the product only",
            "reset none": "TensorFlow 1's GRUCell always has a reset gate",
            "zero_time": "dynamic_rnn raises for sequences without a step",
            "masks": "dynamic_rnn has sequence_length, not masks",
            "reverse": "dynamic_rnn runs forward or in both directions, not in reverse alone",
        },
    )

    def __init__(self) -> None:
        self._graphs: dict[tuple[object, ...], _Built] = {}

    def run(self, case: Case) -> Outputs:
        """Compute outputs and final states in one run of the session."""
        results = self._run(case, _fed(case))
        if case.merge is None:
            return Outputs(*results)
        return Outputs(tuple(results[:2]), tuple(results[2:]))

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by tf.gradients, in the graph."""
        parts = [*cotangents] if case.merge is None else [*cotangents.outputs, *cotangents.final_state]
        fed = _fed(case, started=True) | {f"cotangent {place}": part for place, part in enumerate(parts)}
        inputs, *others = self._run(case, fed)
        count = len(case.parameters)
        states, weights = others[:count], np.array_split(np.array(others[count:], object), count)
        each = [
            (state, *by_gate(_arrays, p, list(of_one)))
            for state, p, of_one in zip(states, case.parameters, weights, strict=True)
        ]
        return Gradients(inputs, *(each[0] if case.merge is None else zip(*each, strict=True)))

    def _run(self, case: Case, fed: dict[str, np.ndarray]) -> list[np.ndarray]:
        key = (case.dtype, case.inputs.shape[2], case.units, case.merge, tuple(fed))
        if key not in self._graphs:
            self._graphs[key] = _build(case, tuple(fed))
        built = self._graphs[key]
        given = {built.tensors[name]: array for name, array in fed.items()}
        built.session.run(built.assigned, given)
        return list(built.session.run(built.results, given))


class _Built(NamedTuple):
    session: Any
    tensors: dict[str, Any]
    assigned: list[Any]
    results: list[Any]


def _arrays(p: Parameters) -> list[np.ndarray]:
    return list(to_rnn_cell(merge_biases(p)).values())


def _fed(case: Case, *, started: bool = False) -> dict[str, np.ndarray]:
    fed = {"inputs": case.inputs}
    for cell, p in zip(CELLS, case.parameters, strict=False):
        fed |= {f"{cell} {place}": array for place, array in enumerate(_arrays(p))}
    if case.initial_state is not None or started:
        fed |= {f"start {cell}": state for cell, state in zip(CELLS, case.starts, strict=False)}
    if case.lengths is not None:
        fed["lengths"] = case.lengths
    return fed


def _build(case: Case, fed: tuple[str, ...]) -> _Built:
    dtype, units, width = case.dtype, case.units, case.inputs.shape[2]
    names = CELLS[: len(case.parameters)]
    with tf.Graph().as_default() as graph, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each warning is about deprecation
        inputs = v1.placeholder(dtype, (None, None, width))
        lengths = v1.placeholder("int64", (None,)) if "lengths" in fed else None
        starts = [v1.placeholder(dtype, (None, units)) for _ in names] if "start fw" in fed else None
        cells = [rnn_cell.GRUCell(units, dtype=dtype, name=name) for name in names]
        results = _results(case, cells, inputs, starts, lengths)
        cotangents = [v1.placeholder(dtype, result.shape) for result in results if "cotangent 0" in fed]
        tensors = {"inputs": inputs, "lengths": lengths}
        tensors |= {f"start {name}": start for name, start in zip(names, starts or (), strict=False)}
        tensors |= {f"cotangent {place}": given for place, given in enumerate(cotangents)}
        variables = {
            f"{name} {place}": variable
            for name, cell in zip(names, cells, strict=True)
            for place, variable in enumerate(cell.variables)
        }
        tensors |= {name: v1.placeholder(dtype, variable.shape) for name, variable in variables.items()}
        assigned = [variable.assign(tensors[name]).op for name, variable in variables.items()]
        if cotangents:
            sources = [inputs, *(starts or ()), *variables.values()]
            results = [tf.convert_to_tensor(part) for part in tf.gradients(results, sources, cotangents)]
    return _Built(v1.Session(graph=graph), tensors, assigned, results)


def _results(case: Case, cells: list[Any], inputs: Any, starts: list[Any] | None, lengths: Any) -> list[Any]:
    options = {"dtype": case.dtype, "sequence_length": lengths}
    if case.merge is None:
        return list(v1.nn.dynamic_rnn(cells[0], inputs, initial_state=starts and starts[0], **options))
    forward, backward = starts or (None, None)
    outputs, finals = v1.nn.bidirectional_dynamic_rnn(
        *cells, inputs, initial_state_fw=forward, initial_state_bw=backward, **options
    )
    return [*outputs, *finals]


gru = DynamicRnn()

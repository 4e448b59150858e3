"""The tutorial's GRU of `tf_gru.tutorial`: in a graph and session of TensorFlow 1, and eagerly.

The object makes its weights, so a case's weights are assigned. The final state is the output of the last step.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from conformance.adapters.tensorflow_arithmetic import tensorflow
from conformance.interface.adapter import Capabilities
from conformance.interface.case import Case, Gradients, Outputs
from reference import Parameters, merge_biases
from tf_gru.tutorial import GRU, BiGRU, GRUWithoutReset

v1 = tf.compat.v1
UNITS = {"before": GRU, "none": GRUWithoutReset}
LETTERS = {"before": "fic", "none": "fc"}
"""The tutorial's letters of the gates in the suite's order: z is its forget gate, r its input gate."""
LENGTHS = "sequence_length only says how a run is reversed: the steps of the padding are taken too"


def _capabilities() -> Capabilities:
    return Capabilities(
        arithmetic=tensorflow("graph"),
        resets=("before", "none"),
        initial_state=False,
        reverse=True,
        merges=("concat",),
        bidirectional_masked_outputs=("carry",),
        zero_batch=True,
        gradients=True,
        because={
            "reset after": "the tutorial resets before the product",
            "initial_state": "the tutorial starts from zeros",
            "zero_time": "the tutorial's loop reads a first step",
            "merge apart": "the tutorial's outputs of two directions are side by side",
            **dict.fromkeys(("lengths", "masks", "zero_length"), LENGTHS),
        },
    )


def named(gru: GRU, reset: str) -> list[list[tf.Variable]]:
    """The variables: kernel, recurrent kernel and bias, for each gate."""
    return [[getattr(gru, kind + letter) for kind in "WUb"] for letter in LETTERS[reset]]


def values(p: Parameters) -> list[list[np.ndarray]]:
    """The values of these variables by gate, with the two biases added exactly; otherwise the case is refused."""
    p = merge_biases(p)
    return [list(gate) for gate in zip(p.kernel, p.recurrent_kernel, p.bias[0], strict=True)]


def final_states(outputs: tf.Tensor, reverse: bool, merge: str | None) -> list[tf.Tensor]:
    """The output of each direction's last step. In an aligned reversed run this is the first in time."""
    if merge is None:
        return [outputs[:, 0 if reverse else -1]]
    forward, backward = tf.split(outputs, 2, axis=-1)
    return [forward[:, -1], backward[:, 0]]


def answered(case: Case, outputs: np.ndarray, finals: list[np.ndarray]) -> Outputs:
    """The answer in the suite's form."""
    return Outputs(outputs, finals[0] if case.merge is None else tuple(finals))


def cotangents_of(case: Case, cotangents: Outputs) -> list[np.ndarray]:
    """The cotangents of the outputs, then of each direction's final state."""
    finals = [cotangents.final_state] if case.merge is None else cotangents.final_state
    return [cotangents.outputs, *finals]


def gradients_of(case: Case, results: list[np.ndarray]) -> Gradients:
    """The gradients in the suite's form, from gradients of inputs and, for each direction, of h0 and the weights by
    gate.
    """
    count, inputs, rest = len(case.parameters), results[0], results[1:]
    size = len(rest) // count
    each = []
    for direction in range(count):
        state, *weights = rest[direction * size : (direction + 1) * size]
        kernel, recurrent_kernel, bias = (np.stack(weights[kind::3]) for kind in range(3))
        each.append((state, kernel, recurrent_kernel, np.stack([bias, bias])))
    return Gradients(inputs, *(each[0] if case.merge is None else zip(*each, strict=True)))


class Eager:
    """An object for each case."""

    packages = ("tf-gru", "tensorflow")
    capabilities = _capabilities()

    def run(self, case: Case) -> Outputs:
        """Call the recurrence again with the case's weights."""
        outputs = _assigned(case).whole.recurrence(tf.constant(case.inputs))
        states = final_states(outputs, case.reverse, case.merge)
        return answered(case, outputs.numpy(), [state.numpy() for state in states])

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by a tape."""
        made, inputs = _assigned(case), tf.constant(case.inputs)
        starts = [tf.constant(state) for state in case.starts]
        with tf.GradientTape() as tape:
            tape.watch([inputs, *starts])
            outputs = made.whole.recurrence(inputs, h0=starts[0] if case.merge is None else starts)
            results = [outputs, *final_states(outputs, case.reverse, case.merge)]
        weights = [tf.nest.flatten(named(gru, case.reset)) for gru in made.directions]
        sources = [inputs, *(one for start, own in zip(starts, weights, strict=True) for one in (start, *own))]
        given = [tf.constant(part) for part in cotangents_of(case, cotangents)]
        found = tape.gradient(results, sources, given, unconnected_gradients="zero")
        return gradients_of(case, [np.array(tf.convert_to_tensor(each)) for each in found])


class _Made(NamedTuple):
    """The object that is called, and the GRUs that own the weights."""

    whole: GRU | BiGRU
    directions: tuple[GRU, ...]


def _made(inputs: tf.Tensor, reset: str, units: int, reverse: bool, merge: str | None) -> _Made:
    if merge is None:
        gru = UNITS[reset](inputs, inputs.shape[-1], units, revers=reverse, align=True)
        return _Made(gru, (gru,))
    both = BiGRU(inputs, inputs.shape[-1], units, unit=UNITS[reset])
    return _Made(both, (both.forward, both.backward))


def _assigned(case: Case) -> _Made:
    p = case.parameters[0]
    made = _made(tf.zeros((1, 1, p.input_dim), case.dtype), p.reset, p.units, case.reverse, case.merge)
    for gru, p in zip(made.directions, case.parameters, strict=True):
        for variables, arrays in zip(named(gru, case.reset), values(p), strict=True):
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)
    return made


class _Built(NamedTuple):
    """A session with its tensors. assign: sets all variables from the values fed for `weights`."""

    session: Any
    inputs: Any
    weights: list[Any]
    assign: list[Any]
    outputs: Any
    final_states: list[Any]
    cotangents: list[Any]
    gradients: list[Any]


class Graph:
    """A graph and a session for each configuration, whose variables are assigned for each case."""

    packages = ("tf-gru", "tensorflow")
    capabilities = _capabilities()

    def run(self, case: Case) -> Outputs:
        """Compute outputs and final states in one session."""
        built = _ready(case)
        found = built.session.run([built.outputs, built.final_states], {built.inputs: case.inputs})
        return answered(case, *found)

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Compute gradients by tf.gradients."""
        built = _ready(case)
        given = dict(zip(built.cotangents, cotangents_of(case, cotangents), strict=True))
        return gradients_of(case, built.session.run(built.gradients, {built.inputs: case.inputs, **given}))


def _ready(case: Case) -> _Built:
    p = case.parameters[0]
    built = _built(case.reset, case.dtype, p.input_dim, p.units, case.reverse, case.merge)
    arrays = [array for p in case.parameters for gate in values(p) for array in gate]
    built.session.run(built.assign, dict(zip(built.weights, arrays, strict=True)))
    return built


@lru_cache(maxsize=128)
def _built(reset: str, dtype: str, input_dim: int, units: int, reverse: bool, merge: str | None) -> _Built:
    with tf.Graph().as_default() as graph:
        inputs = v1.placeholder(dtype, (None, None, input_dim))
        made = _made(inputs, reset, units, reverse, merge)
        variables = [tf.nest.flatten(named(gru, reset)) for gru in made.directions]
        outputs = made.whole.outputs
        states = final_states(outputs, reverse, merge)
        weights = [v1.placeholder(dtype, variable.shape) for own in variables for variable in own]
        assign = [variable.assign(value) for variable, value in zip(tf.nest.flatten(variables), weights, strict=True)]
        cotangents = [v1.placeholder(dtype, result.shape) for result in (outputs, *states)]
        sources = [
            inputs,
            *(one for gru, own in zip(made.directions, variables, strict=True) for one in (gru.h0, *own)),
        ]
        gradients = tf.gradients([outputs, *states], sources, cotangents, unconnected_gradients="zero")
    return _Built(v1.Session(graph=graph), inputs, weights, assign, outputs, states, cotangents, gradients)


graph, eager = Graph(), Eager()

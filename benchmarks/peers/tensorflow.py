"""tf_gru and Keras: eager, in tf.function, and in tf.function(jit_compile=True). Sources: their public layers."""

import os
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import tf_gru
from benchmarks.peers import Program, gradients_of
from benchmarks.problem import Problem, problem
from benchmarks.rows import Row
from conformance.adapters import load
from reference import Gradients, to_keras

tf.get_logger().setLevel(
    "ERROR"
)  # each program is a separate function, traced once, so warnings about retracing do not apply

PATHS = {
    "eager": lambda function: function,
    "graph": tf.function,
    "xla": partial(tf.function, jit_compile=True),
    "recompute": tf.function,
}
"""recompute is the layer with recompute=True, in tf.function."""


def program(subject: str, row: Row) -> Program:
    """Make a program whose weights are variables. Inputs, cotangents and lengths are arguments, so that nothing is
    folded away.

    call is a function of the same inputs and variables that returns the inputs.
    """
    threads = tf.config.threading.get_intra_op_parallelism_threads() or len(os.sched_getaffinity(0))  # 0: one a core
    given = problem(row)
    if subject == "call":
        variables = [tf.Variable(array) for p in given.parameters for array in to_keras(p)]
        called = tf.function(lambda inputs, arguments: tf.identity_n([inputs, *variables])[0])
        return Program(partial(called, tf.constant(given.inputs), {}), None, None, None, threads)
    name, _, path = subject.partition(":")
    layer = _tf_gru(row, path) if name == "tf_gru" else _keras(row)
    layer.build(given.inputs.shape)
    layer.set_weights([array for p in given.parameters for array in to_keras(p)])
    arguments = _tf_gru_arguments(given) if name == "tf_gru" else _keras_arguments(given)
    inputs, cotangents = tf.constant(given.inputs), tf.constant(given.cotangents)
    weights = [weight.value for weight in layer.trainable_variables]

    @PATHS[path]
    def forward(inputs, arguments):
        return layer(inputs, **arguments)

    @PATHS[path]
    def training(inputs, arguments, cotangents):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, **arguments)
        return outputs, tape.gradient(outputs, [inputs, *weights], output_gradients=cotangents)

    def gradients(cotangents: np.ndarray) -> list[Gradients]:
        _, (inputs_too, *others) = training(inputs, arguments, tf.constant(cotangents))
        arrays = [array.numpy() for array in others]
        return [gradients_of(inputs_too.numpy(), arrays[at : at + 3], row.reset) for at in range(0, len(arrays), 3)]

    # Calls from Python return when the CPU is done, because asynchronous execution is off by default.
    forwards = row.step == "forward"
    return Program(
        run=partial(forward, inputs, arguments) if forwards else partial(training, inputs, arguments, cotangents),
        outputs=(lambda: forward(inputs, arguments).numpy())
        if forwards
        else (lambda: training(inputs, arguments, cotangents)[0].numpy()),
        gradients=None if forwards else gradients,
        claim=load(subject).capabilities.arithmetic["float32"],
        threads=threads,
    )


def forget() -> None:
    """Drop the state that Keras keeps of deleted layers."""
    keras.backend.clear_session()


def _tf_gru(row: Row, path: str) -> Any:
    layer = tf_gru.GRU if row.directions == 1 else tf_gru.BiGRU
    recompute = path == "recompute"
    return layer(row.shape[3], return_sequences=True, reset_after=row.reset == "after", recompute=recompute)


def _keras(row: Row) -> Any:
    layer = keras.layers.GRU(row.shape[3], return_sequences=True, reset_after=row.reset == "after")
    return layer if row.directions == 1 else keras.layers.Bidirectional(layer)


def _tf_gru_arguments(given: Problem) -> dict[str, tf.Tensor]:
    return {} if given.lengths is None else {"lengths": tf.constant(given.lengths)}


def _keras_arguments(given: Problem) -> dict[str, tf.Tensor]:
    return {} if given.lengths is None else {"mask": tf.constant(given.valid)}

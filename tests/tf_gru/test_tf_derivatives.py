"""Every way to compute a derivative in TensorFlow, for every kernel: the numbers of Keras' layer, or a refusal.

The weights and inputs are exact in every kernel, so numbers are equal or wrong. The expected ones come from Keras'
unrolled layer, called eagerly. If Keras' layer raises too, called in the same way, ours may raise.
"""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from tests.tf_gru.test_kernels import INPUT_DIM, UNITS, cancelling
from tf_gru.kernels import compiled

INPUTS, _, *WEIGHTS = cancelling("after")
DIRECTION = tf.constant(np.resize([-1, 0.5, 2], INPUTS.shape))


def made(layer=tf_gru.GRU, **options):
    layer = layer(UNITS, dtype="float64", return_sequences=True, **options)
    layer.build((None, None, INPUT_DIM))
    layer.set_weights(WEIGHTS)
    return layer


def bent(outputs):
    """A function with second derivatives by the outputs, in which no two outputs have the same weight."""
    weights = tf.reshape(tf.cast(tf.range(tf.size(outputs)) % 3 - 1, outputs.dtype), tf.shape(outputs))
    return outputs * weights + outputs * outputs


def gradient(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        results = bent(f(x))
    return tape.gradient(results, x)


def persistent(f, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        results = bent(f(x))
        doubled = 2 * results
    return tape.gradient(results, x) - tape.gradient(doubled, x)


def hessian_vector(f, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        along = tf.reduce_sum(gradient(f, x) * DIRECTION)
    return outer.gradient(along, x)


def jacobian(f, x, **options):
    with tf.GradientTape(persistent=bool(options)) as tape:
        tape.watch(x)
        results = bent(f(x))[:, -1]
    return tape.jacobian(results, x, **options)


def jacobian_by_a_loop(f, x):
    return jacobian(f, x, experimental_use_pfor=False)


def batch_jacobian(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        results = bent(f(x))[:, -1]
    return tape.batch_jacobian(results, x)


def hessian(f, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        slopes = gradient(f, x)
    return outer.jacobian(slopes, x)


def forward_mode(f, x):
    with tf.autodiff.ForwardAccumulator(x, DIRECTION) as accumulator:
        results = bent(f(x))
    return accumulator.jvp(results)


def forward_mode_of_a_gradient(f, x):
    with tf.autodiff.ForwardAccumulator(x, DIRECTION) as accumulator:
        slopes = gradient(f, x)
    return accumulator.jvp(slopes)


def gradient_of_forward_mode(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        tangents = forward_mode(f, x)
    return tape.gradient(tangents, x)


def mapped_tape(f, x):
    return tf.vectorized_map(lambda row: gradient(f, row[None])[0], x)


def mapped_tapes(f, x):
    def of_row(row):
        with tf.GradientTape() as outer:
            outer.watch(row)
            along = tf.reduce_sum(gradient(f, row[None]))
        return outer.gradient(along, row)

    return tf.vectorized_map(of_row, x)


def tape_over_a_map(f, x):
    return gradient(lambda x: tf.vectorized_map(lambda row: f(row[None])[0], x), x)


def map_without_a_loop(f, x):
    def of_rows(x):
        return tf.vectorized_map(lambda row: f(row[None])[0], x, fallback_to_while_loop=False)

    return gradient(of_rows, x)


def recomputed(f, x):
    return gradient(tf.recompute_grad(f), x)


def gradients(f, x):
    return tf.gradients(bent(f(x)), x)[0]


def gradients_twice(f, x):
    return tf.gradients(tf.gradients(bent(f(x)), x)[0] * DIRECTION, x)[0]


def hessians(f, x):
    return tf.hessians(tf.reduce_sum(bent(f(x))), x)[0]


IN_GRAPHS = {gradients: gradient, gradients_twice: hessian_vector, hessians: hessian}
"""Derivatives that exist in graphs only, and their eager counterparts."""

DERIVATIVES = [
    gradient, persistent, hessian_vector, jacobian, jacobian_by_a_loop, batch_jacobian, hessian, forward_mode,
    forward_mode_of_a_gradient, gradient_of_forward_mode, mapped_tape, mapped_tapes, tape_over_a_map,
    map_without_a_loop, recomputed, *IN_GRAPHS,
]  # fmt: skip


def traced_before(f, **options):
    """A graph that was traced before a derivative was needed."""
    function = tf.function(f, autograph=False, **options)
    function(INPUTS)
    return function


WHERE = {
    "eagerly": lambda derivative, f: derivative(f, INPUTS),
    "in a graph": lambda derivative, f: tf.function(lambda x: derivative(f, x), autograph=False)(INPUTS),
    "around a graph": lambda derivative, f: derivative(traced_before(f), INPUTS),
    "in XLA": lambda derivative, f: tf.function(lambda x: derivative(f, x), autograph=False, jit_compile=True)(INPUTS),
    "around XLA": lambda derivative, f: derivative(traced_before(f, jit_compile=True), INPUTS),
}
KERNELS = {
    "auto": {},
    "loop": {"use_native": False},
    "compiled": {"jit": True},
    "recompute": {"use_native": False, "recompute": True},
    "native, recompute": {"recompute": True},
    "autodiff": {"implementation": 1},
}
CELLS = [
    (derivative, where, kernel)
    for derivative in DERIVATIVES
    for where in WHERE
    for kernel in KERNELS
    if derivative not in IN_GRAPHS or where.startswith("in ")
]
OFTEN = {
    ("jacobian", "eagerly", "compiled"),
    ("persistent", "eagerly", "compiled"),
    ("forward_mode", "eagerly", "compiled"),
    ("mapped_tape", "eagerly", "autodiff"),
    ("mapped_tape", "eagerly", "compiled"),
    ("mapped_tape", "in a graph", "auto"),
    ("mapped_tapes", "eagerly", "auto"),
    ("gradients_twice", "in a graph", "auto"),
    ("gradients_twice", "in a graph", "compiled"),
    ("hessians", "in a graph", "loop"),
    ("forward_mode", "in a graph", "loop"),
    ("gradient_of_forward_mode", "in a graph", "auto"),
    ("hessian_vector", "around a graph", "auto"),
    ("hessian_vector", "around a graph", "compiled"),
    ("forward_mode", "around a graph", "auto"),
    ("forward_mode", "around a graph", "compiled"),
    ("hessian_vector", "around a graph", "native, recompute"),
    ("jacobian", "around a graph", "auto"),
    ("jacobian", "eagerly", "auto"),
    ("recomputed", "eagerly", "auto"),
    ("tape_over_a_map", "in a graph", "auto"),
    ("map_without_a_loop", "eagerly", "auto"),
    ("forward_mode", "around a graph", "autodiff"),
    ("gradient", "around XLA", "auto"),
    ("forward_mode", "around XLA", "auto"),
    ("hessian_vector", "in XLA", "recompute"),
    ("recomputed", "in a graph", "recompute"),
}
"""Each fault that was found, and each derivative of some kernel. Long tests run the rest."""

REFUSALS = (
    "jit is True, but a compiled kernel has no (second derivative|forward mode)"
    "|forward mode of a gradient, is taken within one tf.function"
    "|No pfor vectorization defined for TfGru"  # of a graph that was traced before
)


def expected(derivative):
    return IN_GRAPHS.get(derivative, derivative)(made(keras.layers.GRU, unroll=True), INPUTS).numpy()


def keras_raises(derivative, where):
    try:
        WHERE[where](derivative, made(keras.layers.GRU))
    except Exception:
        return True
    return False


def hold(exact, derivative, where, kernel):
    """Require the number, or a refusal; and afterwards the layer's gradient, which must be unaffected."""
    layer = made(**KERNELS[kernel])
    try:
        actual = WHERE[where](derivative, layer)
    except Exception as error:
        if not re.search(REFUSALS, str(error)) and not keras_raises(derivative, where):
            raise
    else:
        exact.equal(expected(derivative), actual.numpy())
    exact.equal(expected(gradient), gradient(layer, INPUTS).numpy())


@pytest.mark.parametrize(
    ("derivative", "where", "kernel"),
    [pytest.param(*cell, marks=[] if (cell[0].__name__, *cell[1:]) in OFTEN else pytest.mark.long) for cell in CELLS],
)
def test_it_agrees_with_keras_or_is_refused_in_words(exact, derivative, where, kernel):
    hold(exact, derivative, where, kernel)


def test_each_cell_that_runs_often_is_one():
    assert {(derivative.__name__, where, kernel) for derivative, where, kernel in CELLS} >= OFTEN


@pytest.mark.parametrize("wrong", ["number", "error"])
def test_a_wrong_second_derivative_and_an_error_of_tensorflow_would_be_seen(exact, monkeypatch, wrong):
    def broken(_, given, d_results, *__):
        if wrong == "error":
            raise tf.errors.UnimplementedError(None, None, "TensorList")
        return [tf.zeros_like(each) for each in given], [tf.zeros_like(each) for each in d_results]

    monkeypatch.setattr(compiled, "_second_derivative", broken)

    with pytest.raises(AssertionError if wrong == "number" else tf.errors.UnimplementedError):
        hold(exact, hessian_vector, "around a graph", "compiled")


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({"activation": "relu", "recurrent_activation": "linear"}, {}),
        ({"activation": "linear", "recurrent_activation": "linear", "implementation": 1}, {}),
        (
            {"activation": "linear", "recurrent_activation": "linear"},
            {"recurrent_dropout_mask": tf.constant([[0, 2, 1, 2]], tf.float64)},
        ),
    ],
)
def test_tapes_are_mapped_over_rows(exact, options, given):
    """A row's gradients, of inputs and weights, equal those of the row alone; for Keras' layer its weights'
    gradients do.
    """
    layer = tf_gru.GRU(UNITS, dtype="float64", **options)
    layer.build((None, None, INPUT_DIM))
    layer.set_weights([np.resize([1, -1, 0, 1, 0], weight.shape) for weight in layer.weights])
    inputs = tf.constant(np.resize([1, 0, -1, 1, 0], (3, 2, INPUT_DIM)), tf.float64)  # two steps: small integers

    def of_row(row):
        with tf.GradientTape() as tape:
            tape.watch(row)
            results = layer(row[None], **given)
        return tape.gradient(results, [row, *layer.trainable_weights])

    alone = [tf.stack(each).numpy() for each in zip(*map(of_row, inputs), strict=True)]

    exact.equal(alone, exact.arrays(tf.vectorized_map(of_row, inputs)))
    assert all(each.any() for each in alone)

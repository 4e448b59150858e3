"""The same call repeated, between other calls, and in several threads at once, has the same bits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
import tensorflow as tf

import tf_gru

CALLS = 50
THREADS = 4


def random(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def with_gradients(layer):
    """A function from inputs and lengths to outputs, final state, and the gradients of inputs and weights."""

    def answer(inputs, lengths):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs, state = layer(inputs, lengths=lengths)
            loss = tf.reduce_sum(outputs) + tf.reduce_sum(state)
        weights = [weight.value for weight in layer.trainable_variables]
        return outputs, state, *tape.gradient(loss, [inputs, *weights])

    return answer


def made(run):
    """A layer and its answers as bytes, so that -0 differs from 0 and NaN equals itself."""
    layer = tf_gru.GRU(8, return_sequences=True, return_state=True)
    layer.build((None, None, 5))
    layer.set_weights([random(weight.shape, seed) for seed, weight in enumerate(layer.weights)])
    answer = run(with_gradients(layer))
    return lambda question: [tensor.numpy().tobytes() for tensor in answer(*question)]


def question(seed, batch=3, time=6):
    lengths = np.random.default_rng(seed).integers(0, time + 1, batch)
    return tf.constant(random((batch, time, 5), seed)), tf.constant(lengths)


SPEC = [tf.TensorSpec((None, None, 5)), tf.TensorSpec((None,), tf.int64)]
RUNS = {
    "eager": lambda function: function,
    "graph": lambda function: tf.function(function, input_signature=SPEC),
    "xla": lambda function: tf.function(function, jit_compile=True),
}


@pytest.mark.parametrize("run", ["graph", "xla"])
def test_many_calls_give_the_same_bits(run):
    """Calls in between may have another shape, if nothing is compiled for each shape."""
    answer = made(RUNS[run])
    expected = answer(question(0))
    others = [question(1), question(2, *((1, 9) if run == "graph" else ()))]

    for i in range(CALLS):
        assert answer(others[i % 2]) != expected
        assert answer(question(0)) == expected


@pytest.mark.parametrize("run", ["eager", "graph"])
def test_threads_do_not_disturb_each_other(run):
    """All threads call one layer at once with their own data, and each gets the answer that it gets alone."""
    answer = made(RUNS[run])
    questions = [question(seed) for seed in range(THREADS)]
    alone = [answer(each) for each in questions]
    together = Barrier(THREADS)

    def often(mine):
        together.wait()
        return [answer(mine) for _ in range(10)]

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(often, questions))

    assert len({str(each) for each in alone}) == THREADS
    for expected, actual in zip(alone, answers, strict=True):
        assert actual == [expected] * 10


@pytest.mark.parametrize("first", ["graph", "xla"])
def test_a_layer_that_a_graph_differentiated_first_is_differentiated_eagerly(first):
    """A trace for one way of running serves the others. The width is used by no other test, so the trace is made
    here.
    """
    layer = tf_gru.GRU({"graph": 6, "xla": 7}[first], return_sequences=True, return_state=True)
    layer.build((None, None, 5))
    answer = with_gradients(layer)

    graph = RUNS[first](answer)(*question(0))
    eager = answer(*question(0))

    assert [tensor.shape for tensor in eager] == [tensor.shape for tensor in graph]
    assert all(np.isfinite(tensor).all() and np.any(tensor) for tensor in (*eager, *graph))


def test_a_graph_does_not_spoil_eager_gradients():
    """TensorFlow stores a graph's derivative in the function itself; this function has sizes of its own."""
    layer, inputs = tf_gru.GRU(7), tf.ones((2, 18, 5))

    def gradient(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        return tape.gradient(outputs, inputs)

    each = tf.vectorized_map(lambda row: gradient(row[None])[0], inputs)

    assert np.all(np.isfinite(each)) and each.shape == inputs.shape
    assert np.any(gradient(inputs))


def test_forward_mode_in_one_kind_of_graph_leaves_the_other_able():
    """TensorFlow stores a function's derivatives with it, and derivatives of a plain graph cannot be compiled."""
    layer = tf_gru.GRU(3)
    inputs, direction = (tf.constant(random((2, 20, 7), seed)) for seed in range(2))

    def derivative(inputs):
        with tf.autodiff.ForwardAccumulator(inputs, direction) as accumulator:
            outputs = layer(inputs)
        return accumulator.jvp(outputs)

    layer(inputs)
    shapes = [tf.function(derivative, jit_compile=jit)(inputs).shape for jit in (False, True, False)]

    assert shapes == [(2, 3)] * 3

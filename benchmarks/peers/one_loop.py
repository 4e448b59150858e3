"""An alternative to `tf_gru.BiGRU`: both directions in one loop, reset after the product, forward only, for XLA.

One body of the loop computes a step of each direction, so that XLA sees both at once. The layer runs two loops, one for
each direction; the table shows the faster one. The step is the same as in tf_gru/kernels/after.py.
"""

from functools import partial

import tensorflow as tf

from benchmarks.peers import Program
from benchmarks.problem import problem
from benchmarks.rows import Row
from conformance.adapters import load
from reference import to_keras
from tf_gru.kernels import after


def program(row: Row, threads: int) -> Program:
    """Make a program that is called in tf.function, like the layer."""
    given = problem(row)
    weights = [[tf.constant(array) for array in to_keras(p)] for p in given.parameters]
    inputs = tf.constant(given.inputs)
    compiled = tf.function(both, jit_compile=True)
    run = tf.function(lambda inputs: compiled(inputs, *weights))
    claim = load("tf_gru:graph").capabilities.arithmetic["float32"]
    return Program(partial(run, inputs), lambda: run(inputs).numpy(), None, claim, threads)


def both(inputs, forward, backward):
    """Outputs (batch, time, 2 units). forward, backward: kernel, recurrent kernel and bias in Keras' layout."""
    batch, time, input_dim = inputs.shape
    units = forward[1].shape[0]
    rows = tf.reshape(tf.transpose(inputs, (1, 0, 2)), (-1, input_dim))
    x = [tf.reshape(rows @ W + b[0], (time, batch, 3 * units)) for W, _, b in (forward, backward)]
    arrays = [tf.TensorArray(inputs.dtype, time, element_shape=(batch, units)) for _ in x]

    def advance(count, states, arrays):
        times = count, time - 1 - count
        new = []
        for t, x_of, h, (_, U, b) in zip(times, x, states, (forward, backward), strict=True):
            gates = [tf.slice(x_of, (t, 0, gate * units), (1, batch, units))[0] for gate in range(3)]
            new.append(after.advance(gates, h, after.recurrent(gates, h, U, b[1])))
        return count + 1, new, [array.write(t, h) for array, t, h in zip(arrays, times, new, strict=True)]

    start = [tf.zeros((batch, units), inputs.dtype)] * 2
    loop = (tf.constant(0), start, arrays)
    _, _, arrays = tf.while_loop(lambda count, *_: count < time, advance, loop, maximum_iterations=time)
    return tf.transpose(tf.concat([array.stack() for array in arrays], axis=-1), (1, 0, 2))

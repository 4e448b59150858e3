"""Integer GRUs: with linear activations and small integers every path computes without rounding, so all paths agree.

Three steps stay far below 2**53, float64's last exact integer.
"""

import os
from types import SimpleNamespace

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

BATCH, TIME, INPUT_DIM, UNITS = 5, 3, 2, 4
LINEAR = {"activation": "linear", "recurrent_activation": "linear"}
GATES = {"after": 3, "before": 3, "none": 2}
MASKS = {
    "all": np.ones((BATCH, TIME), bool),
    "right padded": np.arange(TIME) < np.array([3, 1, 0, 2, 3])[:, None],
    "left padded": np.arange(TIME) >= np.array([0, 2, 3, 1, 0])[:, None],
    "holes": np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0], [0, 1, 1]], bool),
}
FROM_THE_FIRST_STEP = np.array([[1, 0, 1], [1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 0, 1]], bool)


def integers(shape, seed):
    return np.random.default_rng(seed).integers(-1, 2, shape).astype(float)


def weights(reset, seed=0):
    gates = GATES[reset]
    return [
        integers((INPUT_DIM, gates * UNITS), seed),
        integers((UNITS, gates * UNITS), seed + 1),
        integers((2, 3 * UNITS) if reset == "after" else (gates * UNITS,), seed + 2),
    ]


def pair(*, layer=keras.layers.GRU, **options):
    """Keras' layer and ours, linear, with the same integer weights."""
    options = {**LINEAR, "dtype": "float64", **options}
    theirs, ours = layer(UNITS, **options), tf_gru.GRU(UNITS, **options)
    for each in (theirs, ours):
        each.build((BATCH, TIME, INPUT_DIM))
        each.set_weights(weights("after" if options.get("reset_after", True) else "before")[: len(each.weights)])
    return theirs, ours


def arrays(result):
    """Any nest of tensors as a list of arrays."""
    return [tensor.numpy() for tensor in tf.nest.flatten(result)]


def unrounded(inputs, kernel, recurrent_kernel, bias, reset, initial_state, mask, reverse):
    """The GRU with linear activations in Python's integers, one row and one step at a time."""
    W, U, b = (
        np.split(array.astype(int).astype(object), GATES[reset], axis=-1) for array in (kernel, recurrent_kernel, bias)
    )
    outputs = np.zeros((*inputs.shape[:2], U[0].shape[0]), object)
    final_state = []
    for row, h in enumerate(initial_state.astype(int).astype(object)):
        for t in range(inputs.shape[1])[:: -1 if reverse else 1]:
            if mask[row, t]:
                x = inputs[row, t].astype(int).astype(object)
                if reset == "after":
                    z, r = (x @ W[g] + b[g][0] + h @ U[g] + b[g][1] for g in (0, 1))
                    n = x @ W[2] + b[2][0] + r * (h @ U[2] + b[2][1])
                elif reset == "before":
                    z, r = (x @ W[g] + b[g] + h @ U[g] for g in (0, 1))
                    n = x @ W[2] + b[2] + (r * h) @ U[2]
                else:
                    z, n = (x @ W[g] + b[g] + h @ U[g] for g in (0, 1))
                h = z * h + (1 - z) * n
            outputs[row, t] = h
        final_state.append(h)
    return outputs.astype(float), np.array(final_state, object).reshape(initial_state.shape).astype(float)


def everything(function, arguments):
    """The results of a function of arrays, and the gradients of an integer combination of them."""
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        results = tf.nest.flatten(function(*arguments))
        loss = tf.add_n(
            [tf.reduce_sum(result * (1 + tf.cast(tf.size(result), result.dtype) % 3)) for result in results]
        )
        loss += tf.add_n([tf.reduce_sum(result[..., 0]) for result in results])
    return results, tape.gradient(loss, arguments)


def called(mode, function, arguments, constants=()):
    """Results and gradients of function(*arguments, *constants), run eagerly, as a graph, or compiled.

    dynamic: a graph that knows neither batch nor time.
    """
    arguments = [tf.convert_to_tensor(a) for a in arguments]
    constants = [tf.convert_to_tensor(a) for a in constants]

    def run(arguments, constants):
        return everything(lambda *arguments: function(*arguments, *constants), arguments)

    if mode == "dynamic":
        sizes = {1: [None], 2: [None, None], 3: [None, None, INPUT_DIM]}
        spec = [
            [tf.TensorSpec(sizes[a.ndim] if a.shape[:1] == BATCH else a.shape, a.dtype) for a in group]
            for group in (arguments, constants)
        ]
        run = tf.function(run, input_signature=spec)
    elif mode != "eager":
        run = tf.function(run, jit_compile=mode == "jit")
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), run(arguments, constants))


def equal(left, right):
    """Require two nests of arrays to have the same numbers in the same shapes."""
    tf.nest.map_structure(np.testing.assert_array_equal, left, right)


@pytest.fixture
def exact():
    """Sizes, integer data and the integer GRU."""
    return SimpleNamespace(
        batch=BATCH,
        time=TIME,
        input_dim=INPUT_DIM,
        units=UNITS,
        inputs=integers((BATCH, TIME, INPUT_DIM), 10),
        initial_state=integers((BATCH, UNITS), 11),
        backward_state=integers((BATCH, UNITS), 12),
        masks=MASKS,
        mask=MASKS["holes"],
        mask_from_the_first_step=FROM_THE_FIRST_STEP,
        weights=weights,
        gru=unrounded,
        called=called,
        equal=equal,
        arrays=arrays,
        linear=LINEAR,
        pair=pair,
    )

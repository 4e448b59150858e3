"""Options from a sweep: scalars of NumPy, TensorFlow and Keras count as Python's, and are saved as Python's."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

SCALARS = {
    "NumPy scalar": lambda value: np.asarray(value)[()],
    "NumPy array": np.asarray,
    "tensor": tf.constant,
    "variable": tf.Variable,
    "Keras variable": lambda value: keras.Variable(value, dtype=np.asarray(value).dtype.name),
}
FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask", "use_bias")
VALUES = dict.fromkeys((*FLAGS, "reset_after", "jit", "recompute", "use_cudnn", "trainable"), (False, True)) | {
    "dropout": (0.25, 1),
    "recurrent_dropout": (0.5, 0.0),
    "units": (3, 1),
    "implementation": (1, 2),
    "seed": (7, 0),
}
TWO = {"go_backwards": (False,), "zero_output_for_mask": (True,)}  # the options of BiGRU


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize("name", VALUES)
def test_an_option_has_its_value_of_python(name, kind):
    """This holds for the layer, the cell and both directions; the saved value is plain."""
    for layer in (tf_gru.GRU, tf_gru.GRUCell, tf_gru.BiGRU):
        known = tf_gru.GRUCell(2).get_config() if layer is tf_gru.GRUCell else VALUES
        if name not in known:
            continue
        for value in TWO.get(name, VALUES[name]) if layer is tf_gru.BiGRU else VALUES[name]:
            expected = layer(**{"units": 2, "name": "mine", name: value}).get_config()

            config = layer(**{"units": 2, "name": "mine", name: SCALARS[kind](value)}).get_config()

            assert json.dumps(config) == json.dumps(expected)
            assert layer.from_config(config).get_config() == expected


@pytest.mark.parametrize("name", ["return_sequences", "dropout", "units", "implementation", "seed", "use_cudnn"])
def test_a_value_that_only_a_graph_knows_is_refused(name):
    """There would be no value to save."""
    value = tf.constant(VALUES[name][0])

    @tf.function
    def in_a_graph(value):
        return tf_gru.GRU(**{"units": 2, name: value})

    with pytest.raises(
        ValueError, match=f"{name} is a tensor without a known value, but the layer needs a number: pass a"
    ):
        in_a_graph(value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("unroll", np.int64(1), "unroll is 1, but must be one of True, False"),
        ("unroll", np.array([True]), r"unroll is array\(\[ True\]\), but must be one of True, False"),
        ("dropout", np.True_, "dropout is True, but must be from 0"),
        ("dropout", tf.constant(1.5), "dropout is 1.5, but must be from 0"),
        ("dropout", np.float32("nan"), "dropout is nan, but must be from 0"),
        ("dropout", tf.constant([0.5]), r"dropout is array\(\[0\.5\].*, but must be from 0"),
        ("units", np.True_, "units is True, but must be a positive integer"),
        ("units", tf.constant(2.0), "units is 2.0, but must be a positive integer"),
        ("implementation", np.True_, r"implementation is True, but must be 1 \(by gate\) or 2"),
    ],
)
def test_a_scalar_of_another_kind_is_refused(name, value, message):
    """As in Python, 1 is not True, and True is not a number."""
    with pytest.raises(ValueError, match=message):
        tf_gru.GRU(**{"units": 2, name: value})


def test_the_function_takes_them_too(exact):
    """The function returns the same results."""
    weights = exact.weights("after")
    options = {"reverse": True, "unroll": True, "jit": False, "fused": False, "activation": "linear"}

    expected = tf_gru.gru(exact.inputs, *weights, **options)

    scalars = {name: np.asarray(value)[()] if isinstance(value, bool) else value for name, value in options.items()}
    exact.equal(exact.arrays(expected), exact.arrays(tf_gru.gru(exact.inputs, *weights, **scalars)))
    with pytest.raises(ValueError, match="jit is 1, but must be one of 'auto', True, False"):
        tf_gru.gru(exact.inputs, *weights, jit=np.int64(1))

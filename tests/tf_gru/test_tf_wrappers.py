"""Our layer and cell inside Keras' wrappers: outputs, gradients, and the file they are saved in."""

import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras, saving

EXACT = {"activation": "linear", "recurrent_activation": "relu6", "dtype": "float64"}
SEQUENCES = {"return_sequences": True, "dtype": "float64"}


def stack(layers):
    cells = [layers.GRUCell(2, **EXACT), layers.GRUCell(3, reset_after=False, **EXACT)]
    return keras.layers.StackedRNNCells(cells, dtype="float64")


WRAPPED = {
    "Bidirectional": lambda layers: keras.layers.Bidirectional(
        layers.GRU(2, return_sequences=True, **EXACT), dtype="float64"
    ),
    "Bidirectional, two layers": lambda layers: keras.layers.Bidirectional(
        layers.GRU(2, **EXACT),
        backward_layer=layers.GRU(2, go_backwards=True, reset_after=False, **EXACT),
        merge_mode="sum",
        dtype="float64",
    ),
    "RNN": lambda layers: keras.layers.RNN(layers.GRUCell(2, use_bias=False, **EXACT), go_backwards=True, **SEQUENCES),
    "RNN, unrolled": lambda layers: keras.layers.RNN(layers.GRUCell(2, **EXACT), unroll=True, **SEQUENCES),
    "RNN of a stack": lambda layers: keras.layers.RNN(stack(layers), **SEQUENCES),
    "Bidirectional RNN of a stack": lambda layers: keras.layers.Bidirectional(
        keras.layers.RNN(stack(layers), **SEQUENCES), merge_mode=None, dtype="float64"
    ),
    "TimeDistributed": lambda layers: keras.layers.TimeDistributed(layers.GRU(2, **EXACT), dtype="float64"),
}
MASK = np.array([[1, 0, 1], [1, 1, 1], [1, 1, 1]], bool)  # every row begins and ends with a valid step


def inputs_for(name, seed=0):
    shape = (3, 2, 3, 2) if name == "TimeDistributed" else (3, 3, 2)
    return np.random.default_rng(seed).integers(-1, 2, shape).astype(float)


def filled(layer, inputs):
    """The built layer with integer weights."""
    layer(inputs)
    layer.set_weights([np.random.default_rng(10 + i).integers(-1, 2, w.shape) for i, w in enumerate(layer.weights)])
    return layer


def everything(layer, inputs, **call):
    """The results of a layer, and the gradients of its inputs and weights."""
    inputs = tf.constant(inputs)
    weights = [weight.value for weight in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        results = tf.nest.flatten(layer(inputs, **call))
        loss = tf.add_n([tf.reduce_sum(result * (1 + i)) for i, result in enumerate(results)])
    return [tensor.numpy() for tensor in (*results, *tape.gradient(loss, [inputs, *weights]))]


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapper_agrees_with_one_around_keras(exact, name):
    """Outputs and gradients are equal, with a mask if the wrapper accepts one."""
    inputs = inputs_for(name)
    theirs, ours = (filled(WRAPPED[name](layers), inputs) for layers in (keras.layers, tf_gru))
    masks = (None,) if name == "TimeDistributed" else (None, MASK)

    for mask in masks:
        call = {} if mask is None else {"mask": tf.constant(mask)}
        expected = everything(theirs, inputs, **call)
        assert all(array.any() for array in expected)
        exact.equal(expected, everything(ours, inputs, **call))


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapper_is_saved_and_loaded(exact, name, tmp_path):
    """A .keras file holds the weights and the inner layer; Keras' own weights fit too."""
    inputs = inputs_for(name)
    model = keras.Sequential([keras.Input(inputs.shape[1:], dtype="float64"), WRAPPED[name](tf_gru)])
    filled(model, inputs)
    theirs = keras.Sequential([keras.Input(inputs.shape[1:], dtype="float64"), WRAPPED[name](keras.layers)])
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")

    loaded = keras.models.load_model(tmp_path / "model.keras")
    theirs.load_weights(tmp_path / "model.weights.h5")

    expected = exact.arrays(model(inputs))
    exact.equal(expected, exact.arrays(loaded(inputs)))
    exact.equal(expected, exact.arrays(theirs(inputs)))
    ours = (tf_gru.GRU, tf_gru.GRUCell)
    assert any(isinstance(layer, ours) for layer in loaded._flatten_layers())


def test_keras_runs_no_kernel_of_its_own_in_place_of_ours(monkeypatch):
    """Its Bidirectional passes the weights of any keras.layers.GRU to a fused kernel, so ours is not one."""
    tried = []

    def fused(*_, **__):
        tried.append(True)
        raise NotImplementedError

    module = importlib.import_module("keras.src.layers.rnn.bidirectional")
    monkeypatch.setattr(module.backend, "bidirectional_gru", fused)
    for layers, reached in ((keras.layers, True), (tf_gru, False)):
        tried.clear()
        layer = keras.layers.Bidirectional(layers.GRU(2))
        layer(np.ones((1, 3, 2)))

        layer(np.ones((1, 3, 2)))

        assert bool(tried) == reached


def test_a_wrapper_of_other_weights_gives_others(exact):
    """The comparisons above can fail: here the last candidate's bias is off by one."""
    inputs = inputs_for("RNN of a stack")
    theirs, ours = (filled(WRAPPED["RNN of a stack"](layers), inputs) for layers in (keras.layers, tf_gru))
    weights = ours.get_weights()
    weights[-1][-1] += 1
    ours.set_weights(weights)

    with pytest.raises(AssertionError, match="Mismatched elements"):
        exact.equal(everything(theirs, inputs), everything(ours, inputs))

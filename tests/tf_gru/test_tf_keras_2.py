"""Models of Keras 2, loaded with our layers, compute the same numbers, bit for bit.

Gates are 0.2 x + 0.5 of multiples of 2.5, candidates are linear and everything else is integers, so nothing is rounded.
"""

import json

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from tf_keras import layers as old
from tf_keras.src.layers.rnn import gru_v1

import tf_gru

pytestmark = [
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy"),  # Keras, saving
]
EXACT = {"activation": "linear", "recurrent_activation": "hard_sigmoid", "dtype": "float64"}
WHOLE = {"return_sequences": True, **EXACT}
INPUTS = np.random.default_rng(0).integers(-1, 2, (2, 2, 3, 2)).astype(float)
INPUTS[0, 0, 2] = 0  # masked, if there is a mask


def sequence():
    return old.Input((3, 2), dtype="float64")


def stacked():
    """One Sequential: masked, in both directions, of cells, and with a gate of another kind of layer."""
    cells = [old.GRUCell(2, **EXACT), old.GRUCell(1, reset_after=False, **EXACT)]
    return tf_keras.Sequential(
        [
            sequence(),
            old.Masking(dtype="float64"),
            old.Bidirectional(old.GRU(2, **WHOLE), dtype="float64"),
            old.RNN(old.StackedRNNCells(cells, dtype="float64"), dtype="float64"),
            old.Dense(2, activation="hard_sigmoid", dtype="float64"),
        ]
    )


def without_input_layer():
    """A model whose first layer declares the input, with a layer whose axis is a list."""
    return tf_keras.Sequential(
        [
            old.GRU(2, input_shape=(3, 2), use_bias=False, go_backwards=True, implementation=1, **WHOLE),
            old.BatchNormalization(dtype="float64", epsilon=0),
            old.GRU(2, unroll=True, **EXACT),
        ]
    )


def of_version_one():
    """tf.compat.v1.keras.layers.GRU, whose defaults are hard_sigmoid and reset_after=False."""
    layer = gru_v1.GRU(2, activation="linear", return_sequences=True, dtype="float64")
    return tf_keras.Sequential([sequence(), layer, old.TimeDistributed(old.Dense(1, dtype="float64"), dtype="float64")])


def of_two():
    """Two inputs: an encoder within the model, called twice; states go into one direction, both, and cells."""
    one, two = sequence(), sequence()
    encoder = tf_keras.Sequential([sequence(), old.GRU(2, **EXACT)])
    _, state = old.GRU(2, return_state=True, **EXACT)(old.Masking(dtype="float64")(one))
    x = old.GRU(2, **WHOLE)(two, initial_state=state)
    x = old.Bidirectional(old.GRU(2, **WHOLE), merge_mode="sum", dtype="float64")(
        x, initial_state=[state, encoder(two)]
    )
    x = old.RNN(old.GRUCell(2, **EXACT), dtype="float64")(x, initial_state=[encoder(one)])
    return tf_keras.Model([one, two], [old.Subtract(dtype="float64")([encoder(one), encoder(two)]), x])


def one():
    """One layer, by name."""
    return tf_keras.Sequential([sequence(), old.GRU(2, name="mine", **WHOLE)])


def with_arguments_of_keras_2():
    """Layers with arguments that Keras 3 does not take. The attention has one key, whose weight is 1."""
    inputs = sequence()
    x = old.SpatialDropout1D(0.5, dtype="float64")(old.GRU(2, **WHOLE)(inputs))
    key = old.Reshape((1, 2), dtype="float64")(old.GRU(2, **EXACT)(x))
    summands = [x, old.MultiHeadAttention(1, 2, dtype="float64")(x, key)]
    for layer in (old.SeparableConv1D(2, 1, dtype="float64"), old.DepthwiseConv1D(1, dtype="float64")):
        summands.append(layer(x))
    summands.append(old.Conv1DTranspose(2, 1, dtype="float64")(x))
    return tf_keras.Model(inputs, old.Add(dtype="float64")(summands))


MODELS = (stacked, without_input_layer, of_version_one, of_two, with_arguments_of_keras_2)


def filled(architecture):
    """The model with weights that round nothing, and its inputs."""
    model, rng = architecture(), np.random.default_rng(1)
    for weight in model.weights:
        values = rng.integers(-1, 2, weight.shape).astype(float)
        if "variance" in weight.name:
            values = values**0
        elif "gru" in weight.name or "cell" in weight.name:
            units = weight.shape[-1] // 3
            values[..., : 2 * units] *= 2.5
        elif "dense" in weight.name:
            values *= 2.5
        weight.assign(values)
    return model, list(INPUTS) if len(model.inputs) == 2 else INPUTS[0]


def numbers(model, inputs):
    return [output.numpy() for output in tf.nest.flatten(model(inputs))]


def equal(left, right):
    for expected, actual in zip(left, right, strict=True):
        np.testing.assert_array_equal(expected, actual)


def of_keras_3(model):
    """The recurrent layers and cells that are not ours."""
    kinds = (keras.layers.GRU, keras.layers.GRUCell)
    return [
        layer for layer in model._flatten_layers() if isinstance(layer, kinds) and type(layer) is not tf_gru.GRUCell
    ]


@pytest.mark.parametrize(
    ("source", "bigru"), [("h5", False), ("keras", False), ("memory", False), ("memory", True), ("json", False)]
)
@pytest.mark.parametrize("architecture", MODELS)
def test_a_model_of_keras_2_keeps_its_numbers(architecture, source, bigru, tmp_path):
    """The model comes from either file, from tf_keras itself, and as a configuration with weights in a file."""
    theirs, inputs = filled(architecture)
    theirs.compile("adam", "mse")
    path = tmp_path / f"model.{source}"
    if source in ("h5", "keras"):
        theirs.save(path)
    given = {"memory": theirs, "json": theirs.to_json()}.get(source, path)

    ours = tf_gru.from_keras(given, bigru=bigru)

    if source == "json":
        theirs.save_weights(tmp_path / "weights.h5")
        ours.load_weights(tmp_path / "weights.h5")
    expected = numbers(theirs, inputs)
    assert any(output.any() for output in expected)
    equal(expected, numbers(ours, inputs))
    tf.nest.assert_same_structure(theirs(inputs), ours(inputs))
    assert not of_keras_3(ours)
    assert not ours.compiled
    assert any(isinstance(layer, tf_gru.BiGRU) for layer in ours._flatten_layers()) == (
        bigru and architecture in (stacked, of_two)
    )
    ours.save(tmp_path / "ours.keras")
    equal(expected, numbers(keras.models.load_model(tmp_path / "ours.keras"), inputs))


@pytest.mark.parametrize("architecture", MODELS)
def test_the_slope_of_today_gives_other_numbers(architecture, monkeypatch):
    """The comparisons above can fail."""
    theirs, inputs = filled(architecture)
    monkeypatch.setattr(tf_gru.keras_2, "hard_sigmoid_of_keras_2", keras.activations.hard_sigmoid)

    ours = tf_gru.from_keras(theirs)

    with pytest.raises(AssertionError, match="Mismatched elements"):
        equal(numbers(theirs, inputs), numbers(ours, inputs))


def as_keras_2_1(path, config):
    """The file of a Sequential in the form of Keras 2.1: a list, no modules, no InputLayer, no reset_after."""

    def without(node):
        if isinstance(node, list):
            return [without(each) for each in node]
        new_names = ("module", "registered_name", "build_config", "reset_after", "time_major")
        return (
            {name: without(value) for name, value in node.items() if name not in new_names}
            if isinstance(node, dict)
            else node
        )

    shape = config["config"]["layers"][0]["config"]["batch_input_shape"]
    layers = without(config["config"]["layers"][1:])
    layers[0]["config"]["batch_input_shape"] = shape
    layers[0]["config"]["kernel_initializer"]["config"]["dtype"] = "float32"
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers})
        file.attrs["keras_version"] = b"2.1.6"


def test_a_file_of_keras_2_1_keeps_its_numbers(tmp_path):
    """It has no time_major either, and the gate was reset before the product, because there was no option."""
    layers = [sequence(), old.GRU(2, reset_after=False, **WHOLE), old.GRU(2, reset_after=False, **EXACT)]
    theirs, inputs = filled(lambda: tf_keras.Sequential(layers))
    theirs.save(tmp_path / "old.h5")
    as_keras_2_1(tmp_path / "old.h5", json.loads(theirs.to_json()))

    equal(numbers(theirs, inputs), numbers(tf_gru.from_keras(tmp_path / "old.h5"), inputs))


KERAS_1 = {
    "class_name": "Sequential",
    "config": [
        {
            "class_name": "GRU",
            "config": {
                "name": "gru_1",
                "batch_input_shape": [None, 3, 2],
                "input_dtype": "float32",
                "output_dim": 2,
                "init": "glorot_uniform",
                "inner_init": "orthogonal",
                "activation": "tanh",
                "inner_activation": "hard_sigmoid",
                "consume_less": "cpu",
                "W_regularizer": None,
                "dropout_W": 0.0,
                "return_sequences": False,
                "go_backwards": False,
                "stateful": False,
                "unroll": False,
                "trainable": True,
            },
        }
    ],
}


@pytest.mark.parametrize("version", [None, "1.2.2"])
def test_keras_1_is_refused_by_name(version, tmp_path):
    """Its first files named no version; configurations are recognized by their names."""
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(KERAS_1).encode()
        if version is not None:
            file.attrs["keras_version"] = version
    layer = KERAS_1["config"][0]["config"]
    for read, given in (
        (tf_gru.from_keras, tmp_path / "old.h5"),
        (tf_gru.from_keras, KERAS_1),
        (tf_gru.GRU.from_config, layer),
        (tf_gru.BiGRU.from_config, layer),
        (tf_gru.GRUCell.from_config, {"output_dim": 2, "inner_activation": "tanh"}),
    ):
        with pytest.raises(
            ValueError, match=r"this is from Keras 1, .* load it with Keras 2\.0 to 2\.2, which reads it"
        ):
            read(given)


def test_a_file_of_keras_3_is_read_by_the_same_call(tmp_path):
    """Both kinds of file load, compiled as before, with today's slope."""
    theirs = keras.Sequential([keras.Input((3, 2)), keras.layers.GRU(2, recurrent_activation="hard_sigmoid")])
    theirs.compile("sgd", keras.losses.MeanSquaredError())
    for name in ("model.keras", "model.h5"):
        theirs.save(tmp_path / name)

        ours = tf_gru.from_keras(str(tmp_path / name))

        assert isinstance(ours.layers[0], tf_gru.GRU)
        assert ours.layers[0].recurrent_activation is keras.activations.hard_sigmoid
        assert ours.compiled
        equal(theirs.get_weights(), ours.get_weights())
    assert isinstance(tf_gru.from_keras(theirs.to_json()).layers[0], tf_gru.GRU)


def test_custom_objects_do_not_put_our_layer_for_keras(tmp_path):
    """A common attempt: in a .keras file Keras uses its own layer for its own name, in an .h5 file within a wrapper."""
    theirs = keras.Sequential([keras.Input((3, 2)), keras.layers.Bidirectional(keras.layers.GRU(2))])
    for name in ("model.keras", "model.h5"):
        theirs.save(tmp_path / name)

        loaded = keras.models.load_model(tmp_path / name, custom_objects={"GRU": tf_gru.GRU})

        assert type(loaded.layers[0].forward_layer) is keras.layers.GRU
        assert type(tf_gru.from_keras(loaded).layers[0].forward_layer) is tf_gru.GRU


class Twice(keras.layers.Layer):
    """A user's own layer, for Keras 3."""

    def call(self, inputs):
        return 2 * inputs


def with_layers_of_ones_own():
    """A model with a layer that both Keras know by another name, and one of Python code."""

    class Double(old.Layer):
        def call(self, inputs):
            return 2 * inputs

        def get_config(self):
            return super().get_config()

    layers = [Double(dtype="float64"), old.Lambda(lambda x: x + 1, dtype="float64"), old.GRU(2, **EXACT)]
    return tf_keras.Sequential([sequence(), *layers])


@pytest.mark.parametrize("source", ["h5", "keras", "memory"])
def test_names_unknown_to_keras_come_as_for_load_model(source, tmp_path):
    """custom_objects and safe_mode work as in Keras."""
    theirs, inputs = filled(with_layers_of_ones_own)
    path = tmp_path / f"model.{source}"
    if source != "memory":
        theirs.save(path)
    given = theirs if source == "memory" else path

    ours = tf_gru.from_keras(given, custom_objects={"Double": Twice}, safe_mode=False)

    equal(numbers(theirs, inputs), numbers(ours, inputs))
    with pytest.raises(ValueError, match="safe_mode"):
        tf_gru.from_keras(given, custom_objects={"Double": Twice})

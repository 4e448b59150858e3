"""The marks that show which Keras wrote a configuration, and refusals for lack of a mark, or by name."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from tf_keras import layers as old
from tf_keras.src.layers.rnn import gru_v1

import tf_gru
from tests.tf_gru.test_tf_keras_2 import one

pytestmark = [
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy"),  # Keras, saving
]


def edited(model, **arguments):
    """The configuration of a model of tf_keras with changed arguments of its last layer."""
    config = json.loads(model.to_json())
    config["config"]["layers"][-1]["config"] |= arguments
    return config


def without_dates(model):
    """A configuration without any mark of the Keras that wrote it."""
    config = json.loads(model.to_json())
    del config["keras_version"]
    config["config"]["layers"] = config["config"]["layers"][1:]
    for name in ("time_major", "implementation"):
        del config["config"]["layers"][0]["config"][name]
    return config


class ByCode(tf_keras.Model):
    """A model whose layers are in no configuration."""


def with_an_operation():
    """A model that multiplies without a layer."""
    inputs = old.Input((3, 2))
    return tf_keras.Model(inputs, old.GRU(2)(2 * inputs))


def other_dense():
    return {
        "class_name": "Sequential",
        "config": {
            "name": "s",
            "layers": [{"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "hard_sigmoid"}}],
        },
    }


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            lambda: edited(one(), time_major=True),
            ValueError,
            r"mine \(GRU\) takes time first, but must take \(batch, ti",
        ),
        (
            lambda: edited(one(), _ragged=True),
            ValueError,
            r"mine \(GRU\) takes ragged inputs, but must take \(batch, ti",
        ),
        (lambda: without_dates(one()), ValueError, r"recurrent_activation of mine is 'hard_sigmoid', but nothing says"),
        (
            other_dense,
            ValueError,
            r"activation of d is 'hard_sigmoid', but .* give hard_sigmoid_slope=0\.2 for Keras 1",
        ),
        (ByCode, ValueError, r"ByCode makes its layers in its own code, which no configuration contains: make it with"),
        (
            with_an_operation,
            ValueError,
            r"tf.math.multiply.* \(TFOpLambda\) is an operation of TensorFlow, .* put a lay",
        ),
        (lambda: {"units": 2}, ValueError, r"has 'units', but must have 'class_name' and 'config': .* its from_config"),
        (
            lambda: old.GRU(2),
            TypeError,
            r"model is a GRU, but must be a keras.Model, one of tf_keras, a file .* wrap a la",
        ),
        (lambda: 3, TypeError, r"model is a int, but must be a keras.Model, one of tf_keras, a file"),
        (
            lambda: "nowhere.h5",
            ValueError,
            r"nowhere.h5 is not a .keras or .h5 file of a model: pass one, or load it",
        ),
    ],
)
def test_a_configuration_with_a_lost_meaning_is_refused(given, error, message):
    """Each is refused by name, with a remedy."""
    with pytest.raises(error, match=message):
        tf_gru.from_keras(given())


def test_cudnngru_is_refused_by_name():
    """Its weights have another order, which tf_keras can convert."""
    config = json.loads(one().to_json())
    config["config"]["layers"][-1]["class_name"] = "CuDNNGRU"

    with pytest.raises(
        ValueError, match=r"mine \(CuDNNGRU\) keeps its weights in another order: in tf_keras make the sam"
    ):
        tf_gru.from_keras(config)


def test_other_files_are_refused(tmp_path):
    """Weights alone, and the folder of a SavedModel."""
    one().save_weights(tmp_path / "weights.h5")
    tf.saved_model.save(tf.Module(), str(tmp_path / "saved"))

    with pytest.raises(ValueError, match=r"has weights alone: make the model first, and call its load_weights"):
        tf_gru.from_keras(tmp_path / "weights.h5")
    with pytest.raises(ValueError, match=r"saved is not a .keras or .h5 file of a model: .* and give the model"):
        tf_gru.from_keras(tmp_path / "saved")


@pytest.mark.parametrize("slope", [0.2, 1 / 6, np.float64(0.2)])
def test_a_slope_that_is_given_counts_where_there_is_no_date(slope):
    """The slope is a number of Python or NumPy, for a model and for a layer."""
    meant = tf_gru.keras_2.hard_sigmoid_of_keras_2 if slope == 0.2 else keras.activations.hard_sigmoid
    config = without_dates(one())

    model = tf_gru.from_keras(config, hard_sigmoid_slope=slope)
    layer = tf_gru.GRU.from_config(config["config"]["layers"][0]["config"], hard_sigmoid_slope=slope)

    assert model.layers[0].recurrent_activation is meant
    assert layer.recurrent_activation is meant


@pytest.mark.parametrize(
    ("slope", "message"),
    [
        (1 / 6, r"hard_sigmoid_slope is 0\.1667, but this is from Keras 2: leave the slope out"),
        (0.25, r"hard_sigmoid_slope is 0\.25, but must be 0\.2 \(Keras 1 and 2\) or 1/6 \(Keras 3\)"),
        ("0.2", r"hard_sigmoid_slope is '0\.2', but must be 0\.2"),
    ],
)
def test_a_slope_that_cannot_be_is_refused(slope, message, tmp_path):
    """A slope of another Keras, and one that no Keras had, are refused for a model, a file and a layer."""
    theirs = one()
    theirs.save(tmp_path / "model.keras")
    shutil.copy(tmp_path / "model.keras", tmp_path / "copy.keras")
    for given in (theirs, tmp_path / "copy.keras", theirs.to_json()):
        with pytest.raises(ValueError, match=message):
            tf_gru.from_keras(given, hard_sigmoid_slope=slope)
    with pytest.raises(ValueError, match=message):
        tf_gru.GRU.from_config(theirs.layers[0].get_config(), hard_sigmoid_slope=slope)


LAYERS = {
    "GRU": lambda **options: old.GRU(2, **options),
    "GRU of version 1": lambda **options: gru_v1.GRU(2, **options),
    "with a shape": lambda **options: old.GRU(2, batch_input_shape=(None, 3, 2), **options),
}


@pytest.mark.parametrize("hard", ["hard_sigmoid", "sigmoid"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_takes_a_configuration_of_keras_2(name, hard):
    """GRU, its cell and BiGRU all do: with the original slope, and without options that Keras 3 lacks."""
    theirs = LAYERS[name](recurrent_activation=hard, implementation=1)
    config = theirs.get_config() | {"_ragged": False}
    meant = {"hard_sigmoid": tf_gru.keras_2.hard_sigmoid_of_keras_2, "sigmoid": keras.activations.sigmoid}[hard]

    for ours in (
        tf_gru.GRU.from_config(config),
        tf_gru.BiGRU.from_config(config).forward_layer,
        tf_gru.GRUCell.from_config(theirs.cell.get_config()),
    ):
        assert ours.recurrent_activation is meant
        assert ours.reset_after == theirs.reset_after
        assert ours.implementation == 1
        assert type(ours).from_config(ours.get_config()).recurrent_activation is meant
    assert (
        tf_gru.BiGRU.from_config(tf_gru.BiGRU.from_config(config).get_config()).forward_layer.recurrent_activation
        is meant
    )

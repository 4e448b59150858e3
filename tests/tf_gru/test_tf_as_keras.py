"""Models and layers of ours, rebuilt with Keras' layers: the same numbers for every mask, or a refusal."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from tests.tf_gru.test_tf_conversion import MODELS, everything, integers, numbers, of_keras, recurrent, same

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras, saving

EXACT = {"activation": "relu6", "recurrent_activation": "relu6", "dtype": "float64"}  # integers stay small


@pytest.mark.parametrize("bigru", [False, True])
@pytest.mark.parametrize("architecture", MODELS)
def test_there_and_back_is_the_same(architecture, bigru, tmp_path):
    """Layers, weights and numbers are the same; a saved file needs nothing of ours."""
    theirs, inputs = of_keras(architecture)

    back = tf_gru.to_keras(tf_gru.from_keras(theirs, bigru=bigru), masks=False)

    assert recurrent(back) == recurrent(theirs)
    back.save(tmp_path / "back.keras")
    for model in (back, keras.models.load_model(tmp_path / "back.keras")):
        same(theirs, model, inputs)
    assert "tf_gru" not in back.to_json()


def test_training_goes_on_where_it_was():
    """Momentum and the random states are copied, as in the other direction."""
    inputs, targets = integers((2, 3, 2)), np.ones((2, 2))
    ours = keras.Sequential([keras.Input((3, 2), dtype="float64"), tf_gru.GRU(2, dropout=0.5, seed=1)])
    ours.compile(keras.optimizers.SGD(0.5, momentum=0.5), "mse", jit_compile=False)
    ours.train_on_batch(inputs, targets)

    back = tf_gru.to_keras(ours, masks=False)

    for old, new in zip(everything(ours), everything(back), strict=True):
        np.testing.assert_array_equal(old, new)
    assert any(array.any() for array in everything(back)[-2:])


CHOICES = tuple(itertools.product([False, True], repeat=4))


@pytest.mark.parametrize(("return_sequences", "zero", "go_backwards", "unroll"), CHOICES)
def test_a_layer_is_the_same_for_every_mask_or_refused(exact, return_sequences, zero, go_backwards, unroll):
    """No equal layer is refused: for each refusal some mask changes the numbers or the mask for later layers."""
    _, ours = exact.pair(
        return_sequences=return_sequences,
        return_state=True,
        zero_output_for_mask=zero,
        go_backwards=go_backwards,
        unroll=unroll,
    )
    state = tf.constant(exact.initial_state)
    theirs = tf_gru.to_keras(ours, masks=False)
    assert type(theirs) is keras.layers.GRU

    def told(layer, mask):
        call = {"mask": tf.constant(mask), "initial_state": state}
        handed_on = layer.compute_mask(None, tf.constant(mask))[0]
        return [*exact.arrays(layer(exact.inputs, **call)), *([] if handed_on is None else [handed_on.numpy()])]

    everywhere = all(
        np.array_equal(left, right)
        for mask in exact.masks.values()
        for left, right in zip(told(theirs, mask), told(ours, mask), strict=True)
    )

    exact.equal(told(theirs, exact.masks["all"]), told(ours, exact.masks["all"]))
    if everywhere:
        exact.equal(told(tf_gru.to_keras(ours), exact.mask), told(ours, exact.mask))
    else:
        with pytest.raises(
            ValueError, match=r"^gru\w* (carries its state|is unrolled|goes backwards).*: pass masks=Fal"
        ):
            tf_gru.to_keras(ours)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(("return_sequences", "unroll"), tuple(itertools.product([False, True], repeat=2)))
def test_both_directions_are_the_same_for_every_mask_or_refused(exact, return_sequences, unroll, wrapped):
    """This holds for BiGRU, and for our layer within Keras' Bidirectional."""
    options = {**exact.linear, "return_sequences": return_sequences, "unroll": unroll, "dtype": "float64"}
    layer = tf_gru.BiGRU(exact.units, **options)
    if wrapped:
        layer = keras.layers.Bidirectional(tf_gru.GRU(exact.units, **options), dtype="float64")
    sequences, mask = (
        keras.Input((exact.time, exact.input_dim), dtype="float64"),
        keras.Input((exact.time,), dtype=bool),
    )
    states = [keras.Input((exact.units,), dtype="float64") for _ in range(2)]
    ours = keras.Model([sequences, mask, *states], layer(sequences, mask=mask, initial_state=states))
    ours.set_weights(exact.weights("after") + exact.weights("after", 3))
    theirs = tf_gru.to_keras(ours, masks=False)
    assert recurrent(theirs) == {keras.layers.Bidirectional, keras.layers.GRU, keras.layers.GRUCell}

    def told(model, mask):
        return numbers(model, [exact.inputs, mask, exact.initial_state, exact.backward_state])

    everywhere = all(np.array_equal(*(told(m, mask)[0] for m in (ours, theirs))) for mask in exact.masks.values())

    exact.equal(told(theirs, exact.masks["all"]), told(ours, exact.masks["all"]))
    if everywhere:
        exact.equal(told(tf_gru.to_keras(ours), exact.mask), told(ours, exact.mask))
    else:
        with pytest.raises(ValueError, match=r"(carries its state|is unrolled).*: pass masks=False"):
            tf_gru.to_keras(ours)


def test_a_mask_that_keras_would_drop_is_refused():
    """Keras drops it if an initial_state comes with the sequences, unless the call also passes the mask."""
    options = {"return_sequences": True, "zero_output_for_mask": True, "dtype": "float64"}
    sequences, state = keras.Input((3, 2), dtype="float64"), keras.Input((4,), dtype="float64")
    masked = keras.layers.Masking(dtype="float64")(sequences)
    message = "is called with an initial_state, beside which Keras drops a mask .*: pass masks=False if none ever"
    for layer in (tf_gru.GRU(4, **options), keras.layers.Bidirectional(tf_gru.GRU(4, **options), dtype="float64")):
        states = [state] if isinstance(layer, tf_gru.GRU) else [state, state]
        model = keras.Model([sequences, state], layer(masked, initial_state=states))
        with pytest.raises(ValueError, match=message):
            tf_gru.to_keras(model)
        given = layer(sequences, initial_state=states, mask=keras.ops.any(sequences != 0, axis=-1))
        assert recurrent(tf_gru.to_keras(keras.Model([sequences, state], given))) >= {keras.layers.GRU}


@pytest.mark.parametrize("name", ["lengths", "dropout_mask", "recurrent_dropout_mask"])
def test_calls_that_keras_does_not_have_are_refused(name):
    """The calls are in a model."""
    sequences = keras.Input((3, 2))
    given = {"lengths": keras.Input((), dtype="int32")}.get(name, keras.Input((2,)))
    model = keras.Model([sequences, given], tf_gru.GRU(2)(sequences, **{name: given}))

    with pytest.raises(ValueError, match=f"gru.* is called with {name}, which Keras' layer does not have: pass a mask"):
        tf_gru.to_keras(model, masks=False)


@keras.saving.register_keras_serializable()
class MakesOurs(keras.Model):
    """A model whose GRU is in no configuration."""

    def __init__(self, **options):
        super().__init__(**options)
        self.gru = tf_gru.GRU(2)


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (
            lambda: tf_gru.GRU(2, reset_gate=False),
            ValueError,
            r"gru.* has reset_gate=False, but Keras' GRU always has a",
        ),
        (lambda: tf_gru.GRUCell(2, reset_gate=False), ValueError, r"gru_cell.* has reset_gate=False, but Keras' GRU"),
        (lambda: tf_gru.BiGRU(2, reset_gate=False), ValueError, r"has reset_gate=False, but Keras' GRU always has a"),
        (
            lambda: tf_gru.GRU(2, dropout=1),
            ValueError,
            r"gru.* has dropout=1, which drops nothing in some of Keras",
        ),
        (
            lambda: tf_gru.GRUCell(2, recurrent_dropout=1),
            ValueError,
            r"has recurrent_dropout=1, which drops nothing in",
        ),
        (MakesOurs, ValueError, r"gru.* \(GRU\).* is not in the model's configuration: make it one of Keras'"),
        (lambda: keras.layers.GRU(2), TypeError, r"model is a GRU, but must be a keras.Model or a layer of tf_gru"),
        (lambda: None, TypeError, r"model is a NoneType, but must be a keras.Model or a layer of tf_gru"),
    ],
)
def test_features_that_keras_lacks_are_refused(layer, error, message):
    """They are refused for any masks."""
    with pytest.raises(error, match=message):
        tf_gru.to_keras(layer(), masks=False)


def test_arguments_for_keras_are_checked():
    """Each argument is checked by name."""
    with pytest.raises(ValueError, match="masks is 'no', but must be one of True, False"):
        tf_gru.to_keras(tf_gru.GRU(2), masks="no")
    with pytest.raises(TypeError, match="custom_objects is a list, but must be a dictionary of names"):
        tf_gru.to_keras(tf_gru.GRU(2), masks=False, custom_objects=[])


@pytest.mark.parametrize("layer", [tf_gru.GRU, tf_gru.GRUCell])
def test_options_come_along(layer):
    """This includes options that Keras' configuration leaves out. A layer may be without weights."""
    theirs = tf_gru.to_keras(layer(2, implementation=1, reset_after=False, name="mine"), masks=False)

    cell = theirs if layer is tf_gru.GRUCell else theirs.cell
    assert (theirs.name, cell.implementation, cell.reset_after, theirs.built) == ("mine", 1, False, False)
    assert tf_gru.to_keras(tf_gru.GRU(2, use_cudnn=False), masks=False).use_cudnn is False

"""Models of Keras' layers, rebuilt with ours: from files, from memory, and weights alone."""

import keras
import numpy as np
import pytest

import tf_gru

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras, saving

EXACT = {"activation": "relu6", "recurrent_activation": "relu6", "dtype": "float64"}  # integers stay small


def stacked(layers):
    """Embedding with a mask, three layers of which one goes backwards."""
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(6, 3, mask_zero=True, dtype="float64")(tokens)
    x = layers.GRU(2, return_sequences=True, **EXACT)(x)
    x = layers.GRU(2, return_sequences=True, reset_after=False, zero_output_for_mask=True, **EXACT)(x)
    x = layers.GRU(3, use_bias=False, go_backwards=True, **EXACT)(x)
    return keras.Model(tokens, x), np.array([[1, 2, 3], [4, 5, 0]])


def both_ways(layers):
    """Two bidirectional layers, one inside a nested model, and one of cells."""
    inner = keras.Sequential(
        [
            keras.Input((3, 2), dtype="float64"),
            keras.layers.Bidirectional(layers.GRU(2, return_sequences=True, **EXACT), dtype="float64"),
        ]
    )
    backward = layers.GRU(2, go_backwards=True, use_bias=False, **EXACT)
    cells = keras.layers.StackedRNNCells(
        [layers.GRUCell(2, **EXACT), layers.GRUCell(3, reset_after=False, **EXACT)], dtype="float64"
    )
    sequences = keras.Input((3, 2), dtype="float64")
    x = inner(sequences)
    apart = keras.layers.Bidirectional(layers.GRU(2, **EXACT), "sum", backward_layer=backward, dtype="float64")(x)
    both = keras.layers.Bidirectional(keras.layers.RNN(cells, dtype="float64"), dtype="float64")(x)
    return keras.Model(sequences, [apart, both]), integers((4, 3, 2))


def encoder_decoder(layers):
    """The encoder's final states start the decoder, as a pair and alone."""
    source, target = (keras.Input((None, 2), dtype="float64") for _ in range(2))
    _, *states = keras.layers.Bidirectional(layers.GRU(2, return_state=True, **EXACT), dtype="float64")(source)
    x = keras.layers.Bidirectional(layers.GRU(2, return_sequences=True, **EXACT), dtype="float64")(
        target, initial_state=states
    )
    x = layers.GRU(2, return_sequences=True, **EXACT)(x, initial_state=states[0])
    return keras.Model([source, target], x), [integers((4, 2, 2)), integers((4, 3, 2))]


MODELS = (stacked, both_ways, encoder_decoder)


def integers(shape):
    return np.random.default_rng(1).integers(-1, 2, shape).astype(float)


def of_keras(architecture):
    """The model with Keras' layers and integer weights, and its inputs."""
    model, inputs = architecture(keras.layers)
    model.set_weights([integers(weight.shape) for weight in model.weights])
    return model, inputs


def same(left, right, inputs):
    outputs = numbers(left, inputs)
    assert all(output.any() for output in outputs)
    for expected, actual in zip(outputs, numbers(right, inputs), strict=True):
        np.testing.assert_array_equal(expected, actual)


def numbers(model, inputs):
    return [output.numpy() for output in keras.tree.flatten(model(inputs))]


def recurrent(model):
    """The classes of all recurrent layers and cells, at any depth."""
    kinds = (keras.layers.RNN, keras.layers.GRUCell, keras.layers.Bidirectional)
    return {type(layer) for layer in model._flatten_layers() if isinstance(layer, kinds)} - {keras.layers.RNN}


@pytest.mark.parametrize("bigru", [False, True])
@pytest.mark.parametrize("architecture", MODELS)
def test_a_model_of_keras_is_made_again(architecture, bigru, tmp_path):
    """A .keras file of Keras' layers: loaded, converted, with the same numbers; and saved and loaded with ours."""
    theirs, inputs = of_keras(architecture)
    theirs.save(tmp_path / "theirs.keras")

    ours = tf_gru.from_keras(keras.models.load_model(tmp_path / "theirs.keras"), bigru=bigru)

    same(theirs, ours, inputs)
    kept = {keras.layers.Bidirectional} if architecture is both_ways or not bigru else set()
    merged = {tf_gru.BiGRU} if bigru else set()
    around = kept | merged if architecture is not stacked else set()
    assert recurrent(ours) == {tf_gru.GRU, tf_gru.GRUCell} | around
    ours.save(tmp_path / "ours.keras")
    same(ours, keras.models.load_model(tmp_path / "ours.keras"), inputs)


@pytest.mark.parametrize("architecture", MODELS)
def test_weight_files_fit_both_ways(architecture, tmp_path):
    """A .weights.h5 file of Keras' layers fits the same model of ours, with BiGRU, and ours fits Keras'."""
    theirs, inputs = of_keras(architecture)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    for bigru in (False, True):
        ours, back = tf_gru.from_keras(architecture(keras.layers)[0], bigru=bigru), architecture(keras.layers)[0]

        ours.load_weights(tmp_path / "theirs.weights.h5")
        ours.save_weights(tmp_path / "ours.weights.h5")
        back.load_weights(tmp_path / "ours.weights.h5")

        same(theirs, ours, inputs)
        same(theirs, back, inputs)


def test_training_goes_on_where_it_was():
    """Momentum and the seed of dropout are copied, so the next step equals the original's next step."""
    inputs, targets = integers((2, 3, 2)), np.ones((2, 2))
    theirs = keras.Sequential([keras.Input((3, 2), dtype="float64"), keras.layers.GRU(2, dropout=0.5, seed=1)])
    theirs.compile(keras.optimizers.SGD(0.5, momentum=0.5), "mse", jit_compile=False)
    theirs.train_on_batch(inputs, targets)

    ours = tf_gru.from_keras(theirs)
    again = tf_gru.from_keras(ours)

    for old, new in zip((*theirs.variables, *theirs.optimizer.variables), everything(ours), strict=True):
        np.testing.assert_array_equal(old.numpy(), new)
    before = everything(ours)
    for model in (ours, again):
        model.train_on_batch(inputs, targets)
    assert any((old != new).any() for old, new in zip(before, everything(ours), strict=True))
    keras.tree.map_structure(np.testing.assert_array_equal, everything(ours), everything(again))


def everything(model):
    return [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]


def frozen_at_once():
    return keras.layers.Bidirectional(keras.layers.GRU(3, trainable=False))


def frozen_later():
    layer = keras.layers.Bidirectional(keras.layers.GRU(3))
    layer.trainable = False
    return layer


def frozen_in_name():
    """The model after a change that Keras ignores: a wrapper's argument freezes no layer."""
    return keras.layers.Bidirectional(keras.layers.GRU(3), trainable=False)


@pytest.mark.parametrize("bigru", [False, True])
@pytest.mark.parametrize(("made", "trained"), [(frozen_at_once, 2), (frozen_later, 2), (frozen_in_name, 8)])
def test_weights_that_keras_does_not_train_stay(made, trained, bigru):
    """The model has been trained, so that its optimizer stores values for each trained weight."""
    inputs, targets = np.ones((2, 3, 2)), np.ones((2, 1))
    theirs = keras.Sequential([keras.Input((3, 2)), made(), keras.layers.Dense(1)])
    theirs.compile("adam", "mse")
    theirs.train_on_batch(inputs, targets)

    ours = tf_gru.from_keras(theirs, bigru=bigru)
    before = ours.get_weights()
    ours.train_on_batch(inputs, targets)

    assert len(theirs.trainable_weights) == len(ours.trainable_weights) == trained
    assert sum((new != old).any() for new, old in zip(ours.get_weights(), before, strict=True)) == trained


def test_an_optimizer_of_other_weights_is_refused():
    """Stored values would go to another weight. A new optimizer has stored nothing yet."""
    theirs = keras.Sequential([keras.Input((3, 2)), keras.layers.GRU(3), keras.layers.Dense(1)])
    theirs.compile("adam", "mse")
    theirs.train_on_batch(np.ones((2, 3, 2)), np.ones((2, 1)))
    theirs.layers[0].trainable = False

    with pytest.raises(
        ValueError, match=r"the optimizer has 12 variables, but .* it must have 6: compile the model ag"
    ):
        tf_gru.from_keras(theirs)

    theirs.compile("adam", "mse")
    assert len(tf_gru.from_keras(theirs).trainable_weights) == 2


def test_a_wrapper_of_another_dtype_stays_a_wrapper():
    """BiGRU has one dtype, for the merge too."""
    theirs = keras.Sequential(
        [keras.Input((3, 2)), keras.layers.Bidirectional(keras.layers.GRU(3, dtype="float32"), dtype="float64")]
    )

    ours = tf_gru.from_keras(theirs, bigru=True)

    assert recurrent(ours) == {keras.layers.Bidirectional, tf_gru.GRU, tf_gru.GRUCell}
    assert ours(np.ones((1, 3, 2))).dtype == theirs(np.ones((1, 3, 2))).dtype == "float64"


def test_the_model_itself_stays():
    """The converted model keeps its layers and shares no weight with the new one."""
    theirs, inputs = of_keras(stacked)
    before = numbers(theirs, inputs)

    ours = tf_gru.from_keras(theirs)
    ours.set_weights([0 * weight for weight in ours.get_weights()])

    np.testing.assert_array_equal(before, numbers(theirs, inputs))
    assert recurrent(theirs) == {keras.layers.GRU, keras.layers.GRUCell}


@keras.saving.register_keras_serializable()
class MakesItsOwn(keras.Model):
    """A model whose GRU is in no configuration."""

    def __init__(self, **options):
        super().__init__(**options)
        self.gru = keras.layers.GRU(2)


def own_loss(targets, outputs):
    """A loss that is not registered."""
    return keras.ops.mean(keras.ops.abs(targets - outputs))


def test_names_unknown_to_keras_come_as_for_load_model():
    """custom_objects and safe_mode work as in Keras, which names a missing object."""
    theirs = keras.Sequential(
        [keras.Input((3, 2)), keras.layers.Lambda(lambda x: 2 * x, output_shape=(3, 2)), keras.layers.GRU(2)]
    )
    theirs.compile("sgd", own_loss)
    with pytest.raises(ValueError, match="safe_mode"):
        tf_gru.from_keras(theirs, custom_objects={"own_loss": own_loss})
    with pytest.raises(TypeError, match="own_loss"):
        tf_gru.from_keras(theirs, safe_mode=False)
    ours = tf_gru.from_keras(theirs, custom_objects={"own_loss": own_loss}, safe_mode=False)
    assert ours.loss is own_loss
    assert recurrent(ours) == {tf_gru.GRU, tf_gru.GRUCell}


def test_an_impossible_conversion_is_refused():
    """A GRU made by code, and an object that is not a model, are named."""
    with pytest.raises(ValueError, match=r"gru.* \(GRU\), gru_cell \(GRUCell\) is not in the model's configuration"):
        tf_gru.from_keras(MakesItsOwn())
    with pytest.raises(TypeError, match=r"model is a GRU, but must be a keras.Model, .* wrap a layer in Sequential"):
        tf_gru.from_keras(keras.layers.GRU(2))

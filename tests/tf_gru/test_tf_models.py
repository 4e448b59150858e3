"""Models: saving and loading, fitting, embeddings, stacks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras, saving

TOKENS = np.array([[1, 2, 3, 0], [4, 5, 0, 0], [2, 0, 0, 0]])


def with_integer_weights(model):
    rng = np.random.default_rng(3)
    model.set_weights([rng.integers(-1, 2, w.shape).astype(float) for w in model.weights])
    return model


def tagger(gru, bidirectional):
    """Tokens through an embedding with a mask, two recurrent layers and both directions."""
    options = {"activation": "linear", "recurrent_activation": "linear", "dtype": "float64"}
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(6, 2, mask_zero=True, dtype="float64")(tokens)
    x = gru(2, return_sequences=True, go_backwards=True, zero_output_for_mask=True, **options)(x)
    x = bidirectional(x)
    return with_integer_weights(keras.Model(tokens, x))


def test_an_embedding_masks_a_stack():
    """The mask of Embedding passes a backwards layer and both directions; NaN for token 0 reaches nothing."""
    options = {"return_sequences": True, "activation": "relu6", "recurrent_activation": "relu6", "dtype": "float64"}
    model = tagger(tf_gru.GRU, tf_gru.BiGRU(2, **options))
    wrapped = tagger(tf_gru.GRU, keras.layers.Bidirectional(tf_gru.GRU(2, **options), dtype="float64"))
    expected = model(TOKENS).numpy()
    embedding = model.layers[1]
    embedding.set_weights([np.where(np.arange(6)[:, None] == 0, np.nan, embedding.get_weights()[0])])

    np.testing.assert_array_equal(expected, wrapped(TOKENS).numpy())
    np.testing.assert_array_equal(expected, model(TOKENS).numpy())
    np.testing.assert_array_equal(expected[:, ::-1][TOKENS == 0], 0)
    assert expected.any()


def test_a_symbolic_mask_counts_beside_a_symbolic_state():
    """In a functional model the embedding's mask counts although the layer gets a state and lengths as inputs."""
    tokens, state = keras.Input((None,), dtype="int32"), keras.Input((2,), dtype="float64")
    lengths = keras.Input((), dtype="int32")
    x = keras.layers.Embedding(6, 2, mask_zero=True, dtype="float64")(tokens)
    layer = tf_gru.GRU(2, dtype="float64")
    model = keras.Model([tokens, state, lengths], layer(x, initial_state=state, lengths=lengths))
    h = np.ones((3, 2))

    output = model([TOKENS, h, np.array([3, 2, 1])]).numpy()

    mask = tf.constant(TOKENS != 0)
    expected = layer(embedded(model, TOKENS), initial_state=tf.constant(h), mask=mask)
    np.testing.assert_array_equal(expected.numpy(), output)
    with pytest.raises(ValueError, match="mask and lengths disagree"):
        model([TOKENS, h, np.array([3, 3, 3])])


def embedded(model, tokens):
    (embedding,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    return tf.gather(embedding.embeddings, tokens)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: tf_gru.GRU(2, reset_gate=False, go_backwards=True),
        lambda: tf_gru.GRU(2, reset_after=False, dropout=0.5, seed=1, implementation=1),
        lambda: tf_gru.BiGRU(2, merge_mode="mul", return_sequences=True),
        lambda: keras.layers.Bidirectional(tf_gru.GRU(2, return_sequences=True)),
        lambda: keras.layers.RNN([tf_gru.GRUCell(2, reset_gate=False), tf_gru.GRUCell(3)]),
        lambda: keras.layers.Bidirectional(keras.layers.RNN(tf_gru.GRUCell(2, reset_after=False))),
    ],
)
def test_models_are_saved_and_loaded(layer, tmp_path):
    """A .keras file of a model with any of our layers loads without custom_objects and gives the same bits."""
    inputs = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.Masking(), layer()])
    model.save(tmp_path / "model.keras")

    loaded = keras.models.load_model(tmp_path / "model.keras")

    np.testing.assert_array_equal(model(inputs).numpy(), loaded(inputs).numpy())
    assert [type(each) for each in loaded.layers] == [type(each) for each in model.layers]


@pytest.mark.parametrize("wrapped", [lambda layer: layer, keras.layers.Bidirectional])
def test_weights_saved_by_keras_are_loaded(wrapped, tmp_path):
    """A .weights.h5 file of a model with keras.layers.GRU loads into the same model with ours."""
    inputs = np.random.default_rng(0).integers(-1, 2, (2, 3, 4)).astype("float32")
    theirs, ours = (
        keras.Sequential([keras.Input((3, 4)), wrapped(gru(2, activation="linear", recurrent_activation="linear"))])
        for gru in (keras.layers.GRU, tf_gru.GRU)
    )
    with_integer_weights(theirs).save_weights(tmp_path / "keras.weights.h5")

    ours.load_weights(tmp_path / "keras.weights.h5")

    np.testing.assert_array_equal(theirs(inputs).numpy(), ours(inputs).numpy())


@pytest.mark.parametrize(
    ("policy", "jit", "first"),
    [("mixed_float16", True, keras.layers.Dense), ("mixed_bfloat16", False, tf_gru.BiGRU)],
)
def test_a_model_is_fitted(policy, jit, first):
    """Fitting with dropout and masks, alone or in a stack, changes every weight and keeps all finite."""
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(4, 4, 3)).astype("float32"), rng.normal(size=(4, 1)).astype("float32")
    inputs[0, 2:] = 0
    options = {"return_sequences": True, "dropout": 0.5, "seed": 1} if first is tf_gru.BiGRU else {}
    model = keras.Sequential(
        [
            keras.Input((None, 3)),
            keras.layers.Masking(),
            first(2, dtype=policy, **options),
            tf_gru.GRU(2, recurrent_dropout=0.5, seed=2, dtype=policy),
            keras.layers.Dense(1),
        ]
    )
    before = model.get_weights()
    model.compile("sgd", "mse", jit_compile=jit)

    model.fit(inputs, targets, batch_size=4, epochs=9, verbose=0)

    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


def test_fitting_agrees_with_keras():
    """One step of gradient descent in integers gives Keras' weights, eagerly, as a graph and compiled."""
    inputs = np.random.default_rng(0).integers(-1, 2, (2, 2, 3)).astype(float)
    targets = np.ones((2, 2))
    options = {"activation": "linear", "recurrent_activation": "linear", "dtype": "float64"}

    def fitted(layer, **how):
        model = with_integer_weights(keras.Sequential([keras.Input((2, 3), dtype="float64"), layer]))
        model.compile(keras.optimizers.SGD(0.5), keras.losses.MeanSquaredError(reduction="sum", dtype="float64"), **how)
        model.fit(inputs, targets, verbose=0)
        return model.get_weights()

    expected = fitted(keras.layers.GRU(2, **options), jit_compile=False)

    for how in ({"run_eagerly": True}, {"jit_compile": False}, {"jit_compile": True}):
        for weight, actual in zip(expected, fitted(tf_gru.GRU(2, **options), **how), strict=True):
            np.testing.assert_array_equal(weight, actual)


def test_a_stateful_model_is_fitted_and_reset():
    """A stateful layer keeps its state through compiled training and forgets it when it is reset."""
    inputs, targets = np.ones((2, 3, 2), "float32"), np.ones((2, 1), "float32")
    layer = tf_gru.GRU(2, stateful=True)
    model = keras.Sequential([keras.Input((3, 2), batch_size=2), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=True)

    model.fit(inputs, targets, batch_size=2, shuffle=False, verbose=0)
    assert layer.states[0].numpy().any()

    layer.reset_state()
    assert not layer.states[0].numpy().any()


def test_a_model_with_our_layers_may_be_compiled():
    """Nothing makes Keras turn XLA off, unlike its own layer."""
    assert tf_gru.GRU(2).supports_jit
    assert tf_gru.BiGRU(2).supports_jit


def test_a_model_is_cloned():
    """clone_model makes the same layers anew."""
    model = keras.Sequential([keras.Input((3, 2)), tf_gru.GRU(2, reset_gate=False, name="mine")])

    clone = keras.models.clone_model(model)

    assert clone.get_layer("mine").get_config() == model.get_layer("mine").get_config()

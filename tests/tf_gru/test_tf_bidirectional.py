"""BiGRU, and keras.layers.Bidirectional around our layers, beside Keras' own."""

import gc
import importlib
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

MERGES = ("concat", "sum", "mul", "ave", None)


def both_weights(exact, reset="after"):
    return exact.weights(reset), exact.weights(reset, seed=20)


def arrays(result):
    return [tensor.numpy() for tensor in tf.nest.flatten(result)]


def three(exact, merge_mode, **options):
    """Keras' layer, Keras' wrapper around ours, and BiGRU, with the same integer weights."""
    options = {**exact.linear, "dtype": "float64", **options}
    layers = [
        keras.layers.Bidirectional(keras.layers.GRU(exact.units, **options), merge_mode=merge_mode, dtype="float64"),
        keras.layers.Bidirectional(tf_gru.GRU(exact.units, **options), merge_mode=merge_mode, dtype="float64"),
        tf_gru.BiGRU(exact.units, merge_mode=merge_mode, **options),
    ]
    for layer in layers:
        layer.build(exact.inputs.shape)
        forward, backward = both_weights(exact, "after" if options.get("reset_after", True) else "before")
        kept = len(layer.weights) // 2
        layer.set_weights([*forward[:kept], *backward[:kept]])
    return layers


@pytest.mark.parametrize("return_state", [True, False])
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("merge_mode", MERGES)
def test_outputs_are_those_of_keras(exact, merge_mode, return_sequences, return_state):
    """For every merge, with and without a mask and states, the numbers and their order equal Keras'."""
    theirs, wrapped, ours = three(exact, merge_mode, return_sequences=return_sequences, return_state=return_state)
    states = [tf.constant(exact.initial_state), tf.constant(exact.backward_state)]
    masks = [None, exact.masks["holes"]]
    if not return_sequences:  # if the last step is masked, Keras' last output is right only if another step was valid
        masks[1] = masks[1] | ~masks[1].any(axis=1, keepdims=True)

    for mask in masks:
        for initial_state in (None, states):
            call = {"mask": mask, "initial_state": initial_state}
            expected = theirs(exact.inputs, **call)
            for layer in (wrapped, ours):
                actual = layer(exact.inputs, **call)
                assert type(actual) is type(expected)
                exact.equal(arrays(expected), arrays(actual))


@pytest.mark.parametrize("options", [{"reset_after": False}, {"use_bias": False}, {"implementation": 1}])
def test_options_reach_both_directions(exact, options):
    """The arguments of GRU act as in Bidirectional(GRU)."""
    theirs, wrapped, ours = three(exact, "concat", return_sequences=True, **options)
    expected = theirs(exact.inputs, mask=exact.mask).numpy()

    exact.equal(expected, wrapped(exact.inputs, mask=exact.mask).numpy())
    exact.equal(expected, ours(exact.inputs, mask=exact.mask).numpy())


@pytest.mark.parametrize("reset", ["after", "before", "none"])
def test_it_is_two_integer_grus_and_a_merge(exact, reset):
    """Each direction is its own run, aligned with the inputs' time, 0 at masked steps."""
    options = {"reset_gate": False} if reset == "none" else {"reset_after": reset == "after"}
    layer = tf_gru.BiGRU(
        exact.units, return_sequences=True, return_state=True, dtype="float64", **exact.linear, **options
    )
    layer.build(exact.inputs.shape)
    forward, backward = both_weights(exact, reset)
    layer.set_weights([*forward, *backward])
    runs = [
        exact.gru(exact.inputs, *weights, reset, state, exact.mask, reverse)
        for weights, state, reverse in (
            (exact.weights(reset), exact.initial_state, False),
            (exact.weights(reset, seed=20), exact.backward_state, True),
        )
    ]
    expected = np.concatenate([outputs for outputs, _ in runs], axis=-1) * exact.mask[:, :, None]

    states = [tf.constant(exact.initial_state), tf.constant(exact.backward_state)]
    outputs, forward, backward = arrays(layer(exact.inputs, mask=exact.mask, initial_state=states))

    exact.equal([expected, runs[0][1], runs[1][1]], [outputs, forward, backward])


@pytest.mark.parametrize("merge_mode", MERGES)
def test_lengths_are_a_mask(exact, merge_mode):
    """lengths= has the same results as the right-padded mask."""
    *_, ours = three(exact, merge_mode, return_sequences=True, return_state=True)
    mask = exact.masks["right padded"]

    expected = arrays(ours(exact.inputs, mask=mask))

    exact.equal(expected, arrays(ours(exact.inputs, lengths=mask.sum(axis=1))))


@pytest.mark.parametrize("merge_mode", MERGES)
def test_stateful_with_mask_and_state_goes_on(exact, merge_mode):
    """stateful, return_state and a mask work together: the second call starts from the first one's states."""
    options = {"return_sequences": True, "return_state": True}
    *_, stateless = three(exact, merge_mode, **options)
    *_, stateful = three(exact, merge_mode, stateful=True, **options)
    masked = keras.layers.Masking(mask_value=9.0, dtype="float64")(np.where(exact.mask[:, :, None], exact.inputs, 9.0))[
        :, :1
    ]
    masked._keras_mask = tf.constant(exact.mask[:, :1])

    first = stateful(masked)
    second = stateful(masked)
    expected = stateless(masked, initial_state=list(first[-2:]))

    exact.equal(arrays(expected), arrays(second))
    exact.equal(arrays(second[-2:]), [state.numpy() for state in stateful.states])
    stateful.reset_state()
    exact.equal(arrays(first), arrays(stateful(masked)))


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("merge_mode", MERGES)
def test_the_mask_goes_on_with_the_outputs(exact, merge_mode, return_sequences):
    """Every output sequence carries the mask, unflipped; states and last outputs carry none."""
    *_, ours = three(exact, merge_mode, return_sequences=return_sequences, return_state=True)
    mask = tf.constant(exact.mask)

    masks = [getattr(t, "_keras_mask", None) for t in tf.nest.flatten(ours(exact.inputs, mask=mask))]

    outputs = 2 if merge_mode is None else 1
    assert masks[outputs:] == [None, None]
    for each in masks[:outputs]:
        assert (each is not None) == return_sequences
        assert each is None or (each.numpy() == exact.mask).all()


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_padding_is_not_read(exact, mode):
    """NaN at masked steps changes neither outputs nor gradients, in both directions."""
    *_, ours = three(exact, "concat", return_sequences=True)

    def function(inputs):
        return ours(inputs, mask=exact.mask)

    padded = np.where(exact.mask[:, :, None], exact.inputs, np.nan)

    exact.equal(exact.called(mode, function, [exact.inputs]), exact.called(mode, function, [padded]))


def test_sequences_of_nothing(exact):
    """Without steps the states are the initial ones; without rows there are none."""
    *_, ours = three(exact, "concat", return_sequences=True, return_state=True)
    states = [tf.constant(exact.initial_state), tf.constant(exact.backward_state)]

    outputs, forward, backward = ours(exact.inputs[:, :0], initial_state=states)

    assert outputs.shape == (exact.batch, 0, 2 * exact.units)
    exact.equal([exact.initial_state, exact.backward_state], arrays((forward, backward)))
    assert ours(exact.inputs[:0])[0].shape == (0, exact.time, 2 * exact.units)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"merge_mode": "max"}, "Invalid merge mode"),
        ({"go_backwards": True}, "go_backwards is True, but BiGRU runs both directions"),
        ({"zero_output_for_mask": False}, "zero_output_for_mask is False, but BiGRU outputs 0 at masked steps"),
    ],
)
def test_requests_without_meaning_for_two_directions_are_refused(options, message):
    """Arguments that would have to be ignored are errors."""
    with pytest.raises(ValueError, match=message):
        tf_gru.BiGRU(2, **options)


@pytest.mark.parametrize(
    ("states", "got"),
    [(lambda h: [h], "has 1 members"), (lambda h: (h,) * 3, "has 3 members"), (np.stack, "is a EagerTensor")],
)
def test_each_direction_has_one_state(exact, states, got):
    """initial_state is a pair."""
    state = states(exact.initial_state)

    with pytest.raises(ValueError, match=rf"initial_state {got}, but must be \[forward, backward\], one for each dir"):
        tf_gru.BiGRU(exact.units, dtype="float64")(exact.inputs, initial_state=state)


@pytest.mark.parametrize(
    "options", [{"merge_mode": None, "reset_gate": False}, {"merge_mode": "mul", "stateful": True}]
)
def test_the_configuration_comes_back(options):
    """from_config(get_config()) has the same configuration, with the options of GRU in it."""
    layer = tf_gru.BiGRU(3, name="mine", dtype="mixed_float16", return_sequences=True, implementation=1, **options)

    config = layer.get_config()

    assert tf_gru.BiGRU.from_config(config).get_config() == config
    assert {**options, "units": 3, "name": "mine", "implementation": 1}.items() <= config.items()


@pytest.mark.parametrize("later", [False, True])
def test_a_frozen_one_stays_frozen(later):
    """Frozen at construction or later, neither the layer nor a copy from its configuration has weights to train."""
    layer = tf_gru.BiGRU(3, return_sequences=True, trainable=later)
    if later:
        layer.trainable = False
    again = tf_gru.BiGRU.from_config({**layer.get_config(), "name": "again"})
    model = keras.Sequential([keras.Input((3, 2)), layer, again, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()

    model.train_on_batch(np.ones((2, 3, 2)), np.ones((2, 3, 1)))

    assert len(model.trainable_weights) == 2
    moved = [(new != old).any() for new, old in zip(model.get_weights(), before, strict=True)]
    assert moved == [False] * 12 + [True] * 2


@pytest.mark.parametrize("merge_mode", MERGES)
def test_lengths_are_a_mask_beside_states_too(exact, merge_mode):
    """Given states, both directions still get the lengths."""
    *_, ours = three(exact, merge_mode, return_sequences=True, return_state=True)
    states = [tf.constant(exact.initial_state), tf.constant(exact.backward_state)]
    mask = exact.masks["right padded"]

    expected = arrays(ours(exact.inputs, mask=mask, initial_state=states))

    exact.equal(expected, arrays(ours(exact.inputs, lengths=mask.sum(axis=1), initial_state=states)))


def test_it_calls_itself_bigru():
    """In a summary and in files, however, it has the name of Keras' class, under which Keras stores weights."""
    model = keras.Sequential([keras.Input((3, 2)), tf_gru.BiGRU(2, name="mine")])
    lines = []

    model.summary(print_fn=lines.append)

    assert repr(model.layers[0]) == "<BiGRU name=mine, built=True>"
    assert repr(tf_gru.BiGRU) == "<class 'tf_gru.bidirectional.BiGRU'>"
    assert "mine (Bidirectional)" in "".join(map(str, lines))


def reused():
    """An id function that reuses numbers of deleted objects at once, as memory addresses may be reused."""
    numbers = {}

    def number(thing):
        if isinstance(thing, keras.layers.Layer):
            gc.collect()  # no deleted object of other tests matters here
        for each, kept in numbers.items():
            if kept() is thing:
                return each
        each = next((each for each, kept in numbers.items() if kept() is None), len(numbers))
        numbers[each] = weakref.ref(thing)
        return each

    return number


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")  # Keras, saving
def test_two_are_loaded_from_one_file(tmp_path, monkeypatch):
    """While loading, Keras distinguishes layers by their ids, which a new layer may share with a deleted one."""
    model = keras.Sequential([keras.Input((3, 2)), *(tf_gru.BiGRU(2, return_sequences=True) for _ in range(2))])
    model.save(tmp_path / "model.keras")
    module = importlib.import_module("keras.src.saving.serialization_lib")
    monkeypatch.setattr(module, "id", reused(), raising=False)

    loaded = keras.models.load_model(tmp_path / "model.keras")

    layers = [each for layer in loaded.layers for each in (layer.forward_layer, layer.backward_layer)]
    assert [layer.go_backwards for layer in layers] == [False, True] * 2
    assert len(set(map(id, layers))) == 4

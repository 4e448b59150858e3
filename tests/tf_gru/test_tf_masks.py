"""The layer's treatment of masks and lengths, and the mask for later layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru


@pytest.mark.parametrize("go_backwards", [True, False])
def test_masked_steps_carry_the_initial_state_where_keras_has_zeros(exact, go_backwards):
    """Before the first valid step the output is initial_state. This is the only difference from Keras."""
    theirs, ours = exact.pair(return_sequences=True, return_state=True, go_backwards=go_backwards)
    call = {"mask": exact.mask, "initial_state": tf.constant(exact.initial_state)}
    processed = exact.mask[:, ::-1] if go_backwards else exact.mask
    untouched = ~np.maximum.accumulate(processed, axis=1)

    expected, final_state = exact.arrays(theirs(exact.inputs, **call))
    actual = exact.arrays(ours(exact.inputs, **call))

    assert not expected[untouched].any()
    states = np.broadcast_to(exact.initial_state[:, None], expected.shape)
    exact.equal([np.where(untouched[:, :, None], states, expected), final_state], actual)


@pytest.mark.parametrize("go_backwards", [True, False])
@pytest.mark.parametrize("zero", [True, False])
def test_the_last_output_is_the_final_state(exact, go_backwards, zero):
    """Without return_sequences the output is the state after the last valid step, whatever follows it."""
    _, ours = exact.pair(return_state=True, go_backwards=go_backwards, zero_output_for_mask=zero)
    _, expected = exact.gru(
        exact.inputs, *exact.weights("after"), "after", exact.initial_state, exact.mask, go_backwards
    )

    output, state = exact.arrays(ours(exact.inputs, mask=exact.mask, initial_state=tf.constant(exact.initial_state)))

    exact.equal([expected, expected], [output, state])


def test_zero_output_for_mask_can_be_set_later(exact):
    """keras.layers.Bidirectional sets it on its layer, and users may too."""
    _, ours = exact.pair(return_sequences=True)
    carried = ours(exact.inputs, mask=exact.mask).numpy()

    ours.zero_output_for_mask = True

    exact.equal(np.where(exact.mask[:, :, None], carried, 0), ours(exact.inputs, mask=exact.mask).numpy())


@pytest.mark.parametrize("go_backwards", [True, False])
def test_lengths_are_a_mask(exact, go_backwards):
    """lengths= has the same results as the right-padded mask, and is refused beside a different mask."""
    _, ours = exact.pair(return_sequences=True, return_state=True, go_backwards=go_backwards)
    mask = exact.masks["right padded"]
    expected = exact.arrays(ours(exact.inputs, mask=mask))

    exact.equal(expected, exact.arrays(ours(exact.inputs, lengths=mask.sum(axis=1))))
    exact.equal(
        expected, exact.arrays(ours(exact.inputs, lengths=mask.sum(axis=1).tolist(), mask=mask.astype("int32")))
    )
    with pytest.raises(ValueError, match="mask and lengths disagree"):
        ours(exact.inputs, lengths=mask.sum(axis=1), mask=exact.mask)


@pytest.mark.parametrize("return_state", [True, False])
@pytest.mark.parametrize("go_backwards", [True, False])
def test_the_mask_goes_on_in_the_order_of_the_outputs(exact, go_backwards, return_state):
    """The next layer gets the mask flipped like the outputs, and none without return_sequences."""
    options = {"return_state": return_state, "go_backwards": go_backwards}
    masked = keras.layers.Masking(mask_value=9.0, dtype="float64")(np.where(exact.mask[:, :, None], exact.inputs, 9.0))
    _, sequences = exact.pair(return_sequences=True, **options)
    _, last = exact.pair(**options)

    first = tf.nest.flatten(sequences(masked))[0]

    exact.equal(exact.mask[:, :: -1 if go_backwards else 1], first._keras_mask.numpy())
    assert getattr(tf.nest.flatten(last(masked))[0], "_keras_mask", None) is None


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_a_model_that_turns_the_mask_it_is_given_is_read_from_every_file(exact, tmp_path):
    """A reader of an .h5 file does not know Keras' own operations, such as its flip."""
    inputs, mask = keras.Input((None, exact.inputs.shape[2]), dtype="float64"), keras.Input((None,), dtype="bool")
    first = tf_gru.GRU(2, return_sequences=True, go_backwards=True, dtype="float64")(inputs, mask=mask)
    model = keras.Model([inputs, mask], tf_gru.GRU(2, dtype="float64")(first))
    given = [exact.inputs, exact.mask]
    expected = model.predict(given, verbose=0)
    assert not np.array_equal(expected, model.predict([exact.inputs, np.ones_like(exact.mask)], verbose=0))

    for name in ("model.h5", "model.keras"):
        model.save(tmp_path / name)
        np.testing.assert_array_equal(keras.saving.load_model(tmp_path / name).predict(given, verbose=0), expected)


def test_masks_that_come_with_the_sequences_count_beside_a_state(exact):
    """A mask from Masking counts whether or not initial_state is a tensor, or lengths are given."""
    masked = keras.layers.Masking(mask_value=9.0, dtype="float64")(np.where(exact.mask[:, :, None], exact.inputs, 9.0))
    state = tf.constant(exact.initial_state)
    _, ours = exact.pair()

    exact.equal(ours(exact.inputs, mask=exact.mask).numpy(), ours(masked).numpy())
    exact.equal(
        ours(exact.inputs, mask=exact.mask, initial_state=state).numpy(), ours(masked, initial_state=state).numpy()
    )
    with pytest.raises(ValueError, match="mask and lengths disagree"):
        ours(masked, lengths=tf.fill([exact.batch], 3))


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_nan_in_the_padding_leaves_a_layer_alone(exact, mode):
    """Outputs and the gradients of weights equal those for any other padding."""
    _, ours = exact.pair(return_sequences=True)

    def run(padding):
        inputs = tf.constant(np.where(exact.mask[:, :, None], exact.inputs, padding))

        def function():
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = ours(inputs, mask=exact.mask)
            return outputs, tape.gradient(outputs, [inputs, *[w.value for w in ours.trainable_variables]])

        return exact.arrays((function if mode == "eager" else tf.function(function, jit_compile=mode == "jit"))())

    exact.equal(run(0.0), run(np.nan))

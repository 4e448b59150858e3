"""Faults of keras.layers.GRU, shown in the installed Keras, and the right behaviour of tf_gru.

Each test shows both. If it reports that Keras has been repaired, remove the sentence about the fault from tf_gru's
docstrings.
"""

from contextlib import contextmanager

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru


def still(fault: bool, what: str) -> None:
    """Require Keras to have a fault. If it has not, tf_gru is right, but its documentation of Keras is out of date."""
    assert fault, f"Keras {keras.__version__} no longer {what}: take the fault out of this file and of what is written"


@contextmanager
def raised():
    """A list of the exception raised inside, if any."""
    errors = []
    try:
        yield errors
    except Exception as error:
        errors.append(error)


@pytest.mark.parametrize(("name", "value"), [("use_cudnn", False), ("implementation", 1)])
def test_an_option_is_not_in_the_configuration(name, value):
    """A saved or cloned layer is another layer."""
    configs = [layer(2, **{name: value}).get_config() for layer in (keras.layers.GRU, tf_gru.GRU)]

    assert getattr(tf_gru.GRU.from_config(configs[1]), name) == value
    still(name not in configs[0], f"leaves {name} out of the configuration")


def test_dropout_by_gate_raises(exact):
    """implementation=1 draws a mask for each gate, but Keras' path for cuDNN expects one."""
    theirs, ours = exact.pair(implementation=1, dropout=0.5, seed=1)

    assert ours(exact.inputs, training=True).shape == (exact.batch, exact.units)
    with raised() as errors:
        theirs(exact.inputs, training=True)
    still(errors != [], "raises for implementation=1 and dropout in training")


def test_a_stateful_wrapper_with_states_and_a_mask_raises(exact):
    """Keras' Bidirectional multiplies a generator."""
    options = {"stateful": True, "return_state": True, **exact.linear, "dtype": "float64"}
    mask = tf.constant(exact.mask)

    def called(layer):
        masked = tf.constant(exact.inputs)
        masked._keras_mask = mask
        return layer(masked)

    outputs, forward, backward = called(tf_gru.BiGRU(exact.units, **options))

    exact.equal(outputs.numpy(), np.concatenate([forward.numpy(), backward.numpy()], axis=-1))
    for gru in (keras.layers.GRU, tf_gru.GRU):
        with raised() as errors:
            called(keras.layers.Bidirectional(gru(exact.units, **options), dtype="float64"))
        still(
            [type(error) for error in errors] == [TypeError], "raises TypeError for stateful, return_state and a mask"
        )


def test_full_dropout_drops_nothing(exact):
    """In Keras' cell it does not, although its constructor accepts 1."""
    options = {**exact.linear, "dropout": 1.0, "dtype": "float64"}
    x, h = exact.inputs[:, 0], exact.initial_state
    theirs, ours = keras.layers.GRUCell(exact.units, **options), tf_gru.GRUCell(exact.units, **options)
    for cell in (theirs, ours):
        cell.build(x.shape)
        cell.set_weights(exact.weights("after"))

    exact.equal(ours(np.zeros_like(x), h)[0].numpy(), ours(x, h, training=True)[0].numpy())
    kept = theirs(x, h)[0].numpy()
    still(np.array_equal(kept, theirs(x, h, training=True)[0].numpy()), "takes dropout=1.0 for no dropout in its cell")


def test_a_sequence_without_steps_raises(exact):
    """The right results are the initial state and a sequence without outputs."""
    theirs, ours = exact.pair(return_sequences=True, return_state=True)
    empty, state = exact.inputs[:, :0], tf.constant(exact.initial_state)

    outputs, final = ours(empty, initial_state=state)

    assert outputs.shape == (exact.batch, 0, exact.units)
    exact.equal(exact.initial_state, final.numpy())
    with raised() as errors:
        theirs(empty, initial_state=state)
    still(errors != [], "raises for a sequence without steps")


def test_an_output_of_zero_stands_beside_a_state_that_is_not(exact):
    """For a row without a valid step, Keras returns the initial state as its state, and 0 as its output."""
    theirs, ours = exact.pair(return_state=True)
    call = {"mask": np.zeros_like(exact.mask), "initial_state": tf.constant(exact.initial_state)}

    exact.equal([exact.initial_state] * 2, exact.arrays(ours(exact.inputs, **call)))
    output, state = exact.arrays(theirs(exact.inputs, **call))
    exact.equal(exact.initial_state, state)
    still(not output.any(), "returns an output of 0 for a row that is masked throughout")


def test_the_mask_is_handed_on_in_another_order_than_the_outputs(exact):
    """Under go_backwards the outputs are flipped, so the next layer needs a flipped mask."""
    theirs, ours = exact.pair(return_sequences=True, go_backwards=True)
    mask = tf.constant(exact.mask)

    exact.equal(exact.mask[:, ::-1], ours.compute_mask(None, mask).numpy())
    still(np.array_equal(exact.mask, theirs.compute_mask(None, mask).numpy()), "hands on an unflipped mask")


def test_a_mask_is_lost_beside_a_state(exact):
    """Keras passes a mask of the sequences on only if no other tensor comes with them."""
    theirs, ours = exact.pair()
    state = tf.constant(exact.initial_state)
    masked = tf.constant(exact.inputs)
    masked._keras_mask = tf.constant(exact.mask)

    exact.equal(ours(exact.inputs, mask=exact.mask, initial_state=state), ours(masked, initial_state=state).numpy())
    unmasked = theirs(exact.inputs, initial_state=state).numpy()
    still(np.array_equal(unmasked, theirs(masked, initial_state=state).numpy()), "drops a mask beside a state")


def test_bfloat16_has_no_default_initializer(exact):
    """Keras' orthogonal initializer needs a QR decomposition, which TensorFlow does not have in bfloat16."""
    assert tf_gru.GRU(exact.units, dtype="bfloat16")(exact.inputs).dtype == "bfloat16"
    with raised() as errors:
        keras.layers.GRU(exact.units, dtype="bfloat16")(exact.inputs)
    still(errors != [], "is without default weights in bfloat16")


def test_the_cell_of_version_one_is_gone():
    """tf.compat.v1.nn.rnn_cell needs Keras 2. It computed reset_after=False."""
    assert tf_gru.GRUCell(2, reset_after=False).reset == "before"
    with raised() as errors:
        tf.compat.v1.nn.rnn_cell.GRUCell(2)
    still(errors != [], "is without tf.compat.v1.nn.rnn_cell.GRUCell")

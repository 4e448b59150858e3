"""Dropout: drawn as Keras draws it, exact at its ends, and with masks that are given."""

import keras
import numpy as np
import pytest


@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5)])
def test_dropout_draws_what_keras_draws(exact, rates, implementation):
    """From the same seed the kept and dropped values are Keras' cell's, call after call; without training none."""
    options = {"dropout": rates[0], "recurrent_dropout": rates[1], "seed": 5, "implementation": implementation}
    theirs = keras.layers.RNN(
        keras.layers.GRUCell(exact.units, **options, **exact.linear, dtype="float64"),
        return_sequences=True,
        dtype="float64",
    )
    _, ours = exact.pair(return_sequences=True, **options)
    _, plain = exact.pair(return_sequences=True)
    theirs.build(exact.inputs.shape)
    theirs.set_weights(exact.weights("after"))

    for _ in range(2):
        exact.equal(theirs(exact.inputs, training=True).numpy(), ours(exact.inputs, training=True).numpy())
    exact.equal(plain(exact.inputs).numpy(), ours(exact.inputs).numpy())


@pytest.mark.parametrize("implementation", [1, 2])
def test_full_dropout_drops_everything(exact, implementation):
    """A rate of 1 is inputs of zeros in training."""
    _, dropped = exact.pair(dropout=1.0, return_sequences=True, implementation=implementation)
    _, plain = exact.pair(return_sequences=True)

    expected = plain(np.zeros_like(exact.inputs)).numpy()

    exact.equal(expected, dropped(exact.inputs, training=True).numpy())

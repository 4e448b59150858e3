"""The cell, alone and in Keras' own loops."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

CELLS = {
    "after": {"reset_after": True},
    "before": {"reset_after": False},
    "none": {"reset_gate": False},
}


def cell_with(exact, reset, seed=0, **options):
    cell = tf_gru.GRUCell(exact.units, **CELLS[reset], **exact.linear, dtype="float64", **options)
    cell.build((None, exact.input_dim))
    cell.set_weights(exact.weights(reset, seed))
    return cell


def test_the_arguments_are_those_of_keras():
    """Names, order and defaults are Keras', except that reset_after has None as default; our own arguments are
    keyword-only.
    """
    expected = dict(inspect.signature(keras.layers.GRUCell.__init__).parameters)
    actual = dict(inspect.signature(tf_gru.GRUCell.__init__).parameters)
    own = [p for p in actual.values() if p.kind is p.KEYWORD_ONLY]

    assert [p.name for p in own] == ["reset_gate", "implementation"]
    assert [n for n in actual if n not in ("reset_gate", "implementation")] == list(expected)
    assert {n for n in expected if expected[n].default != actual[n].default} == {"reset_after"}


@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize("reset", CELLS)
def test_one_step_is_the_integer_gru(exact, reset, implementation):
    """A call is one step of the integer GRU, with the state in a list or bare, as it came."""
    cell = cell_with(exact, reset, implementation=implementation)
    everything = np.ones((exact.batch, 1), bool)
    _, expected = exact.gru(
        exact.inputs[:, :1],
        *exact.weights(reset),
        reset,
        exact.initial_state,
        everything,
        False,
    )

    output, [state] = cell(exact.inputs[:, 0], [exact.initial_state])
    bare_output, bare_state = cell(exact.inputs[:, 0], tf.constant(exact.initial_state))

    exact.equal([expected] * 4, [a.numpy() for a in (output, state, bare_output, bare_state)])


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("reset_after", [True, False])
def test_weights_are_those_of_keras(exact, reset_after, use_bias):
    """Names, order and shapes equal Keras', and so do the outputs after set_weights."""
    options = {
        "reset_after": reset_after,
        "use_bias": use_bias,
        **exact.linear,
        "dtype": "float64",
    }
    theirs = keras.layers.RNN(keras.layers.GRUCell(exact.units, **options), return_sequences=True)
    ours = keras.layers.RNN(tf_gru.GRUCell(exact.units, **options), return_sequences=True)
    for layer in (theirs, ours):
        layer.build(exact.inputs.shape)
    weights = exact.weights("after" if reset_after else "before")[: len(theirs.weights)]

    theirs.set_weights(weights)
    ours.set_weights(theirs.get_weights())

    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    exact.equal(theirs(exact.inputs).numpy(), ours(exact.inputs).numpy())


@pytest.mark.parametrize("reset", CELLS)
def test_keras_loop_agrees_with_our_layer(exact, reset):
    """keras.layers.RNN over the cell and our layer agree, with a mask whose rows begin with a step that counts."""
    loop = keras.layers.RNN(
        cell_with(exact, reset),
        return_sequences=True,
        return_state=True,
        dtype="float64",
    )
    layer = tf_gru.GRU(
        exact.units,
        **CELLS[reset],
        **exact.linear,
        return_sequences=True,
        return_state=True,
        dtype="float64",
    )
    layer.build(exact.inputs.shape)
    layer.set_weights(exact.weights(reset))
    call = {
        "mask": exact.mask_from_the_first_step,
        "initial_state": tf.constant(exact.initial_state),
    }

    exact.equal(
        [a.numpy() for a in loop(exact.inputs, **call)],
        [a.numpy() for a in layer(exact.inputs, **call)],
    )


def test_cells_stack_and_go_both_ways(exact):
    """StackedRNNCells and Bidirectional(RNN(cell)) work with it, as with Keras' cell."""

    def stacked(cell):
        cells = [
            cell(exact.units, **exact.linear, dtype="float64"),
            cell(2, **exact.linear, dtype="float64"),
        ]
        return keras.layers.Bidirectional(keras.layers.RNN(cells, dtype="float64"), dtype="float64")

    theirs, ours = stacked(keras.layers.GRUCell), stacked(tf_gru.GRUCell)
    x = exact.inputs[:, :2]
    for layer in (theirs, ours):
        layer(x)
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.integers(-1, 2, w.shape).astype(float) for w in theirs.weights])
    ours.set_weights(theirs.get_weights())

    exact.equal(theirs(x).numpy(), ours(x).numpy())


@pytest.mark.parametrize("implementation", [1, 2])
def test_one_draw_of_dropout_serves_all_steps(exact, implementation):
    """In Keras' loop the cell draws once for a call, like Keras' cell from the same seed, and again for the next
    call.
    """
    options = {
        "dropout": 0.5,
        "seed": 7,
        "implementation": implementation,
        **exact.linear,
        "dtype": "float64",
    }
    theirs, ours = (
        keras.layers.RNN(cell(exact.units, **options), return_sequences=True, dtype="float64")
        for cell in (keras.layers.GRUCell, tf_gru.GRUCell)
    )
    for layer in (theirs, ours):
        layer.build(exact.inputs.shape)
        layer.set_weights(exact.weights("after"))

    first, second = (
        ours(exact.inputs, training=True).numpy(),
        ours(exact.inputs, training=True).numpy(),
    )

    exact.equal([theirs(exact.inputs, training=True).numpy() for _ in range(2)], [first, second])
    assert (first != second).any()


@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize("reset", CELLS)
def test_full_dropout_drops_everything(exact, reset, implementation):
    """A rate of 1 means zero inputs, or a zero state wherever a gate reads it; without training it has no effect."""
    kernel, recurrent_kernel, bias = exact.weights(reset)
    x, h = exact.inputs[:, 0], exact.initial_state
    plain = cell_with(exact, reset)

    inputs_dropped = cell_with(exact, reset, dropout=1.0, implementation=implementation)
    state_dropped = cell_with(exact, reset, recurrent_dropout=1.0, implementation=implementation)
    unread = cell_with(exact, reset)
    unread.set_weights([kernel, np.zeros_like(recurrent_kernel), bias])

    exact.equal(
        plain(np.zeros_like(x), [h])[0].numpy(),
        inputs_dropped(x, [h], training=True)[0].numpy(),
    )
    exact.equal(unread(x, [h])[0].numpy(), state_dropped(x, [h], training=True)[0].numpy())
    exact.equal(plain(x, [h])[0].numpy(), state_dropped(x, [h])[0].numpy())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "units is 0, but must be a positive integer"),
        ({"units": 2.5}, "units is 2.5, but must be a positive integer"),
        ({"units": True}, "units is True, but must be a positive integer"),
        ({"dropout": 1.5}, "dropout is 1.5, but must be from 0"),
        ({"recurrent_dropout": -0.1}, "recurrent_dropout is -0.1, but must be from 0"),
        ({"dropout": None}, "dropout is None, but must be from 0"),
        ({"dropout": "a"}, "dropout is 'a', but must be from 0"),
        ({"dropout": True}, "dropout is True, but must be from 0"),
        ({"recurrent_dropout": [0.1]}, r"recurrent_dropout is \[0.1\], but must be from 0"),
        ({"implementation": 3}, "implementation is 3, but must be 1"),
        ({"implementation": True}, "implementation is True, but must be 1"),
        ({"implementation": 2.0}, "implementation is 2.0, but must be 1"),
        ({"use_bias": "no"}, "use_bias is 'no', but must be one of True, False"),
        ({"reset_gate": 0}, "reset_gate is 0, but must be one of True, False"),
        (
            {"reset_after": "after"},
            "reset_after is 'after', but must be one of True, False, None",
        ),
        (
            {"reset_gate": False, "reset_after": True},
            "reset_gate=False has nothing to reset, but reset_after is True",
        ),
        (
            {"reset_gate": False, "reset_after": False},
            "reset_gate=False has nothing to reset, but reset_after is False",
        ),
    ],
)
@pytest.mark.parametrize("layer", [tf_gru.GRUCell, tf_gru.GRU, tf_gru.BiGRU])
def test_bad_options_are_refused(layer, options, message):
    """The cell, the layer and the bidirectional layer name the fault and the remedy."""
    with pytest.raises(ValueError, match=message):
        layer(**{"units": 2, **options})


def test_an_unknown_width_is_refused():
    """The weights need the last size of the inputs."""
    with pytest.raises(ValueError, match="the last size must be known"):
        tf_gru.GRUCell(2).build((None, None))


@pytest.mark.parametrize("reset", CELLS)
def test_the_configuration_comes_back(exact, reset):
    """from_config(get_config()) has the same configuration and weights of the same shapes."""
    cell = cell_with(exact, reset, implementation=1, dropout=0.25, seed=3, use_bias=True, name="mine")

    again = tf_gru.GRUCell.from_config(cell.get_config())
    again.build((None, exact.input_dim))

    assert again.get_config() == cell.get_config()
    assert again.reset == reset
    assert [w.shape for w in again.weights] == [w.shape for w in cell.weights]


@pytest.mark.parametrize(
    ("inputs", "states", "error", "message"),
    [
        (np.zeros((5, 2)), [], ValueError, r"states has 0 tensors, but a GRU has one state: pass \[state\]"),
        (np.zeros((5, 2)), [np.zeros((5, 4))] * 2, ValueError, "states has 2 tensors, but a GRU has one state"),
        (
            np.zeros((5, 2)),
            [np.zeros((1, 4))],
            ValueError,
            r"the state has shape \(1, 4\), but must be \(5, 4\): one row",
        ),
        (np.zeros((5, 2)), [np.zeros((5, 3))], ValueError, r"the state has shape \(5, 3\), but must be \(5, 4\)"),
        (np.zeros((5, 2)), [np.zeros((5, 4), complex)], TypeError, "the state has dtype complex128, but must be real"),
        (np.zeros((5, 7)), [np.zeros((5, 4))], ValueError, "inputs has 7 features, but the layer was built for 2"),
        (
            np.zeros((5, 3, 2)),
            [np.zeros((5, 4))],
            ValueError,
            r"inputs has shape \(5, 3, 2\), but must be \(batch, input",
        ),
        (
            np.zeros((5, 2), complex),
            [np.zeros((5, 4))],
            TypeError,
            "inputs has dtype complex128, but must be real: pass",
        ),
    ],
)
def test_input_that_does_not_fit_the_cell_is_named(exact, inputs, states, error, message):
    """A step requires (batch, input_dim) of the built width, and one state (batch, units)."""
    with pytest.raises(error, match=message):
        cell_with(exact, "after").call(inputs, states)


def test_no_initializer_is_keras_default():
    """Keras accepts None too."""
    for layer in (tf_gru.GRU(3, recurrent_initializer=None), keras.layers.GRU(3, recurrent_initializer=None)):
        layer.build((2, 5, 4))
        assert layer.cell.recurrent_kernel.shape == (3, 9)

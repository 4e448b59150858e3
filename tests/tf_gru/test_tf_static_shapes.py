"""The static sizes of outputs and states in a graph equal those with Keras' layers, in any configuration."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tf_gru
from tf_gru.kernels import dispatch

FUZZ = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
BATCH, TIME, INPUT_DIM, UNITS = 2, 5, 3, 4
BOTH = {"return_sequences": True, "return_state": True}


def cell_in_rnn(cell):
    def layer(units, return_sequences=False, return_state=False, **options):
        of_rnn = {name: options.pop(name) for name in ("go_backwards", "unroll", "stateful") if name in options}
        flags = {"return_sequences": return_sequences, "return_state": return_state}
        return keras.layers.RNN(cell(units, **options), **flags, **of_rnn)

    return layer


def both_directions(layer):
    return lambda units, **options: keras.layers.Bidirectional(layer(units, **options))


def function(units, **options):
    """`gru` with the weights of a Keras layer."""
    layer = keras.layers.GRU(units, **options)
    layer.build((None, None, INPUT_DIM))
    reverse, unroll = options["go_backwards"], options["unroll"]
    return lambda x, initial_state=None, mask=None: tf_gru.gru(
        x, *layer.weights, initial_state=initial_state, mask=mask, reverse=reverse, unroll=unroll
    )


KINDS = {
    "GRU": (keras.layers.GRU, tf_gru.GRU),
    "BiGRU": (both_directions(keras.layers.GRU), tf_gru.BiGRU),
    "Bidirectional": (both_directions(keras.layers.GRU), both_directions(tf_gru.GRU)),
    "gru": (keras.layers.GRU, function),
    "a cell in RNN": (cell_in_rnn(keras.layers.GRUCell), cell_in_rnn(tf_gru.GRUCell)),
}
OURS_ALONE = [{}, {"jit": True}, {"jit": False}, {"recompute": True}, {"reset_after": False}, {"implementation": 1}]


@st.composite
def configurations(draw):
    """A kind, options of both layers and of ours, and the sizes of each tensor of a call."""
    kind = draw(st.sampled_from(list(KINDS)))
    batch, time = draw(st.sampled_from([None, BATCH])), draw(st.sampled_from([None, TIME]))
    options = {name: draw(st.booleans()) for name in BOTH} if kind != "gru" else dict(BOTH)
    options["unroll"] = draw(st.booleans()) if time else False
    if kind not in ("BiGRU", "Bidirectional"):
        options["go_backwards"] = draw(st.booleans())
    mask = draw(st.sampled_from([None, (batch, time)]))
    known = [batch] if batch else [None, BATCH]
    state = (draw(st.sampled_from(known)), UNITS) if draw(st.booleans()) else None
    ours = draw(st.sampled_from(OURS_ALONE)) if kind in ("GRU", "BiGRU", "Bidirectional") else {}
    if ours == {"recompute": True} and options["unroll"]:
        ours = {}
    if ours == {"jit": True} and options["unroll"]:
        ours = {}
    return kind, options, ours, ((batch, time, INPUT_DIM), state, mask)


def known_sizes(layer, two, inputs, state, mask):
    """The static shape of each result, in a graph that is traced for these sizes."""
    tensors = {"sequences": tf.TensorSpec(inputs)}
    if state is not None:
        tensors["initial_state"] = [tf.TensorSpec(state)] * 2 if two else tf.TensorSpec(state)
    if mask is not None:
        tensors["mask"] = tf.TensorSpec(mask, tf.bool)

    @tf.function(autograph=False)
    def call(tensors):
        return layer(tensors["sequences"], **{name: tensors[name] for name in tensors if name != "sequences"})

    return [tuple(each.shape) for each in tf.nest.flatten(call.get_concrete_function(tensors).structured_outputs)]


@given(configurations())
@settings(FUZZ, max_examples=16)
def test_every_size_that_keras_knows_is_known(configuration):
    kind, options, ours, sizes = configuration
    two = kind in ("BiGRU", "Bidirectional")
    of_keras, of_ours = KINDS[kind]

    expected = known_sizes(of_keras(UNITS, **options), two, *sizes)
    actual = known_sizes(of_ours(UNITS, **options, **ours), two, *sizes)

    assert actual == expected


def test_a_size_that_is_forgotten_would_be_seen(monkeypatch):
    def forgetful(*arguments, **options):
        outputs, state = run(*arguments, **options)
        return tf.raw_ops.PlaceholderWithDefault(input=outputs, shape=[None, None, None]), tf.identity(state)

    run = dispatch.run
    sizes = ((BATCH, TIME, INPUT_DIM), None, None)
    monkeypatch.setattr(dispatch, "run", forgetful)
    monkeypatch.setattr(tf.Tensor, "set_shape", lambda *_: None)

    assert known_sizes(tf_gru.GRU(UNITS, return_sequences=True), False, *sizes) == [(None, None, None)]


@pytest.mark.parametrize(
    ("inputs", "state", "mask"),
    [
        ((BATCH, TIME), (None, UNITS), None),
        ((None, TIME), None, (BATCH, TIME)),
        ((None, None), (None, UNITS), (BATCH, None)),
    ],
)
def test_one_tensor_that_knows_the_batch_is_enough(inputs, state, mask):
    """Keras' layer then knows the batch of some results only."""
    shapes = known_sizes(tf_gru.GRU(UNITS, **BOTH), False, (*inputs, INPUT_DIM), state, mask)

    assert shapes == [(BATCH, inputs[1], UNITS), (BATCH, UNITS)]


def layers():
    """Keras' and our layer, with the same integer weights and linear, so that every path has the same numbers."""
    options = {"activation": "linear", "recurrent_activation": "linear", "dtype": "float64", "return_state": True}
    found = [keras.layers.GRU(UNITS, **options), tf_gru.GRU(UNITS, **options), tf_gru.GRU(UNITS, jit=False, **options)]
    for layer in found:
        layer.build((None, None, INPUT_DIM))
        layer.set_weights([np.resize([1, -1, 0, 1, 0], weight.shape) for weight in layer.weights])
    return found


INPUTS = tf.reshape(tf.cast(tf.range(BATCH * TIME * INPUT_DIM) % 2, tf.float64), (BATCH, TIME, INPUT_DIM))
STATE = tf.ones((BATCH, UNITS), tf.float64)


def in_a_range(layer):
    def call(state):
        y = state
        for _ in tf.range(2):
            y, state = layer(INPUTS, initial_state=state)
        return y + state

    return tf.function(call)(STATE)


def in_a_while_loop(layer):
    def call(state):
        return tf.while_loop(lambda i, _: i < 2, lambda i, h: (i + 1, layer(INPUTS, initial_state=h)[1]), (0, state))[1]

    return tf.function(call)(STATE)


def in_a_scan(layer):
    return tf.function(lambda x: tf.scan(lambda h, x: layer(x, initial_state=h)[1], x, STATE))(tf.stack([INPUTS] * 2))


def unstacked(layer):
    return tf.function(lambda x: tf.unstack(layer(x)[1])[0] + tf.unstack(layer(x)[0])[1])(INPUTS)


def a_state_alone_knows_the_batch(layer):
    def call(x, state):
        y, state = layer(x, initial_state=state)
        return tf.add_n(tf.unstack(y) + tf.unstack(state))

    signature = [tf.TensorSpec((None, None, INPUT_DIM), tf.float64), tf.TensorSpec(STATE.shape, tf.float64)]
    return tf.function(call, input_signature=signature)(INPUTS, STATE)


@pytest.mark.parametrize("use", [in_a_range, in_a_while_loop, in_a_scan, unstacked, a_state_alone_knows_the_batch])
def test_a_state_is_handed_on_in_a_graph_as_with_keras(exact, use):
    theirs, *ours = (use(layer).numpy() for layer in layers())

    for each in ours:
        exact.equal(theirs, each)
    assert theirs.any()

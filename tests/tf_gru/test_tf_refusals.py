"""The refusals of the layer, at construction and at a call, and their messages."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gru


def test_cudnn_is_refused_where_there_is_no_gpu():
    """use_cudnn=True is refused at a call. A value that is not a choice is refused at construction and when set."""
    layer = tf_gru.GRU(2, use_cudnn=True)

    with pytest.raises(ValueError, match="use_cudnn is True, but TensorFlow sees no NVIDIA GPU: use_cudnn='auto' runs"):
        layer(np.ones((1, 2, 3)))
    with pytest.raises(ValueError, match="use_cudnn is 'never', but must be one of 'auto', True, False"):
        layer.use_cudnn = "never"
    with pytest.raises(ValueError, match="use_cudnn is 'never', but must be one of 'auto', True, False"):
        tf_gru.GRU(2, use_cudnn="never")


@pytest.mark.parametrize("layer", [tf_gru.GRU, tf_gru.GRUCell, tf_gru.BiGRU])
def test_a_dtype_of_no_gru_is_refused(layer):
    """Integers are refused; Keras accepts them for weights."""
    with pytest.raises(ValueError, match="dtype is 'int32', but must be one of float16, bfloat16, float32, float64"):
        layer(2, dtype="int32")


def test_no_features_are_refused():
    """Keras accepts them, and TensorFlow's product of such matrices ends the process."""
    empty = np.ones((2, 5, 0), "float32")
    with pytest.raises(ValueError, match=r"the inputs have shape .*0.*, but the last size must be 1 or more"):
        tf_gru.GRU(2)(empty)
    with pytest.raises(ValueError, match="input_dim is 0 and units is 3, but both must be 1 or more"):
        tf_gru.gru(empty, np.ones((0, 9), "float32"), np.ones((3, 9), "float32"))


def test_lengths_are_named_as_they_were_given():
    """Lengths that fit no signed integer are named too."""
    lengths, weights = np.array([2**63], "uint64"), (np.ones((2, 9)), np.ones((3, 9)))
    with pytest.raises(ValueError, match=f"lengths must be from 0 to time: lengths is .{2**63}., time is 4"):
        tf_gru.gru(np.ones((1, 4, 2)), *weights, lengths=lengths)


@pytest.mark.parametrize("flag", ["return_sequences", "return_state", "go_backwards", "stateful", "unroll"])
def test_flags_are_booleans(flag):
    """A flag that is not True or False is refused."""
    with pytest.raises(ValueError, match=f"{flag} is 'False', but must be one of True, False"):
        tf_gru.GRU(2, **{flag: "False"})


def test_two_states_are_refused(exact):
    """A GRU has one state."""
    state = tf.constant(exact.initial_state)

    with pytest.raises(ValueError, match="initial_state has 2 tensors, but a GRU has one state"):
        tf_gru.GRU(exact.units, dtype="float64")(exact.inputs, initial_state=[state, state])


def test_unknown_arguments_are_refused():
    """An argument that Keras does not know either is an error."""
    with pytest.raises(ValueError, match="reset_afer"):
        tf_gru.GRU(2, reset_afer=True)


def test_unrolling_needs_a_known_time(exact):
    """unroll=True in a graph of unknown time is refused for that reason."""
    layer = tf_gru.GRU(exact.units, unroll=True, dtype="float64")
    layer.build(exact.inputs.shape)
    function = tf.function(layer, input_signature=[tf.TensorSpec((None, None, exact.input_dim), tf.float64)])

    with pytest.raises(ValueError, match="unroll=True needs a statically known time"):
        function(exact.inputs)


def test_another_width_than_the_built_one_is_named(exact):
    """A built layer names its number of features, the given number, and a remedy."""
    _, ours = exact.pair()

    with pytest.raises(ValueError, match="inputs has 5 features, but the layer was built for 2: make another layer"):
        ours(np.zeros((exact.batch, exact.time, 5)))


def test_complex_numbers_are_refused(exact):
    """An imaginary part is not dropped, neither of the inputs nor of a state."""
    _, ours = exact.pair()

    with pytest.raises(TypeError, match="inputs has dtype complex128, but must be real: pass its real or imaginary"):
        ours(exact.inputs.astype(complex))
    with pytest.raises(TypeError, match="initial_state has dtype complex128, but must be real"):
        ours(exact.inputs, initial_state=tf.constant(exact.initial_state.astype(complex)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"mask": np.full((5, 3), "yes")}, TypeError, "mask has dtype string, but must be real numbers or booleans"),
        ({"mask": np.ones((5, 3, 1), bool)}, ValueError, r"mask has shape \(5, 3, 1\), but must be \(5, 3\)"),
        ({"mask": np.ones((5, 2), bool)}, ValueError, r"mask has shape \(5, 2\), but must be \(5, 3\)"),
        ({"lengths": [1, 4, 0, 0, 0]}, ValueError, r"lengths must be from 0 to time: lengths is \[1, 4, .*time is 3"),
        ({"lengths": [1, -1, 0, 0, 0]}, ValueError, r"lengths must be from 0 to time: lengths is \[1, -1, "),
        ({"lengths": np.ones(5)}, TypeError, "lengths has dtype float64, but must be integers: cast it first"),
        ({"lengths": 3}, ValueError, r"lengths has shape \(\), but must be \(5,\): one for each row of inputs"),
        (
            {"initial_state": np.full((5, 4), "h")},
            TypeError,
            "initial_state has dtype string, but must be real numbers",
        ),
        ({"initial_state": np.ones((1, 4))}, ValueError, r"initial_state has shape \(1, 4\), but must be \(5, 4\)"),
        ({"dropout_mask": np.full((5, 2), "x")}, TypeError, "dropout_mask has dtype string, but must be real numbers"),
    ],
)
@pytest.mark.parametrize("layer", [tf_gru.GRU, tf_gru.BiGRU])
def test_input_that_does_not_fit_a_call_is_named(exact, layer, call, error, message):
    """The message names the given value, the expected one, and the reason; for BiGRU also each direction."""
    pairs = {"initial_state", "dropout_mask"}
    if layer is tf_gru.BiGRU:
        call = {name: [value] * 2 if name in pairs else value for name, value in call.items()}

    with pytest.raises(error, match=message):
        layer(exact.units, dtype="float64")(exact.inputs, **call)


def test_another_batch_than_the_kept_states_is_named(exact):
    """A stateful layer names the number of rows of its states, with a given state or not."""
    _, ours = exact.pair(stateful=True)
    state = tf.constant(exact.initial_state[:2])

    for call in ({}, {"initial_state": state}):
        with pytest.raises(ValueError, match="inputs has 2 rows, but the stateful layer was built for 5: make another"):
            ours(exact.inputs[:2], **call)


@pytest.mark.parametrize("shape", [None, (2, 3), (2, 3, 4, 5)])
def test_a_layer_is_built_for_sequences(shape):
    """A shape without time would make weights of another width; Keras' build accepts it."""
    with pytest.raises(ValueError, match=r"but must be \(batch, time, input_dim\)"):
        tf_gru.GRU(2).build(shape)


SPARSE = {
    tf.RaggedTensor.from_tensor: r"is ragged, but must be dense: pass its to_tensor\(\)",
    tf.sparse.from_dense: "is sparse, but must be dense: convert it by tf.sparse.to_dense",
}


@pytest.mark.parametrize("made", SPARSE)
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("inputs", (5, 3, 2)),
        ("mask", (5, 3)),
        ("lengths", (5, 1)),
        ("initial_state", (5, 4)),
        ("dropout_mask", (5, 2)),
        ("recurrent_dropout_mask", (5, 4)),
    ],
)
def test_other_kinds_of_tensor_are_refused(exact, name, shape, made):
    """They are refused by the function, the layer and the bidirectional layer, with a remedy."""
    pairs = {"initial_state", "dropout_mask", "recurrent_dropout_mask"}
    wrong = made(tf.ones(shape, {"mask": tf.bool, "lengths": tf.int32}.get(name, tf.float64)))
    kernel, recurrent_kernel, _ = exact.weights("after")
    advice = r" and its row_lengths\(\) as the lengths$" if name == "inputs" and "ragged" in SPARSE[made] else ""
    arguments = {"inputs": exact.inputs, name: wrong}
    inputs = arguments.pop("inputs")
    in_pairs = {name: [value] * 2 if name in pairs else value for name, value in arguments.items()}

    with pytest.raises(TypeError, match=f"^{name} {SPARSE[made]}{advice}"):
        tf_gru.gru(inputs, kernel, recurrent_kernel, **arguments)
    with pytest.raises(TypeError, match=f"{name} {SPARSE[made]}"):
        tf_gru.GRU(exact.units, dtype="float64")(inputs, **arguments)
    with pytest.raises(TypeError, match=f"{name} {SPARSE[made]}"):
        tf_gru.BiGRU(exact.units, dtype="float64")(inputs, **in_pairs)


@pytest.mark.parametrize("states", [None, [None]])
def test_a_cell_without_a_state_says_where_one_is_had(states):
    """Keras' layers of cells make a state."""
    with pytest.raises(
        TypeError, match=r"the state is None, but must be a tensor: begin with get_initial_state\(batch"
    ):
        tf_gru.GRUCell(2)(np.ones((1, 3), "float32"), states)


@pytest.mark.parametrize("name", ["inputs", "kernel", "recurrent_kernel"])
def test_a_missing_array_is_named(exact, name):
    """Only a bias may be missing."""
    names = ("inputs", "kernel", "recurrent_kernel")
    given = dict(zip(names, (exact.inputs, *exact.weights("after")), strict=False))

    with pytest.raises(TypeError, match=f"^{name} is None, but must be a tensor: pass one$"):
        tf_gru.gru(**{**given, name: None})


@pytest.mark.parametrize("flag", ["go_backwards", "zero_output_for_mask"])
def test_an_option_that_a_bigru_fixes_is_refused_for_that_reason(flag):
    with pytest.raises(ValueError, match=f"{flag} is 'no', but must be one of True, False"):
        tf_gru.BiGRU(2, **{flag: "no"})


def test_both_modes_in_one_graph_are_refused_for_every_layer_with_a_loop():
    """They are refused for all options: activations, a product for each gate."""
    inputs = tf.ones((2, 3, 1))
    for layer in (tf_gru.GRU(2), tf_gru.GRU(2, implementation=1), tf_gru.GRU(2, activation="relu")):
        layer(inputs)

        @tf.function
        def both(inputs, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                with tf.autodiff.ForwardAccumulator(inputs, tf.ones_like(inputs)) as forward:
                    outputs = layer(inputs)
                slope = forward.jvp(outputs)
            return tape.gradient(slope, inputs)

        with pytest.raises(NotImplementedError, match=r"within one tf\.function"):
            both(inputs)

"""What the layer refuses, when it is made and when it is called, and what it says."""

import numpy as np
import pytest
import tensorflow as tf

import tf_gru


def test_cudnn_is_not_promised():
    """use_cudnn=True is refused when given and when set, and so is what is no choice at all."""
    layer = tf_gru.GRU(2)

    with pytest.raises(ValueError, match="no kernel of this package is cuDNN's"):
        tf_gru.GRU(2, use_cudnn=True)
    with pytest.raises(ValueError, match="no kernel of this package is cuDNN's"):
        layer.use_cudnn = True
    with pytest.raises(ValueError, match="use_cudnn is 'never', but must be one of 'auto', False"):
        tf_gru.GRU(2, use_cudnn="never")


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
    """What Keras does not know either is an error."""
    with pytest.raises(ValueError, match="reset_afer"):
        tf_gru.GRU(2, reset_afer=True)


def test_unrolling_needs_a_known_time(exact):
    """unroll=True in a graph of unknown time says so."""
    layer = tf_gru.GRU(exact.units, unroll=True, dtype="float64")
    layer.build(exact.inputs.shape)
    function = tf.function(layer, input_signature=[tf.TensorSpec((None, None, exact.input_dim), tf.float64)])

    with pytest.raises(ValueError, match="unroll=True needs a statically known time"):
        function(exact.inputs)


def test_another_width_than_the_built_one_is_named(exact):
    """A built layer says how many features it has, how many came, and what to do."""
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

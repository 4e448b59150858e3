"""The layer beside keras.layers.GRU, in integers, where every option must give the same numbers."""

import inspect
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

OWN = ["reset_gate", "implementation", "zero_output_for_mask", "jit", "recompute", "use_native"]


def test_the_arguments_are_those_of_keras():
    """Names, order and defaults are Keras', except that reset_after has None as default; our own arguments are
    keyword-only.
    """
    expected = dict(inspect.signature(keras.layers.GRU.__init__).parameters)
    actual = dict(inspect.signature(tf_gru.GRU.__init__).parameters)

    assert [name for name, p in actual.items() if p.kind is p.KEYWORD_ONLY] == OWN
    assert [name for name in actual if name not in OWN] == list(expected)
    assert {name for name in expected if expected[name].default != actual[name].default} == {"reset_after"}


def test_a_call_takes_the_arguments_of_a_call_of_keras():
    """The arguments of call have Keras' order and defaults, followed by ours, whose default is None."""
    expected = list(inspect.signature(keras.layers.GRU.call).parameters.values())
    actual = list(inspect.signature(tf_gru.GRU.call).parameters.values())
    own = actual[len(expected) :]

    assert [(p.name, p.default) for p in actual[: len(expected)]] == [(p.name, p.default) for p in expected]
    assert [p.name for p in own] == ["lengths", "dropout_mask", "recurrent_dropout_mask"]
    assert {p.default for p in own} == {None}
    assert inspect.signature(tf_gru.BiGRU.call) == inspect.signature(tf_gru.GRU.call)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("go_backwards", [True, False])
def test_outputs_are_those_of_keras(exact, reset_after, go_backwards):
    """For all return options, masks and implementations the numbers equal Keras', in Keras' order."""
    masks = (None, exact.mask_from_the_first_step[:, :: -1 if go_backwards else 1])
    kinds = ((True, 1), (False, 2))
    for sequences, zero, (use_bias, implementation) in itertools.product((True, False), (True, False), kinds):
        theirs, ours = exact.pair(
            reset_after=reset_after,
            go_backwards=go_backwards,
            use_bias=use_bias,
            implementation=implementation,
            zero_output_for_mask=zero and sequences,
            return_sequences=sequences,
            return_state=True,
        )
        for mask, state in itertools.product(masks, (None, tf.constant(exact.initial_state))):
            call = {"mask": mask, "initial_state": state}

            exact.equal(exact.arrays(theirs(exact.inputs, **call)), exact.arrays(ours(exact.inputs, **call)))


@pytest.mark.parametrize("go_backwards", [True, False])
@pytest.mark.parametrize("zero", [True, False])
def test_unrolling_changes_no_value(exact, go_backwards, zero):
    """Unrolled outputs equal the loop's, ours and Keras', with and without a mask."""
    options = {"return_sequences": True, "go_backwards": go_backwards, "zero_output_for_mask": zero}
    theirs, looped = exact.pair(**options)
    _, unrolled = exact.pair(**options, unroll=True)
    holes = exact.mask_from_the_first_step[:, :: -1 if go_backwards else 1]

    for mask in (None, holes):
        expected = theirs(exact.inputs, mask=mask).numpy()
        exact.equal(expected, looped(exact.inputs, mask=mask).numpy())
        exact.equal(expected, unrolled(exact.inputs, mask=mask).numpy())


def test_weights_are_those_of_keras(exact):
    """Weights have Keras' names, order, shapes and paths within the layer."""
    for options in ({}, {"use_bias": False}, {"reset_after": False}):
        theirs, ours = exact.pair(**options, name="same")

        assert [(w.path, w.shape) for w in ours.weights] == [(w.path, w.shape) for w in theirs.weights]


def test_without_a_reset_gate_there_are_two_gates(exact):
    """reset_gate=False is the reset-free variant, with its shapes."""
    layer = tf_gru.GRU(exact.units, reset_gate=False, return_sequences=True, dtype="float64", **exact.linear)
    layer.build(exact.inputs.shape)
    layer.set_weights(exact.weights("none"))
    zeros, everything = np.zeros_like(exact.initial_state), np.ones_like(exact.mask)
    expected, _ = exact.gru(exact.inputs, *exact.weights("none"), "none", zeros, everything, False)

    exact.equal(expected, layer(exact.inputs).numpy())
    assert layer.reset_after is None


@pytest.mark.parametrize(
    ("options", "products"),
    [
        ({"implementation": 2}, 1 + 1),
        ({"implementation": 1}, 3 + 3),
        ({"implementation": 2, "reset_after": False}, 1 + 2),
        ({"implementation": 1, "reset_after": False}, 3 + 3),
        ({"implementation": 2, "recurrent_dropout": 0.5}, 3 + 3),
    ],
)
def test_implementation_is_the_number_of_products(exact, options, products):
    """2 multiplies for all gates at once, 1 for each gate; one product is used where possible."""
    _, ours = exact.pair(unroll=True, **options)

    graph = tf.function(ours).get_concrete_function(tf.TensorSpec((2, 1, exact.input_dim), tf.float64)).graph

    assert [operation.type for operation in graph.get_operations()].count("MatMul") == products


def test_sequences_of_nothing(exact):
    """Without steps the output is the initial state, or no outputs; without rows there are none."""
    _, ours = exact.pair(return_sequences=True, return_state=True, go_backwards=True)

    outputs, state = ours(exact.inputs[:, :0], initial_state=tf.constant(exact.initial_state))
    assert outputs.shape == (exact.batch, 0, exact.units)
    exact.equal(exact.initial_state, state.numpy())

    outputs, state = ours(exact.inputs[:0])
    assert (outputs.shape, state.shape) == ((0, exact.time, exact.units), (0, exact.units))


@pytest.mark.parametrize("policy", ["float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16"])
def test_the_dtype_is_the_policys(exact, policy):
    """Weights have the variable dtype, outputs and states the compute dtype, also from a state kept between calls."""
    layer = tf_gru.GRU(exact.units, dtype=policy, return_sequences=True, return_state=True, stateful=True)

    results = [*layer(exact.inputs), *layer(exact.inputs, mask=exact.mask)]

    computed, kept = layer.dtype_policy.compute_dtype, layer.dtype_policy.variable_dtype
    assert {tensor.dtype.name for tensor in results} == {computed}
    assert {weight.dtype for weight in layer.weights} == {kept}
    assert all(np.isfinite(tf.cast(tensor, "float64")).all() for tensor in results)


def test_integers_are_cast_to_the_dtype_of_the_layer(exact):
    """Integer sequences count as numbers, as in Keras."""
    theirs, ours = exact.pair()

    exact.equal(theirs(exact.inputs.astype("int32")).numpy(), ours(exact.inputs.astype("int32")).numpy())


def test_regularizers_and_constraints_are_on_the_weights(exact):
    """Each is attached where Keras attaches it, and the losses are Keras'."""
    options = {
        "kernel_regularizer": keras.regularizers.L1(1.0),
        "recurrent_regularizer": keras.regularizers.L1(2.0),
        "bias_regularizer": keras.regularizers.L1(4.0),
        "activity_regularizer": keras.regularizers.L1(8.0),
        "kernel_constraint": keras.constraints.NonNeg(),
        "recurrent_constraint": keras.constraints.UnitNorm(),
        "bias_constraint": keras.constraints.MaxNorm(),
    }
    theirs, ours = exact.pair(**options)
    for layer in (theirs, ours):
        layer(exact.inputs)

    exact.equal([loss.numpy() for loss in theirs.losses], [loss.numpy() for loss in ours.losses])
    assert [type(w.constraint) for w in ours.weights] == [type(w.constraint) for w in theirs.weights]


def test_initializers_are_where_keras_has_them(exact):
    """Each initializer fills its own weight."""
    layer = tf_gru.GRU(exact.units, kernel_initializer="ones", recurrent_initializer="zeros", bias_initializer="ones")
    layer.build(exact.inputs.shape)

    assert [set(weight.numpy().ravel()) for weight in layer.weights] == [{1.0}, {0.0}, {1.0}]

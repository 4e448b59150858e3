"""The layer beside keras.layers.GRU, in integers, where every option must give the same numbers."""

import inspect
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru

OWN = ["reset_gate", "implementation", "zero_output_for_mask"]


def pair(exact, *, layer=keras.layers.GRU, **options):
    """Keras' layer and ours, with the same integer weights."""
    options = {**exact.linear, "dtype": "float64", **options}
    theirs, ours = layer(exact.units, **options), tf_gru.GRU(exact.units, **options)
    weights = exact.weights("after" if options.get("reset_after", True) else "before")
    for each in (theirs, ours):
        each.build(exact.inputs.shape)
        each.set_weights(weights[: len(each.weights)])
    return theirs, ours


def arrays(result):
    return [tensor.numpy() for tensor in tf.nest.flatten(result)]


def test_the_arguments_are_those_of_keras():
    """Same names, order and defaults; reset_after alone has None in its place, and what is ours is by keyword."""
    expected = dict(inspect.signature(keras.layers.GRU.__init__).parameters)
    actual = dict(inspect.signature(tf_gru.GRU.__init__).parameters)

    assert [name for name, p in actual.items() if p.kind is p.KEYWORD_ONLY] == OWN
    assert [name for name in actual if name not in OWN] == list(expected)
    assert {name for name in expected if expected[name].default != actual[name].default} == {"reset_after"}


def test_a_call_takes_what_a_call_of_keras_takes():
    """The arguments of call come in Keras' order with Keras' defaults, then lengths."""
    expected = list(inspect.signature(keras.layers.GRU.call).parameters.values())
    actual = list(inspect.signature(tf_gru.GRU.call).parameters.values())

    assert [(p.name, p.default) for p in actual[:-1]] == [(p.name, p.default) for p in expected]
    assert (actual[-1].name, actual[-1].default) == ("lengths", None)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("go_backwards", [True, False])
def test_outputs_are_those_of_keras(exact, reset_after, go_backwards):
    """Whatever is returned, masked, by gate or by product: the numbers are Keras', in Keras' order."""
    masks = (None, exact.mask_from_the_first_step[:, :: -1 if go_backwards else 1])
    kinds = ((True, 1), (False, 2))
    for sequences, zero, (use_bias, implementation) in itertools.product((True, False), (True, False), kinds):
        theirs, ours = pair(
            exact,
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

            exact.equal(arrays(theirs(exact.inputs, **call)), arrays(ours(exact.inputs, **call)))


@pytest.mark.parametrize("go_backwards", [True, False])
@pytest.mark.parametrize("zero", [True, False])
def test_unrolling_changes_no_value(exact, go_backwards, zero):
    """Unrolled outputs are those of the loop, ours and Keras', mask or not."""
    options = {"return_sequences": True, "go_backwards": go_backwards, "zero_output_for_mask": zero}
    theirs, looped = pair(exact, **options)
    _, unrolled = pair(exact, **options, unroll=True)
    holes = exact.mask_from_the_first_step[:, :: -1 if go_backwards else 1]

    for mask in (None, holes):
        expected = theirs(exact.inputs, mask=mask).numpy()
        exact.equal(expected, looped(exact.inputs, mask=mask).numpy())
        exact.equal(expected, unrolled(exact.inputs, mask=mask).numpy())


def test_weights_are_those_of_keras(exact):
    """Weights have Keras' names, order, shapes and paths within the layer."""
    for options in ({}, {"use_bias": False}, {"reset_after": False}):
        theirs, ours = pair(exact, **options, name="same")

        assert [(w.path, w.shape) for w in ours.weights] == [(w.path, w.shape) for w in theirs.weights]


@pytest.mark.parametrize("go_backwards", [True, False])
def test_masked_steps_carry_the_initial_state_where_keras_has_zeros(exact, go_backwards):
    """Before the first step that counts the output is initial_state; that is the only difference from Keras."""
    theirs, ours = pair(exact, return_sequences=True, return_state=True, go_backwards=go_backwards)
    call = {"mask": exact.mask, "initial_state": tf.constant(exact.initial_state)}
    processed = exact.mask[:, ::-1] if go_backwards else exact.mask
    untouched = ~np.maximum.accumulate(processed, axis=1)

    expected, final_state = arrays(theirs(exact.inputs, **call))
    actual = arrays(ours(exact.inputs, **call))

    assert not expected[untouched].any()
    states = np.broadcast_to(exact.initial_state[:, None], expected.shape)
    exact.equal([np.where(untouched[:, :, None], states, expected), final_state], actual)


@pytest.mark.parametrize("go_backwards", [True, False])
@pytest.mark.parametrize("zero", [True, False])
def test_the_last_output_is_the_final_state(exact, go_backwards, zero):
    """Without return_sequences the output is the state after the last step that counts, whatever follows it."""
    _, ours = pair(exact, return_state=True, go_backwards=go_backwards, zero_output_for_mask=zero)
    _, expected = exact.gru(
        exact.inputs, *exact.weights("after"), "after", exact.initial_state, exact.mask, go_backwards
    )

    output, state = arrays(ours(exact.inputs, mask=exact.mask, initial_state=tf.constant(exact.initial_state)))

    exact.equal([expected, expected], [output, state])


def test_zero_output_for_mask_can_be_set_later(exact):
    """keras.layers.Bidirectional sets it on the layer it is given, and so may anyone."""
    _, ours = pair(exact, return_sequences=True)
    carried = ours(exact.inputs, mask=exact.mask).numpy()

    ours.zero_output_for_mask = True

    exact.equal(np.where(exact.mask[:, :, None], carried, 0), ours(exact.inputs, mask=exact.mask).numpy())


@pytest.mark.parametrize("go_backwards", [True, False])
def test_lengths_are_a_mask(exact, go_backwards):
    """lengths= gives what the right-padded mask gives, and beside a different mask is refused."""
    _, ours = pair(exact, return_sequences=True, return_state=True, go_backwards=go_backwards)
    mask = exact.masks["right padded"]
    expected = arrays(ours(exact.inputs, mask=mask))

    exact.equal(expected, arrays(ours(exact.inputs, lengths=mask.sum(axis=1))))
    exact.equal(expected, arrays(ours(exact.inputs, lengths=mask.sum(axis=1).tolist(), mask=mask.astype("int32"))))
    with pytest.raises(ValueError, match="mask and lengths disagree"):
        ours(exact.inputs, lengths=mask.sum(axis=1), mask=exact.mask)


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
    """2 multiplies for all gates at once, 1 for each gate; what can be one product is."""
    _, ours = pair(exact, unroll=True, **options)

    graph = tf.function(ours).get_concrete_function(tf.TensorSpec((2, 1, exact.input_dim), tf.float64)).graph

    assert [operation.type for operation in graph.get_operations()].count("MatMul") == products


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
    _, ours = pair(exact, return_sequences=True, **options)
    _, plain = pair(exact, return_sequences=True)
    theirs.build(exact.inputs.shape)
    theirs.set_weights(exact.weights("after"))

    for _ in range(2):
        exact.equal(theirs(exact.inputs, training=True).numpy(), ours(exact.inputs, training=True).numpy())
    exact.equal(plain(exact.inputs).numpy(), ours(exact.inputs).numpy())


@pytest.mark.parametrize("implementation", [1, 2])
def test_full_dropout_drops_everything(exact, implementation):
    """A rate of 1 is inputs of zeros in training."""
    _, dropped = pair(exact, dropout=1.0, return_sequences=True, implementation=implementation)
    _, plain = pair(exact, return_sequences=True)

    expected = plain(np.zeros_like(exact.inputs)).numpy()

    exact.equal(expected, dropped(exact.inputs, training=True).numpy())


@pytest.mark.parametrize("go_backwards", [True, False])
def test_stateful_layers_go_on_where_they_were(exact, go_backwards):
    """The final state starts the next call, as in Keras, until it is reset or given."""
    theirs, ours = pair(exact, stateful=True, return_sequences=True, go_backwards=go_backwards)
    step = exact.inputs[:, :1]

    for _ in range(3):
        exact.equal(theirs(step).numpy(), ours(step).numpy())
    for layer in (theirs, ours):
        layer.reset_state()
    exact.equal(theirs(step).numpy(), ours(step).numpy())
    state = tf.constant(exact.initial_state)
    exact.equal(theirs(step, initial_state=state).numpy(), ours(step, initial_state=state).numpy())
    exact.equal(theirs.states[0].numpy(), ours.states[0].numpy())


def test_sequences_of_nothing(exact):
    """Without steps the output is the initial state, or no outputs; without rows there are none."""
    _, ours = pair(exact, return_sequences=True, return_state=True, go_backwards=True)

    outputs, state = ours(exact.inputs[:, :0], initial_state=tf.constant(exact.initial_state))
    assert outputs.shape == (exact.batch, 0, exact.units)
    exact.equal(exact.initial_state, state.numpy())

    outputs, state = ours(exact.inputs[:0])
    assert (outputs.shape, state.shape) == ((0, exact.time, exact.units), (0, exact.units))


@pytest.mark.parametrize("return_state", [True, False])
@pytest.mark.parametrize("go_backwards", [True, False])
def test_the_mask_goes_on_in_the_order_of_the_outputs(exact, go_backwards, return_state):
    """The next layer sees the mask flipped where the outputs are, and none without return_sequences."""
    options = {"return_state": return_state, "go_backwards": go_backwards}
    masked = keras.layers.Masking(mask_value=9.0, dtype="float64")(np.where(exact.mask[:, :, None], exact.inputs, 9.0))
    _, sequences = pair(exact, return_sequences=True, **options)
    _, last = pair(exact, **options)

    first = tf.nest.flatten(sequences(masked))[0]

    exact.equal(exact.mask[:, :: -1 if go_backwards else 1], first._keras_mask.numpy())
    assert getattr(tf.nest.flatten(last(masked))[0], "_keras_mask", None) is None


def test_masks_that_come_with_the_sequences_count_beside_a_state(exact):
    """A mask from Masking holds whether or not initial_state is a tensor, or lengths are given."""
    masked = keras.layers.Masking(mask_value=9.0, dtype="float64")(np.where(exact.mask[:, :, None], exact.inputs, 9.0))
    state = tf.constant(exact.initial_state)
    _, ours = pair(exact)

    exact.equal(ours(exact.inputs, mask=exact.mask).numpy(), ours(masked).numpy())
    exact.equal(
        ours(exact.inputs, mask=exact.mask, initial_state=state).numpy(), ours(masked, initial_state=state).numpy()
    )
    with pytest.raises(ValueError, match="mask and lengths disagree"):
        ours(masked, lengths=tf.fill([exact.batch], 3))


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
def test_nan_in_the_padding_leaves_a_layer_alone(exact, mode):
    """Outputs and the gradients to weights are those of any other padding."""
    _, ours = pair(exact, return_sequences=True)

    def run(padding):
        inputs = tf.constant(np.where(exact.mask[:, :, None], exact.inputs, padding))

        def function():
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = ours(inputs, mask=exact.mask)
            return outputs, tape.gradient(outputs, [inputs, *[w.value for w in ours.trainable_variables]])

        return arrays((function if mode == "eager" else tf.function(function, jit_compile=mode == "jit"))())

    exact.equal(run(0.0), run(np.nan))


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
    """Integer sequences are taken as numbers, as in Keras."""
    theirs, ours = pair(exact)

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
    theirs, ours = pair(exact, **options)
    for layer in (theirs, ours):
        layer(exact.inputs)

    exact.equal([loss.numpy() for loss in theirs.losses], [loss.numpy() for loss in ours.losses])
    assert [type(w.constraint) for w in ours.weights] == [type(w.constraint) for w in theirs.weights]


def test_initializers_are_where_keras_has_them(exact):
    """Each initializer fills its own weight."""
    layer = tf_gru.GRU(exact.units, kernel_initializer="ones", recurrent_initializer="zeros", bias_initializer="ones")
    layer.build(exact.inputs.shape)

    assert [set(weight.numpy().ravel()) for weight in layer.weights] == [{1.0}, {0.0}, {1.0}]


CONFIGURED = {
    "units": 3,
    "activation": "relu",
    "recurrent_activation": "hard_sigmoid",
    "use_bias": False,
    "kernel_initializer": "he_normal",
    "recurrent_initializer": "zeros",
    "bias_initializer": "ones",
    "kernel_regularizer": keras.regularizers.L1(0.5),
    "recurrent_regularizer": keras.regularizers.L1(0.25),
    "bias_regularizer": keras.regularizers.L1(0.125),
    "activity_regularizer": keras.regularizers.L1(0.75),
    "kernel_constraint": keras.constraints.NonNeg(),
    "recurrent_constraint": keras.constraints.UnitNorm(),
    "bias_constraint": keras.constraints.MaxNorm(),
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "seed": 3,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "reset_after": False,
    "use_cudnn": False,
    "implementation": 1,
    "zero_output_for_mask": True,
    "name": "mine",
    "trainable": False,
    "dtype": "mixed_bfloat16",
}


def test_every_option_is_in_the_configuration():
    """Each argument changes the configuration and comes back from it; none is left out of this test."""
    signature = set(inspect.signature(tf_gru.GRU.__init__).parameters) - {"self", "kwargs", "reset_gate"}
    assert signature <= set(CONFIGURED)
    default = tf_gru.GRU(4).get_config()

    config = tf_gru.GRU(**CONFIGURED).get_config()

    assert {name for name in config if config[name] == default[name]} == {"reset_gate"}
    assert set(CONFIGURED) <= set(config)
    assert tf_gru.GRU.from_config(config).get_config() == config


@pytest.mark.parametrize("options", [{"reset_gate": False}, {"reset_after": True}, {}])
def test_the_variant_comes_back(options):
    """The reset-free variant, the given and the default one survive the configuration."""
    layer = tf_gru.GRU(2, **options)

    again = tf_gru.GRU.from_config(layer.get_config())

    assert (again.reset_gate, again.reset_after) == (layer.reset_gate, layer.reset_after)
    assert again.get_config() == layer.get_config()


def test_a_configuration_of_keras_is_understood(exact):
    """from_config takes what keras.layers.GRU wrote."""
    theirs, _ = pair(exact, reset_after=False, go_backwards=True, name="theirs")

    ours = tf_gru.GRU.from_config(theirs.get_config())
    ours.build(exact.inputs.shape)
    ours.set_weights(theirs.get_weights())

    exact.equal(theirs(exact.inputs).numpy(), ours(exact.inputs).numpy())


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
    _, ours = pair(exact)

    with pytest.raises(ValueError, match="inputs has 5 features, but the layer was built for 2: make another layer"):
        ours(np.zeros((exact.batch, exact.time, 5)))


def test_complex_numbers_are_refused(exact):
    """An imaginary part is not dropped, neither of the inputs nor of a state."""
    _, ours = pair(exact)

    with pytest.raises(TypeError, match="inputs has dtype complex128, but must be real: pass its real or imaginary"):
        ours(exact.inputs.astype(complex))
    with pytest.raises(TypeError, match="initial_state has dtype complex128, but must be real"):
        ours(exact.inputs, initial_state=tf.constant(exact.initial_state.astype(complex)))


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("go_backwards", [True, False])
@pytest.mark.parametrize("time", [0, 3])
def test_the_state_kept_is_the_final_state_under_zeroed_outputs(exact, go_backwards, return_sequences, time):
    """A masked end outputs 0 but keeps the state reached, and without steps the state stays what it was."""
    _, ours = pair(
        exact,
        stateful=True,
        return_sequences=return_sequences,
        go_backwards=go_backwards,
        zero_output_for_mask=True,
    )
    mask, state = exact.mask[:, :time], exact.initial_state
    _, expected = exact.gru(exact.inputs[:, :time], *exact.weights("after"), "after", state, mask, go_backwards)

    ours(exact.inputs[:, :time], mask=mask, initial_state=tf.constant(state))

    exact.equal(expected, ours.states[0].numpy())

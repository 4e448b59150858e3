"""The function `gru`: values, gradients, masks, time, in every mode of execution."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gru import gru

RESETS = ("after", "before", "none")
MODES = ("eager", "graph", "dynamic", "jit")


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("mask", ["all", "right padded", "left padded", "holes"])
@pytest.mark.parametrize("reset", RESETS)
def test_values_are_those_of_the_integer_gru(exact, reset, mask, reverse):
    """Under linear activations outputs and final state equal the integers of Python's arithmetic."""
    mask = exact.masks[mask]
    expected = exact.gru(exact.inputs, *exact.weights(reset), reset, exact.initial_state, mask, reverse)

    actual = gru(
        exact.inputs,
        *exact.weights(reset),
        reset=reset,
        initial_state=exact.initial_state,
        mask=mask,
        reverse=reverse,
        **exact.linear,
    )

    exact.equal(list(expected), [tensor.numpy() for tensor in actual])


@pytest.mark.parametrize(("policy", "reverse"), [("carry", False), ("zero", True)])
@pytest.mark.parametrize("reset", RESETS)
def test_all_modes_of_execution_agree(exact, reset, policy, reverse):
    """Eager, graph, graph of unknown sizes, XLA, unrolled and gate by gate: the same values and gradients."""

    def run(mode, **options):
        def function(x, h, W, U, b, mask):
            return gru(
                x,
                W,
                U,
                b,
                reset=reset,
                initial_state=h,
                mask=mask,
                reverse=reverse,
                masked_outputs=policy,
                **exact.linear,
                **options,
            )

        arguments = [exact.inputs, exact.initial_state, *exact.weights(reset)]
        return exact.called(mode, function, arguments, [exact.mask])

    expected = run("eager")

    for mode in MODES[1:]:
        exact.equal(expected, run(mode))
    exact.equal(expected, run("graph", unroll=True))
    exact.equal(expected, run("eager", fused=False))


@pytest.mark.parametrize("reset_after", [True, False])
def test_gradients_are_those_of_keras(exact, reset_after):
    """The exact gradients of inputs, state and weights equal Keras' gradients for the same integers."""
    layer = keras.layers.GRU(
        exact.units,
        reset_after=reset_after,
        return_sequences=True,
        return_state=True,
        dtype="float64",
        **exact.linear,
    )
    reset = "after" if reset_after else "before"
    arguments = [exact.inputs, exact.initial_state, *exact.weights(reset)]
    layer.build(exact.inputs.shape)

    def by_keras(x, h, *weights):
        return layer.stateless_call(weights, layer.non_trainable_variables, x, initial_state=h)[0]

    def ours(x, h, W, U, b):
        return gru(x, W, U, b, reset=reset, initial_state=h, **exact.linear)

    exact.equal(
        exact.called("graph", by_keras, arguments),
        exact.called("graph", ours, arguments),
    )


@pytest.mark.parametrize("mode", ["eager", "jit"])
def test_cotangents_of_zeroed_outputs_are_ignored(exact, mode):
    """Under masked_outputs="zero" even a NaN cotangent of a masked output reaches no gradient."""

    def function(x, h, W, U, b, weight, mask):
        outputs, _ = gru(
            x,
            W,
            U,
            b,
            initial_state=h,
            mask=mask,
            masked_outputs="zero",
            **exact.linear,
        )
        return outputs * weight

    arguments = [exact.inputs, exact.initial_state, *exact.weights("after")]
    ones = np.ones((exact.batch, exact.time, 1))
    poisoned = np.where(exact.mask[:, :, None], ones, np.nan)

    _, expected = exact.called(mode, function, arguments, [ones, exact.mask])
    _, actual = exact.called(mode, function, arguments, [poisoned, exact.mask])

    exact.equal(expected, actual)


@pytest.mark.parametrize(("mode", "reset"), [*[("eager", reset) for reset in RESETS], ("jit", "after")])
def test_a_nan_that_is_read_stays_in_its_row(exact, reset, mode):
    """It affects its own row from the step that reads it on, and no output or input gradient of another row."""
    inputs = exact.inputs.copy()
    inputs[1, 1] = np.nan

    def function(x, h, W, U, b):
        return gru(x, W, U, b, reset=reset, initial_state=h, **exact.linear)

    constants = [exact.initial_state, *exact.weights(reset)]
    (clean, clean_final), (clean_gradient,) = exact.called(mode, function, [exact.inputs], constants)
    (outputs, final_state), (gradient,) = exact.called(mode, function, [inputs], constants)

    others = np.arange(exact.batch) != 1
    exact.equal([clean[others], clean_final[others]], [outputs[others], final_state[others]])
    exact.equal(clean_gradient[others], gradient[others])
    exact.equal(clean[1, 0], outputs[1, 0])
    assert np.isnan(outputs[1, 1:]).all()
    assert np.isnan(final_state[1]).all()


@pytest.mark.parametrize("reverse", [False, True])
def test_lengths_are_a_right_padded_mask(exact, reverse):
    """Lengths and the equivalent mask, alone or together, have the same results."""
    mask, lengths = exact.masks["right padded"], exact.masks["right padded"].sum(axis=1)

    def run(**valid):
        results = gru(
            exact.inputs,
            *exact.weights("after"),
            initial_state=exact.initial_state,
            reverse=reverse,
            **valid,
        )
        return [tensor.numpy() for tensor in results]

    expected = run(mask=mask)

    exact.equal(expected, run(lengths=lengths))
    exact.equal(expected, run(lengths=lengths.tolist()))
    exact.equal(expected, run(lengths=lengths.astype("uint8"), mask=mask))


def test_the_time_of_a_length_is_not_cut_by_its_dtype(exact):
    """A time beyond the range of the lengths' integers is counted correctly."""
    inputs = np.zeros((1, 300, exact.input_dim))
    zero, state = (
        [np.zeros_like(w) for w in exact.weights("none")],
        np.ones((1, exact.units)),
    )

    def outputs(lengths):
        return gru(inputs, *zero, reset="none", initial_state=state, lengths=lengths)[0]

    for run in (outputs, tf.function(outputs)):
        exact.equal(run(tf.constant([2], tf.int8))[0, :3, 0].numpy(), np.array([0.5, 0.25, 0.25]))


@pytest.mark.parametrize("mask", ["left padded", "right padded", "holes"])
@pytest.mark.parametrize("reverse", [False, True])
def test_masking_a_step_is_leaving_it_out(exact, mask, reverse):
    """Every row's final state and gradients equal those for its valid steps alone."""
    weights, mask = exact.weights("after"), exact.masks[mask]

    def final(x, h, W, U, b, *mask):
        return gru(
            x,
            W,
            U,
            b,
            initial_state=h,
            mask=mask[0] if mask else None,
            reverse=reverse,
            **exact.linear,
        )[1]

    for row in range(exact.batch):
        x, h, valid = (
            exact.inputs[row : row + 1],
            exact.initial_state[row : row + 1],
            mask[row : row + 1],
        )
        state, gradients = exact.called("eager", final, [x, h, *weights], [valid])
        shorter_state, shorter = exact.called("eager", final, [x[:, valid[0]], h, *weights])

        exact.equal(shorter_state, state)
        exact.equal(shorter, [gradients[0][:, valid[0]], *gradients[1:]])


@pytest.mark.parametrize("reset", RESETS)
def test_reverse_is_the_flip_of_the_flipped(exact, reset):
    """A reversed run is a run over flipped inputs and mask, flipped back."""
    options = {"reset": reset, "initial_state": exact.initial_state, **exact.linear}

    outputs, final_state = gru(exact.inputs, *exact.weights(reset), mask=exact.mask, reverse=True, **options)
    flipped, same = gru(
        exact.inputs[:, ::-1],
        *exact.weights(reset),
        mask=exact.mask[:, ::-1],
        **options,
    )

    exact.equal([outputs.numpy(), final_state.numpy()], [flipped.numpy()[:, ::-1], same.numpy()])


def test_none_is_zeros(exact):
    """No initial state means zeros, no bias zeros, no mask all true, and no activation the identity."""
    kernel, recurrent_kernel, bias = exact.weights("after")
    zeros, everything = np.zeros_like(exact.initial_state), np.ones_like(exact.mask)

    left = gru(
        exact.inputs,
        kernel,
        recurrent_kernel,
        activation=None,
        recurrent_activation=None,
    )
    right = gru(
        exact.inputs,
        kernel,
        recurrent_kernel,
        np.zeros_like(bias),
        initial_state=zeros,
        mask=everything,
        activation=lambda x: x,
        recurrent_activation="linear",
    )

    exact.equal([a.numpy() for a in left], [a.numpy() for a in right])


@pytest.mark.parametrize(("batch", "time"), [(2, 0), (0, 2), (0, 0)])
def test_nothing_to_do_is_done(exact, batch, time):
    """Without steps the final state is the initial one; without rows there are none; gradients have the right
    shapes.
    """

    def function(x, h, W, U, b, mask):
        return gru(x, W, U, b, initial_state=h, mask=mask)

    inputs, state = (
        np.ones((batch, time, exact.input_dim)),
        np.ones((batch, exact.units)),
    )
    arguments, mask = (
        [inputs, state, *exact.weights("after")],
        np.ones((batch, time), bool),
    )
    (outputs, final_state), gradients = exact.called("eager", function, arguments, [mask])

    assert outputs.shape == (batch, time, exact.units)
    assert (final_state.shape, [g.shape for g in gradients]) == (
        state.shape,
        [a.shape for a in arguments],
    )
    if time == 0:
        exact.equal(state, final_state)


@pytest.mark.parametrize(("jit", "units"), [(False, 1), (False, 4), (True, 1)])
def test_one_trace_serves_every_batch_and_time(exact, jit, units):
    """One trace for unknown batch and time has the results of eager calls, also for a batch or time of 0."""
    traces = []
    kernel, recurrent_kernel, bias = (np.ones(shape) for shape in ((2, 3 * units), (units, 3 * units), (2, 3 * units)))

    def function(inputs, lengths):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs, final_state = gru(inputs, kernel, recurrent_kernel, bias, lengths=lengths, **exact.linear)
        return outputs, final_state, tape.gradient([outputs, final_state], inputs)

    def traced(inputs, lengths):
        traces.append(inputs.shape)
        return function(inputs, lengths)

    signature = [
        tf.TensorSpec((None, None, 2), tf.float64),
        tf.TensorSpec((None,), tf.int32),
    ]
    compiled = tf.function(traced, input_signature=signature, jit_compile=jit)

    for batch, time in ((2, 3), (3, 2), (0, 3), (2, 0)):
        inputs, lengths = (
            tf.ones((batch, time, 2), tf.float64),
            tf.range(batch) % (time + 1),
        )
        exact.equal(
            [a.numpy() for a in function(inputs, lengths)],
            [a.numpy() for a in compiled(inputs, lengths)],
        )
    assert len(traces) == 1


@pytest.mark.parametrize(("reset", "jit"), [("after", False), ("before", False), ("none", False), ("after", True)])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_dtype_is_kept(exact, reset, dtype, jit):
    """Results have the inputs' dtype, and two steps of small integers are exact in each dtype."""
    arrays = [exact.inputs[:, :1], exact.initial_state, *exact.weights(reset)]
    expected = exact.gru(arrays[0], *arrays[2:], reset, arrays[1], exact.mask[:, :1], False)

    @tf.function(jit_compile=jit)
    def function(x, h, W, U, b):
        return gru(
            x,
            W,
            U,
            b,
            reset=reset,
            initial_state=h,
            mask=exact.mask[:, :1],
            **exact.linear,
        )

    actual = function(*[tf.cast(array, dtype) for array in arrays])

    assert {tensor.dtype.name for tensor in actual} == {dtype}
    exact.equal([tf.cast(e, dtype).numpy() for e in expected], [a.numpy() for a in actual])


@pytest.mark.parametrize("reset", RESETS)
def test_dropout_masks_multiply_the_inputs_of_each_gate(exact, reset):
    """Scaling by whole factors equals scaling the rows of the kernels, gate by gate."""
    kernel, recurrent_kernel, bias = exact.weights(reset)
    gates = kernel.shape[-1] // exact.units
    factors = np.arange(gates * exact.input_dim).reshape(gates, exact.input_dim)
    recurrent_factors = np.arange(gates * exact.units).reshape(gates, exact.units)[::-1] % 3

    def scaled(kernel, factors):
        blocks = np.split(kernel, gates, axis=-1)
        return np.concatenate(
            [block * factor[:, None] for block, factor in zip(blocks, factors, strict=True)],
            axis=-1,
        )

    def repeated(factors):
        return np.repeat(factors[:, None, :].astype(float), exact.batch, axis=1)

    options = {"reset": reset, "initial_state": exact.initial_state, **exact.linear}
    expected = gru(
        exact.inputs,
        scaled(kernel, factors),
        scaled(recurrent_kernel, recurrent_factors),
        bias,
        **options,
    )
    actual = gru(
        exact.inputs,
        kernel,
        recurrent_kernel,
        bias,
        dropout_mask=repeated(factors),
        recurrent_dropout_mask=repeated(recurrent_factors),
        **options,
    )
    shared = gru(
        exact.inputs,
        kernel,
        recurrent_kernel,
        bias,
        dropout_mask=repeated(factors)[-1],
        **options,
    )
    doubled = gru(exact.inputs * factors[-1], kernel, recurrent_kernel, bias, **options)

    exact.equal([a.numpy() for a in expected], [a.numpy() for a in actual])
    exact.equal([a.numpy() for a in doubled], [a.numpy() for a in shared])


@pytest.mark.parametrize("reset", RESETS)
def test_saturated_gates_choose_exactly(exact, reset):
    """Sigmoid and tanh have their right places: an open update gate keeps the state, a closed one returns the
    candidate.
    """
    kernel, recurrent_kernel, bias = (np.zeros_like(w) for w in exact.weights(reset))
    state = exact.initial_state

    def final(update, candidate):
        b = bias.copy()
        row = b[0] if reset == "after" else b
        row[: exact.units], row[-exact.units :] = update, candidate
        return gru(exact.inputs, kernel, recurrent_kernel, b, reset=reset, initial_state=state)[1].numpy()

    exact.equal(state, final(1000.0, 7.0))
    exact.equal(np.ones_like(state), final(-1000.0, 1000.0))
    exact.equal(state / 2**exact.time, final(0.0, 0.0))


def test_second_derivatives_exist(exact):
    """The gradient of a gradient agrees, eagerly and in a graph."""

    def curvature(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                _, final_state = gru(x, *exact.weights("after"), mask=exact.mask, **exact.linear)
            slope = inner.gradient(final_state, x)
        return outer.gradient(slope, x)

    x = tf.constant(exact.inputs)
    eager, graph = curvature(x).numpy(), tf.function(curvature)(x).numpy()

    assert eager.any()
    exact.equal(eager, graph)


@pytest.mark.parametrize("mode", ["eager", "jit"])
@pytest.mark.parametrize("reset", RESETS)
def test_a_masked_row_needs_a_derivative_at_its_bias_alone(exact, reset, mode):
    """With zero inputs and state, the activations' arguments are the bias; NaN derivatives elsewhere reach no
    gradient.
    """
    W, U, b = exact.weights(reset)
    b = np.zeros_like(b)

    @tf.custom_gradient
    def activation(v):
        return v, lambda upstream: tf.where(v == 0, upstream, upstream * np.nan)

    def function(x, h, W, U, b, mask):
        return gru(
            x,
            W,
            U,
            b,
            reset=reset,
            initial_state=h,
            mask=mask,
            activation=activation,
            recurrent_activation=activation,
        )

    nothing = np.zeros((exact.batch, exact.time), bool)
    _, (inputs_gradient, _, *others) = exact.called(
        mode, function, [exact.inputs, exact.initial_state, W, U, b], [nothing]
    )

    assert not inputs_gradient.any()
    assert all(not gradient.any() for gradient in others)

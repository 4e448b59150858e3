"""Which kernel runs: the rule of tf_gru/kernels/choice.py, and derivatives of second order and of forward mode."""

import numpy as np
import pytest
import tensorflow as tf

from tf_gru import GRU, gru
from tf_gru.kernels import autodiff, choice, traced

BATCH, TIME, INPUT_DIM, UNITS = 2, choice.SHORTEST, 2, 3


def floats(*shape):
    return tf.constant(np.random.default_rng(sum(shape)).standard_normal(shape))


INPUTS = floats(BATCH, TIME, INPUT_DIM)
WEIGHTS = [floats(INPUT_DIM, 3 * UNITS), floats(UNITS, 3 * UNITS), floats(2, 3 * UNITS)]


@pytest.fixture
def kernels(monkeypatch):
    """The kernels that were chosen, in order; nothing is compiled."""
    chosen = []

    def by_autodiff(inputs, h, weights, valid, **options):
        chosen.append("autodiff")
        return general(inputs, h, weights, valid, **options)

    def by_hand(inputs, h, weights, valid, *, masked_outputs, plan):
        chosen.append("compiled" if plan.compiled else "loop")
        return hand_written(
            inputs, h, weights, valid, masked_outputs=masked_outputs, plan=plan._replace(compiled=False)
        )

    general, hand_written = autodiff.run, traced.run
    monkeypatch.setattr(autodiff, "run", by_autodiff)
    monkeypatch.setattr(traced, "run", by_hand)
    monkeypatch.setattr(choice, "_met", type(choice._met)(set))
    return chosen


@pytest.mark.parametrize(
    ("options", "kernel"),
    [
        ({}, "compiled"),
        ({"jit": True}, "compiled"),
        ({"jit": False}, "loop"),
        ({"recompute": True}, "compiled"),
        ({"activation": "linear"}, "autodiff"),
        ({"recurrent_activation": "hard_sigmoid"}, "autodiff"),
        ({"activation": tf.tanh, "recurrent_activation": tf.sigmoid}, "compiled"),
        ({"dropout_mask": np.ones((BATCH, INPUT_DIM))}, "autodiff"),
        ({"recurrent_dropout_mask": np.ones((BATCH, UNITS))}, "autodiff"),
        ({"unroll": True}, "autodiff"),
        ({"fused": False}, "autodiff"),
    ],
)
def test_the_options_choose(kernels, options, kernel):
    gru(INPUTS, *WEIGHTS, **options)

    assert kernels == [kernel]


@pytest.mark.parametrize(("time", "kernel"), [(0, "autodiff"), (1, "loop"), (TIME - 1, "loop"), (TIME, "compiled")])
def test_short_sequences_are_not_compiled(kernels, time, kernel):
    gru(INPUTS[:, :time], *WEIGHTS)

    assert kernels == [kernel]


def test_only_the_first_shapes_are_compiled(kernels):
    """Those that were met stay compiled, and another kernel counts for itself."""
    for batch in range(1, choice.SHAPES + 2):
        gru(tf.zeros((batch, TIME, INPUT_DIM), tf.float64), *WEIGHTS)
    gru(INPUTS, *WEIGHTS)
    gru(INPUTS, *WEIGHTS, reverse=True)

    assert kernels == ["compiled"] * choice.SHAPES + ["loop"] + ["compiled"] * 2


@pytest.mark.parametrize(
    ("shape", "kernel"), [((BATCH, TIME), "compiled"), ((None, TIME), "compiled"), ((BATCH, None), "loop")]
)
def test_a_graph_for_any_time_is_not_compiled(kernels, shape, kernel):
    signature = [tf.TensorSpec((*shape, INPUT_DIM), tf.float64)]

    tf.function(lambda inputs: gru(inputs, *WEIGHTS), input_signature=signature).get_concrete_function()

    assert kernels == [kernel]


def test_where_there_is_no_xla_nothing_is_compiled(kernels, monkeypatch):
    monkeypatch.setattr(tf.test, "is_built_with_xla", lambda: False)

    gru(INPUTS, *WEIGHTS)

    assert kernels == ["loop"]


@pytest.mark.parametrize(("device", "kernel"), [("/device:NPU:0", "loop"), ("/device:GPU:0", "compiled")])
def test_a_device_of_another_kind_is_not_compiled_for(kernels, device, kernel):
    with tf.Graph().as_default(), tf.device(device):
        inputs = tf.compat.v1.placeholder(tf.float64, INPUTS.shape)

    assert choice._worth_compiling(inputs, ("kernel",)) is (kernel == "compiled")
    assert kernels == []


def test_a_graph_of_tensorflow_1_is_differentiated_by_it(kernels):
    with tf.Graph().as_default():
        gru(np.zeros(INPUTS.shape), *(weight.numpy() for weight in WEIGHTS))

    assert kernels == ["autodiff"]


@pytest.mark.parametrize("traced_too", [False, True])
@pytest.mark.parametrize(("tapes", "kernel"), [("one", "compiled"), ("nested", "autodiff"), ("persistent", "autodiff")])
def test_tapes_that_may_be_differentiated_again_are_seen(kernels, tapes, kernel, traced_too):
    def run():
        with tf.GradientTape(persistent=tapes == "persistent") as tape, tf.GradientTape() as other:
            tape.watch(WEIGHTS[0])
            other.watch(WEIGHTS[1] + 1 if tapes != "nested" else WEIGHTS[1])
            return gru(INPUTS, *WEIGHTS)[1]

    tf.function(run, autograph=False).get_concrete_function() if traced_too else run()

    assert kernels == [kernel]


@pytest.mark.parametrize(("traced_too", "kernel"), [(False, "autodiff"), (True, "loop")])
def test_forward_mode_is_seen(kernels, traced_too, kernel):
    def run():
        with tf.autodiff.ForwardAccumulator(INPUTS, INPUTS):
            return gru(INPUTS, *WEIGHTS)[1]

    if traced_too:
        tf.function(run, autograph=False).get_concrete_function()
    else:
        run()

    assert kernels == [kernel]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jit": 1}, "jit is 1, but must be one of 'auto', True, False"),
        ({"recompute": "yes"}, "recompute is 'yes', but must be one of True, False"),
        (
            {"jit": True, "activation": "relu"},
            "jit is True, but has no effect with activations other than tanh and sigm",
        ),
        ({"recompute": True, "unroll": True}, "recompute is True, but has no effect with unroll=True: leave it out"),
        ({"jit": True, "fused": False}, "jit is True, but has no effect with a product for each gate"),
        (
            {"jit": True, "dropout_mask": np.ones((BATCH, INPUT_DIM))},
            "but has no effect with dropout masks: leave it out",
        ),
    ],
)
def test_what_has_no_effect_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        gru(INPUTS, *WEIGHTS, **options)


def test_a_compiled_kernel_refuses_second_derivatives_that_it_can_see():
    with pytest.raises(ValueError, match="jit is True, but a compiled kernel has no second derivative"):
        curvature(lambda inputs: gru(inputs, *WEIGHTS, jit=True)[1])
    with (
        tf.autodiff.ForwardAccumulator(INPUTS, INPUTS),
        pytest.raises(ValueError, match="a compiled kernel has no forward mode: use jit='auto'"),
    ):
        gru(INPUTS, *WEIGHTS, jit=True)


def test_a_second_derivative_that_cannot_be_seen_is_refused():
    """It is taken outside the function that was traced. TensorFlow refuses: a refusal of ours would end an export."""
    function = tf.function(lambda inputs: gru(inputs, *WEIGHTS, jit=True)[1], autograph=False)

    with pytest.raises(tf.errors.UnimplementedError, match="TensorList crossing the XLA/TF boundary"):
        curvature(function)


def gradient_of_forward_mode(call):
    with tf.GradientTape() as tape:
        tape.watch(INPUTS)
        with tf.autodiff.ForwardAccumulator(INPUTS, tf.ones_like(INPUTS)) as forward:
            results = tf.sin(call(INPUTS))
        tangents = forward.jvp(results)
    return tape.gradient(tangents, INPUTS)


def forward_mode_of_a_gradient(call):
    with tf.autodiff.ForwardAccumulator(INPUTS, tf.ones_like(INPUTS)) as forward:
        with tf.GradientTape() as tape:
            tape.watch(INPUTS)
            results = tf.sin(call(INPUTS))
        slopes = tape.gradient(results, INPUTS)
    return forward.jvp(slopes)


@pytest.mark.parametrize("derivative", [gradient_of_forward_mode, forward_mode_of_a_gradient])
@pytest.mark.parametrize("jit", ["auto", False])
def test_both_modes_in_one_graph_are_refused_and_eagerly_they_are_those_of_the_unrolled_one(derivative, jit):
    def call(inputs, **options):
        return gru(inputs, *WEIGHTS, **options)[1]

    eager = derivative(lambda inputs: call(inputs, jit=jit))
    unrolled = derivative(lambda inputs: call(inputs, unroll=True))
    np.testing.assert_array_equal(eager, unrolled)
    assert np.any(eager)
    with pytest.raises(NotImplementedError, match="give the layer unroll=True"):
        tf.function(lambda: derivative(lambda inputs: call(inputs, jit=jit)), autograph=False)()


def test_the_layer_hands_both_on(kernels):
    for jit in ("auto", True, False):
        GRU(UNITS, jit=jit, recompute=True, dtype="float64")(INPUTS)
    with pytest.raises(ValueError, match="jit is 'no', but must be one of"):
        GRU(UNITS, jit="no")

    assert kernels == ["compiled", "compiled", "loop"]


def curvature(function):
    """The gradient of a function of the gradient of the sum of what a function returns."""
    with tf.GradientTape() as outer:
        outer.watch(INPUTS)
        with tf.GradientTape() as inner:
            inner.watch(INPUTS)
            results = function(INPUTS)
        slope = inner.gradient(results, INPUTS)
    return outer.gradient(slope, INPUTS)


def tangent(function):
    """The derivative along the inputs themselves."""
    with tf.autodiff.ForwardAccumulator(INPUTS, INPUTS) as accumulator:
        results = function(INPUTS)
    return accumulator.jvp(results)


@pytest.mark.parametrize("where", ["eager", "inside", "outside"])
@pytest.mark.parametrize("derivative", [curvature, tangent])
def test_both_derivatives_exist_without_compiling(derivative, where):
    """In eager, and inside or outside a tf.function: finite, and not zeros."""
    function = lambda inputs: gru(inputs, *WEIGHTS, jit=False)[1]  # noqa: E731

    if where == "inside":
        result = tf.function(lambda: derivative(function), autograph=False)()
    else:
        result = derivative(tf.function(function, autograph=False) if where == "outside" else function)

    assert np.isfinite(result).all() and np.any(result)

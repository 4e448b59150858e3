"""The choice of a kernel: the rule of tf_gru/kernels/choice.py, its facts, and derivatives that it cannot detect."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_gru import GRU, gru
from tf_gru.kernels import choice, chosen, facts
from tf_gru.kernels import native as kernel
from tf_gru.kernels.choice import Facts, choose

BATCH, TIME, INPUT_DIM, UNITS = 2, 5, 2, 3
LONG = Facts(reset="after", dtype="float64", batch=BATCH, time=TIME, caller=choice.GRAPH)
"""A call in a graph."""

WITH_GPU = replace(LONG, gpu=True)


def floats(*shape):
    return tf.constant(np.random.default_rng(sum(shape)).standard_normal(shape))


INPUTS = floats(BATCH, TIME, INPUT_DIM)
WEIGHTS = [floats(INPUT_DIM, 3 * UNITS), floats(UNITS, 3 * UNITS), floats(2, 3 * UNITS)]


@pytest.mark.parametrize(
    ("known", "kernel", "reason"),
    [
        (WITH_GPU, "cudnn", "nothing stands in its way"),
        (replace(WITH_GPU, device="GPU"), "cudnn", "nothing stands in its way"),
        (replace(WITH_GPU, device="CPU"), "native", "not cudnn: the call is placed on a CPU"),
        (replace(WITH_GPU, device=None), "loop", "not cudnn: this TensorFlow does not say on which device"),
        (replace(WITH_GPU, use_cudnn=False), "loop", "not cudnn: use_cudnn is False"),
        (replace(WITH_GPU, use_cudnn=False), "loop", "TensorFlow sees a GPU, and nothing places the call on a CPU"),
        (replace(WITH_GPU, caller=choice.XLA), "compiled", "not cudnn: XLA, which has no such op"),
        (replace(WITH_GPU, caller=choice.GRAPH_OR_XLA), "loop", "not cudnn: this TensorFlow does not say whether"),
        (replace(WITH_GPU, jit=True), "compiled", "does not go with jit=True"),
        (replace(WITH_GPU, recompute=True), "loop", "does not go with recompute=True"),
        (replace(WITH_GPU, dtype="bfloat16"), "loop", "does not go with bfloat16"),
        (replace(WITH_GPU, reset="before"), "loop", "does not go with reset='before'"),
        (replace(WITH_GPU, derivative=choice.SECOND), "autodiff", "does not go with the second derivative"),
        (LONG, "native", "not cudnn: TensorFlow sees no NVIDIA GPU"),
        (replace(LONG, jit=False), "native", ""),
        (replace(LONG, recompute=True), "native", ""),
        (replace(LONG, device="CPU"), "native", ""),
        (replace(LONG, caller=choice.EAGER), "native", ""),
        (replace(LONG, batch=None, time=None), "native", ""),
        (replace(LONG, time=0), "native", ""),
        (
            replace(LONG, without_native="there is none"),
            "loop",
            "not native: there is none; not compiled",
        ),
        (replace(LONG, without_native="there is none", caller=choice.EAGER), "loop", "not native: there is none"),
        (replace(LONG, use_native=False), "loop", "not native: use_native is False"),
        (replace(LONG, use_native=False, jit=False), "loop", "not compiled: jit is False"),
        (replace(LONG, dtype="float16"), "loop", "not native: the native kernel does not go with float16"),
        (replace(LONG, distributed=True), "loop", "not native: a distribution strategy places the call"),
        (replace(LONG, mapped=True), "loop", "not native: tf.vectorized_map has no rule for its op"),
        (replace(LONG, device=None), "loop", "not native: this TensorFlow does not say on which device"),
        (replace(LONG, device="NPU"), "loop", "not native: the call is placed on a NPU"),
        (replace(LONG, jit=True), "compiled", "not native: the native kernel does not go with jit=True"),
        (replace(LONG, caller=choice.EAGER, jit=True), "compiled", ""),
        (replace(LONG, time=None, jit=True), "compiled", ""),
        (
            replace(LONG, time=None, caller=choice.XLA),
            "compiled",
            "not native: XLA, which has no such op",
        ),
        (replace(LONG, caller=choice.XLA, jit=False), "loop", "not compiled: jit is False"),
        (replace(LONG, caller=choice.GRAPH_OR_XLA), "loop", "not native: this TensorFlow does not say whether XLA"),
        (replace(LONG, exported="SavedModel"), "loop", "not native: the graph is exported to SavedModel"),
        (replace(LONG, exported="SavedModel", jit=True), "compiled", ""),
        (replace(WITH_GPU, exported="SavedModel"), "loop", "not cudnn: the graph is exported to SavedModel"),
        (replace(WITH_GPU, exported="SavedModel", use_cudnn=True), "cudnn", ""),
        (replace(LONG, xla=False, use_native=False), "loop", "not compiled: this TensorFlow has no XLA"),
        (
            replace(LONG, unwritten="unroll=True"),
            "autodiff",
            "not loop: there is no derivative written by hand for unr",
        ),
        (replace(LONG, derivative=choice.SECOND), "autodiff", "not loop: the loop has no second derivative"),
        (replace(LONG, derivative=choice.FORWARD), "autodiff", "not loop: the loop has no forward mode"),
        (replace(LONG, derivative=choice.UNKNOWN), "autodiff", "not loop: the loop has no derivative that this Tensor"),
        (replace(LONG, derivative=choice.FORWARD_IN_A_GRAPH), "loop", "not compiled: a compiled kernel has no forward"),
        (replace(LONG, derivative=choice.BOTH_IN_A_GRAPH, unroll=True), "autodiff", "has no forward mode beside a tap"),
        (replace(LONG, caller=choice.TENSORFLOW_1), "autodiff", "not loop: this is a graph of TensorFlow 1"),
    ],
)
def test_the_facts_choose(known, kernel, reason):
    made = choose(known)

    assert made.kernel == kernel
    assert reason in made.reason


@pytest.mark.parametrize(
    ("known", "error", "message"),
    [
        (replace(LONG, jit=True, unwritten="relu"), ValueError, "jit is True, but has no effect with relu: leave"),
        (replace(LONG, recompute=True, unwritten="relu"), ValueError, "recompute is True, but has no effect with relu"),
        (replace(LONG, jit=True, derivative=choice.SECOND), ValueError, "but a compiled kernel has no second deriv"),
        (
            replace(LONG, jit=True, derivative=choice.FORWARD),
            ValueError,
            "has no forward mode, of its own: use jit='auto'",
        ),
        (replace(LONG, jit=True, xla=False), ValueError, "jit is True, but this TensorFlow has no XLA: use jit='auto'"),
        (replace(LONG, jit=True, caller=choice.TENSORFLOW_1), ValueError, "but this is a graph of TensorFlow 1: use"),
        (
            replace(LONG, use_cudnn=True),
            ValueError,
            "but TensorFlow sees no NVIDIA GPU: use_cudnn='auto'",
        ),
        (
            replace(LONG, use_native=True, jit=True),
            ValueError,
            "but the native kernel does not go with jit=True",
        ),
        (
            replace(LONG, use_native=True, without_native="none here"),
            ValueError,
            "but none here: use_native='auto'",
        ),
        (replace(WITH_GPU, use_cudnn=True, jit=True), ValueError, "cuDNN's kernel does not go with jit=True: use_cudn"),
        (replace(LONG, derivative=choice.BOTH_IN_A_GRAPH), NotImplementedError, "give the layer unroll=True"),
    ],
)
def test_impossible_options_are_refused(known, error, message):
    with pytest.raises(error, match=message):
        choose(known)


@pytest.fixture
def known(monkeypatch):
    """The facts of each call, in order."""
    found = []
    monkeypatch.setattr(choice, "choose", lambda each: found.append(each) or choose(each))
    return found


@pytest.mark.parametrize(
    ("options", "unwritten"),
    [
        ({}, None),
        ({"activation": tf.tanh, "recurrent_activation": tf.sigmoid}, None),
        ({"activation": "linear"}, "activations other than tanh and sigmoid"),
        ({"recurrent_activation": "hard_sigmoid"}, "activations other than tanh and sigmoid"),
        ({"dropout_mask": np.ones((BATCH, INPUT_DIM))}, "dropout masks"),
        ({"recurrent_dropout_mask": np.ones((BATCH, UNITS))}, "dropout masks"),
        ({"unroll": True}, "unroll=True"),
        ({"fused": False}, "a product for each gate (fused=False, implementation=1)"),
    ],
)
def test_calls_without_a_derivative_by_hand_are_seen(known, options, unwritten):
    gru(INPUTS, *WEIGHTS, **options)

    assert known == [
        Facts("after", "float64", BATCH, TIME, choice.EAGER, unwritten, unroll=options.get("unroll", False))
    ]


@pytest.mark.parametrize("shape", [(BATCH, TIME), (None, TIME), (BATCH, None)])
def test_a_graph_knows_the_sizes_that_it_is_traced_for(known, shape):
    signature = [tf.TensorSpec((*shape, INPUT_DIM), tf.float64)]

    tf.function(lambda inputs: gru(inputs, *WEIGHTS), input_signature=signature).get_concrete_function()

    assert [(each.batch, each.time, each.caller) for each in known] == [(*shape, choice.GRAPH)]


def test_xla_is_seen_where_it_compiles_a_caller_of_the_caller(known):
    inner = tf.function(lambda: gru(INPUTS, *WEIGHTS), autograph=False)

    tf.function(lambda: inner(), autograph=False, jit_compile=True)()

    assert [each.caller for each in known] == [choice.XLA]


@pytest.mark.parametrize("placed", ["CPU", "GPU", "NPU"])
def test_the_device_of_a_graph_is_seen(placed):
    @tf.function
    def call():
        with tf.device(f"/device:{placed}:0"):
            devices.append(facts.placement())

    devices = []
    call.get_concrete_function()
    with tf.device("CPU:0"):
        devices.append(facts.placement())

    assert devices == [placed, "CPU"]
    assert facts.placement() == ""


def test_a_graph_of_tensorflow_1_is_seen(known):
    with tf.Graph().as_default():
        gru(np.zeros(INPUTS.shape), *(weight.numpy() for weight in WEIGHTS))

    assert [each.caller for each in known] == [choice.TENSORFLOW_1]


def test_a_function_in_a_graph_of_tensorflow_1_is_seen_and_leaves_the_process_as_it_was(known):
    """A graph for a session keeps only tensors of its own, and eager tensors may not occur in it."""
    kernel._guard.cache_clear()
    arguments = [INPUTS.numpy(), *(weight.numpy() for weight in WEIGHTS)]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        found = session.run(tf.function(lambda: gru(*arguments)[1])())

    assert found.shape == gru(*arguments)[1].shape
    assert [each.caller for each in known] == [choice.TENSORFLOW_1, choice.EAGER]


def test_an_export_is_seen(known, tmp_path):
    model = keras.Sequential([keras.Input((TIME, INPUT_DIM), batch_size=BATCH), GRU(UNITS)])
    model(INPUTS)
    known.clear()

    model.export(tmp_path, verbose=False)

    assert {each.exported for each in known} == {"SavedModel"}
    assert any(each.batch == BATCH and each.time == TIME for each in known)


@pytest.mark.parametrize("traced_too", [False, True])
@pytest.mark.parametrize(
    ("tapes", "derivative"), [("one", None), ("nested", choice.SECOND), ("persistent", choice.SECOND)]
)
def test_tapes_that_may_be_differentiated_again_are_seen(known, tapes, derivative, traced_too):
    def run():
        with tf.GradientTape(persistent=tapes == "persistent") as tape, tf.GradientTape() as other:
            tape.watch(WEIGHTS[0])
            other.watch(WEIGHTS[1] + 1 if tapes != "nested" else WEIGHTS[1])
            return gru(INPUTS, *WEIGHTS)[1]

    tf.function(run, autograph=False).get_concrete_function() if traced_too else run()

    assert [each.derivative for each in known] == [derivative]


@pytest.mark.parametrize(("traced_too", "derivative"), [(False, choice.FORWARD), (True, choice.FORWARD_IN_A_GRAPH)])
def test_forward_mode_is_seen(known, traced_too, derivative):
    def run():
        with tf.autodiff.ForwardAccumulator(INPUTS, INPUTS):
            return gru(INPUTS, *WEIGHTS)[1]

    tf.function(run, autograph=False).get_concrete_function() if traced_too else run()

    assert [each.derivative for each in known] == [derivative]


def test_the_layer_hands_its_options_on(known):
    for jit in ("auto", True, False):
        GRU(UNITS, jit=jit, recompute=True, use_cudnn=False, use_native=False, dtype="float64")(INPUTS)
    with pytest.raises(ValueError, match="jit is 'no', but must be one of"):
        GRU(UNITS, jit="no")

    assert [(each.jit, each.recompute, each.use_cudnn, each.use_native) for each in known] == [
        (jit, True, False, False) for jit in ("auto", True, False)
    ]
    with pytest.raises(ValueError, match="use_native is 'yes', but must be one of 'auto', True, False"):
        GRU(UNITS, use_native="yes")


def test_the_kernels_of_a_call_are_listed():
    """It lists each sequence that the call runs, a layer's too, but not a nested call that makes its own list."""
    model = keras.Sequential([GRU(UNITS, return_sequences=True), GRU(UNITS, activation="relu")])
    inner = []

    made = chosen(lambda: (model(INPUTS), inner.extend(chosen(gru, INPUTS, *WEIGHTS, jit=True))))

    assert [each.kernel for each in made] == ["native", "autodiff"]
    assert "not cudnn: TensorFlow sees no NVIDIA GPU" in made[0].reason
    assert "activations other than tanh and sigmoid" in made[1].reason
    assert [each.kernel for each in inner] == ["compiled"]


def test_a_graph_lists_its_kernels_when_it_is_traced():
    call = tf.function(lambda: gru(INPUTS, *WEIGHTS), autograph=False)

    assert [each.kernel for each in chosen(call)] == ["native"]
    assert chosen(call) == []


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
def test_an_option_without_effect_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        gru(INPUTS, *WEIGHTS, **options)


def test_a_compiled_kernel_refuses_second_derivatives_that_it_can_see():
    with pytest.raises(ValueError, match="a compiled kernel has no second derivative"):
        curvature(lambda inputs: gru(inputs, *WEIGHTS, jit=True)[1])
    with (
        tf.autodiff.ForwardAccumulator(INPUTS, INPUTS),
        pytest.raises(ValueError, match="a compiled kernel has no forward mode, of its own: use jit='auto'"),
    ):
        gru(INPUTS, *WEIGHTS, jit=True)


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


def curvature(function):
    """The gradient of a function of the gradient of the sum of a function's results."""
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


@pytest.mark.parametrize("use_native", [False, "auto"])
@pytest.mark.parametrize("where", ["eager", "inside", "outside"])
@pytest.mark.parametrize("derivative", [curvature, tangent])
def test_both_derivatives_exist_without_compiling(derivative, where, use_native):
    """Eagerly, and inside or outside a tf.function, they are finite and not zeros."""
    function = lambda inputs: gru(inputs, *WEIGHTS, jit=False, use_native=use_native)[1]  # noqa: E731

    if where == "inside":
        result = tf.function(lambda: derivative(function), autograph=False)()
    else:
        result = derivative(tf.function(function, autograph=False) if where == "outside" else function)

    assert np.isfinite(result).all() and np.any(result)

"""Any configuration and any call has an answer within its bound, or an error that names the fault."""

import inspect
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tf_gru
from conformance.adapters.tensorflow_arithmetic import tensorflow
from conformance.checks.check import each_step_is_right_masked_or_not
from conformance.interface.adapter import Adapter, Capabilities
from conformance.interface.case import Case, Outputs
from reference import from_keras, to_keras

FUZZ = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
RESETS = {"after": {}, "before": {"reset_after": False}, "none": {"reset_gate": False}}

generators = st.integers(0, 99).map(np.random.default_rng)
flags = ("return_sequences", "go_backwards", "stateful", "unroll", "use_bias", "zero_output_for_mask")


@st.composite
def questions(draw):
    """A layer's options, and a case for it."""
    reset, dtype = draw(st.sampled_from(list(RESETS))), draw(st.sampled_from(["float32", "float64"]))
    rng = draw(generators)
    options = {name: draw(st.booleans()) for name in flags} | {"implementation": draw(st.sampled_from([1, 2]))}
    batch, time, input_dim, units = (draw(st.integers(least, 4)) for least in (0, 0, 1, 1))
    gates = 2 if reset == "none" else 3
    shapes = [(input_dim, gates * units), (units, gates * units)]
    if options["use_bias"]:
        shapes.append((2, 3 * units) if reset == "after" else (gates * units,))
    padding = draw(st.sampled_from(["mask", "lengths", "none"]))
    case = Case(
        inputs=rng.standard_normal((batch, time, input_dim)).astype(dtype),
        parameters=(from_keras([rng.standard_normal(shape).astype(dtype) for shape in shapes], reset),),
        initial_state=(rng.standard_normal((batch, units)).astype(dtype),) if draw(st.booleans()) else None,
        mask=rng.random((batch, time)) < 0.5 if padding == "mask" else None,
        lengths=rng.integers(0, time + 1, batch) if padding == "lengths" else None,
        reverse=options["go_backwards"],
        masked_outputs="zero" if options["zero_output_for_mask"] else "carry",
    )
    return {**options, **RESETS[reset], "units": units, "dtype": dtype, "return_state": True}, case


def answer(layer, case):
    """The layer's answer, with outputs aligned with the inputs' time; None if it returns only the last one."""
    given = {"mask": case.mask, "lengths": case.lengths}
    if case.initial_state is not None:
        given["initial_state"] = tf.constant(case.initial_state[0])
    outputs, state = (tensor.numpy() for tensor in layer(case.inputs, **given))
    if layer.stateful:
        np.testing.assert_array_equal(state, layer.states[0].numpy())
        layer.reset_state()
    if not layer.return_sequences:
        np.testing.assert_array_equal(outputs, state)
        return Outputs(None, state)
    return Outputs(outputs[:, :: -1 if case.reverse else 1].copy(), state)


def layer_for(options, case):
    layer = tf_gru.GRU(**options)
    layer.build(case.inputs.shape)
    layer.set_weights(to_keras(case.parameters[0], use_bias=layer.use_bias))
    return layer


def judged(layer, case):
    """The suite's judgement of a layer's answer: valid steps, masked steps, and the final state."""
    can = Capabilities(arithmetic=tensorflow("eager"), outputs=layer.return_sequences, masks=True, lengths=True)
    return each_step_is_right_masked_or_not(Adapter(lambda case: answer(layer, case), can), case)


@settings(FUZZ, max_examples=60)
@given(questions())
def test_any_configuration_is_right_and_comes_back_from_its_file(question):
    """It is within the bound of its arithmetic, and a copy from its configuration in JSON has the same bits."""
    options, case = question
    layer = layer_for(options, case)

    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(layer))))
    again.set_weights(layer.get_weights())

    assert judged(layer, case).findings == []
    for expected, actual in zip(answer(layer, case), answer(again, case), strict=True):
        np.testing.assert_array_equal(expected, actual)
    assert again.get_config() == layer.get_config()


def test_a_wrong_configuration_would_be_found():
    """A layer with other gates, another direction or other padding is detected."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape) for shape in ((2, 9), (3, 9), (2, 9))]
    mask = np.array([[1, 0, 1, 1], [0, 1, 1, 0]], bool)
    case = Case(inputs=rng.standard_normal((2, 4, 2)), parameters=(from_keras(weights),), mask=mask)
    right = {"units": 3, "dtype": "float64", "return_state": True, "return_sequences": True}

    assert judged(layer_for(right, case), case).findings == []
    for wrong in ({"go_backwards": True}, {"zero_output_for_mask": True}, {"recurrent_activation": "hard_sigmoid"}):
        assert judged(layer_for({**right, **wrong}, case), case).findings


JUNK = (
    None,
    True,
    0,
    1,
    -1,
    2,
    0.5,
    1.5,
    float("nan"),
    "a",
    "tanh",
    "zeros",
    [],
    {},
    (1, 2),
    b"b",
    1j,
    "mixed_float16",
)
OWN = {"units", "use_bias", "dropout", "recurrent_dropout", "reset_after", "use_cudnn", "reset_gate", "implementation"}
OWN |= {
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "zero_output_for_mask",
    "jit",
    "recompute",
    "use_native",
}
NAMES = sorted(set(inspect.signature(tf_gru.GRU.__init__).parameters) - {"self", "kwargs"} | {"dtype", "trainable"})


def refused(function):
    """The result of a function and None; or None and the exception."""
    try:
        return function(), None
    except (ValueError, TypeError) as error:
        return None, str(error)


@settings(FUZZ, max_examples=300)
@given(st.sampled_from(NAMES), st.sampled_from(JUNK))
def test_any_argument_of_the_constructor_is_kept_or_refused(name, junk):
    """An accepted argument is in the configuration unchanged, and works; any other raises an error that names it."""
    layer, error = refused(lambda: tf_gru.GRU(**{"units": 2, name: junk}))
    if error is not None:
        assert name in error or name not in OWN
        return
    config = layer.get_config()
    if name in OWN and (name, junk) != ("reset_after", None):  # None stands for True
        assert type(config[name]) is type(junk) or "dropout" in name
        assert config[name] == junk

    output, error = refused(lambda: layer(np.ones((2, 3, 2), "float32"), training=True))

    assert error is None or name in error or name not in OWN  # use_cudnn=True is refused where there is no GPU
    assert error is not None or np.isfinite(tf.cast(tf.nest.flatten(output)[0], "float64")).all()


SHAPES = {
    "inputs": (2, 3, 4),
    "mask": (2, 3),
    "lengths": (2,),
    "initial_state": (2, 5),
    "dropout_mask": (2, 4),
    "recurrent_dropout_mask": (2, 5),
}
APART = {"dropout_mask": (3, 2, 4), "recurrent_dropout_mask": (3, 2, 5)}
shapes = st.lists(st.integers(0, 5), max_size=4).map(tuple)


@pytest.fixture(scope="module")
def built():
    layer = tf_gru.GRU(5)
    layer.build(SHAPES["inputs"])
    return layer


@settings(FUZZ, max_examples=150)
@given(st.sampled_from(list(SHAPES)), shapes, st.sampled_from(["float32", "int32", "bool", "complex64", "str"]))
def test_any_call_is_answered_or_refused(built, name, shape, dtype):
    """Nothing is broadcast, cut or cast in a way that changes its meaning: an argument has its shape and kind."""
    given = {"inputs": np.ones(SHAPES["inputs"], "float32"), name: np.ones(shape, dtype)}
    kinds = {"lengths": {"int32"}, "mask": {"bool", "int32", "float32"}}.get(name, {"float32", "int32", "bool"})
    right = shape in (SHAPES[name], APART.get(name)) and dtype in kinds
    if name == "inputs":
        right = len(shape) == 3 and shape[2] == 4 and dtype in kinds

    output, error = refused(lambda: built(given.pop("inputs"), **given))

    assert (error is None) == right, error
    assert error is not None or np.isfinite(output).all()

"""The native kernel as TensorFlow's op: refusals, kept tensors, derivatives, and graphs that must not contain it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from tests.tf_gru.test_kernels import MASKS, RESETS, cancelling
from tf_gru import GRU, gru, native
from tf_gru.kernels import chosen
from tf_gru.kernels import native as kernel

pytestmark = pytest.mark.skipif(not native.PATH.exists(), reason="tf_gru was installed without a native kernel")

BATCH, TIME, INPUT_DIM, UNITS = 3, 6, 4, 5
DRAW = np.random.default_rng(0)


def floats(*shape):
    return tf.constant(DRAW.standard_normal(shape))


INPUTS, START = floats(BATCH, TIME, INPUT_DIM), floats(BATCH, UNITS)
WEIGHTS = [floats(INPUT_DIM, 3 * UNITS), floats(UNITS, 3 * UNITS), floats(2, 3 * UNITS)]


def raw(**others):
    """The arguments of the op, with some replaced."""
    return {
        "inputs": INPUTS,
        "start": START,
        "kernel": WEIGHTS[0],
        "recurrent_kernel": WEIGHTS[1],
        "bias": WEIGHTS[2][0],
        "bias_h": WEIGHTS[2][1],
        "valid": tf.zeros(0, tf.bool),
        "guard": kernel._guard().handle,
        "reset": "after",
        "reverse": False,
        "zero": False,
        **others,
    }


def refused(op, arguments, message):
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=message):
        op(**arguments)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"inputs": INPUTS[0]}, r"inputs has shape \(6, 4\), but must be \(\?, \?, \?\)"),
        ({"inputs": INPUTS[:, :, :0]}, "input_dim is 0 and units is 5, but both must be 1 or more"),
        ({"start": START[0]}, r"start has shape \(5,\), but must be \(3, 5\)"),
        ({"start": START[:2]}, r"start has shape \(2, 5\), but must be \(3, 5\)"),
        ({"kernel": WEIGHTS[0][:3]}, r"kernel has shape \(3, 15\), but must be \(4, 15\)"),
        ({"recurrent_kernel": WEIGHTS[1][:, :14]}, r"recurrent_kernel has shape \(5, 14\), but must be \(5, 15\)"),
        ({"recurrent_kernel": WEIGHTS[1][0]}, r"recurrent_kernel has shape \(15,\), but must be \(\?, \?\)"),
        ({"bias": WEIGHTS[2][0, :14]}, r"bias has shape \(14,\), but must be \(15,\)"),
        ({"bias_h": WEIGHTS[2]}, r"bias_h has shape \(2, 15\), but must be \(15,\)"),
        ({"valid": tf.ones((BATCH, TIME + 1), tf.bool)}, r"valid has shape \(3, 7\), but must be \(3, 6\)"),
        ({"reset": "before"}, "bias_h is given, but only reset 'after' has one: leave it empty"),
        ({"reset": "never"}, "never"),
    ],
)
def test_a_raw_op_used_wrongly_is_an_error_in_words(others, message):
    refused(native.library().ops.tf_gru, raw(**others), message)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"outputs": INPUTS}, r"outputs has shape \(3, 6, 4\), but must be \(3, 6, 5\)"),
        ({"kept": floats(7)}, r"kept has shape \(7,\), but must be \(360,\)"),
        ({"d_outputs": START}, r"d_outputs has shape \(3, 5\), but must be \(3, 6, 5\)"),
        ({"d_final_state": START[:1]}, r"d_final_state has shape \(1, 5\), but must be \(3, 5\)"),
        ({"start": START[:2]}, r"start has shape \(2, 5\), but must be \(3, 5\)"),
    ],
)
def test_its_derivative_refuses_the_same_and_its_own(others, message):
    outputs, final_state, kept = native.library().ops.tf_gru(**raw(keep=True))
    own = {"outputs": outputs, "kept": kept, "d_outputs": outputs, "d_final_state": final_state}

    native.library().ops.tf_gru_backward(**raw(**own))
    refused(native.library().ops.tf_gru_backward, raw(**own) | others, message)


def test_a_graph_knows_the_shapes():
    results, shapes = [], lambda results: [each.shape.as_list() for each in results]

    @tf.function(input_signature=[tf.TensorSpec((None, 7, INPUT_DIM), tf.float64)])
    def traced(inputs):
        results[:] = native.library().ops.tf_gru(**raw(inputs=inputs, start=tf.zeros((2, UNITS), tf.float64)))
        return results[0]

    traced.get_concrete_function()

    assert shapes(results[:2]) == [[None, 7, UNITS], [2, UNITS]]
    assert results[2].shape.rank is None or results[2].shape.as_list() == [None]


def kept_by(function):
    """True if the ops of a function, as it runs now, keep their gates."""
    return [node.attr["keep"].b for node in function.graph.as_graph_def().node if node.op == "TfGru"]


@pytest.mark.parametrize("recompute", [False, True])
def test_gates_are_kept_for_a_derivative_alone(recompute):
    function = tf.function(lambda inputs: gru(inputs, *WEIGHTS, recompute=recompute), autograph=False)
    concrete = function.get_concrete_function(INPUTS)
    inference = kept_by(concrete)
    with tf.GradientTape() as tape:
        tape.watch(INPUTS)
        results = function(INPUTS)
    outside = tape.gradient(results, INPUTS)
    with tf.GradientTape() as tape:
        tape.watch(INPUTS)
        results = gru(INPUTS, *WEIGHTS, recompute=recompute)
    eager = tape.gradient(results, INPUTS)

    assert inference == [False]
    assert kept_by(concrete) == [not recompute]
    np.testing.assert_array_equal(outside, eager)


def test_an_eager_call_without_a_tape_keeps_nothing(monkeypatch):
    sizes, op = [], native.library().ops.tf_gru
    ops = type(
        "Ops", (), {"tf_gru": staticmethod(lambda **given: sizes.append((made := op(**given))[2].shape) or made)}
    )
    monkeypatch.setattr(native, "library", lambda: native.Library(ops, None, ""))

    gru(INPUTS, *WEIGHTS)
    with tf.GradientTape() as tape:
        tape.watch(WEIGHTS[0])
        gru(INPUTS, *WEIGHTS)

    assert sizes == [(0,), (4 * BATCH * TIME * UNITS,)]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("reset", RESETS)
def test_second_derivatives_that_nobody_could_see_are_the_general_kernels(exact, reset, mask):
    """An outer tape differentiates a function around the op, by every argument and cotangent, in exact numbers."""
    arguments, options = cancelling(reset), {"reset": reset, "mask": MASKS[mask], "masked_outputs": "zero"}

    def curvature(function):
        with tf.GradientTape() as outer:
            outer.watch(arguments)
            with tf.GradientTape() as inner:
                inner.watch(arguments)
                outputs, final_state = function(*arguments)
                loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(final_state**2)
            slopes = inner.gradient(loss, arguments)
            bent = tf.add_n([tf.reduce_sum(each) for each in slopes])
        return [each.numpy() for each in outer.gradient(bent, arguments)]

    def run(inputs, start, *weights, **how):
        return gru(inputs, *weights, initial_state=start, **options, **how)

    expected = curvature(lambda *given: run(*given, fused=False))
    found = curvature(tf.function(lambda *given: run(*given, use_native=True), autograph=False))

    assert all(each.any() for each in expected)
    exact.equal(expected, found)


@pytest.mark.parametrize("reset", RESETS)
def test_forward_mode_that_nobody_could_see_is_the_general_kernels(exact, reset):
    """The function was traced before. The derivative of the derivative is exact here too."""
    arguments = cancelling(reset)

    def tangents(function):
        with tf.autodiff.ForwardAccumulator(arguments, [tf.ones_like(each) for each in arguments]) as accumulator:
            results = function(*arguments)
        return [accumulator.jvp(each).numpy() for each in results]

    def run(inputs, start, *weights, **how):
        return gru(inputs, *weights, initial_state=start, reset=reset, **how)

    expected = tangents(lambda *given: run(*given, fused=False))
    function = tf.function(lambda *given: run(*given, use_native=True), autograph=False)
    function(*arguments)

    assert all(each.any() for each in expected)
    exact.equal(expected, tangents(function))


def test_forward_mode_of_the_op_itself_is_the_general_kernels(exact):
    inputs, start, kernel_, recurrent_kernel, bias = cancelling("after")

    def tangent(function):
        with tf.autodiff.ForwardAccumulator(inputs, tf.ones_like(inputs)) as accumulator:
            results = function()
        return accumulator.jvp(results[1]).numpy()

    own = raw(
        inputs=inputs, start=start, kernel=kernel_, recurrent_kernel=recurrent_kernel, bias=bias[0], bias_h=bias[1]
    )

    exact.equal(
        tangent(lambda: gru(inputs, kernel_, recurrent_kernel, bias, initial_state=start, fused=False)),
        tangent(lambda: native.library().ops.tf_gru(**own)),
    )


@pytest.mark.parametrize("signature", [None, [tf.TensorSpec((BATCH, TIME, INPUT_DIM), tf.float64)]])
def test_a_graph_with_the_op_is_not_saved_and_the_error_gives_advice(tmp_path, signature):
    """If the choice of kernels could not see the export, a variable that the op reads belongs to no model."""
    module = tf.Module()
    module.run = tf.function(lambda inputs: native.library().ops.tf_gru(**raw(inputs=inputs))[0], signature)
    module.run.get_concrete_function(tf.TensorSpec((BATCH, TIME, INPUT_DIM), tf.float64))

    with pytest.raises((AssertionError, KeyError), match="give_the_layer_use_native_False"):
        tf.saved_model.save(module, str(tmp_path))


def test_an_exported_model_runs_where_the_package_is_not(tmp_path):
    inputs = keras.Input((None, INPUT_DIM))
    model = keras.Model(inputs, GRU(UNITS, return_sequences=True)(inputs))
    x = np.asarray(INPUTS, "float32")
    assert [each.kernel for each in chosen(model, x)] == ["native"]
    model.export(tmp_path / "model", verbose=False)
    np.save(tmp_path / "x.npy", x)
    program = (
        "import sys, numpy as np, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1] + '/model')\n"
        "np.save(sys.argv[1] + '/y.npy', model.serve(np.load(sys.argv[1] + '/x.npy')))\n"
        "assert 'tf_gru' not in sys.modules\n"
    )

    run = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=tmp_path, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr[-2000:]
    y = np.load(tmp_path / "y.npy")
    assert y.shape == (BATCH, TIME, UNITS) and np.isfinite(y).all() and y.any()


def test_a_function_traced_for_itself_fails_within_xla_and_traced_there_it_runs():
    inner = tf.function(lambda inputs: gru(inputs, *WEIGHTS)[0], autograph=False)
    inner(INPUTS)
    outer = tf.function(lambda inputs: gru(inputs, *WEIGHTS)[0], autograph=False, jit_compile=True)

    assert np.isfinite(outer(INPUTS)).all()
    assert [each.kernel for each in chosen(tf.function(lambda: outer(INPUTS[:2])))] == ["compiled"]


def test_an_environment_variable_that_names_no_instruction_set_is_refused():
    program = "import tf_gru, numpy as np; tf_gru.gru(np.zeros((1, 1, 1)), np.zeros((1, 3)), np.zeros((1, 3)))"
    environment = {**os.environ, "TF_GRU_ISA": "mmx"}

    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)

    assert run.returncode == 1
    assert re.search("ValueError: TF_GRU_ISA is 'mmx', but: TF_GRU_ISA must be avx512, avx2 or portable", run.stderr)


def test_the_library_is_where_a_compiler_is():
    """The wheel of this checkout contains it, so no other test here may skip."""
    assert Path(tf_gru.__file__).with_name("native").joinpath("libtf_gru.so").exists()
    assert native.missing() is None


@pytest.mark.parametrize("units", [3, 5, 2])
def test_second_derivatives_of_layers_of_several_sizes_in_one_process(units):
    """A function that is traced again for other sizes must not lose the weights' sizes."""
    weights = [tf.ones((2, 3 * units)) / 8, tf.ones((units, 3 * units)) / 8, tf.ones((2, 3 * units)) / 8]
    x = tf.ones((2, 4, 2))

    def curvature(**how):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                result = function(how)(x)[0]
            (first,) = inner.gradient(result, [x])
        return outer.gradient(first, x)

    def function(how):
        return tf.function(lambda given: gru(given, *weights, **how), autograph=False)

    assert curvature(use_native=True).shape == curvature(fused=False).shape == x.shape

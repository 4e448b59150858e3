"""cuDNN's kernel without a GPU: the weights' order, the calls that get the op, and the code around it.

The op has no CPU kernel. Tests look for it in graphs. For numbers, `documented` replaces it: it follows cuDNN's
documentation for one row of weights, and leaves NaN wherever the documentation promises nothing.
"""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from conformance.adapters import load
from conformance.adapters.keras_layers import KerasLayers
from conformance.adapters.tf_gru import build, call_arguments, capabilities
from conformance.adapters.tf_gru_cudnn import arithmetic
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import PROFILES, judge
from conformance.checks.verdict import PASS
from tests.conformance.profiles import OWN_OR_ALL
from tf_gru import gru
from tf_gru.kernels import cudnn, facts
from tf_gru.kernels.recurrence import Weights

BATCH, TIME, INPUT_DIM, UNITS = 3, 4, 2, 5
DRAW = np.random.default_rng(3)
INPUTS = tf.constant(DRAW.standard_normal((BATCH, TIME, INPUT_DIM)))
W, U, B = (DRAW.standard_normal(shape) for shape in ((INPUT_DIM, 3 * UNITS), (UNITS, 3 * UNITS), (2, 3 * UNITS)))
ORDER = [(matrix, gate) for matrix in ("W", "U") for gate in "rzn"]
HOLES = np.array([[1, 0, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0]], bool)


def decoded(params, input_dim, units):
    """The matrices (units, width) and biases of each gate, read from a buffer from its start to its end."""
    found, at = {}, 0
    for matrix, gate in ORDER:
        width = input_dim if matrix == "W" else units
        found[matrix, gate] = params[at : at + units * width].reshape(units, width)
        at += units * width
    for side in ("b_x", "b_h"):
        for gate in "rzn":
            found[side, gate] = params[at : at + units]
            at += units
    assert at == len(params)
    return found


def equal_gates(params, W, U, B):
    """True if a buffer holds these weights of Keras."""
    input_dim, units = W.shape[0], U.shape[0]
    found = decoded(np.asarray(params), input_dim, units)
    for number, gate in enumerate("zrn"):
        part = slice(number * units, (number + 1) * units)
        expected = {"W": W[:, part].T, "U": U[:, part].T, "b_x": B[0, part], "b_h": B[1, part]}
        if any((found[name, gate] != array).any() for name, array in expected.items()):
            return False
    return True


def packed(W, U, B):
    return cudnn.packed(Weights(*map(tf.constant, (W, U, B[0], B[1])))).numpy()


@pytest.mark.parametrize("input_dim", [INPUT_DIM, UNITS])
def test_the_weights_are_packed_as_documented(input_dim):
    W = DRAW.standard_normal((input_dim, 3 * UNITS))

    assert equal_gates(packed(W, U, B), W, U, B)


@pytest.mark.parametrize("hot", range(12))
def test_each_gate_has_its_place(hot):
    """All numbers are zero except one gate of one of W, U and the two biases, where all numbers differ."""
    arrays = [np.zeros_like(array) for array in (W, U, B[0], B[1])]
    part = slice(hot % 3 * UNITS, (hot % 3 + 1) * UNITS)
    chosen = arrays[hot // 3][..., part]
    chosen[...] = np.arange(1, chosen.size + 1).reshape(chosen.shape)
    b_x, b_h = arrays[2:]

    buffer = packed(*arrays[:2], np.stack([b_x, b_h]))

    assert np.count_nonzero(buffer) == chosen.size
    assert equal_gates(buffer, *arrays[:2], np.stack([b_x, b_h]))


def gates_as_in_keras(monkeypatch):
    monkeypatch.setattr(cudnn, "_of_cudnn", lambda fused: tf.split(fused, 3, axis=-1))


def not_transposed(monkeypatch):
    monkeypatch.setattr(tf, "transpose", tf.identity)


def biases_exchanged(monkeypatch):
    monkeypatch.setattr(cudnn, "packed", partial(exchanged, cudnn.packed))


def exchanged(right, weights):
    return right(weights._replace(b_x=weights.b_h, b_h=weights.b_x))


@pytest.mark.parametrize("break_it", [gates_as_in_keras, not_transposed, biases_exchanged])
def test_another_order_would_be_seen(monkeypatch, break_it):
    square = DRAW.standard_normal((UNITS, 3 * UNITS))
    break_it(monkeypatch)

    assert not equal_gates(packed(square, U, B), square, U, B)


def test_no_bias_is_zeros():
    buffer = cudnn.packed(Weights(tf.constant(W), tf.constant(U))).numpy()

    assert equal_gates(buffer, W, U, np.zeros_like(B))


@pytest.mark.parametrize(
    ("valid", "fitting"),
    [
        ([[1, 1, 1], [1, 1, 1]], True),
        ([[1, 1, 0], [1, 0, 0]], True),
        ([[1]], True),
        ([[1, 0, 1], [1, 1, 1]], False),  # a hole
        ([[1, 1, 1], [0, 1, 1]], False),  # padded on the left
        ([[1, 1, 1], [0, 0, 0]], False),  # a row without a step
        ([[0]], False),
        (np.ones((2, 0)), False),
        (np.ones((0, 2)), False),
    ],
)
@pytest.mark.parametrize("traced", [False, True])
def test_which_rows_fit_is_seen_by_their_values(valid, fitting, traced):
    valid = tf.constant(np.array(valid, bool))
    inputs = tf.zeros((*valid.shape, INPUT_DIM))
    function = tf.function(cudnn.fits, input_signature=[tf.TensorSpec((None, None, 2)), tf.TensorSpec(None, tf.bool)])

    assert bool(function(inputs, valid) if traced else cudnn.fits(inputs, valid)) == fitting


@pytest.mark.parametrize(("sizes", "fitting"), [((2, 3), True), ((0, 3), False), ((2, 0), False)])
@pytest.mark.parametrize("traced", [False, True])
def test_without_a_mask_the_sizes_decide(sizes, fitting, traced):
    inputs = tf.zeros((*sizes, INPUT_DIM))
    function = tf.function(lambda x: cudnn.fits(x, None), input_signature=[tf.TensorSpec((None, None, 2))])

    assert bool(function(inputs) if traced else cudnn.fits(inputs, None)) == fitting


@pytest.fixture
def gpu(monkeypatch):
    """Make the choice see a GPU."""
    monkeypatch.setattr(facts, "gpu_is_visible", lambda: True)


def operators(function):
    """The types of all operators in a traced function and in the functions that it calls."""
    graph = function.get_concrete_function().graph.as_graph_def()
    calls = [node for called in graph.library.function for node in called.node_def]
    return [node.op for node in graph.node], [node.op for node in calls]


def traced(inputs=INPUTS, dtype="float64", bias=B, **options):
    def call():
        given = [None if array is None else tf.cast(array, dtype) for array in (inputs, W, U, bias)]
        return gru(*given, **options)

    return tf.function(call, autograph=False)


def holding(traced_function, op="CudnnRNNV3"):
    top, below = operators(traced_function)
    return top.count(op), below.count(op)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_cudnn": True},
        {"jit": False},
        {"reverse": True},
        {"initial_state": np.ones((BATCH, UNITS))},
        {"activation": tf.tanh, "recurrent_activation": tf.sigmoid},
        {"dtype": "float16"},
        {"dtype": "float32"},
        {"bias": None},
    ],
)
@pytest.mark.usefixtures("gpu")
def test_where_it_can_run_the_op_is_in_the_graph(options):
    assert holding(traced(**options)) == (1, 0)


@pytest.mark.parametrize("given", [{"mask": HOLES}, {"lengths": [4, 1, 2]}])
@pytest.mark.usefixtures("gpu")
def test_a_mask_is_looked_at_when_the_graph_runs(given):
    """The op is in one branch, another kernel in the other."""
    function = traced(**given)

    assert holding(function) == (0, 1)
    assert "If" in operators(function)[0] or "StatelessIf" in operators(function)[0]
    assert "While" in operators(function)[1] or "StatelessWhile" in operators(function)[1]


ELSEWHERE = {
    "reset='before'": {"reset": "before", "bias": B[0]},
    "activations other than tanh and sigmoid": {"activation": "relu"},
    "dropout masks": {"dropout_mask": np.ones((BATCH, INPUT_DIM))},
    "unroll=True": {"unroll": True},
    "a product for each gate": {"fused": False},
    "jit=True": {"jit": True},
    "recompute=True": {"recompute": True},
    "bfloat16": {"dtype": "bfloat16"},
}


@pytest.mark.parametrize("words", ELSEWHERE)
@pytest.mark.usefixtures("gpu")
def test_where_it_cannot_run_the_op_is_not_in_the_graph_and_insisting_is_refused(words):
    options = ELSEWHERE[words]

    assert holding(traced(**options)) == (0, 0)
    with pytest.raises(ValueError, match=f"use_cudnn is True, but cuDNN's kernel does not go with {words}.*: use_cudn"):
        traced(**options, use_cudnn=True).get_concrete_function()


def test_without_a_gpu_the_op_is_not_there_and_insisting_is_refused():
    assert holding(traced()) == (0, 0)
    with pytest.raises(ValueError, match="use_cudnn is True, but TensorFlow sees no NVIDIA GPU: use_cudnn='auto' runs"):
        gru(INPUTS, W, U, B, use_cudnn=True)


@pytest.mark.usefixtures("gpu")
def test_use_cudnn_false_never_takes_it():
    assert holding(traced(use_cudnn=False)) == (0, 0)
    with pytest.raises(ValueError, match="use_cudnn is 1, but must be one of 'auto', True, False"):
        gru(INPUTS, W, U, B, use_cudnn=1)


@pytest.mark.usefixtures("gpu")
def test_a_call_that_is_placed_on_another_device_stays_there():
    with tf.device("CPU:0"):
        assert holding(traced()) == (0, 0)
        with pytest.raises(ValueError, match="the call is placed on a CPU"):
            gru(INPUTS, W, U, B, use_cudnn=True)


@pytest.mark.usefixtures("gpu")
def test_code_compiled_by_xla_does_not_contain_the_op():
    """This also holds if the function is only part of the compiled code."""
    inner = traced()
    outer = tf.function(lambda: inner(), jit_compile=True, autograph=False)

    assert holding(outer) == (0, 0)
    assert np.isfinite(outer()[0]).all()
    insisting = tf.function(lambda: gru(INPUTS, W, U, B, use_cudnn=True), jit_compile=True, autograph=False)
    with pytest.raises(ValueError, match="XLA, which has no such op, compiles the caller"):
        insisting()


@pytest.mark.usefixtures("gpu")
def test_derivatives_that_it_does_not_have_are_seen():
    def twice(**options):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(INPUTS)
            return gru(INPUTS, W, U, B, **options)[1]

    def forward(**options):
        with tf.autodiff.ForwardAccumulator(INPUTS, INPUTS):
            return gru(INPUTS, W, U, B, **options)[1]

    for run, words in ((twice, "second derivative"), (forward, "forward mode")):
        assert holding(tf.function(run, autograph=False)) == (0, 0)
        with pytest.raises(ValueError, match=f"cuDNN's kernel does not go with the {words}"):
            run(use_cudnn=True)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("given", [{}, {"mask": HOLES}])
def test_a_training_graph_holds_the_ops_own_gradient(given):
    def gradient():
        with tf.GradientTape() as tape:
            tape.watch(INPUTS)
            outputs, _ = gru(INPUTS, W, U, B, **given)
        return tape.gradient(outputs, INPUTS)

    assert sum(holding(tf.function(gradient, autograph=False), "CudnnRNNBackpropV3")) == 1


def documented(x, h, params, lengths):
    """The computation according to cuDNN's documentation; NaN past a row's length, in the outputs and the inputs'
    gradient.
    """
    input_dim, units = x.shape[-1], h.shape[-1]
    sizes = [units * width for width in (input_dim,) * 3 + (units,) * 3 + (1,) * 6]
    parts = [tf.reshape(part, (units, -1)) for part in tf.split(params, sizes)]
    W_r, W_z, W_n, U_r, U_z, U_n = parts[:6]
    b_r, b_z, b_n, c_r, c_z, c_n = (part[:, 0] for part in parts[6:])
    time = tf.shape(x)[1]
    legal = (lengths >= 1) & (lengths <= time)
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(legal) & (tf.size(lengths) > 0), [lengths])]):
        valid = tf.sequence_mask(lengths, time)[:, :, None]

    @tf.custom_gradient
    def spoilt_beyond(x):
        return x, lambda dx: tf.where(valid, dx, np.nan)

    def step(h, at):
        x, counts = at
        r = tf.sigmoid(mapped(W_r, x) + b_r + mapped(U_r, h) + c_r)
        z = tf.sigmoid(mapped(W_z, x) + b_z + mapped(U_z, h) + c_z)
        n = tf.tanh(mapped(W_n, x) + b_n + r * (mapped(U_n, h) + c_n))
        return tf.where(counts, (1 - z) * n + z * h, h)

    times = [tf.transpose(each, (1, 0, 2)) for each in (spoilt_beyond(x), valid)]
    states = tf.transpose(tf.scan(step, times, h), (1, 0, 2))
    return tf.where(valid, states, np.nan), states[:, -1]


def mapped(matrix, rows):
    return tf.matmul(rows, matrix, transpose_b=True)


@pytest.fixture
def calls(monkeypatch):
    """The number of calls of the op (in a graph: traces); `documented` replaces it."""
    made = []

    def counted(*arguments):
        made.append(arguments)
        return documented(*arguments)

    monkeypatch.setattr(facts, "gpu_is_visible", lambda: True)
    monkeypatch.setattr(cudnn, "op", counted)
    return made


def subject(path, **options):
    claims = capabilities("eager", resets=("after",), zero_time=True)
    return KerasLayers(path, partial(build, use_cudnn=True, **options), call_arguments, claims, ())


def verdicts(path, clauses, profile=PROFILES["dev"]):
    gru = subject(path)
    return [judge(gru, BY_CLAUSE[clause], "float64", profile) for clause in clauses]


CLAUSES = (
    "step-after", "final-state", "initial-state-none", "time-zero", "batch-zero", "lengths", "length-zero", "masks",
    "masked-outputs", "padding-unread", "reverse", "reverse-masked", "bidirectional-masked", "gradients",
    "gradients-masked", "masked-gradient", "padding-gradient",
)  # fmt: skip
IN_GRAPHS = ("lengths", "padding-gradient")


@OWN_OR_ALL
@pytest.mark.parametrize(("path", "clauses"), [("eager", CLAUSES), ("graph", IN_GRAPHS)])
def test_every_clause_holds_around_the_op(calls, path, clauses, profile):
    found = verdicts(path, clauses, profile)

    assert {verdict.clause: verdict.reason for verdict in found if verdict.kind != PASS} == {}
    assert len(calls) > 1


def unmasked_outputs(monkeypatch):
    """Return the op's outputs past the end unchanged."""
    run = cudnn.run
    monkeypatch.setattr(cudnn, "op", lambda *arguments: zeros_for_nan(documented(*arguments)))
    monkeypatch.setattr(
        cudnn, "run", lambda *arguments, **options: run(*arguments, **options | {"masked_outputs": "zero"})
    )


def zeros_for_nan(results):
    return [tf.where(tf.math.is_nan(result), tf.zeros_like(result), result) for result in results]


def reversed_with_padding(monkeypatch):
    monkeypatch.setattr(tf, "reverse_sequence", lambda values, *_, **__: tf.reverse(values, [1]))


def holes_taken(monkeypatch):
    monkeypatch.setattr(cudnn, "fits", lambda *_: True)


@pytest.mark.parametrize(
    ("break_it", "clause"),
    [
        (gates_as_in_keras, "step-after"),
        (biases_exchanged, "step-after"),
        (unmasked_outputs, "masked-outputs"),
        (reversed_with_padding, "reverse-masked"),
        (holes_taken, "masks"),
    ],
)
def test_a_mistake_around_the_op_is_caught(calls, monkeypatch, break_it, clause):
    break_it(monkeypatch)

    assert [verdict.kind for verdict in verdicts("eager", [clause])] != [PASS]
    assert calls or break_it is unmasked_outputs


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize(("mask", "taken"), [(np.arange(TIME) < np.array([[4], [1], [2]]), True), (HOLES, False)])
@pytest.mark.usefixtures("calls")
def test_each_call_looks_at_its_mask(monkeypatch, mode, mask, taken):
    """The op's outputs are marked, eagerly and by one graph for both masks."""
    monkeypatch.setattr(cudnn, "op", lambda *arguments: [7 + part for part in documented(*arguments)])
    call = lambda mask: gru(INPUTS, W, U, B, mask=mask)[1]  # noqa: E731
    if mode == "graph":
        call = tf.function(call, input_signature=[tf.TensorSpec((None, None), tf.bool)])

    assert (call(tf.constant(mask)).numpy() > 1).all() == taken


@pytest.mark.usefixtures("calls")
def test_a_second_derivative_that_cannot_be_seen_is_refused_in_words():
    function = tf.function(lambda inputs: gru(inputs, W, U, B)[1], autograph=False)

    with tf.GradientTape() as tape:
        tape.watch(INPUTS)
        final_state = function(INPUTS)
    slope = tape.gradient(final_state, INPUTS)

    assert np.isfinite(slope).all() and np.any(slope)
    with pytest.raises(tf.errors.InvalidArgumentError, match="the kernel of cuDNN can be differentiated once"):
        curvature(function)


@pytest.mark.usefixtures("calls")
def test_a_model_with_it_is_exported(tmp_path):
    """An export also traces second derivatives, so refusing them there would end it."""
    model = keras.Sequential([keras.Input((TIME, INPUT_DIM), dtype="float64"), tf_gru.GRU(UNITS, dtype="float64")])
    model.export(tmp_path, verbose=False)
    served = tf.saved_model.load(tmp_path)
    np.testing.assert_array_equal(served.serve(INPUTS), model(INPUTS))


def curvature(function):
    with tf.GradientTape() as outer:
        outer.watch(INPUTS)
        with tf.GradientTape() as inner:
            inner.watch(INPUTS)
            results = function(INPUTS)
        slope = inner.gradient(results, INPUTS)
    return outer.gradient(slope, INPUTS)


@pytest.mark.usefixtures("gpu")
def test_keras_leaves_a_model_with_it_uncompiled(monkeypatch):
    """Otherwise fit would compile the whole model by XLA, and never use the op."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [SimpleNamespace(device_type="GPU")])
    models = {
        use: keras.Sequential([keras.Input((TIME, INPUT_DIM)), tf_gru.BiGRU(UNITS, use_cudnn=use)])
        for use in ("auto", True, False)
    }
    for model in models.values():
        model.compile(jit_compile="auto")

    assert [model.jit_compile for model in models.values()] == [False, False, True]


@pytest.mark.parametrize("use", ["auto", True, False])
def test_the_configuration_keeps_it(use):
    layer = tf_gru.GRU(UNITS, use_cudnn=use)

    assert tf_gru.GRU.from_config(layer.get_config()).use_cudnn == use
    assert layer.supports_jit


def test_the_readme_says_whether_it_was_verified():
    """It must say so until a run on a GPU is on record."""
    root = Path(__file__).parents[2]

    assert ("GPU: not verified" in (root / "README.md").read_text()) != (root / "docs/records/gpu.txt").exists()


def test_the_subject_declares_nothing_without_a_gpu():
    declared = load("tf_gru:cudnn").capabilities

    assert not declared.arithmetic
    assert declared.because["float32"] == declared.because["float64"] == "TensorFlow sees no NVIDIA GPU"


@pytest.mark.parametrize(("tf32", "products"), [(True, "tf32"), (False, None)])
def test_its_claims_follow_the_switch_of_tf32(tf32, products):
    claims = arithmetic(tf32=tf32)

    assert (claims["float32"].products, claims["float64"].products) == (products, None)

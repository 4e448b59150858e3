"""The arguments that `gru` refuses, and its messages."""

import numpy as np
import pytest
import tensorflow as tf

from tf_gru import gru


@pytest.fixture
def valid(exact):
    """Arguments that are accepted."""
    names = ("kernel", "recurrent_kernel", "bias")
    return {
        "inputs": exact.inputs,
        **dict(zip(names, exact.weights("after"), strict=True)),
    }


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"reset": "v3"},
            ValueError,
            "reset is 'v3', but must be one of 'after', 'before', 'none'",
        ),
        (
            {"masked_outputs": 0},
            ValueError,
            "masked_outputs is 0, but must be one of 'carry', 'zero'",
        ),
        (
            {"reverse": "no"},
            ValueError,
            "reverse is 'no', but must be one of True, False",
        ),
        ({"unroll": 1}, ValueError, "unroll is 1, but must be one of True, False"),
        ({"fused": None}, ValueError, "fused is None, but must be one of True, False"),
        (
            {"inputs": np.zeros((5, 3, 2), int)},
            TypeError,
            "inputs has dtype int64, but must be one of float16",
        ),
        (
            {"inputs": np.zeros((5, 2))},
            ValueError,
            r"inputs has shape \(5, 2\), but must be \(batch, time, input_dim\)",
        ),
        (
            {"inputs": np.zeros((5, 3, 2), "f4")},
            TypeError,
            "has dtype float64, but must be float32: cast it first",
        ),
        (
            {"inputs": np.zeros((5, 3, 7))},
            ValueError,
            r"kernel has shape \(2, 12\), but must be \(7, 12\): units is 4",
        ),
        (
            {"kernel": np.zeros((2, 8))},
            ValueError,
            r"kernel has shape \(2, 8\), but must be \(2, 12\)",
        ),
        (
            {"recurrent_kernel": np.zeros((4, 8))},
            ValueError,
            r"recurrent_kernel has shape \(4, 8\), but must be \(4, 12\)",
        ),
        (
            {"reset": "none"},
            ValueError,
            r"must be \(4, 8\): reset='none' has the gates z, n side by side",
        ),
        (
            {"bias": np.zeros(12)},
            ValueError,
            r"bias has shape \(12,\), but must be \(2, 12\): .* a row for the inputs",
        ),
        (
            {"reset": "before"},
            ValueError,
            r"bias has shape \(2, 12\), but must be \(12,\): reset='before' has one row",
        ),
        (
            {"initial_state": np.zeros((1, 4))},
            ValueError,
            r"initial_state has shape \(1, 4\), but must be \(5, 4\)",
        ),
        (
            {"initial_state": np.zeros((5, 4), "f4")},
            TypeError,
            "initial_state has dtype float32, but must be float64",
        ),
        (
            {"mask": np.ones((3, 5), bool)},
            ValueError,
            r"mask has shape \(3, 5\), but must be \(5, 3\)",
        ),
        (
            {"mask": np.ones((5, 3))},
            TypeError,
            "mask has dtype float64, but must be bool",
        ),
        (
            {"lengths": np.full(5, 1.0)},
            TypeError,
            "lengths has dtype float64, but must be integers",
        ),
        (
            {"lengths": np.full(5, True)},
            TypeError,
            "lengths has dtype bool, but must be integers",
        ),
        (
            {"lengths": [1, 2]},
            ValueError,
            r"lengths has shape \(2,\), but must be \(5,\): one for each row",
        ),
        (
            {"lengths": [0, 1, 2, 3, 4]},
            ValueError,
            r"from 0 to time: lengths is \[0, 1, 2, 3, 4\], time is 3",
        ),
        ({"lengths": [0, 1, 2, 3, -1]}, ValueError, "from 0 to time: lengths is .*-1"),
        (
            {"lengths": np.full(5, 2), "mask": np.ones((5, 3), bool)},
            ValueError,
            "mask and lengths disagree",
        ),
        (
            {"dropout_mask": np.ones((5, 3))},
            ValueError,
            r"dropout_mask has shape \(5, 3\), but must be \(5, 2\)",
        ),
        (
            {"recurrent_dropout_mask": np.ones((2, 5, 4))},
            ValueError,
            r"has shape \(2, 5, 4\), but must be \(3, 5, 4\)",
        ),
    ],
)
def test_input_that_does_not_fit_is_named(valid, change, error, message):
    """Each message says what, got, expected, and if it helps what to do; eagerly and in a trace."""
    with pytest.raises(error, match=message):
        gru(**{**valid, **change})
    with pytest.raises(error, match=message):
        tf.function(lambda: gru(**{**valid, **change}))()


def test_unknown_time_is_not_unrolled(valid):
    """Unrolling needs a time known when the function is traced."""
    arguments = {name: valid[name] for name in ("kernel", "recurrent_kernel", "bias")}

    @tf.function(input_signature=[tf.TensorSpec((5, None, 2), tf.float64)])
    def function(inputs):
        return gru(inputs, **arguments, unroll=True)

    with pytest.raises(ValueError, match="unroll=True needs a statically known time"):
        function(valid["inputs"])


def test_weights_of_unknown_shape_are_refused(valid):
    """Units come from the recurrent kernel, so its shape must be known."""

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float64)])
    def function(recurrent_kernel):
        return gru(**{**valid, "recurrent_kernel": recurrent_kernel})

    with pytest.raises(ValueError, match="recurrent_kernel has an unknown shape"):
        function(valid["recurrent_kernel"])


@pytest.mark.parametrize("name", ["inputs", "kernel", "bias", "initial_state", "mask", "lengths"])
def test_other_inputs_of_unknown_shape_are_taken(valid, exact, name):
    """The sizes of other arguments determine its axes."""
    given = {**valid, "initial_state": exact.initial_state, **exact.linear}
    given |= {"lengths": np.array([3, 1, 0, 2, 3])} if name == "lengths" else {"mask": exact.mask}
    value = tf.constant(given[name])

    @tf.function(input_signature=[tf.TensorSpec(None, value.dtype)])
    def function(value):
        return gru(**{**given, name: value})

    exact.equal([a.numpy() for a in gru(**given)], [a.numpy() for a in function(value)])


@pytest.mark.parametrize(
    ("lengths", "mask", "message"),
    [
        ([3, 3, 3, 3, 4], None, "lengths must be from 0 to time"),
        ([3, 3, 3, 3, -1], None, "lengths must be from 0 to time"),
        ([3, 3, 3, 3], None, r"lengths is not \(batch,\)"),
        ([3, 3, 3, 3, 2], np.ones((5, 3), bool), "mask and lengths disagree"),
        (None, np.ones((1, 3), bool), r"mask is not \(batch, time\)"),
        (None, np.ones((5, 1), bool), r"mask is not \(batch, time\)"),
    ],
)
def test_a_graph_asserts_facts_that_tracing_could_not_see(valid, lengths, mask, message):
    """Values and sizes that a trace does not know are checked when the graph runs."""
    weights = {name: valid[name] for name in ("kernel", "recurrent_kernel", "bias")}

    @tf.function
    def function(inputs, lengths, mask):
        return gru(inputs, **weights, lengths=lengths, mask=mask)[1]

    specs = [
        tf.TensorSpec((None, None, 2), tf.float64),
        None if lengths is None else tf.TensorSpec((None,), tf.int32),
        None if mask is None else tf.TensorSpec((None, None), tf.bool),
    ]
    arguments = [
        tf.constant(valid["inputs"]),
        None if lengths is None else tf.constant(lengths, tf.int32),
        None if mask is None else tf.constant(mask),
    ]
    concrete = function.get_concrete_function(*specs)

    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        concrete(*[a for a in arguments if a is not None])


def test_a_state_for_one_row_is_not_broadcast_at_run_time(valid, exact):
    """A batch that is known only when the graph runs is checked too."""
    weights = {name: valid[name] for name in ("kernel", "recurrent_kernel", "bias")}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None, 2), tf.float64),
            tf.TensorSpec((None, 4), tf.float64),
        ]
    )
    def function(inputs, state):
        return gru(inputs, **weights, initial_state=state)[1]

    with pytest.raises(tf.errors.InvalidArgumentError):
        function(valid["inputs"], exact.initial_state[:1])


def test_lengths_known_in_a_trace_are_checked_there(valid):
    """Constant lengths out of range fail under XLA too, where assertions are dropped."""
    with pytest.raises(ValueError, match="lengths must be from 0 to time"):
        tf.function(lambda: gru(**valid, lengths=[0, 0, 0, 0, 4]), jit_compile=True)()


SIZES = [
    ("lengths", (1,), tf.int32),
    ("mask", (1, 3), tf.bool),
    ("mask", (5, 1), tf.bool),
    ("mask", (3, 5), tf.bool),
    ("initial_state", (1, 4), tf.float64),
    ("dropout_mask", (1, 2), tf.float64),
    ("dropout_mask", (5, 1), tf.float64),
    ("dropout_mask", (3, 1, 2), tf.float64),
    ("dropout_mask", (1, 5, 2), tf.float64),
    ("recurrent_dropout_mask", (1, 4), tf.float64),
    ("recurrent_dropout_mask", (3, 5, 1), tf.float64),
]


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(("name", "shape", "dtype"), SIZES)
def test_sizes_no_trace_knows_are_not_broadcast(valid, name, shape, dtype, jit):
    """A wrong size is asserted when a plain graph runs, and does not compile under XLA."""
    weights = {name: valid[name] for name in ("kernel", "recurrent_kernel", "bias")}

    @tf.function(
        jit_compile=jit,
        input_signature=[tf.TensorSpec((None, None, 2), tf.float64), tf.TensorSpec([None] * len(shape), dtype)],
    )
    def function(inputs, value):
        return gru(inputs, **weights, **{name: value})[1]

    with pytest.raises(tf.errors.InvalidArgumentError):
        function(valid["inputs"], tf.ones(shape, dtype))


@pytest.mark.parametrize("jit", [False, True])
def test_sizes_no_trace_knows_may_be_right(valid, exact, jit):
    """The results equal those for known sizes."""
    given = {
        "lengths": tf.constant([3, 1, 0, 2, 3]),
        "mask": tf.constant(exact.masks["right padded"]),
        "initial_state": tf.constant(exact.initial_state),
        "dropout_mask": tf.ones((5, 2), tf.float64),
        "recurrent_dropout_mask": tf.ones((3, 5, 4), tf.float64),
    }
    weights = {name: valid[name] for name in ("kernel", "recurrent_kernel", "bias")}
    expected = gru(**valid, **exact.linear, **given)

    signature = [
        tf.TensorSpec((None, None, 2), tf.float64),
        {name: tf.TensorSpec([None] * value.shape.rank, value.dtype) for name, value in given.items()},
    ]

    @tf.function(jit_compile=jit, input_signature=signature)
    def function(inputs, given):
        return gru(inputs, **weights, **exact.linear, **given)

    exact.equal([a.numpy() for a in expected], [a.numpy() for a in function(valid["inputs"], given)])


def test_a_dropout_mask_of_unknown_rank_is_refused(valid):
    """Two axes and three mean different things, so a trace must know which."""

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float64)])
    def function(scale):
        return gru(**valid, dropout_mask=scale)

    with pytest.raises(
        ValueError, match=r"dropout_mask has an unknown shape, but must have 2 or 3 axes: .* set its shape"
    ):
        function(np.ones((5, 2)))

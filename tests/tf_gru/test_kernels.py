"""All kernels on exact numbers: no two may differ in one bit, in values or gradients.

Inputs and states come in equal pairs and meet weights of opposite sign, and the candidate's two biases cancel: every
gate is sigma(0) = 1/2 and every candidate tanh(0) = 0, but no derivative is 0 for lack of an input, state or weight.
"""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager.polymorphic_function import polymorphic_function

from tf_gru import GRU, gru
from tf_gru.kernels import chunks, recurrence, traced

RESETS = ("after", "before", "none")
KERNELS = {
    "loop": {"use_native": False},
    "compiled": {"jit": True},
    "recompute": {"jit": True, "recompute": True},
    "native": {"use_native": True},
    "native, recompute": {"use_native": True, "recompute": True},
}
BATCH, TIME, INPUT_DIM, UNITS = 3, 4, 2, 4
MASKS = {
    "no mask": None,
    "holes": np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 1, 0]], bool),
    "right padded": np.arange(TIME) < np.array([4, 0, 2])[:, None],
}
MANY = [
    (kernel, reset, mask) for kernel in ("loop", "native", "native, recompute") for reset in RESETS for mask in MASKS
]
FEW = [("compiled", reset, "holes") for reset in RESETS] + [("recompute", "after", "no mask")]
EVERY = {**KERNELS, "autodiff": {"fused": False}}


def cancelling(reset, dtype="float64", time=TIME):
    """Inputs, initial state and weights."""
    draw, gates = np.random.default_rng(7), 2 if reset == "none" else 3

    def numbers(*shape):
        return draw.choice([-1.5, -1, -0.5, 0.5, 1, 1.5], shape)

    def rows(width):
        half = numbers(width // 2, gates * UNITS)
        return np.stack([half, -half], axis=1).reshape(width, -1)

    weights = [rows(INPUT_DIM), rows(UNITS)]
    if reset == "after":
        bias = numbers(2, 3 * UNITS)
        bias[0] = -bias[1]
        bias[0, -UNITS:] /= 2
        weights.append(bias)
    else:
        weights.append(np.zeros(gates * UNITS))
    start = np.repeat(numbers(BATCH, UNITS // 2), 2, axis=-1)
    inputs = np.repeat(numbers(BATCH, time, INPUT_DIM // 2), 2, axis=-1)
    return [tf.constant(array, dtype) for array in (inputs, start, *weights)]


def everything(arguments, **options):
    """Outputs, final state, and the gradients of a combination of them, as arrays."""
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        inputs, start, *weights = arguments
        outputs, final_state = gru(inputs, *weights, initial_state=start, **options)
        weighted = outputs * tf.reshape(tf.cast(tf.range(tf.size(outputs)) % 3 - 1, outputs.dtype), tf.shape(outputs))
        loss = tf.reduce_sum(weighted) + 2 * tf.reduce_sum(final_state)
    return [tensor.numpy() for tensor in (outputs, final_state, *tape.gradient(loss, arguments))]


@pytest.mark.parametrize(("reverse", "masked_outputs"), [(False, "carry"), (True, "zero")])
@pytest.mark.parametrize(("kernel", "reset", "mask"), MANY + FEW)
def test_each_kernel_gives_the_same_bits(exact, kernel, reset, mask, reverse, masked_outputs):
    arguments = cancelling(reset)
    options = {"reset": reset, "mask": MASKS[mask], "reverse": reverse, "masked_outputs": masked_outputs}

    expected = everything(arguments, **options, fused=False)
    actual = everything(arguments, **options, **KERNELS[kernel])

    assert all(gradient.any() for gradient in expected[2:-1])
    exact.equal(expected, actual)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_chunks_of_any_time_give_the_same_bits(exact, masked, reverse):
    """Either all chunks are full, or the last one begins with steps of the one before."""
    for time in (1, 2, 3, 5, 7):
        arguments = cancelling("after", time=time)
        mask = np.arange(BATCH * time).reshape(BATCH, time) % 3 != 1 if masked else None
        options = {"mask": mask, "reverse": reverse, "masked_outputs": "zero"}

        expected = everything(arguments, **options, use_native=False)
        actual = everything(arguments, **options, use_native=False, recompute=True)

        exact.equal(expected, actual)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("kernel", ["loop", "compiled"])
def test_each_format_is_kept(exact, kernel, dtype):
    arguments = cancelling("after", dtype)

    expected = everything(arguments, mask=MASKS["holes"], fused=False)
    actual = everything(arguments, mask=MASKS["holes"], **KERNELS[kernel])

    assert {array.dtype.name for array in actual} == {dtype}
    exact.equal(expected[:2], actual[:2])  # gradients are sums of more bits than the narrow formats have


@pytest.mark.parametrize("kernel", EVERY)
@pytest.mark.parametrize("reset", RESETS)
def test_padding_is_not_read(exact, reset, kernel):
    """The value of a masked input changes nothing, and its own gradient is 0."""
    arguments, mask = cancelling(reset), MASKS["holes"]
    padding = np.resize([np.nan, np.inf, -np.inf], arguments[0].shape)
    padded = [tf.where(mask[:, :, None], arguments[0], padding), *arguments[1:]]

    expected = everything(arguments, reset=reset, mask=mask, **EVERY[kernel])
    actual = everything(padded, reset=reset, mask=mask, **EVERY[kernel])

    exact.equal(expected, actual)
    assert not actual[2][~mask].any()


@pytest.mark.parametrize("kernel", EVERY)
@pytest.mark.parametrize("reset", RESETS)
def test_a_masked_row_copies_any_state(reset, kernel):
    """It copies bit for bit, NaN and minus zero too, with a gradient of the copied state, and none of the weights."""
    inputs, _, *weights = cancelling(reset)
    state = np.array([[np.nan, np.inf, -0.0, 1e300]] * BATCH)
    mask = np.zeros((BATCH, TIME), bool)

    _, final_state, _, state_gradient, *others = everything(
        [inputs, tf.constant(state), *weights], reset=reset, mask=mask, **EVERY[kernel]
    )

    assert final_state.tobytes() == state.tobytes()
    assert np.isfinite(state_gradient).all() and state_gradient.any()
    assert all(not gradient.any() for gradient in others)


@pytest.mark.parametrize("kernel", ["loop", "compiled", "native"])
@pytest.mark.parametrize("masked", [False, True])
def test_one_trace_serves_every_batch_and_time(exact, kernel, masked):
    """Sizes are unknown at the trace, and batch and time may be 0, also from a NaN state without a step that reads
    it.
    """
    _, start, *weights = cancelling("after")
    start = tf.where(tf.range(UNITS) > 2, start, np.nan)
    traces = []

    def function(inputs, start, mask=None):
        traces.append(inputs.shape)
        with tf.GradientTape() as tape:
            tape.watch([inputs, start, *weights])
            results = gru(inputs, *weights, initial_state=start, mask=mask, **KERNELS[kernel])
        return results, tape.gradient(results, [inputs, start, *weights])

    signature = [tf.TensorSpec(shape, tf.float64) for shape in ((None, None, INPUT_DIM), (None, UNITS))]
    signature += [tf.TensorSpec((None, None), tf.bool)] * masked
    dynamic = tf.function(function, input_signature=signature)

    for batch, time in ((2, 0), (0, 2), (2, 1)):
        inputs = tf.zeros((batch, time, INPUT_DIM), tf.float64)
        mask = [tf.zeros((batch, time), tf.bool)] * masked
        (outputs, final_state), gradients = dynamic(inputs, start[:batch], *mask)

        assert outputs.shape == (batch, time, UNITS)
        if time == 0 or masked:
            exact.equal(start[:batch].numpy(), final_state.numpy())
            assert not any(gradient.numpy().any() for gradient in gradients[2:])
    assert len(traces) == 1


def _calls(function, *arguments):
    """Rank and width of each result of each call to a kernel in a function's graph, and of its kept tensors."""
    graph = tf.function(function).get_concrete_function(*arguments).graph
    calls = [op.outputs for op in graph.get_operations() if "PartitionedCall" in op.type]
    return [[(each.shape.rank, each.shape[-1]) for each in outputs if each.shape.rank] for outputs in calls]


@pytest.mark.parametrize("kernel", ["loop", "compiled", "recompute"])
def test_only_training_keeps_anything(kernel):
    """Training also keeps tensors for the backward pass, without the gates' sides if they are computed again."""
    inputs, start, *weights = cancelling("after")

    def infer(inputs):
        return gru(inputs, *weights, initial_state=start, **KERNELS[kernel])

    def train(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            results = infer(inputs)
        return tape.gradient(results, inputs)

    results = [(3, UNITS), (2, UNITS)]

    assert _calls(infer, inputs) == [results]
    forward, _ = _calls(train, inputs)
    assert forward[:2] == results and len(forward) > 2
    assert forward.count((3, 3 * UNITS)) == (2 if kernel == "compiled" else 0)


def negated(function):
    """The function with the sign of its first result changed."""

    def broken(*arguments):
        first, *others = function(*arguments)
        return -first, *others

    return broken


@pytest.fixture
def untraced():
    """Drop all traces before and after the test, because it breaks them."""
    traced._function.cache_clear()
    yield
    traced._function.cache_clear()


@pytest.mark.usefixtures("untraced")
def test_a_second_trace_is_not_made(monkeypatch):
    """Another batch and another time use the same function, traced once."""
    functions, make = set(), traced._function
    monkeypatch.setattr(traced, "_function", lambda *key: functions.add(make(*key)) or make(*key))
    inputs, start, *weights = cancelling("before")

    for batch, time in ((1, 2), (3, 4), (2, 3)):
        gru(inputs[:batch, :time], *weights, reset="before", initial_state=start[:batch], use_native=False)

    (function,) = functions
    assert function.experimental_get_tracing_count() == 1


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("broken", ["retreat", "weight_gradients"])
def test_a_wrong_derivative_is_seen(exact, monkeypatch, reset, broken):
    variant = recurrence.VARIANTS[reset]
    monkeypatch.setattr(variant, broken, negated(getattr(variant, broken)))
    arguments = cancelling(reset)

    with pytest.raises(AssertionError, match="not equal"):
        exact.equal(
            everything(arguments, reset=reset, fused=False), everything(arguments, reset=reset, use_native=False)
        )


def always(self, _):
    """Every step of a chunk counts as its own."""
    return tf.ones((self.steps, 1, 1), tf.bool)


def at_its_end(self, chunk, states, *_):
    """A chunk starts from its own state."""
    return states[:, self.begin(chunk)]


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(("part", "wrong"), [("own", always), ("start", at_its_end)])
def test_wrong_chunks_are_seen(exact, monkeypatch, part, wrong):
    monkeypatch.setattr(chunks._Cut, part, wrong)

    with pytest.raises(AssertionError, match="not equal"):
        test_chunks_of_any_time_give_the_same_bits(exact, False, False)


@pytest.mark.usefixtures("untraced")
def test_a_derivative_that_reads_masked_steps_is_seen(monkeypatch):
    """Without the choice of slopes, NaN reaches the weights' gradients."""
    monkeypatch.setattr(recurrence, "_of_valid_steps", lambda slopes, _: slopes)

    with pytest.raises(AssertionError):
        test_a_masked_row_copies_any_state("after", "loop")


def test_many_layers_are_no_function_that_is_traced_again_and_again(monkeypatch):
    """TensorFlow warns of the fifth function in a row that is traced from one line of code."""
    warned = []
    monkeypatch.setattr(
        polymorphic_function,
        "_frequent_tracing_detector_manager",
        type(polymorphic_function._frequent_tracing_detector_manager)(),
    )
    monkeypatch.setattr(polymorphic_function.logging, "warning", warned.append)
    inputs, several = tf.zeros((1, 2, 1)), 2 * polymorphic_function.FREQUENT_TRACING_WARNING_THRESHOLD
    for units in range(1001, 1001 + several):  # used by no other test
        GRU(units, recurrent_initializer="zeros", use_native=False)(inputs)
    assert warned == []
    for _ in range(several):
        tf.function(lambda: tf.constant(0))()
    assert warned

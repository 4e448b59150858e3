"""Dropout: drawn like Keras', exact at its ends, and with given masks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gru
from conformance.adapters.tensorflow_arithmetic import tensorflow
from conformance.checks.runs import judge_run
from conformance.interface.case import Case, Outputs
from reference import from_keras

OPTIONS = {"after": {}, "before": {"reset_after": False}, "none": {"reset_gate": False}}


def scaled(kernel, scale, gates):
    """The kernel with scaled rows, whose products equal those of scaled values. scale is (width,) or (gates, width)."""
    scale = np.broadcast_to(scale, (gates, kernel.shape[0]))
    blocks = np.split(kernel, gates, axis=-1)
    return np.concatenate([block * row[:, None] for block, row in zip(blocks, scale, strict=True)], axis=-1)


def drawn(exact, gates, width, seed, *, apart):
    """Dropout of rate 1/2: factors 0 or 2, so that no product with them rounds; for all gates, or for each."""
    shape = (gates, exact.batch, width) if apart else (exact.batch, width)
    return 2.0 * np.random.default_rng(seed).integers(0, 2, shape)


@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5)])
def test_dropout_draws_the_masks_of_keras(exact, rates, implementation):
    """From the same seed the kept and dropped values equal those of Keras' cell, call after call; without training
    none.
    """
    options = {"dropout": rates[0], "recurrent_dropout": rates[1], "seed": 5, "implementation": implementation}
    theirs = keras.layers.RNN(
        keras.layers.GRUCell(exact.units, **options, **exact.linear, dtype="float64"),
        return_sequences=True,
        dtype="float64",
    )
    _, ours = exact.pair(return_sequences=True, **options)
    _, plain = exact.pair(return_sequences=True)
    theirs.build(exact.inputs.shape)
    theirs.set_weights(exact.weights("after"))

    for _ in range(2):
        exact.equal(theirs(exact.inputs, training=True).numpy(), ours(exact.inputs, training=True).numpy())
    exact.equal(plain(exact.inputs).numpy(), ours(exact.inputs).numpy())


@pytest.mark.parametrize("implementation", [1, 2])
def test_full_dropout_drops_everything(exact, implementation):
    """In training a rate of 1 means zero inputs, or a state that no gate reads."""
    options = {"return_sequences": True, "implementation": implementation}
    _, plain = exact.pair(**options)
    _, unread = exact.pair(**options)
    kernel, recurrent_kernel, bias = exact.weights("after")
    unread.set_weights([kernel, np.zeros_like(recurrent_kernel), bias])
    _, inputs_dropped = exact.pair(dropout=1.0, **options)
    _, state_dropped = exact.pair(recurrent_dropout=1.0, **options)

    exact.equal(plain(np.zeros_like(exact.inputs)).numpy(), inputs_dropped(exact.inputs, training=True).numpy())
    exact.equal(unread(exact.inputs).numpy(), state_dropped(exact.inputs, training=True).numpy())


def test_a_rate_of_zero_draws_nothing(exact):
    """Without dropout, training has the bits of inference and leaves the seed unchanged."""
    _, ours = exact.pair(return_sequences=True, seed=5)
    before = ours.cell.seed_generator.state.numpy()

    exact.equal(ours(exact.inputs).numpy(), ours(exact.inputs, training=True).numpy())
    exact.equal(before, ours.cell.seed_generator.state.numpy())


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("reset", OPTIONS)
def test_given_masks_scale_the_inputs_of_the_gates(exact, reset, go_backwards, apart):
    """In integers, one row at a time: the GRU without dropout whose kernels contain the row's dropout."""
    inputs, mask = exact.inputs[:, :2], exact.mask[:, :2]  # a third step would round
    kernel, recurrent_kernel, bias = exact.weights(reset)
    gates = kernel.shape[1] // exact.units
    masks = [drawn(exact, gates, width, width, apart=apart) for width in (exact.input_dim, exact.units)]
    layer = tf_gru.GRU(
        exact.units,
        return_sequences=True,
        return_state=True,
        go_backwards=go_backwards,
        dtype="float64",
        **OPTIONS[reset],
        **exact.linear,
    )
    layer.build(inputs.shape)
    layer.set_weights([kernel, recurrent_kernel, bias])
    given = {"mask": mask, "initial_state": tf.constant(exact.initial_state)}
    given |= dict(zip(("dropout_mask", "recurrent_dropout_mask"), masks, strict=True))

    outputs, states = exact.arrays(layer(inputs, **given))
    again = exact.arrays(layer(inputs, training=True, **given))

    for i in range(exact.batch):
        row = slice(i, i + 1)
        kernels = [
            scaled(each, scale[..., i, :], gates) for each, scale in zip((kernel, recurrent_kernel), masks, strict=True)
        ]
        expected, state = exact.gru(
            inputs[row], *kernels, bias, reset, exact.initial_state[row], mask[row], go_backwards
        )
        exact.equal([expected[:, :: -1 if go_backwards else 1], state], [outputs[row], states[row]])
    exact.equal([outputs, states], again)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reset", OPTIONS)
def test_every_step_under_dropout_is_within_its_bound(exact, reset, dtype):
    """With sigmoid and tanh, a layer's answer for given masks is judged like any GRU's step; for other masks it
    fails.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal(exact.inputs.shape).astype(dtype)
    layer = tf_gru.GRU(exact.units, return_sequences=True, return_state=True, dtype=dtype, **OPTIONS[reset])
    layer.build(x.shape)
    layer.set_weights([rng.standard_normal(weight.shape).astype(dtype) for weight in layer.weights])
    kernel, recurrent_kernel, bias = layer.get_weights()
    gates = kernel.shape[1] // exact.units
    masks = [drawn(exact, gates, width, width, apart=True) for width in (exact.input_dim, exact.units)]

    outputs, states = exact.arrays(layer(x, dropout_mask=masks[0], recurrent_dropout_mask=masks[1]))

    def findings(i, j):
        """The findings about row i, judged by the masks of row j."""
        kernels = [
            scaled(each, scale[:, j].astype(dtype), gates)
            for each, scale in zip((kernel, recurrent_kernel), masks, strict=True)
        ]
        case = Case(inputs=x[i : i + 1], parameters=(from_keras([*kernels, bias], reset),))
        judgement = judge_run(case, Outputs(outputs[i : i + 1], states[i : i + 1]), tensorflow("eager")[dtype])
        assert judgement.judged
        return judgement.findings

    for i in range(exact.batch):
        assert findings(i, i) == []
    assert any(findings(i, (i + 1) % exact.batch) for i in range(exact.batch))


def test_each_direction_is_given_its_own_masks(exact):
    """BiGRU accepts a pair, and returns the results of the two directions."""
    layer = tf_gru.BiGRU(exact.units, merge_mode=None, return_sequences=True, dtype="float64", **exact.linear)
    layer.build(exact.inputs.shape)
    layer.set_weights(exact.weights("after") + exact.weights("after", seed=20))
    masks = [drawn(exact, 3, exact.input_dim, seed, apart=False) for seed in (1, 2)]

    forward, backward = exact.arrays(layer(exact.inputs, dropout_mask=masks))

    exact.equal(forward, layer.forward_layer(exact.inputs, dropout_mask=masks[0]).numpy())
    exact.equal(backward[:, ::-1], layer.backward_layer(exact.inputs, dropout_mask=masks[1]).numpy())
    with pytest.raises(
        ValueError, match=r"dropout_mask has 1 members, but must be \[forward, backward\], one for each direction"
    ):
        layer(exact.inputs, dropout_mask=masks[:1])


@pytest.mark.parametrize("name", ["dropout_mask", "recurrent_dropout_mask"])
def test_masks_of_another_shape_are_refused(exact, name):
    """One row for all is not broadcast."""
    _, ours = exact.pair()

    with pytest.raises(
        ValueError, match=rf"{name} has shape \(1, 3\), but must be \(5, {2 if name[0] == 'd' else 4}\)"
    ):
        ours(exact.inputs, **{name: np.ones((1, 3))})

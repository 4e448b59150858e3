"""The layouts of frameworks that hold fewer biases, or exchange z and 1 - z, compared with the frameworks themselves.

As in test_frameworks.py, one gate's block is hot. Among the right reading and every wrong one, the right one must be
nearest.
"""

from collections.abc import Callable
from typing import Any

import equinox
import haiku
import jax
import numpy as np
import pytest
import tensorflow as tf
from flax import linen, nnx

from conformance.adapters.openvino import openvino, opset15
from reference import Parameters
from reference.layouts import (
    from_equinox,
    from_haiku,
    from_linen,
    from_nnx,
    from_openvino,
    from_rnn_cell,
    to_equinox,
    to_haiku,
    to_linen,
    to_nnx,
    to_openvino,
    to_rnn_cell,
)
from tests.reference.test_frameworks import (
    BLOCKS,
    H0,
    H1,
    INPUT_DIM,
    ONE_ROW,
    TIME,
    UNITS,
    Block,
    N,
    X,
    Z,
    candidates,
    full,
    hot,
    meaning,
    nearest,
    wrong_places,
)

FOUR_BIASES = [block for block in BLOCKS if block.array != "recurrent bias" or block.gate == N]


# The frameworks, each a function from Parameters to outputs.


def _over_time(step: Callable[[Any, Any], Any]) -> np.ndarray:
    """The states of a step function (state, inputs) -> next state, from H0 on."""
    state, states = jax.numpy.asarray(H0), []
    for t in range(TIME):
        state = step(state, X[:, t])
        states.append(np.asarray(state))
    return np.stack(states, axis=1)


def linen_cell(p: Parameters) -> np.ndarray:
    """The outputs of flax.linen.GRUCell."""
    with jax.enable_x64(True):
        cell = linen.GRUCell(UNITS, param_dtype="float64")
        return _over_time(lambda state, x: cell.apply({"params": to_linen(p)}, state, x)[0])


def nnx_cell(p: Parameters) -> np.ndarray:
    """The outputs of flax.nnx.GRUCell."""
    with jax.enable_x64(True):
        cell = nnx.GRUCell(INPUT_DIM, UNITS, param_dtype="float64", rngs=nnx.Rngs(0))
        for name, array in to_nnx(p).items():
            layer, _, kind = name.partition(".")
            setattr(getattr(cell, layer), kind, nnx.Param(jax.numpy.asarray(array)))
        return _over_time(lambda state, x: cell(state, x)[0])


def equinox_cell(p: Parameters) -> np.ndarray:
    """The outputs of equinox.nn.GRUCell, row by row."""
    arrays = to_equinox(p)
    with jax.enable_x64(True):
        cell = equinox.nn.GRUCell(INPUT_DIM, UNITS, key=jax.random.key(0))
        cell = equinox.tree_at(lambda c: [getattr(c, name) for name in arrays], cell, list(arrays.values()))
        return _over_time(lambda state, x: jax.vmap(cell)(x, state))


def haiku_cell(p: Parameters) -> np.ndarray:
    """The outputs of haiku.GRU."""
    with jax.enable_x64(True):
        cell = haiku.without_apply_rng(haiku.transform(lambda state, x: haiku.GRU(UNITS)(x, state)[0]))
        return _over_time(lambda state, x: cell.apply({"gru": to_haiku(p)}, state, x))


def block_cell(p: Parameters) -> np.ndarray:
    """The outputs of tf.raw_ops.GRUBlockCell, in float32."""
    arrays = {name: tf.constant(array, tf.float32) for name, array in to_rnn_cell(p).items()}
    state, states = tf.constant(H0, tf.float32), []
    for t in range(TIME):
        state = tf.raw_ops.GRUBlockCell(
            x=tf.constant(X[:, t], tf.float32),
            h_prev=state,
            w_ru=arrays["gates/kernel"],
            b_ru=arrays["gates/bias"],
            w_c=arrays["candidate/kernel"],
            b_c=arrays["candidate/bias"],
        ).h
        states.append(state.numpy())
    return np.stack(states, axis=1)


def openvino_gru(*directions: Parameters) -> np.ndarray:
    """The outputs of OpenVINO's GRUSequence, in one direction or two, in float32."""
    made = to_openvino(*directions)
    given = [X, np.stack([H0, H1][: len(directions)], axis=1), np.full(len(X), TIME, np.int32)]
    given += [made[name] for name in "WRB"]
    given = [array.astype(np.int32 if array.dtype == np.int32 else np.float32) for array in given]
    inputs = [opset15.parameter(array.shape, array.dtype) for array in given]
    direction = "bidirectional" if len(directions) == 2 else "forward"
    node = opset15.gru_sequence(
        *inputs, hidden_size=UNITS, direction=direction, linear_before_reset=made["linear_before_reset"]
    )
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.compile_model(openvino.Model(node.outputs(), inputs, "gru"), "CPU", options)
    outputs, _ = (np.array(part) for part in compiled(given).values())
    return np.concatenate(list(outputs.swapaxes(0, 1)), axis=-1)


CONVERTERS: dict[str, tuple[Callable[..., np.ndarray], str, list[Block]]] = {
    "linen": (linen_cell, "after", FOUR_BIASES),
    "nnx": (nnx_cell, "after", ONE_ROW),
    "equinox": (equinox_cell, "after", FOUR_BIASES),
    "haiku": (haiku_cell, "before", ONE_ROW),
    "rnn cell": (block_cell, "before", ONE_ROW),
    "openvino after": (openvino_gru, "after", FOUR_BIASES),
    "openvino before": (openvino_gru, "before", ONE_ROW),
}
PLACES = [(name, block) for name, (_, _, blocks) in CONVERTERS.items() for block in blocks]


@pytest.mark.parametrize(("name", "block"), PLACES, ids=[f"{n}: {b.array} {'zrn'[b.gate]}" for n, b in PLACES])
def test_a_hot_block_arrives_at_its_gate(name: str, block: Block) -> None:
    """The framework's outputs are nearest to the right placement of this block, among all wrong ones."""
    framework, reset, _ = CONVERTERS[name]
    choices = candidates(block, reset)

    assert not any((choices["right"] == v).all() for k, v in choices.items() if k != "right")
    assert nearest(framework(hot(block, reset)), choices) == "right"


def test_a_converter_that_keeps_z_for_haiku_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the change of sign, z is 1 - z."""
    monkeypatch.setattr("reference.layouts.haiku._turned", np.copy)
    p = full("before", 0)
    p = Parameters(p.kernel, p.recurrent_kernel, p.bias * np.array([1.0, 0.0])[:, None, None], "before")
    W, U, b = (array.copy() for array in p.weights)
    for array in (W, U):
        array[Z] = -array[Z]
    b[:, Z] = -b[:, Z]
    choices = {"right": meaning(p), "1 - z": meaning(Parameters(W, U, b, "before"))}

    assert nearest(haiku_cell(p), choices) == "1 - z"


@pytest.mark.parametrize("reset", ["after", "before"])
def test_two_directions_arrive_at_their_places(reset: str) -> None:
    """Forward comes first in OpenVINO too. Every wrong reading of either direction is further away."""
    p, q = (_held(full(reset, seed)) for seed in (10, 20))
    choices = {"right": meaning(p, q), "directions exchanged": meaning(q, p)}
    choices |= {f"forward: {name}": meaning(wrong, q) for name, wrong in wrong_places(p)}
    choices |= {f"reverse: {name}": meaning(p, wrong) for name, wrong in wrong_places(q)}

    assert nearest(openvino_gru(p, q), choices) == "right"


def _held(p: Parameters) -> Parameters:
    """The parameters without the recurrent biases that OpenVINO does not have."""
    bias = p.bias.copy()
    bias[1, : 2 if p.reset == "after" else 3] = 0
    return Parameters(p.kernel, p.recurrent_kernel, bias, p.reset)


# The frameworks' own numbers come back bit for bit.


def test_weights_of_the_frameworks_survive() -> None:
    """from_ reads the arrays of a framework, and to_ returns the same numbers."""
    made = linen.GRUCell(UNITS, bias_init=jax.nn.initializers.normal()).init(jax.random.key(1), H0, X[:, 0])["params"]
    assert jax.tree.all(jax.tree.map(lambda a, b: (np.asarray(a) == b).all(), dict(made), to_linen(from_linen(made))))

    cell = nnx.GRUCell(INPUT_DIM, UNITS, bias_init=jax.nn.initializers.normal(), rngs=nnx.Rngs(0))
    numbers = nnx.to_pure_dict(nnx.state({"cell": cell}, nnx.Param))
    back = to_nnx(from_nnx(numbers, prefix="cell"))
    assert all(
        (np.asarray(numbers["cell"][layer][kind]) == back[f"{layer}.{kind}"]).all()
        for layer in numbers["cell"]
        for kind in numbers["cell"][layer]
    )

    arrays = {name: np.asarray(getattr(_eqx(), name)) for name in ("weight_ih", "weight_hh", "bias", "bias_n")}
    assert all((arrays[name] == array).all() for name, array in to_equinox(from_equinox(arrays)).items())

    core = haiku.transform(lambda x, h: haiku.GRU(UNITS, b_init=haiku.initializers.RandomNormal())(x, h))
    params = core.init(jax.random.key(0), X[:, 0], H0)
    back = to_haiku(from_haiku(params, prefix="gru"))
    assert all((np.asarray(params["gru"][name]) == array).all() for name, array in back.items())


def _eqx() -> equinox.nn.GRUCell:
    return equinox.nn.GRUCell(INPUT_DIM, UNITS, key=jax.random.key(0))


def test_weights_of_an_openvino_node_and_of_a_tensorflow_cell_survive() -> None:
    """Both positions of the reset gate survive."""
    draw = np.random.default_rng(0).standard_normal
    for after in (True, False):
        W, R, B = draw((2, 15, 4)), draw((2, 15, 5)), draw((2, 20 if after else 15))
        back = to_openvino(*from_openvino(W, R, B, linear_before_reset=after))
        assert all((a == back[name]).all() for name, a in zip("WRB", (W, R, B), strict=True))
        assert back["linear_before_reset"] is after
    arrays = {"gates/kernel": draw((9, 10)), "gates/bias": draw(10), "candidate/kernel": draw((9, 5))}
    arrays["candidate/bias"] = draw(5)
    assert all((arrays[name] == array).all() for name, array in to_rnn_cell(from_rnn_cell(arrays)).items())

"""The layouts and conventions, compared with the frameworks themselves.

A framework computes in its own order, so its numbers differ slightly. The test determines their meaning: among the
right reading of the weights and every wrong one, the right one must be nearest. No tolerance is needed.

The weights are hot: one gate's block of one array is nonzero and all others are zero, so that each block is tested
alone. A reset gate is visible only through the state that it resets, so there the candidate's recurrent block is hot as
well.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
import torch

from reference import (
    Invalid,
    Parameters,
    flipped,
    from_keras,
    from_onnx,
    from_torch,
    gru,
    packed,
    to_keras,
    to_onnx,
    to_torch,
)
from tests.reference.truth import numbers

BATCH, TIME, INPUT_DIM, UNITS = 2, 3, 4, 5
X, H0, H1 = numbers(0, BATCH, TIME, INPUT_DIM), numbers(1, BATCH, UNITS), numbers(2, BATCH, UNITS)
Z, R, N = range(3)


# The frameworks, each a function from Parameters to outputs.


def keras_gru(p: Parameters) -> np.ndarray:
    """The outputs of keras.layers.GRU."""
    layer = keras.layers.GRU(
        UNITS, reset_after=p.reset == "after", return_sequences=True, dtype="float64", bias_initializer="zeros"
    )
    layer.build(X.shape)
    layer.set_weights(to_keras(p))
    return np.asarray(layer(X, initial_state=H0))


def torch_gru(*directions: Parameters) -> np.ndarray:
    """The outputs of torch.nn.GRU, in one direction or two."""
    module = torch.nn.GRU(INPUT_DIM, UNITS, batch_first=True, bidirectional=len(directions) == 2, dtype=torch.float64)
    arrays = {
        k: v
        for p, suffix in zip(directions, ("_l0", "_l0_reverse"), strict=False)
        for k, v in to_torch(p, suffix).items()
    }
    module.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
    with torch.no_grad():
        outputs, _ = module(torch.from_numpy(X), torch.from_numpy(np.stack([H0, H1][: len(directions)])))
    return outputs.numpy()


def onnx_gru(*directions: Parameters) -> np.ndarray:
    """The outputs of ONNX Runtime's GRU, in one direction or two, in float32."""
    made = to_onnx(*directions)
    feeds = {k: made[k].astype(np.float32) for k in "WRB"}
    feeds["X"] = X.swapaxes(0, 1).astype(np.float32)
    feeds["H"] = np.stack([H0, H1][: len(directions)]).astype(np.float32)
    node = onnx.helper.make_node(
        "GRU",
        ["X", "W", "R", "B", "", "H"],
        ["Y"],
        hidden_size=UNITS,
        direction="bidirectional" if len(directions) == 2 else "forward",
        linear_before_reset=made["linear_before_reset"],
    )
    typed = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node],
        "gru",
        [typed(name, onnx.TensorProto.FLOAT, a.shape) for name, a in feeds.items()],
        [typed("Y", onnx.TensorProto.FLOAT, None)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (outputs,) = session.run(None, feeds)
    return np.concatenate(list(np.asarray(outputs).transpose(1, 2, 0, 3)), axis=-1)  # time directions batch units


def meaning(*directions: Parameters) -> np.ndarray:
    """The outputs of the specification, in one direction or two."""
    ahead = gru(X, directions[0], initial_state=H0).outputs
    if len(directions) == 1:
        return ahead
    return np.concatenate([ahead, gru(X, directions[1], initial_state=H1, reverse=True).outputs], axis=-1)


def nearest(computed: np.ndarray, candidates: dict[str, np.ndarray]) -> str:
    """The name of the candidate with the smallest largest difference."""
    return min(candidates, key=lambda name: np.abs(candidates[name] - computed).max())


# Hot blocks, and other places for them.


class Block(NamedTuple):
    """One gate's block: of the kernel, of the recurrent kernel, or of a row of the bias."""

    array: str
    gate: int


BLOCKS = [
    Block(array, gate) for array in ("kernel", "recurrent kernel", "input bias", "recurrent bias") for gate in (Z, R, N)
]


def hot(block: Block, reset: Any, place: Block | None = None, turned: bool = False) -> Parameters:
    """The numbers of this block, in its own place or another. All others are zero, except numbers that a reset gate
    acts on.
    """
    arrays = {
        "kernel": np.zeros((3, INPUT_DIM, UNITS)),
        "recurrent kernel": np.zeros((3, UNITS, UNITS)),
        "input bias": np.zeros((3, UNITS)),
        "recurrent bias": np.zeros((3, UNITS)),
    }
    if block.gate == R:
        arrays["recurrent kernel"][N] = numbers(3, UNITS, UNITS)
    values = numbers(4, *arrays[block.array].shape[1:])
    if turned:
        values = values.T.ravel().reshape(values.shape) if values.ndim == 2 else values[::-1]
    array, gate = place or block
    arrays[array][gate] += values
    bias = np.stack([arrays["input bias"], arrays["recurrent bias"]])
    return Parameters(arrays["kernel"], arrays["recurrent kernel"], bias, reset)


def candidates(block: Block, reset: str) -> dict[str, np.ndarray]:
    """The result of the right placement of a block, and the result of every wrong placement that is another
    function.
    """
    found = {"right": meaning(hot(block, reset)), "turned": meaning(hot(block, reset, turned=True))}
    arrays = ("input bias", "recurrent bias") if "bias" in block.array else (block.array,)
    for place in BLOCKS:
        only_the_sum_counts = place.gate == block.gate and not (reset == "after" and block.gate == N)
        if place.array in arrays and place != block and not only_the_sum_counts:
            found[f"at {place}"] = meaning(hot(block, reset, place))
    if block.gate == R:
        found["the other reset"] = meaning(hot(block, "before" if reset == "after" else "after"))
    return found


ONE_ROW = [block for block in BLOCKS if block.array != "recurrent bias"]
CONVERTERS: dict[str, tuple[Callable[..., np.ndarray], str, list[Block]]] = {
    "keras after": (keras_gru, "after", BLOCKS),
    "keras before": (keras_gru, "before", ONE_ROW),
    "torch": (torch_gru, "after", BLOCKS),
    "onnx after": (onnx_gru, "after", BLOCKS),
    "onnx before": (onnx_gru, "before", BLOCKS),
}
PLACES = [(name, block) for name, (_, _, blocks) in CONVERTERS.items() for block in blocks]


@pytest.mark.parametrize(("name", "block"), PLACES, ids=[f"{n}: {b.array} {'zrn'[b.gate]}" for n, b in PLACES])
def test_a_hot_block_arrives_at_its_gate(name: str, block: Block) -> None:
    """The framework's outputs are nearest to the right placement of this block, among all wrong ones."""
    framework, reset, _ = CONVERTERS[name]
    choices = candidates(block, reset)

    assert len(choices) > 2
    assert not any((choices["right"] == v).all() for k, v in choices.items() if k != "right")
    assert nearest(framework(hot(block, reset)), choices) == "right"


def test_a_converter_with_another_gate_order_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """If to_torch wrote z, r, n, every block of the z gate would be found in another place."""
    monkeypatch.setattr("reference.layouts.torch.RZN", [0, 1, 2])

    for block in (b for b in BLOCKS if b.gate == Z):
        assert nearest(torch_gru(hot(block, "after")), candidates(block, "after")) != "right"


def wrong_places(p: Parameters) -> Iterator[tuple[str, Parameters]]:
    """The same numbers with gates exchanged or rotated, in one array or all, and other mistakes of a converter."""
    orders = {"zr": [1, 0, 2], "rn": [0, 2, 1], "zn": [2, 1, 0], "round": [1, 2, 0], "back": [2, 0, 1]}
    W, U, b = p.weights
    for name, order in orders.items():
        yield f"{name} of the kernel", Parameters(W[order], U, b, p.reset)
        yield f"{name} of the recurrent kernel", Parameters(W, U[order], b, p.reset)
        yield f"{name} of the bias", Parameters(W, U, b[:, order], p.reset)
        yield f"{name} of all", Parameters(W[order], U[order], b[:, order], p.reset)
    yield "recurrent kernel transposed", Parameters(W, U.swapaxes(1, 2), b, p.reset)
    if p.reset == "after":
        yield "bias rows exchanged", Parameters(W, U, b[::-1], p.reset)
    yield "the other reset", Parameters(W, U, b, "before" if p.reset == "after" else "after")


def full(reset: Any, seed: int) -> Parameters:
    """Distinct numbers everywhere."""
    return Parameters(
        numbers(seed, 3, INPUT_DIM, UNITS), numbers(seed + 1, 3, UNITS, UNITS), numbers(seed + 2, 2, 3, UNITS), reset
    )


@pytest.mark.parametrize(
    ("framework", "reset"),
    [(torch_gru, "after"), (onnx_gru, "after"), (onnx_gru, "before")],
    ids=["torch", "onnx", "onnx1"],
)
def test_two_directions_arrive_at_their_places(framework: Callable[..., np.ndarray], reset: str) -> None:
    """Forward comes first, reverse second and aligned. Every wrong reading of either direction is further away."""
    p, q = full(reset, 10), full(reset, 20)
    choices = {"right": meaning(p, q), "directions exchanged": meaning(q, p)}
    choices["reverse outputs not turned back"] = np.concatenate(
        [meaning(p), flipped(meaning(p, q)[:, :, UNITS:])], axis=-1
    )
    for name, wrong in wrong_places(p):
        choices[f"forward: {name}"] = meaning(wrong, q)
    for name, wrong in wrong_places(q):
        choices[f"reverse: {name}"] = meaning(p, wrong)

    assert nearest(framework(p, q), choices) == "right"


@pytest.mark.parametrize("reset", ["after", "before"])
def test_keras_go_backwards_gives_flipped_outputs(reset: Any) -> None:
    """Its outputs are in processing order: flipped, not aligned."""
    p = full(reset, 10)
    p = Parameters(p.kernel, p.recurrent_kernel, p.bias * np.array([1.0, 0.0])[:, None, None], reset)
    layer = keras.layers.GRU(
        UNITS, reset_after=reset == "after", return_sequences=True, go_backwards=True, dtype="float64"
    )
    layer.build(X.shape)
    layer.set_weights(to_keras(p))
    aligned = gru(X, p, initial_state=H0, reverse=True).outputs
    choices = {"aligned": aligned, "flipped": flipped(aligned), "forward": meaning(p)}

    assert nearest(np.asarray(layer(X, initial_state=H0)), choices) == "flipped"


# The frameworks' own numbers come back bit for bit.


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("reset", ["after", "before"])
def test_weights_of_a_keras_layer_survive(reset: Any, use_bias: bool) -> None:
    """from_keras reads the weights of a layer, and to_keras returns the same numbers."""
    layer = keras.layers.GRU(UNITS, reset_after=reset == "after", use_bias=use_bias, bias_initializer="random_normal")
    layer.build(X.shape)
    weights = layer.get_weights()

    back = to_keras(from_keras(weights, reset), use_bias)

    assert all((a == b).all() and a.dtype == b.dtype for a, b in zip(weights, back, strict=True))


@pytest.mark.parametrize("bias", [True, False])
def test_weights_of_a_torch_module_survive(bias: bool) -> None:
    """from_torch reads a state dict's tensors, and to_torch returns the numbers, for every layer and direction."""
    state_dict = torch.nn.GRU(INPUT_DIM, UNITS, num_layers=2, bidirectional=True, bias=bias).state_dict()

    for suffix in ("_l0", "_l0_reverse", "_l1", "_l1_reverse"):
        back = to_torch(from_torch(state_dict, suffix), suffix)
        kept = {name: array for name, array in back.items() if bias or "weight" in name}
        assert set(kept) == {
            name for name in state_dict if name.endswith(suffix) and name[: -len(suffix)].count("_l") == 0
        }
        assert all((state_dict[name].numpy() == array).all() for name, array in kept.items())
        assert bias or not any(back[f"{name}{suffix}"].any() for name in ("bias_ih", "bias_hh"))


def test_a_gru_is_chosen_out_of_a_model() -> None:
    """A GRU is chosen by its name in torch's state dict and in the paths of Keras' weights; without it each model is
    refused.
    """
    model = torch.nn.ModuleDict(
        {"gru": torch.nn.GRU(INPUT_DIM, UNITS, num_layers=2), "head": torch.nn.Linear(UNITS, 1)}
    )
    state_dict = model.state_dict()
    for suffix in ("_l0", "_l1"):
        back = to_torch(from_torch(state_dict, suffix, "gru"), suffix)
        assert all((state_dict[f"gru.{name}"].numpy() == array).all() for name, array in back.items())
    with pytest.raises(Invalid, match=r"choose a GRU by its prefix: 'gru\.'$"):
        from_torch(state_dict, "_l0")

    network = keras.Sequential(
        [keras.Input((None, INPUT_DIM)), keras.layers.Bidirectional(keras.layers.GRU(UNITS)), keras.layers.Dense(1)]
    )
    paths = {weight.path: weight.numpy() for weight in network.weights}
    layer = network.layers[0].backward_layer
    back = to_keras(from_keras(paths, prefix=layer.cell.path))
    assert all((a == b).all() for a, b in zip(layer.get_weights(), back, strict=True))
    with pytest.raises(Invalid, match=r"choose a GRU by its prefix: '.*/forward_gru.*/', '.*/backward_gru.*/'$"):
        from_keras(paths)


def test_weights_of_an_onnx_node_survive() -> None:
    """from_onnx and to_onnx return the same W, R and B."""
    W, R, B = (numbers(k, *s) for k, s in enumerate([(2, 15, 4), (2, 15, 5), (2, 30)]))

    back = to_onnx(*from_onnx(W, R, B, linear_before_reset=1))

    assert all((a == b).all() for a, b in zip((W, R, B), (back[k] for k in "WRB"), strict=True))


@pytest.mark.parametrize("lengths", [[0, 5, 3, 1]])
def test_packed_is_tensorflows_reverse_sequence(lengths: list[int]) -> None:
    """For right-padded steps the two are the same, element by element."""
    outputs = numbers(7, 4, 5, 2)
    theirs = tf.reverse_sequence(outputs, lengths, seq_axis=1, batch_axis=0).numpy()

    assert (packed(outputs, lengths=np.array(lengths)) == theirs).all()
    assert (packed(outputs, np.arange(5) < np.array(lengths)[:, None]) == theirs).all()


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (torch.nn.GRU(2, 3), r"weight_ih_l0 is a Parameter that NumPy cannot read .* use tensor\.detach\(\)\.cpu\(\)"),
        (torch.nn.GRU(2, 3).bfloat16().requires_grad_(False), r"weight_ih_l0 is a .* and \.float\(\) on bfloat16$"),
    ],
)
def test_tensors_numpy_cannot_read_are_refused(module: torch.nn.GRU, message: str) -> None:
    """A tensor that requires grad or is bfloat16 is named, with an expression that makes an array of it."""
    with pytest.raises(Invalid, match=message):
        from_torch(dict(module.named_parameters()))

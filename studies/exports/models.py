"""The model of a cell, its inputs, and a description of its layers that is sufficient to judge every output separately.

Weights are small, so that errors fade from step to step in every format. Inputs have both signs.
"""

from typing import Any, NamedTuple

import keras
import numpy as np

import tf_gru
from studies.exports.cells import Cell

BATCH, WIDTH, UNITS = 3, 3, 4
STEPS = {"open": 6, "fixed": 16, "unrolled": 5}
MASKED = -1.0
"""The value that keras.layers.Masking looks for."""


class Layer(NamedTuple):
    """One layer: its kind, and the direction of its inputs, weights and outputs.

    Attributes:
        kind: A layer in LAYERS.
        flipped: True if the mask is flipped before it, like the outputs of the layer before.
    """

    kind: str
    sequences: bool
    backwards: bool
    flipped: bool = False

    @property
    def both(self) -> bool:
        """True if there are two directions, concatenated."""
        return self.kind in ("BiGRU", "Bidirectional(GRU)")


def layers(cell: Cell) -> list[Layer]:
    """The layers of a model, in order."""
    kind, _, direction = cell.layer.partition(" ")
    backwards = direction == "backwards"
    if kind != "stacked":
        return [Layer(kind, cell.sequences, backwards)]
    return [
        Layer("Bidirectional(GRU)", True, False),
        Layer("GRU", True, backwards),
        Layer("GRU", True, backwards, flipped=backwards),
        Layer("GRU", cell.sequences, backwards),  # the same size as the layer before
    ]


def built(cell: Cell) -> keras.Model:
    """The model with its weights. Each layer's results are separate outputs."""
    steps = None if cell.time == "open" else STEPS[cell.time]
    batch = None if cell.batch == "open" else BATCH
    shown = "float64" if cell.dtype == "float64" else "float32"
    x = keras.Input(batch_shape=(batch, steps, WIDTH), dtype=shown, name="inputs")
    x_given, given = x, [x]
    if cell.mask == "given":
        given.append(keras.Input(batch_shape=(batch, steps), dtype="bool", name="mask"))
    if cell.mask == "layer":
        x = keras.layers.Masking(MASKED, dtype=cell.dtype)(x)
    outputs = []
    for place, layer in enumerate(layers(cell)):
        mask = {"mask": given[1]} if cell.mask == "given" and place == 0 else {}
        x = _made(cell, layer, f"l{place}")(x, **mask)
        outputs.append(x)
    model = keras.Model(given if len(given) > 1 else x_given, outputs)
    drawn = np.random.default_rng(len(cell.key))
    for weight in model.weights:
        weight.assign(drawn.uniform(-1, 1, weight.shape) * (0.25 if "recurrent" in weight.path else 0.5))
    return model


def _made(cell: Cell, layer: Layer, name: str) -> Any:
    reset = {"reset_gate": False} if cell.reset == "none" else {"reset_after": cell.reset == "after"}
    of_cell = {**reset, "activation": cell.activation, "dtype": cell.dtype}
    of_all = {"return_sequences": layer.sequences, "unroll": cell.time == "unrolled"}
    if layer.kind == "RNN(GRUCell)":
        inner = tf_gru.GRUCell(UNITS, **of_cell)
        return keras.layers.RNN(inner, go_backwards=layer.backwards, dtype=cell.dtype, name=name, **of_all)
    if layer.kind == "BiGRU":
        return tf_gru.BiGRU(UNITS, name=name, **of_cell, **of_all)
    if layer.kind == "Bidirectional(GRU)":
        return keras.layers.Bidirectional(tf_gru.GRU(UNITS, **of_cell, **of_all), name=name, dtype=cell.dtype)
    return tf_gru.GRU(UNITS, go_backwards=layer.backwards, name=name, **of_cell, **of_all)


def valid(cell: Cell, place: int = 0) -> np.ndarray:
    """The valid steps of a layer, (batch, time): rows with all steps, without the last ones, and with a hole and a
    later start.

    Keras passes the mask on from layer to layer, flipped where the inputs are.
    """
    steps = STEPS[cell.time]
    mask = np.ones((BATCH, steps), bool)
    if cell.mask != "none":
        mask[1, steps // 2 :] = False
        mask[2, [0, 3]] = False
    return mask[:, ::-1] if layers(cell)[place].flipped else mask


def feeds(cell: Cell) -> list[np.ndarray]:
    """The inputs of the model."""
    drawn = np.random.default_rng(len(cell.key) + 1)
    x = drawn.uniform(-1, 1, (BATCH, STEPS[cell.time], WIDTH))
    counts = valid(cell)
    x[~counts] = np.nan if cell.mask == "given" and "RNN" not in cell.layer else MASKED
    x = x.astype("float32")  # predict converts every float to this
    x = x.astype("float64") if cell.dtype == "float64" else x
    return [x, counts] if cell.mask == "given" else [x]

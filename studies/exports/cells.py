"""The cells: a way to export, combined with the properties of a model. Each way meets every pair of a model's values.

The faults are cells that once computed wrong numbers, did not load, or ended the process.
"""

from collections import OrderedDict
from collections.abc import Iterable
from itertools import combinations
from typing import Any, NamedTuple

from allpairspy import AllPairs

EQUAL, REFUSED, WRONG = "equal", "refused", "wrong"
"""The possible results of a cell."""

WAYS = {
    "savedmodel-export": "`model.export(folder)`",
    "savedmodel-save": "`tf.saved_model.save(model, folder)`",
    "savedmodel-module": "`tf.saved_model.save` of a module with a `tf.function`",
    "savedmodel-called": "the same, after its function was called",
    "onnx-export": '`model.export(file, format="onnx")`',
    "onnx-tf2onnx": "`tf2onnx.convert.from_function`, of a `tf.function`",
    "litert-export": '`model.export(file, format="litert")`, with the `target_spec` of the guide',
    "litert-converter": "`tf.lite.TFLiteConverter.from_keras_model(model)`",
    "keras": "`model.save` as .keras, loaded again",
    "h5": "`model.save` as .h5, loaded again",
    "weights": "`model.save_weights` as .weights.h5, into a model made anew",
    "savedmodel-litert": "SavedModel, then `tf.lite.TFLiteConverter.from_saved_model`",
    "savedmodel-onnx": "SavedModel, then `python -m tf2onnx.convert --saved-model`",
}
LAYERS = (
    "GRU",
    "GRU backwards",
    "BiGRU",
    "Bidirectional(GRU)",
    "RNN(GRUCell)",
    "RNN(GRUCell) backwards",
    "stacked",
    "stacked backwards",
)
"""Stacked: a Bidirectional(GRU) of sequences, two GRUs of sequences, a GRU; all four are outputs."""


class Cell(NamedTuple):
    """One model and one way to export it.

    Attributes:
        time: "open", "fixed", or "unrolled", which is also fixed.
        mask: "none", "layer" (keras.layers.Masking), or "given" (a tensor for the layer). Masked inputs are NaN, except
            for keras.layers.RNN, which reads them.
    """

    way: str
    layer: str = "GRU"
    time: str = "open"
    batch: str = "open"
    dtype: str = "float32"
    mask: str = "none"
    sequences: bool = False
    reset: str = "after"
    activation: str = "tanh"

    @property
    def key(self) -> str:
        """The cell in one line, its name in records."""
        return " | ".join(map(str, self))


FACTORS: dict[str, tuple[Any, ...]] = {
    "layer": LAYERS,
    "time": ("open", "fixed", "unrolled"),
    "batch": ("open", "fixed"),
    "dtype": ("float32", "float64", "mixed_float16", "mixed_bfloat16"),
    "mask": ("none", "layer", "given"),
    "sequences": (False, True),
    "reset": ("after", "before", "none"),
    "activation": ("tanh", "relu"),
}

MODELS = tuple(FACTORS.items())

FAULTS = {
    "reverse sequences to ONNX, both directions": Cell("onnx-export", "BiGRU", sequences=True),
    "reverse sequences to ONNX, one direction": Cell("onnx-export", "GRU backwards", sequences=True),
    "layers of one size to ONNX": Cell("onnx-export", "stacked", sequences=True),
    "a mask that is given, turned, to .h5": Cell("h5", "stacked backwards", mask="given"),
    "a cell in an open batch to LiteRT": Cell("litert-export", "RNN(GRUCell)", time="fixed", sequences=True),
    "a masked stack to ONNX": Cell("onnx-export", "stacked", mask="layer"),
    "fixed time to ONNX": Cell("onnx-export", time="fixed"),
    "fixed time and relu to ONNX": Cell("onnx-export", time="fixed", activation="relu"),
    "mixed_float16 to ONNX": Cell("onnx-export", dtype="mixed_float16"),
    "mixed_float16 to ONNX, masked sequences": Cell(
        "onnx-tf2onnx", "BiGRU", dtype="mixed_float16", mask="layer", sequences=True
    ),
    "mixed_bfloat16 to ONNX": Cell("onnx-export", dtype="mixed_bfloat16"),
    "reverse sequences by tf2onnx": Cell("onnx-tf2onnx", "GRU backwards", sequences=True),
    "open batch to LiteRT": Cell("litert-export", "BiGRU", mask="layer", sequences=True),
    "open batch to LiteRT by the converter": Cell("litert-converter", "BiGRU", mask="given"),
    "reverse sequences, SavedModel to ONNX": Cell("savedmodel-onnx", "GRU backwards", sequences=True),
    "what is masked, SavedModel to ONNX": Cell("savedmodel-onnx", mask="given", sequences=True),
    "reverse sequences, SavedModel to LiteRT": Cell(
        "savedmodel-litert", "GRU backwards", "fixed", "fixed", sequences=True
    ),
    "a function called before it is saved": Cell("savedmodel-called", "BiGRU", time="fixed", batch="fixed"),
}
"""By fault."""


def drawn() -> list[Cell]:
    """The faults; cells that cover every pair of values; then cells in which each way meets every pair of the
    others.
    """
    first = [Cell(*values) for values in AllPairs(OrderedDict([("way", tuple(WAYS)), *MODELS]))]
    later = [
        Cell(way, *values)
        for way in WAYS
        for values in AllPairs(OrderedDict(MODELS), previously_tested=_of(way, first))
    ]
    return list(dict.fromkeys([*FAULTS.values(), *first, *later]))


def _of(way: str, cells: Iterable[Cell]) -> list[list[Any]]:
    return [list(cell[1:]) for cell in cells if cell.way == way]


def missing(cells: Iterable[Cell]) -> set[tuple[Any, ...]]:
    """The pairs of values that occur in none of these cells."""
    factors = [("way", tuple(WAYS)), *MODELS]
    wanted = {
        (first, a, second, b)
        for (first, values), (second, others) in combinations(factors, 2)
        for a in values
        for b in others
    }
    named = (cell._asdict().items() for cell in cells)
    return wanted - {(*first, *second) for items in named for first, second in combinations(items, 2)}

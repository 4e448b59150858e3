"""Examine one cell: export the model, run it, and judge every layer on its own inputs."""

import re
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from conformance import Arithmetic
from studies.exports.cells import EQUAL, REFUSED, WRONG, Cell
from studies.exports.models import built, feeds, layers, valid
from studies.exports.ways import WAYS
from studies.exports.within import margin

COMPUTED = {
    "float32": np.dtype("float32"),
    "float64": np.dtype("float64"),
    "mixed_float16": np.dtype("float16"),
    "mixed_bfloat16": np.dtype(ml_dtypes.bfloat16),
}
"""The format in which a layer computes, by its policy."""
LOOSEST = "8 ULP above 4u"
"""ONNX Runtime's float32, according to the probe; every other runtime here is more accurate."""


def examined(cell: Cell) -> dict[str, Any]:
    """Examine a cell.

    Returns:
        kind: EQUAL, REFUSED or WRONG. margin: the worst margin of an equal result. text: the reason of any other
            result.
    """
    try:
        return _examined(cell)
    except Exception as error:
        return {"kind": WRONG, "text": f"{_text(error)} at {_where(error)}"}


def _examined(cell: Cell) -> dict[str, Any]:
    model, given = built(cell), feeds(cell)
    predicted = model.predict(given if len(given) > 1 else given[0], verbose=0)
    predicted = predicted if isinstance(predicted, list) else [predicted]
    worst = worst_margin(cell, model, predicted)
    if not worst <= 1:
        return {"kind": WRONG, "text": f"predict uses {worst:.3g} of its bound"}
    with tempfile.TemporaryDirectory() as folder:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                run = WAYS[cell.way](model, cell, Path(folder))
            except Exception as error:
                ours = [str(each.message) for each in warned if "/tf_gru/" in each.filename]
                return {"kind": REFUSED, "text": (ours or [_text(error)])[0]}
        found = run(given)
    if [(each.shape, each.dtype) for each in found] != [(each.shape, each.dtype) for each in predicted]:
        shapes = [(each.shape, each.dtype.name) for each in found]
        return {"kind": WRONG, "text": f"it gave {shapes}"}
    worst = worst_margin(cell, model, found)
    if not worst <= 1:
        return {"kind": WRONG, "text": f"uses {worst:.3g} of its bound"}
    return {"kind": EQUAL, "margin": round(worst, 4)}


def worst_margin(cell: Cell, model: Any, found: list[np.ndarray]) -> float:
    """The worst margin of all layers, each on its own inputs: the feeds, or the outputs of the layer before."""
    computed = COMPUTED[cell.dtype]
    narrow = computed == COMPUTED["mixed_bfloat16"]
    machine = np.dtype("float32") if narrow else computed  # float32 holds the numbers of bfloat16
    arithmetic = Arithmetic(
        dtype=machine.name,
        compute=computed.name if narrow else None,
        activation=LOOSEST,
        flush=True,
        source="the probe",
    )
    x, worst = feeds(cell)[0], 0.0
    for place, (layer, result) in enumerate(zip(layers(cell), found, strict=True)):
        received = np.asarray(x).astype(computed).astype(machine)
        kernels = [weight.numpy().astype(computed).astype(machine) for weight in model.get_layer(f"l{place}").weights]
        kernels = [array for array in kernels if array.ndim]  # seeds have no axes
        worst = max(
            worst,
            margin(
                layer, kernels, received, valid(cell, place),
                result.astype(machine), reset=cell.reset, activation=cell.activation, arithmetic=arithmetic,
                zeros=layer.both,
            ),
        )  # fmt: skip
        x = result
    return worst


def _text(error: BaseException) -> str:
    """The sentence of the exception, without the text that Keras and converters add."""
    lines = [re.sub(r"\x1b\[\d*m", "", line).strip() for line in str(error).splitlines() if line.strip()]
    ours = [line for line in lines if " computes in " in line]
    converters = [line.partition("error: ")[2] for line in lines if "error: " in line and "loc(" not in line]
    first = (ours[-1:] or converters or lines or [""])[0].removeprefix("ValueError: ")
    return f"{type(error).__name__}: {first.partition('. ')[0][:300]}"


def _where(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"

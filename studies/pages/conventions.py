"""The layout of a GRU in each framework, derived from the converters: the content of docs/conventions.md.

Every number of a GRU gets a unique value and is converted; its new place shows shape, order and sign. So the page
always agrees with `reference.layouts`, which tests compare with the frameworks themselves.

Left out: biases that a framework adds before it stores them (see `merge_biases`), several layers.
"""

import inspect
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from reference import Parameters, Unrepresentable, layouts
from reference.parameters import GATES
from studies.matrix.page import with_block

PAGE = Path(__file__).parents[2] / "docs/conventions.md"
INPUT_DIM, UNITS = 7, 5  # no sum or multiple of them equals another, or a number of gates
SIZES = {
    UNITS: "units", INPUT_DIM: "input_dim", 2 * UNITS: "2 units", 3 * UNITS: "3 units", 4 * UNITS: "4 units",
    6 * UNITS: "6 units", INPUT_DIM + UNITS: "input_dim + units", 1: "1", 2: "2",
}  # fmt: skip
NAMES = {
    "keras": "Keras `GRU`",
    "torch": "PyTorch `nn.GRU`, `nn.GRUCell`",
    "onnx": "ONNX `GRU`, ONNX Runtime",
    "openvino": "OpenVINO `GRUSequence`",
    "linen": "Flax `linen.GRUCell`",
    "nnx": "Flax `nnx.GRUCell`",
    "equinox": "Equinox `GRUCell`",
    "haiku": "Haiku `GRU`",
    "rnn_cell": "TensorFlow `GRUCell`, `GRUBlockCell`",
}
Known = dict[float, tuple[str, tuple[int, ...]]]
"""From each number to its block, and its place in the block."""

HEAD = """# Conventions

Every framework has its own order of gates, and some compute another GRU. This page shows where each framework stores
each number.

z is the update gate, with h' = z h + (1 - z) n. r is the reset gate and n is the candidate. W multiplies the inputs
and U multiplies the state. b is the bias of the inputs' side and c is the bias of the state's side. `Wz Wr` stand side
by side, and `Wz / Wr` one below the other. ᵀ means (out, in), as in x Wᵀ. A minus sign means that the framework stores
the negative number: there the update gate means 1 - z.

`reference.layouts` has two converters for each row. They move numbers and round nothing. They raise `Unrepresentable`
if the other side has no place for a number. A prefix chooses one GRU in the arrays of a whole model
(`from_torch(state_dict, "_l0", prefix="encoder.gru.")`). The converter refuses an array under the prefix that it would
not read.

Some frameworks have no place for the bias c. Add it to b first. With reset before or none, call `merge_biases`. With
reset after, call `merge_gate_biases`: it adds the biases of z and r. The bias c of n stays, because r multiplies it.
Both refuse a sum that needs rounding.

[The scoreboard](scoreboard.md) shows how the frameworks run, reverse and pad.

`python -m studies conventions` writes this page. It converts a GRU whose numbers all differ and looks where they are.
"""
ADAPTERS = PAGE.with_name("adapters.md")
BEGIN, END = "<!-- converters: begin -->", "<!-- converters: end -->"


def signatures() -> str:
    """docs/adapters.md, with the signature of each converter between the markers."""
    rows = [f"| {title} | {_called(f'to_{name}')} | {_called(f'from_{name}')} |" for name, title in NAMES.items()]
    table = ["| framework | to its arrays | from its arrays |", "| --- | --- | --- |", *rows]
    return with_block(ADAPTERS.read_text(encoding="utf-8"), "\n".join(table), BEGIN, END)


def _called(name: str) -> str:
    """A converter's name with its parameters and their defaults."""
    parameters = inspect.signature(getattr(layouts, name)).parameters.values()
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in parameters]
    return f"`{name}{inspect.Signature(bare)}`"


def page() -> str:
    """The whole page."""
    head = ["framework", "converters", "reset", "arrays", "no place for"]
    lines = [head, ["---"] * len(head), *rows()]
    return HEAD + "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def rows() -> Iterator[list[str]]:
    """Yield a row for each converter and each reset that it supports."""
    for name, title in NAMES.items():
        convert = getattr(layouts, f"to_{name}")
        for reset in GATES:
            if (found := _layout(convert, reset)) is not None:
                arrays, homeless = found
                lines = "<br>".join(f"`{array}` {words}" for array, words in arrays.items())
                yield [title, f"`to_{name}`, `from_{name}`", reset, lines, ", ".join(homeless) or "–"]


def unnamed() -> set[str]:
    """Converters that the page would leave out."""
    return {name.removeprefix("to_") for name in layouts.__all__ if name.startswith("to_")} - set(NAMES)


def _layout(convert, reset: str) -> tuple[dict[str, str], list[str]] | None:
    """Each array in words, and the biases that have no place; None if the converter refuses this reset."""
    letters = GATES[reset]
    gates = len(letters)
    shapes = [(gates, INPUT_DIM, UNITS), (gates, UNITS, UNITS), (2, gates, UNITS)]
    sizes = [math.prod(shape) for shape in shapes]
    numbers = np.split(np.arange(1.0, 1 + sum(sizes)), np.cumsum(sizes[:-1]))
    kernel, recurrent, bias = (part.reshape(shape) for part, shape in zip(numbers, shapes, strict=True))
    known = _places(kernel, "W", letters) | _places(recurrent, "U", letters)
    known |= _places(bias[0], "b", letters) | _places(bias[1], "c", letters)
    homeless = [at for at in np.ndindex(2, gates) if not _holds(convert, reset, bias, *at)]
    for side, gate in homeless:
        bias[side, gate] = 0
    try:
        made = convert(Parameters(kernel, recurrent, bias, reset))
    except Unrepresentable:
        return None
    arrays = {name: _words(array, known) for name, array in _flat(made)}
    return arrays, [f"{'bc'[side]}{letters[gate]}" for side, gate in homeless]


def _holds(convert, reset: str, bias: np.ndarray, side: int, gate: int) -> bool:
    """True if a bias that is zero everywhere else can be converted."""
    only, gates = np.zeros_like(bias), len(GATES[reset])
    only[side, gate] = bias[side, gate]
    kernels = np.ones((gates, INPUT_DIM, UNITS)), np.ones((gates, UNITS, UNITS))
    try:
        convert(Parameters(*kernels, only, reset))
    except Unrepresentable:
        return False
    return True


def _places(values: np.ndarray, letter: str, gates: str) -> Known:
    """From each number to its block, and its place in the block."""
    return {values[at]: (letter + gates[at[0]], at[1:]) for at in np.ndindex(values.shape)}


def _flat(made: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays by name, whatever their container; attributes are not arrays."""
    named = dict(zip(("kernel", "recurrent_kernel", "bias"), made, strict=False)) if isinstance(made, list) else made
    for name, value in named.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", array) for inner, array in value.items())
        elif isinstance(value, np.ndarray):
            yield name, value


def _words(array: np.ndarray, known: Known) -> str:
    """The shape, then the blocks: `(3 units, input_dim): Wrᵀ/Wzᵀ/Wnᵀ`."""
    shape = ", ".join(SIZES[size] for size in array.shape)
    rows = array.reshape((-1, array.shape[-1]))
    names = [[_block(rows, (down, across), known) for across in range(rows.shape[1])] for down in range(len(rows))]
    return f"({shape}): {' / '.join(_runs([' '.join(_runs(line)) for line in names]))}"


def _block(rows: np.ndarray, at: tuple[int, int], known: Known) -> str:
    """The block of the number at this place, with its sign, and transposed if the block is."""
    value = rows[at]
    if value == 0:
        return "0"
    name, place = known[abs(value)]
    turned = len(place) == 2 and any(
        known[abs(other)] == (name, (place[0] + step, place[1]))
        for step in (-1, 1)
        for other in rows[at[0], max(at[1] - 1, 0) : at[1] + 2]
    )
    return f"{'-' if value < 0 else ''}{name}{'ᵀ' if turned else ''}"


def _runs(names: list[str]) -> list[str]:
    """Names without repetition of neighbours."""
    return [name for at, name in enumerate(names) if at == 0 or name != names[at - 1]]

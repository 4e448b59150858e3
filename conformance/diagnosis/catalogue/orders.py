"""Mistakes in the order of gate blocks. One table determines the sentence, the fix and the deviation's code."""

from dataclasses import replace
from typing import NamedTuple

from conformance.diagnosis.catalogue.mistake import Mistake


class Arrays(NamedTuple):
    """Arrays whose blocks are permuted together: their names, the Python expressions that reorder them, and their
    letters.
    """

    words: str
    taken: tuple[str, ...]
    letters: str


KERNEL = Arrays("the kernel's blocks", ("p.kernel[{}]",), "W")
RECURRENT = Arrays("the recurrent kernel's blocks", ("p.recurrent_kernel[{}]",), "U")
BIASES = Arrays("the biases' blocks", ("p.bias[:, {}]",), "bc")
INPUT_BIAS = Arrays("the input bias's blocks", ("p.bias[0, {}]",), "b")
RECURRENT_BIAS = Arrays("the recurrent bias's blocks", ("p.bias[1, {}]",), "c")
KERNELS = Arrays("the blocks of both kernels", (*KERNEL.taken, *RECURRENT.taken), "WU")
INPUT_SIDE = Arrays("the blocks of the kernel and the input bias", (*KERNEL.taken, *INPUT_BIAS.taken), "Wb")
RECURRENT_SIDE = Arrays(
    "the blocks of the recurrent kernel and its bias", (*RECURRENT.taken, *RECURRENT_BIAS.taken), "Uc"
)
BLOCKS = Arrays("the gate blocks", (*KERNEL.taken, *RECURRENT.taken, *BIASES.taken), "WUbc")

ORDERS = ("rzn", "znr", "nzr", "rnz", "nrz")
"""The wrong orders of three blocks. Two blocks have one wrong order: "nzr" without r."""

READ_AS: dict[str, tuple[Arrays, str]] = {
    "gates_swapped": (BLOCKS, "rzn"),
    **{f"blocks_read_as_{'_'.join(order)}": (BLOCKS, order) for order in ORDERS if order != "rzn"},
    **{f"kernel_order_{order}": (KERNEL, order) for order in ORDERS},
    **{f"recurrent_order_{order}": (RECURRENT, order) for order in ORDERS},
    "bias_blocks_in_another_order": (BIASES, "nrz"),
    **{f"bias_order_{order}": (BIASES, order) for order in ORDERS if order != "nrz"},
}
"""For each name the arrays that are read in another order, and the order, tried alone and in pairs."""

ALONE: dict[str, tuple[Arrays, str]] = {
    f"{name}_order_{order}": (arrays, order)
    for name, arrays in {
        "input_bias": INPUT_BIAS,
        "recurrent_bias": RECURRENT_BIAS,
        "kernels": KERNELS,
        "input_side": INPUT_SIDE,
        "recurrent_side": RECURRENT_SIDE,
    }.items()
    for order in ORDERS
}
"""The same for arrays that are tried only alone."""


def _in_words(arrays: Arrays, order: str) -> Mistake:
    words, letters = arrays.words, ", ".join(order)
    mended = ["zrn".index(gate) for gate in order]
    taken = ", ".join(text.format(mended) for text in arrays.taken)
    two = " (without a reset gate: [1, 0] in place of [2, 0, 1])" if order == "nzr" else ""
    sentence = f"{words[0].upper()}{words[1:]} are read as {letters}, not as z, r, n."
    return Mistake(sentence, fix=f"give {words} in the order {letters}: {taken}{two}")


_IN_WORDS = {name: _in_words(*read) for name, read in (READ_AS | ALONE).items()}

MISTAKES: dict[str, Mistake] = {
    **_IN_WORDS,
    "gates_swapped": replace(
        _IN_WORDS["gates_swapped"],
        effect="Wrong from the first step; invisible where all gates have equal weights.",
        links=("keras-team/keras/issues/15915",),
        flag="GateOrder",
        bug="gate blocks in another order",
        description="Weights stored as r, z, n are read as z, r, n, or the other way round.",
    ),
    "bias_blocks_in_another_order": replace(
        _IN_WORDS["bias_blocks_in_another_order"],
        effect="Wrong wherever biases differ; invisible with biases of 0.",
        links=("openvinotoolkit/openvino/issues/17651",),
        flag="BiasGateOrder",
        bug="biases in another gate order than the weights",
        description="The weights are permuted on import and the biases are not.",
    ),
}

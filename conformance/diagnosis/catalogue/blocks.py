"""Mistakes in single blocks of weights and biases: left out, doubled, negated, taken from another gate, transposed.

The sentence, the fix and the deviation's code follow from one table, so that no combination is forgotten.
"""

from conformance.diagnosis.catalogue.mistake import Mistake

ARRAYS = {
    "b": ("input_bias", "input bias", "p.bias[0{}]"),
    "c": ("recurrent_bias", "recurrent bias", "p.bias[1{}]"),
    "bc": ("biases", "biases", "p.bias[:{}]"),
    "W": ("kernel", "kernel", "p.kernel[{}]"),
    "U": ("recurrent_kernel", "recurrent kernel", "p.recurrent_kernel[{}]"),
    "Wb": ("input_side", "kernel and input bias", "p.kernel[{}] and p.bias[0{}]"),
    "Uc": ("recurrent_side", "recurrent kernel and recurrent bias", "p.recurrent_kernel[{}] and p.bias[1{}]"),
    "WU": ("kernels", "kernels", "p.kernel[{}] and p.recurrent_kernel[{}]"),
    "WUbc": ("weights", "weights", "p.kernel[{}], p.recurrent_kernel[{}] and p.bias[:{}]"),
}
"""For each combination of letters a name, words, and Python code for the blocks of some gates."""

GATES = {"z": "update", "r": "reset", "n": "candidate", "zr": "gates", "zrn": "all"}
"""Names of gates by their letters."""

PLACES = {"z": "0", "r": "1", "n": "2", "zr": ":2", "zrn": ":"}

FACTORS = {0: ("missing", "left out"), 2: ("doubled", "added twice"), -1: ("negated", "subtracted")}

ELSEWHERE = {
    "input_bias_of_all_missing", "input_bias_of_all_doubled", "recurrent_bias_of_all_missing",
    "recurrent_bias_of_all_doubled", "recurrent_bias_of_candidate_missing", "biases_of_all_missing",
    "reset_reads_the_recurrent_kernel_of_the_update", "reset_reads_the_weights_of_the_update",
    "update_reads_the_weights_of_the_reset",
}  # fmt: skip
"""The combinations that have another entry, with a public thread, a mutant or a shorter name."""


def _python(letters: str, gates: str) -> str:
    text, place = ARRAYS[letters][2], PLACES[gates]
    return text.replace("[{}]", f"[{place}]").replace("{}", "" if place == ":" else f", {place}")


def _of(gates: str) -> str:
    return {"zr": "both gates", "zrn": "all gates and the candidate", "n": "the candidate"}.get(
        gates, f"the {GATES[gates]} gate"
    )


def _scaled(letters: str, gates: str, factor: int) -> Mistake:
    plural = letters in ("bc", "Wb", "Uc")
    sentence = f"The {ARRAYS[letters][1]} of {_of(gates)} {'are' if plural else 'is'} {FACTORS[factor][1]}."
    python = _python(letters, gates)
    return Mistake(sentence, fix=f"add {python} once" if letters[0] in "bc" else f"read {python}")


SCALED: dict[str, tuple[str, str, int]] = {
    name: (letters, gates, factor)
    for factor in FACTORS
    for letters in (("b", "c", "bc", "W", "U", "Wb", "Uc") if factor == 0 else ("b", "c", "bc"))
    for gates in GATES
    if (name := f"{ARRAYS[letters][0]}_of_{GATES[gates]}_{FACTORS[factor][0]}") not in ELSEWHERE
}
"""For each name the arrays whose blocks of some gates are multiplied by a factor, the gates and the factor."""

COPIED: dict[str, tuple[str, str, str]] = {
    name: (letters, gate, other)
    for letters in ("W", "U", "bc", "WUbc")
    for gate in "zrn"
    for other in "zrn"
    if gate != other
    and (name := f"{GATES[gate]}_reads_the_{ARRAYS[letters][0]}_of_the_{GATES[other]}") not in ELSEWHERE
}
"""For each name the arrays, the gate that reads a wrong block, and the gate whose block it reads."""

TRANSPOSED = {f"recurrent_kernel_of_{GATES[gates]}_transposed": gates for gates in ("z", "r", "zr")}
"""For each name the gates whose block of the recurrent kernel is read transposed."""


def _copied(letters: str, gate: str, other: str) -> Mistake:
    words = ARRAYS[letters][1]
    sentence = f"{_of(gate).capitalize()} reads the {words} of {_of(other)}."
    return Mistake(sentence, fix=f"give {_of(gate)} its own {words}, {_python(letters, gate)}")


MISTAKES: dict[str, Mistake] = {
    **{name: _scaled(*read) for name, read in SCALED.items()},
    **{name: _copied(*read) for name, read in COPIED.items()},
    **{
        name: Mistake(
            f"The recurrent kernel of {_of(gates)} is read transposed.",
            fix=f"pass {_python('U', gates)} as it is, or transpose all three blocks alike",
        )
        for name, gates in TRANSPOSED.items()
    },
}

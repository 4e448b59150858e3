"""The emulated classes of arithmetic: every value of every part of a claim, combined with every value of every other
part.

Products, accumulator, rounding, summation and flushing occur in all combinations. Formats and activations are
distributed so that each pair of values, of any two parts, occurs in some class.
"""

from itertools import combinations, product

from conformance.interface.arithmetic import ACTIVATIONS, FORMATS, ROUNDINGS, SUMMATIONS, Arithmetic

# dtype, compute, output
SETTINGS = (
    ("float32", None, None),
    ("float64", None, None),
    ("float16", None, None),
    ("float32", "bfloat16", None),
    ("float16", "float32", None),
    ("float32", None, "bfloat16"),
    ("float64", "float32", None),
    ("float32", "float16", None),
    ("float64", None, "float32"),
    ("float32", None, "float16"),
    ("float32", "float64", None),
)
ACCUMULATORS = ("float64", "float32", "bfloat16", "float16")

Parts = tuple[object, ...]
"""products, accumulator, rounding, summation, flush, setting, activation."""


def dealt() -> list[Parts]:
    """The parts of each class."""
    found: list[Parts] = []
    seen: set[tuple[int, int, object, object]] = set()
    choices = list(product(SETTINGS, ACTIVATIONS))
    used = dict.fromkeys(choices, 0)
    for base in product(FORMATS, ACCUMULATORS, ROUNDINGS, SUMMATIONS, (False, True)):
        chosen = max(choices, key=lambda choice: (len(pairs((*base, *choice)) - seen), -used[choice]))
        used[chosen] += 1
        found.append((*base, *chosen))
        seen |= pairs(found[-1])
    return found


def pairs(parts: Parts) -> set[tuple[int, int, object, object]]:
    """All pairs of parts."""
    return {(i, j, parts[i], parts[j]) for i, j in combinations(range(len(parts)), 2)}


def claim(parts: Parts) -> Arithmetic:
    """The class of these parts."""
    products, accumulator, rounding, summation, flush, (dtype, compute, output), activation = parts
    return Arithmetic(
        dtype=dtype, compute=compute, output=output, products=products, accumulator=accumulator, rounding=rounding,
        summation=summation, flush=flush, activation=activation, source="emulated",
    )  # fmt: skip


CLASSES = tuple(claim(parts) for parts in dealt())

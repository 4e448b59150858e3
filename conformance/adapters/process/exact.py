"""The numbers of a message: decimals that name one machine number each, and words for what JSON has no number for.

What is sent are the shortest decimals that name the same float64, which every reader of decimals that rounds to nearest
gives back. What is answered may be as short as names the number in the case's own format (0.1 is a float32 number, as
its printers write it); a decimal of more digits than that takes must be a number of the format exactly, so that nobody
computes in a wider format than is asked and has it rounded here.

Left out: hexadecimal literals, which half of all languages neither read nor write.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.interface.adapter import Malformed

WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}
"""A negative zero may also be the number -0.0, and is sent so; some languages' JSON writes it as 0."""

DIGITS = {"float16": 5, "float32": 9, "float64": 17}
"""So many significant digits tell all numbers of a format apart: 1 + precision log10(2), rounded up."""


def sent(array: np.ndarray) -> dict[str, Any]:
    """An array as JSON values: its shape, and its numbers in row-major order (booleans as they are)."""
    values = array.ravel().tolist()
    if array.dtype != np.bool_:
        values = [value if math.isfinite(value) else _word(value) for value in values]
    return {"shape": list(array.shape), "values": values}


def received(message: dict[str, Any], dtype: str, name: str) -> np.ndarray:
    """The array that an answer gives. Raises Malformed where it has other numbers than its shape says, or than dtype.

    message: as the schema has it: a shape and values.
    """
    shape, values = [int(size) for size in message["shape"]], message["values"]
    if math.prod(shape) != len(values):
        raise Malformed(f"{name} has shape {tuple(shape)} and {len(values)} values, but must have {math.prod(shape)}")
    wide = np.array([_number(value, name) for value in values], np.float64)
    with np.errstate(over="ignore"):
        array = wide.astype(dtype)
    foreign = np.flatnonzero((array.astype(np.float64) != wide) & ~np.isnan(wide))
    for place in foreign:
        _require_named(values[place], float(wide[place]), array[place], name)
    return array.reshape(shape)


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _number(value: Any, name: str) -> float:
    if isinstance(value, str):
        return WORDS[value]
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Malformed(f'{name} has a number beyond every float64; an infinity is the word "Infinity"')
    return number


def _require_named(text: Any, wide: float, nearest: np.floating, name: str) -> None:
    """A decimal that is no number of the format must be a short name of one, and of one alone."""
    dtype = nearest.dtype.name
    digits = DIGITS[dtype]
    if float(f"{wide:.{digits - 1}e}") != wide or not np.isfinite(nearest):
        raise Malformed(f"{name} has {text}, which is no {dtype} number; round it to {dtype} before it is written")
    if float(np.format_float_scientific(nearest, unique=True)) == wide:
        return  # as typed languages print it, which may be halfway: 5190 is the float16 number 5192, the even one
    for towards in _neighbours(nearest):
        if np.isfinite(towards) and (float(nearest) + float(towards)) / 2 == wide:
            raise Malformed(f"{name} has {text}, halfway between two {dtype} numbers; write more digits")


def _neighbours(number: np.floating) -> Sequence[np.floating]:
    with np.errstate(over="ignore"):
        return [np.nextafter(number, number.dtype.type(end)) for end in (-np.inf, np.inf)]

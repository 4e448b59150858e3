"""Numbers in JSON: the one notation of all files and messages that hold a case or an answer.

A number is a JSON number or a string. A string is a hexadecimal literal, read exactly ("0x1.8p-1", as Python's
float.hex writes it); a word ("NaN", "Infinity", "-Infinity", or Python's "nan", "inf", "-inf"); or "-0", for languages
that write a negative zero as 0. An array is a nested list, or an object with its shape and its numbers in row-major
order.

A decimal may lie between two numbers of the format. A person's decimal is `rounded` once to the nearest number. A
program's decimal must be `named`: it has at most as many digits as distinguish the format's numbers, and names the
nearest one (0.1 is a float32 number, as float32 printers write it). A number of 16 bits may also have its name as a
float32. A decimal with more digits must be a number of the format exactly, so that no program computes in a wider
format and has its answer rounded here.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.interface.arithmetic import FORMATS
from conformance.interface.type_guards import is_list, is_object

DIGITS = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}
"""Significant digits that distinguish all numbers of a format: 1 + precision log10(2), rounded up."""
WORDS = {
    **{"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0},
    **{"nan": math.nan, "inf": math.inf, "-inf": -math.inf},  # Python's spelling
}
LONGEST = 1 << 20
"""The longest axis that is accepted, because an array without numbers could claim any."""
DEEPEST, LARGEST = 4, 1 << 30
"""The largest number of axes, and the largest number of numbers."""
FAR = 5000
"""Decimal places before or after the point beyond which a number is infinite or 0 in every format."""
HEX = re.compile(
    r"[+-]?0x(?P<whole>[0-9a-f]+)(?:\.(?P<fraction>[0-9a-f]*))?p(?P<exponent>[+-]?[0-9]{1,9})", re.IGNORECASE
)
Rule = Callable[[Any, float, str, str], float]
"""A rule for a decimal that is not a number of the format: from the decimal, its float64, the format and its place to a
number.
"""


class InvalidCase(ValueError):
    """Data that does not describe a case, or an array of one."""


# Writing.


def to_hex(array: np.ndarray) -> dict[str, Any]:
    """An array as JSON values: its shape, and its numbers as hexadecimal literals (booleans as 0 and 1)."""
    if array.dtype == np.bool_:
        return {"shape": list(array.shape), "values": array.astype(int).ravel().tolist()}
    return {"shape": list(array.shape), "values": [float(value).hex() for value in array.ravel()]}


def to_decimals(array: np.ndarray) -> dict[str, Any]:
    """An array as JSON values: its numbers as the shortest decimals that name the same float64 (booleans unchanged)."""
    values = array.ravel().tolist()
    if array.dtype != np.bool_:
        words = {math.inf: "Infinity", -math.inf: "-Infinity"}
        values = [value if math.isfinite(value) else words.get(value, "NaN") for value in values]
    return {"shape": list(array.shape), "values": values}


def written(value: Any, write: Callable[[np.ndarray], dict[str, Any]] = to_hex) -> Any:
    """Convert every array by `write`. A pair becomes a list, a named tuple an object; None stays None."""
    if value is None:
        return None
    if type(value) is np.ndarray:
        return write(value)
    if hasattr(value, "_asdict"):
        return {name: written(part, write) for name, part in value._asdict().items()}
    return [written(part, write) for part in value]


# Reading.


def read_array(value: Any, dtype: str, name: str, rule: Rule | None = None) -> np.ndarray:
    """Read an array of a format from a JSON value. Raises InvalidCase, which names the place of the fault.

    rule: applies to decimals that are not numbers of the format; the default is `rounded`.
    """
    shape, entries = _entries(value, name)
    wide = np.array([_wide(entry, dtype, where) for entry, where in entries], np.float64)
    with np.errstate(over="ignore"):
        array = wide.astype(dtype)
    for place in np.flatnonzero((array.astype(np.float64) != wide) & ~np.isnan(wide)):
        entry, where = entries[place]
        if isinstance(entry, str):
            raise InvalidCase(f"{where} is {entry}, which is not a {dtype} number; write a decimal to have it rounded")
        array[place] = (rule or rounded)(entry, float(wide[place]), dtype, where)
    return array.reshape(shape)


def read_arrays(value: Any, dtype: str, name: str, rule: Rule | None = None) -> Any:
    """Read an array given by shape and values, a list of two as a tuple, or None. Raises InvalidCase."""
    if is_list(value):
        if len(value) != 2:
            raise InvalidCase(f"{name} is {short(value)}, expected an array, or a list of two")
        return tuple(read_arrays(part, dtype, f"{name}[{place}]", rule) for place, part in enumerate(value))
    return None if value is None else read_array(value, dtype, name, rule)


def read_integers(value: Any, name: str) -> np.ndarray:
    """Read integers from a JSON value. Raises InvalidCase."""
    shape, entries = _entries(value, name)
    return np.array([_integer(entry, where) for entry, where in entries], np.int64).reshape(shape)


def read_booleans(value: Any, name: str) -> np.ndarray:
    """Read booleans from a JSON value; 0 and 1 are allowed. Raises InvalidCase."""
    shape, entries = _entries(value, name)
    for entry, where in entries:
        if not isinstance(entry, bool | int | float | Decimal) or entry not in (0, 1):
            raise InvalidCase(f"{where} is {short(entry)}, expected true or false")
    return np.array([bool(entry) for entry, _ in entries], bool).reshape(shape)


def _entries(value: Any, name: str) -> tuple[tuple[int, ...], list[tuple[Any, str]]]:
    """The shape of an array, and every entry with its place."""
    if is_object(value):
        require_keys(value, name, ("shape", "values"))
        sizes = value["shape"]
        if not is_list(sizes) or not is_list(value["values"]):
            raise InvalidCase(
                f"{name} has the shape {short(sizes)} and values {short(value['values'])}, expected lists"
            )
        shape = tuple(_integer(size, f"{name}.shape") for size in sizes)
        entries = [(entry, f"{name}.values[{place}]") for place, entry in enumerate(value["values"])]
        if not all(0 <= size <= LONGEST for size in shape) or len(entries) != math.prod(shape):
            raise InvalidCase(f"{name} has {len(entries)} values, but its shape {list(shape)} needs another number")
    else:
        shape = _shape(value, name)
        entries = list(_nested(value, shape, name))
    if len(shape) > DEEPEST or math.prod(size or 1 for size in shape) > LARGEST:
        found = list(shape)[:8]
        raise InvalidCase(f"{name} has the shape {found} ..., expected at most 4 axes and fewer numbers")
    return shape, entries


def _shape(value: Any, name: str) -> tuple[int, ...]:
    if not is_list(value):
        raise InvalidCase(f"{name} is {short(value)}, expected nested lists of numbers")
    shape: list[int] = []
    while is_list(value):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _nested(value: Any, shape: tuple[int, ...], name: str) -> Iterator[tuple[Any, str]]:
    """Every entry with its place. All lists at one depth must have the same length."""
    if not shape:
        yield value, name
        return
    if not is_list(value) or shape[0] != len(value):
        got = f"{len(value)} entries" if is_list(value) else short(value)
        raise InvalidCase(f"{name} has {got}, expected a list of {shape[0]}, like its neighbours")
    for place, part in enumerate(value):
        yield from _nested(part, shape[1:], f"{name}[{place}]")


# One entry.


def _wide(entry: Any, dtype: str, where: str) -> float:
    """An entry as the nearest float64; a string exactly."""
    if isinstance(entry, str) and entry in WORDS:
        return WORDS[entry]
    if isinstance(entry, str) and "x" in entry.lower():
        try:
            return exact_float(entry)
        except ValueError as error:
            raise InvalidCase(f"{where} is {short(entry)}, which is not a hexadecimal literal: {error}") from error
    if isinstance(entry, bool) or not isinstance(entry, int | float | Decimal):
        todo = 'expected a number, or a hexadecimal literal such as "0x1.8p-1"'
        raise InvalidCase(f"{where} is {short(entry)}, {todo}")
    try:
        wide = float(entry)
    except OverflowError:
        wide = math.inf
    if not math.isfinite(wide):
        raise InvalidCase(f'{where} is above the largest {dtype} number; scale it down, or write the word "Infinity"')
    return wide


def exact_float(text: str) -> float:
    """The float64 that a hexadecimal literal names exactly. Raises InvalidCase if there is none."""
    try:
        value = float.fromhex(text)
    except OverflowError as error:
        raise InvalidCase(f"{text} is above the largest float64 number; write a smaller one") from error
    if value.hex() == text:
        return value  # the usual notation, and so the common case
    found = HEX.fullmatch(text)
    if found is None and math.isfinite(value):
        raise InvalidCase(f"{text} is not a hexadecimal literal; write it like Python's float.hex, as 0x1.8p-1")
    if found is None:
        return value  # NaN or an infinity
    digits = found["fraction"] or ""
    mantissa, exponent = int(found["whole"] + digits, 16), int(found["exponent"]) - 4 * len(digits)
    far = mantissa != 0 and abs(exponent) > 1 << 12
    if far or (mantissa and abs(Fraction(value)) != Fraction(2) ** exponent * mantissa):
        raise InvalidCase(f"{text} is not a float64 number; write the nearest one, like Python's float.hex")
    return value


def rounded(entry: Any, wide: float, dtype: str, where: str) -> float:
    """The number of the format nearest to a decimal, ties to even. Raises InvalidCase above the largest number."""
    del wide  # it is already rounded
    value, format = Decimal(entry), FORMATS[dtype]
    if not value or value.adjusted() < -FAR:
        return 0.0
    if value.adjusted() <= FAR:
        exact = Fraction(value)
        top = exact.numerator.bit_length() - exact.denominator.bit_length()
        top -= abs(exact) < Fraction(2) ** top
        quantum = Fraction(2) ** (max(top, format.smallest) - format.precision + 1)
        nearest = round(exact / quantum) * quantum
        if abs(nearest) < Fraction(2) ** (format.largest + 1):
            return float(nearest)
    raise InvalidCase(f"{where} is {short(entry)}, which is above the largest {dtype} number; scale it down")


def named(entry: Any, wide: float, dtype: str, where: str) -> float:
    """The only number of the format that a decimal can stand for. Raises InvalidCase if there is none."""
    nearest = _nearest(wide, dtype)
    if _through_float32(wide, nearest):
        return float(nearest)
    with np.errstate(over="ignore"):
        sides = [np.nextafter(nearest, nearest.dtype.type(end)) for end in (-np.inf, np.inf)]
    if float(f"{wide:.{DIGITS[dtype] - 1}e}") != wide or not np.isfinite(nearest):
        todo = f"round it to {dtype} before you write it"
        raise InvalidCase(f"{where} is {short(entry)}, which is not a {dtype} number; {todo}")
    if float(np.format_float_scientific(nearest, unique=True)) == wide:
        return float(
            nearest
        )  # as typed languages print it, also halfway: 5190 is the float16 number 5192, the even one
    if any(np.isfinite(side) and (float(nearest) + float(side)) / 2 == wide for side in sides):
        raise InvalidCase(f"{where} is {short(entry)}, halfway between two {dtype} numbers; write more digits")
    return float(nearest)


def _nearest(wide: float, dtype: str) -> Any:
    """The number of the format nearest to a float64, with one rounding; the cast to bfloat16 rounds twice."""
    try:
        return np.dtype(dtype).type(rounded(Decimal(wide), wide, dtype, ""))
    except InvalidCase:
        return np.dtype(dtype).type(math.copysign(math.inf, wide))


def _through_float32(wide: float, nearest: Any) -> bool:
    """True if the float64 is the name of a narrower number as a float32: many languages print it so."""
    narrow = nearest.dtype.itemsize < np.dtype(np.float32).itemsize
    return narrow and float(np.float32(wide)) == float(nearest) and float(f"{wide:.{DIGITS['float32'] - 1}e}") == wide


def _integer(entry: Any, where: str) -> int:
    number = isinstance(entry, int | float | Decimal) and not isinstance(entry, bool)
    if number and abs(entry) < 10**18 and entry == int(entry):
        return int(entry)
    raise InvalidCase(f"{where} is {short(entry)}, expected an integer")


# Objects.


def require_keys(data: Any, name: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    """Raise InvalidCase for a value that is not an object, for an unknown key and for a missing key."""
    known = ", ".join(needed + optional)
    if not is_object(data):
        raise InvalidCase(f"{name} is {short(data)}, expected an object with the keys {known}")
    unknown = [key for key in data if key not in needed + optional]
    missing = [key for key in needed if key not in data]
    if unknown:
        raise InvalidCase(f"{name} has the unknown key {short(unknown[0])}; the keys are {known}")
    if missing:
        raise InvalidCase(f"{name} lacks {', '.join(missing)}; the keys are {known}")


def short(value: Any) -> str:
    """A JSON value, shortened for a message."""
    if is_list(value):
        return f"a list of {len(value)}"
    if is_object(value):
        return "an object"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=repr)
    return text if len(text) < 60 else text[:57] + "..."

"""A case as a person writes it: JSON with plain numbers in nested lists; what Case.to_json writes is read too.

A decimal is the number of the case's dtype nearest to it, rounded once. A string is a hexadecimal literal, taken
exactly, or "nan", "inf", "-inf" (for what is not read). Keys that may be left out have the defaults of Case. Everything
else is refused with what to do: unknown keys, ragged lists, numbers past the largest of the dtype.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import DTYPES, WEIGHTS, Case, InvalidCase, Outputs, exact_float
from conformance.interface.type_guards import is_list, is_object
from reference import Parameters

NEEDED = ("dtype", "reset", "inputs", "parameters")
OPTIONAL = ("initial_state", "lengths", "mask", "reverse", "merge", "masked_outputs", "cotangents")
LONGEST = 1 << 20
"""The longest axis that is read: an array without numbers could claim any."""
DEEPEST, LARGEST = 4, 1 << 30
"""The most axes that are read, and the most numbers."""
FAR = 5000
"""Past this many decimal places in front of the point or behind it, a number is infinite or 0 in every format."""


def read_case(text: str) -> tuple[Case, Outputs | None]:
    """The case that a JSON text describes, and its cotangents, None where it gives none. Raises InvalidCase."""
    try:
        data = json.loads(text, parse_int=Decimal, parse_float=Decimal, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise InvalidCase(f"this is no JSON: {error}; write one object with the keys {', '.join(NEEDED)}") from error
    except InvalidOperation as error:
        raise InvalidCase("a number has an exponent that no format comes near; write a smaller one") from error
    except RecursionError as error:
        raise InvalidCase("lists are nested too deep; write arrays of three axes at most") from error
    _keys(data, "the case", NEEDED, OPTIONAL)
    dtype = data["dtype"]
    if dtype not in DTYPES:
        raise InvalidCase(f"dtype is {_short(dtype)}, expected one of {', '.join(DTYPES)}")

    def floats(value: Any, name: str) -> np.ndarray:
        return _array(value, name, lambda entry, where: _number(entry, where, dtype), dtype)

    parameters = data["parameters"] if isinstance(data["parameters"], list) else [data["parameters"]]
    merge = _one(data, "merge", None, str)
    case = Case(
        inputs=floats(data["inputs"], "inputs"),
        parameters=tuple(_parameters(p, k, data["reset"], floats) for k, p in enumerate(parameters)),
        initial_state=_states(data.get("initial_state"), floats),
        lengths=None if data.get("lengths") is None else _array(data["lengths"], "lengths", _integer, "int64"),
        mask=None if data.get("mask") is None else _array(data["mask"], "mask", _boolean, "bool"),
        reverse=_one(data, "reverse", False, bool),
        merge=merge,
        masked_outputs=_one(data, "masked_outputs", "carry", str),
    )
    return case, _cotangents(data.get("cotangents"), merge, floats)


Floats = Callable[[Any, str], np.ndarray]


def _parameters(data: Any, direction: int, reset: Any, floats: Floats) -> Parameters:
    name = f"parameters[{direction}]"
    _keys(data, name, WEIGHTS, ())
    W, U, b = (floats(data[weight], f"{name}.{weight}") for weight in WEIGHTS)
    try:
        return Parameters(W, U, b, reset)
    except ValueError as error:
        raise InvalidCase(f"{name}: {error}") from error


def _states(value: Any, floats: Floats) -> tuple[np.ndarray, ...] | None:
    """One array for each direction; for a single one also the array itself."""
    if value is None:
        return None
    states = value if is_list(value) and _depth(value) != 2 else [value]
    return tuple(floats(state, f"initial_state[{k}]") for k, state in enumerate(states))


def _cotangents(data: Any, merge: str | None, floats: Floats) -> Outputs | None:
    """Cotangents of the answer in its shapes, None in the place of what is left out."""
    if data is None:
        return None
    _keys(data, "cotangents", (), Outputs._fields)

    def part(name: str, pair: bool) -> Any:
        value = data.get(name)
        if value is None:
            return None
        if not pair:
            return floats(value, f"cotangents.{name}")
        if not is_list(value) or len(value) != 2:
            raise InvalidCase(f"cotangents.{name} is {_short(value)}, expected a list of two, [forward, backward]")
        return tuple(None if one is None else floats(one, f"cotangents.{name}[{k}]") for k, one in enumerate(value))

    return Outputs(part("outputs", merge == "apart"), part("final_state", merge is not None))


def _array(value: Any, name: str, entry: Callable[[Any, str], Any], dtype: str) -> np.ndarray:
    """Nested lists, or {"shape", "values"}, as an array."""
    if isinstance(value, dict):
        _keys(value, name, ("shape", "values"), ())
        shape = tuple(int(size) for size in _array(value["shape"], f"{name}.shape", _integer, "int64").ravel())
        flat = list(_entries(value["values"], (None,), f"{name}.values"))
        if not all(0 <= size <= LONGEST for size in shape) or len(flat) != prod(shape):
            raise InvalidCase(f"{name} has {len(flat)} values, but its shape is {list(shape)}; make them fit")
    else:
        shape = _shape(value, name)
        flat = list(_entries(value, shape, name))
    if len(shape) > DEEPEST or prod(size or 1 for size in shape) > LARGEST:
        raise InvalidCase(
            f"{name} has the shape {list(shape)[:8]} ...; no case has more than 4 axes, or so many numbers"
        )
    return np.array([entry(one, where) for one, where in flat], dtype).reshape(shape)


def _shape(value: Any, name: str) -> tuple[int, ...]:
    if not is_list(value):
        raise InvalidCase(f"{name} is {_short(value)}, expected nested lists of numbers")
    shape: list[int] = []
    while is_list(value):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _entries(value: Any, shape: tuple[int | None, ...], name: str) -> Iterator[tuple[Any, str]]:
    """Every number with its place; the lists must be of one length at each depth."""
    if not shape:
        yield value, name
        return
    if not is_list(value) or shape[0] not in (None, len(value)):
        got = f"{len(value)} entries" if is_list(value) else _short(value)
        wanted = "a list" if shape[0] is None else f"a list of {shape[0]}, as its neighbours have"
        raise InvalidCase(f"{name} has {got}, expected {wanted}")
    for k, part in enumerate(value):
        yield from _entries(part, shape[1:], f"{name}[{k}]")


def _depth(value: Any) -> int:
    return 1 + _depth(value[0] if value else None) if isinstance(value, list) else 0


# One entry.


def _number(value: Any, name: str, dtype: str) -> float:
    """One number of the dtype: a decimal rounded to the nearest, a hexadecimal literal exactly."""
    if isinstance(value, Decimal):
        return _nearest(value, name, dtype)
    if isinstance(value, str) and ("x" in value.lower() or value in ("nan", "inf", "-inf")):
        try:
            number = exact_float(value)
        except ValueError as error:
            raise InvalidCase(f"{name} is {_short(value)}, which is no hexadecimal literal: {error}") from error
        if np.isfinite(number) and _nearest(Decimal(number), name, dtype) != number:
            raise InvalidCase(f"{name} is {value}, which is no {dtype} number; write a decimal to have it rounded")
        return number
    if isinstance(value, float):
        return value  # NaN or an infinity: all else is a Decimal
    raise InvalidCase(f'{name} is {_short(value)}, expected a number, or a hexadecimal literal such as "0x1.8p-1"')


def _nearest(value: Decimal, name: str, dtype: str) -> float:
    format = FORMATS[dtype]
    if not value or value.adjusted() < -FAR:
        return 0.0
    if value.adjusted() <= FAR:
        exact = Fraction(value)
        top = exact.numerator.bit_length() - exact.denominator.bit_length()
        top -= abs(exact) < Fraction(2) ** top
        quantum = Fraction(2) ** (max(top, format.smallest) - format.precision + 1)
        rounded = round(exact / quantum) * quantum
        if abs(rounded) < Fraction(2) ** (format.largest + 1):
            return float(rounded)
    raise InvalidCase(f"{name} is {_short(value)}, which is past the largest {dtype} number; scale it down")


def _integer(value: Any, name: str) -> int:
    if isinstance(value, Decimal) and value.adjusted() < 18 and value == value.to_integral_value():
        return int(value)
    raise InvalidCase(f"{name} is {_short(value)}, expected an integer")


def _boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool) or (isinstance(value, Decimal) and value in (0, 1)):
        return bool(value)
    raise InvalidCase(f"{name} is {_short(value)}, expected true or false")


def _one(data: Mapping[str, Any], name: str, default: Any, kind: type) -> Any:
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise InvalidCase(f"{name} is {_short(value)}, expected {'true or false' if kind is bool else 'a string'}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidCase(f"{', '.join(twice)} is given twice; leave one")
    return dict(pairs)


def _keys(data: Any, name: str, needed: tuple[str, ...], optional: tuple[str, ...]) -> None:
    known = ", ".join(needed + optional)
    if not is_object(data):
        raise InvalidCase(f"{name} is {_short(data)}, expected an object with the keys {known}")
    unknown = [key for key in data if key not in needed + optional]
    missing = [key for key in needed if key not in data]
    if unknown:
        raise InvalidCase(f"{name} has the unknown key {_short(unknown[0])}; the keys are {known}")
    if missing:
        raise InvalidCase(f"{name} lacks {', '.join(missing)}; the keys are {known}")


def _short(value: Any) -> str:
    if is_list(value):
        return f"a list of {len(value)}"
    if is_object(value):
        return "an object"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value)
    return text if len(text) < 60 else text[:57] + "..."

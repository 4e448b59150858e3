"""Read a case from JSON: from a golden vector, an 'again' line, or a file that a person wrote with nested lists.

numbers.py defines the notation of numbers; a decimal is rounded once, to the nearest number of the case's dtype. Keys
that are left out have the defaults of Case. Unknown keys, ragged lists and numbers above the largest of the dtype raise
InvalidCase, whose message tells what to do.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from conformance.interface.case import DTYPES, WEIGHTS, Case, Outputs
from conformance.interface.numbers import (
    InvalidCase,
    read_array,
    read_booleans,
    read_integers,
    require_keys,
    short,
)
from conformance.interface.type_guards import is_list
from reference import Parameters

NEEDED = ("dtype", "reset", "inputs", "parameters")
OPTIONAL = ("initial_state", "lengths", "mask", "reverse", "merge", "masked_outputs", "cotangent_kind")


def read_case(text: str) -> tuple[Case, Outputs | None]:
    """Read a case and its cotangents, None if there are none, from JSON text. Raises InvalidCase."""
    try:
        # Decimals keep their text. NaN and infinities, for which JSON has no number, become words.
        data = json.loads(text, parse_int=Decimal, parse_float=Decimal, parse_constant=str, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise InvalidCase(f"this is not JSON: {error}; write one object with the keys {', '.join(NEEDED)}") from error
    except InvalidOperation as error:
        raise InvalidCase("a number has an exponent outside every format; write a smaller exponent") from error
    except RecursionError as error:
        raise InvalidCase("lists are nested too deep; write arrays of three axes at most") from error
    require_keys(data, "the case", NEEDED, (*OPTIONAL, "cotangents"))
    cotangents = data.pop("cotangents", None)
    case = case_of(data)
    return case, _cotangents(cotangents, case)


def case_of(data: Any) -> Case:
    """Make the case that JSON values describe. Raises InvalidCase."""
    require_keys(data, "the case", NEEDED, OPTIONAL)
    dtype = data["dtype"]
    if dtype not in DTYPES:
        raise InvalidCase(f"dtype is {short(dtype)}, expected one of {', '.join(DTYPES)}")
    parameters = data["parameters"] if is_list(data["parameters"]) else [data["parameters"]]
    lengths, mask = data.get("lengths"), data.get("mask")
    return Case(
        inputs=read_array(data["inputs"], dtype, "inputs"),
        parameters=tuple(_parameters(p, f"parameters[{k}]", dtype, data["reset"]) for k, p in enumerate(parameters)),
        initial_state=_states(data.get("initial_state"), dtype),
        lengths=None if lengths is None else read_integers(lengths, "lengths"),
        mask=None if mask is None else read_booleans(mask, "mask"),
        reverse=_one(data, "reverse", False, bool),
        merge=_one(data, "merge", None, str),
        masked_outputs=_one(data, "masked_outputs", "carry", str),
        cotangent_kind=_one(data, "cotangent_kind", "all", str),
    )


def _parameters(data: Any, name: str, dtype: str, reset: Any) -> Parameters:
    require_keys(data, name, WEIGHTS)
    W, U, b = (read_array(data[weight], dtype, f"{name}.{weight}") for weight in WEIGHTS)
    try:
        return Parameters(W, U, b, reset)
    except ValueError as error:
        raise InvalidCase(f"{name}: {error}") from error


def _states(value: Any, dtype: str) -> tuple[np.ndarray, ...] | None:
    """One array for each direction. With one direction the array itself is also accepted."""
    if value is None:
        return None
    states = value if is_list(value) and _depth(value) != 2 else [value]
    return tuple(read_array(state, dtype, f"initial_state[{k}]") for k, state in enumerate(states))


def _cotangents(data: Any, case: Case) -> Outputs | None:
    """Cotangents in the shapes of the answer, None for each missing part."""
    if data is None:
        return None
    require_keys(data, "cotangents", (), Outputs._fields)

    def part(name: str, pair: bool) -> Any:
        value = data.get(name)
        if value is None:
            return None
        if not pair:
            return read_array(value, case.dtype, f"cotangents.{name}")
        if not is_list(value) or len(value) != 2:
            raise InvalidCase(f"cotangents.{name} is {short(value)}, expected a list of two, [forward, backward]")
        return tuple(
            None if one is None else read_array(one, case.dtype, f"cotangents.{name}[{k}]")
            for k, one in enumerate(value)
        )

    return Outputs(part("outputs", case.merge == "apart"), part("final_state", case.merge is not None))


def _depth(value: Any) -> int:
    return 1 + _depth(value[0] if value else None) if is_list(value) else 0


def _one(data: Mapping[str, Any], name: str, default: Any, kind: type) -> Any:
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise InvalidCase(f"{name} is {short(value)}, expected {'true or false' if kind is bool else 'a string'}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidCase(f"{', '.join(twice)} is given twice; remove one")
    return dict(pairs)

"""Check files against their schema (JSON Schema 2020-12), and against rules that a schema cannot express."""

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from conformance.interface.schemas import validator
from conformance.interface.type_guards import is_list, is_object
from conformance.vectors.files import FOLDER, paths
from conformance.vectors.vector import identity


def violations(folder: Path = FOLDER) -> list[str]:
    """A line for each violation in a folder's files."""
    return [f"{path.name}: {line}" for path in paths(folder) for line in _of_text(path)]


def _of_text(path: Path) -> list[str]:
    try:
        data = json.loads(path.read_text())
    except ValueError as error:
        return [f"no JSON: {error}"]
    return violations_of(data, path.stem)


def violations_of(data: Any, name: str) -> list[str]:
    """A line for each violation in one file's JSON. name: the name of the file."""
    from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]

    # Among alternatives, report the violation of the nearest.
    nearest: list[Any] = [best_match([error]) for error in sorted(validator("vector").iter_errors(data), key=str)]
    broken = [f"{error.json_path}: {_end(error.message)}" for error in nearest if error is not None]
    return broken or list(_unsaid(data, name))


def _end(message: str) -> str:
    """The end of a message, which may begin with a whole array."""
    return message if len(message) < 160 else "... " + message[-160:]


def _unsaid(data: dict[str, Any], name: str) -> Iterator[str]:
    if data["name"] != name:
        yield f"its name is {data['name']!r}, but the file must have the name of its vector"
    if not data["name"].startswith(data["clause"] + "-"):
        yield f"its name does not begin with its clause {data['clause']!r}"
    question = {"case": data["case"], "cotangents": data["cotangents"]}
    if data["id"] != identity(question):
        yield f"its id is not the hash of its question, {identity(question)}"
    if set(data["notes"]) != set(data["flags"]):
        yield f"it has notes on {sorted(data['notes'])}, but flags {sorted(data['flags'])}"
    for where, array in _arrays(data, "$"):
        places = range(0, prod(array["shape"]), array.get("every", 1))
        given = len(array["values"]) if "values" in array else sum(count for count, *_ in array["recipe"]["runs"])
        if given != len(places):
            apart = f", {array['every']} apart" if "every" in array else ""
            yield f"{where}: {given} values do not fill the shape {array['shape']}{apart}"


def _arrays(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if is_object(value) and "shape" in value:
        yield where, value
    elif is_object(value) or is_list(value):
        for key, item in value.items() if is_object(value) else enumerate(value):
            yield from _arrays(item, f"{where}.{key}")

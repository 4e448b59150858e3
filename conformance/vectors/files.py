"""The files: canonical JSON, one file for each vector, written from the authored cases and read by replay.

Canonical means: keys in the order of the schema, and one line for each row of an array, so that a person can compare
two versions. Every byte follows from `authored` and certified truth; `check` makes them again.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.interface.type_guards import is_list, is_object
from conformance.truth.certified import truth
from conformance.vectors.authored import AUTHORED
from conformance.vectors.vector import Stored, Vector, from_json, to_json

FOLDER = Path(__file__).parent
SCHEMA = "schema.json"


def paths(folder: Path = FOLDER) -> list[Path]:
    """The paths of all vector files, sorted by name."""
    return sorted(path for path in folder.glob("*.json") if path.name != SCHEMA)


def stored(folder: Path = FOLDER) -> dict[str, Stored]:
    """All vectors in a folder's files, by name."""
    return {path.stem: read(path) for path in paths(folder)}


def read(path: Path) -> Stored:
    """Read one vector. Raises InvalidCase if its case or its truth is not valid."""
    return from_json(json.loads(path.read_text()))


def content(vector: Vector) -> str:
    """The text of a vector's file."""
    return canonical(to_json(vector, truth(vector.case, vector.cotangents))) + "\n"


def write(folder: Path = FOLDER, progress: Callable[[str], None] = lambda name: None) -> list[Path]:
    """Write every vector, and remove every .json file of the folder that belongs to no authored vector.

    Args:
        folder: The folder of the files.
        progress: Called with each name.

    Returns:
        The paths that changed.
    """
    changed: list[Path] = []
    for path, expected, found in _compared(folder, AUTHORED, progress):
        if expected is None:
            path.unlink()
        elif expected != found:
            path.write_bytes(expected)
        else:
            continue
        changed.append(path)
    return changed


def check(folder: Path = FOLDER, progress: Callable[[str], None] = lambda name: None) -> list[str]:
    """A line for each file that differs from its authored vector and certified truth."""
    lines: list[str] = []
    for path, expected, found in _compared(folder, AUTHORED, progress):
        if found is None:
            lines.append(f"{path.name}: missing; write it with: python -m conformance vectors write")
        elif expected is None:
            lines.append(f"{path.name}: no vector of this name is authored; remove it or author it")
        elif expected != found:
            lines.append(f"{path.name}: {_difference(expected, found)}")
    return lines


def _compared(
    folder: Path, vectors: Mapping[str, Vector], progress: Callable[[str], None]
) -> Iterator[tuple[Path, bytes | None, bytes | None]]:
    """Yield each file: its path, its expected content (None: the file must not exist), and its content (None: no
    file).
    """
    for name, vector in vectors.items():
        path = folder / f"{name}.json"
        yield path, content(vector).encode(), path.read_bytes() if path.exists() else None
        progress(name)
    for path in paths(folder):
        if path.stem not in vectors:
            yield path, None, path.read_bytes()


def _difference(expected: bytes, found: bytes) -> str:
    """A message with the first line that differs."""
    right, wrong = expected.split(b"\n"), found.split(b"\n")
    where = next((i for i, pair in enumerate(zip(right, wrong, strict=False)) if pair[0] != pair[1]), None)
    if where is None:
        return f"has {len(wrong) - 1} lines, expected {len(right) - 1}"
    got, wanted = (lines[where].decode(errors="replace").strip(" ,")[:120] for lines in (wrong, right))
    return f"line {where + 1}: got {got}, expected {wanted}"


def canonical(value: Any, indent: str = "") -> str:
    """The JSON of a value, in the form of the files."""
    if is_object(value) and {"shape", "values"} <= set(value):
        return _array(value, indent)
    inner = indent + " "
    if is_object(value) and value:
        items = (f"{json.dumps(key)}: {canonical(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    if is_list(value) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + canonical(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value)


def _array(array: dict[str, Any], indent: str) -> str:
    """An array as text: a line for the shape, a line for the distance of stored numbers, a line for each row of the
    last axis.
    """
    values, shape = array["values"], array["shape"]
    apart = f'{indent} "every": {array["every"]},\n' if "every" in array else ""
    width = 4 if apart else shape[-1] or 1
    rows = [json.dumps(values[i : i + width])[1:-1] for i in range(0, len(values), width)]
    inside = "[]" if not rows else "[\n" + ",\n".join(f"{indent}  {row}" for row in rows) + f"\n{indent} ]"
    return f'{{\n{indent} "shape": {json.dumps(shape)},\n{apart}{indent} "values": {inside}\n{indent}}}'

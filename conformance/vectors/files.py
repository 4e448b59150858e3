"""The files: canonical JSON, one a vector, made from what is authored, and read for replay.

Canonical: keys in the order of the schema, one line for each row of an array, so that two versions can be compared by
eye. Every byte follows from `authored` and certified truth; `check` makes them again.
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
    """Every file of a vector, by name."""
    return sorted(path for path in folder.glob("*.json") if path.name != SCHEMA)


def stored(folder: Path = FOLDER) -> dict[str, Stored]:
    """Every vector by its name, as its file has it."""
    return {path.stem: read(path) for path in paths(folder)}


def read(path: Path) -> Stored:
    """One vector. Raises InvalidCase where its case or its truth is none."""
    return from_json(json.loads(path.read_text()))


def content(vector: Vector) -> str:
    """What the file of a vector holds."""
    return canonical(to_json(vector, truth(vector.case, vector.cotangents))) + "\n"


def write(folder: Path = FOLDER, progress: Callable[[str], None] = lambda name: None) -> list[Path]:
    """Write every vector, remove every .json of the folder that is not authored; the paths that changed.

    progress: called with each name.
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
    """A line for each file that is not, byte for byte, what is authored and true."""
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
    """Each file: its path, what it must hold (None: nothing) and what it holds (None: it is not there)."""
    for name, vector in vectors.items():
        path = folder / f"{name}.json"
        yield path, content(vector).encode(), path.read_bytes() if path.exists() else None
        progress(name)
    for path in paths(folder):
        if path.stem not in vectors:
            yield path, None, path.read_bytes()


def _difference(expected: bytes, found: bytes) -> str:
    """The first line that differs."""
    right, wrong = expected.split(b"\n"), found.split(b"\n")
    where = next((i for i, pair in enumerate(zip(right, wrong, strict=False)) if pair[0] != pair[1]), None)
    if where is None:
        return f"has {len(wrong) - 1} lines, expected {len(right) - 1}"
    got, wanted = (lines[where].decode(errors="replace").strip(" ,")[:120] for lines in (wrong, right))
    return f"line {where + 1}: got {got}, expected {wanted}"


def canonical(value: Any, indent: str = "") -> str:
    """JSON as the files have it."""
    if is_object(value) and set(value) == {"shape", "values"}:
        return _array(value, indent)
    inner = indent + " "
    if is_object(value) and value:
        items = (f"{json.dumps(key)}: {canonical(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    if is_list(value) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + canonical(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value)


def _array(array: dict[str, Any], indent: str) -> str:
    """A line for the shape and one for each row of the last axis."""
    values, shape = array["values"], array["shape"]
    width = shape[-1] if shape and shape[-1] else 1
    rows = [json.dumps(values[i : i + width])[1:-1] for i in range(0, len(values), width)]
    inside = "[]" if not rows else "[\n" + ",\n".join(f"{indent}  {row}" for row in rows) + f"\n{indent} ]"
    return f'{{\n{indent} "shape": {json.dumps(shape)},\n{indent} "values": {inside}\n{indent}}}'

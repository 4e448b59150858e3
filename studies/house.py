"""The house as its imports draw it: packages in layers, each of which imports from those below it alone.

A package is a folder; a module that stands in `conformance/` itself is one of its own. Left out: what is imported by
name at run time (adapters, commands), tests and examples.
"""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median
from typing import NamedTuple

import grimp

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/house.md"
HEAD = """# The house

Every part imports from layers below its own and from nowhere else; no two modules import each other. `conformance` is
shown part by part, its own name being what it gives to users. `reference` and `tf_gru` stand on the ground, side by
side. Left out: what is imported by name when it is asked for (adapters, commands), tests and examples.

Written by `python -m studies house`, which also says how long the files are.
"""
PACKAGES = ("reference", "tf_gru", "conformance", "benchmarks", "studies")


class Circle(Exception):
    """Packages or modules that import each other; the message names them."""


class File(NamedTuple):
    """A file of the tree, and its lines."""

    path: str
    lines: int


def page() -> str:
    """The whole page. Raises Circle."""
    lines = ["| layer | part | imports |", "| ---: | --- | --- |"]
    for number, parts in enumerate(layers()):
        for part, imported in parts.items():
            lines.append(f"| {number} | `{part}` | {', '.join(f'`{name}`' for name in sorted(imported)) or '–'} |")
    return "\n".join([HEAD, *lines]) + "\n"


def layers() -> list[dict[str, set[str]]]:
    """From the lowest: the parts of a layer, each with what it imports. Raises Circle."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    modules = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    _sorted(modules)
    parts: dict[str, set[str]] = {_part(name): set() for name in modules}
    for name, imported in modules.items():
        parts[_part(name)] |= {_part(other) for other in imported} - {_part(name)}
    order = _sorted(parts)
    found: list[dict[str, set[str]]] = []
    while order.is_active():
        ready = order.get_ready()
        found.append({part: parts[part] for part in sorted(ready)})
        order.done(*ready)
    return found


def files() -> Iterator[File]:
    """Every Python file of the packages and of tests and examples."""
    for folder in (*PACKAGES, "tests", "examples"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield File(str(path.relative_to(ROOT)), len(path.read_text().splitlines()))


def sizes() -> dict[str, tuple[float, File]]:
    """For the code and for the tests: the median of the lines, and the largest file."""
    every = list(files())
    tests = [file for file in every if file.path.startswith("tests/")]
    code = [file for file in every if file not in tests]
    return {
        name: (median(file.lines for file in some), max(some, key=lambda file: file.lines))
        for name, some in {"code": code, "tests": tests}.items()
    }


def _part(module: str) -> str:
    """The package, or the part of `conformance`, that a module belongs to."""
    words = module.split(".")
    return ".".join(words[:2]) if words[0] == "conformance" else words[0]


def _sorted(imports: dict[str, set[str]]) -> TopologicalSorter:
    order = TopologicalSorter(imports)
    try:
        order.prepare()
    except CycleError as error:
        raise Circle(" imports ".join(reversed(error.args[1]))) from error
    return order

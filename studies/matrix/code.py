"""A digest of the code that determines a cell of the matrix, because a record belongs to one state of the code.

It covers the statements of every module of the suite and of the specification that judging a mutant imports.
Docstrings, comments, layout and the catalogue of mistakes, which is text, do not count.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from conformance.interface.type_guards import is_list

START = ("studies.matrix.cells", "conformance.mutants")
OURS = ("conformance", "reference", "studies")
TEXT = "conformance.diagnosis.catalogue"


@cache
def digest() -> str:
    """The SHA-256 of the statements of all modules in the order of their names."""
    found = hashlib.sha256()
    for name, path in sorted(modules().items()):
        found.update(f"{name}\n{statements(path.read_text(encoding='utf-8'))}\n".encode())
    return found.hexdigest()


def modules() -> dict[str, Path]:
    """The modules in START and all modules that they import, by name."""
    found: dict[str, Path] = {}
    waiting: list[str] = list(START)
    while waiting:
        name = waiting.pop()
        if name not in found and not name.startswith(TEXT):
            path = _file(name)
            assert path is not None, name
            found[name] = path
            waiting += imported(path.read_text(encoding="utf-8"))
    return found


def imported(text: str) -> Iterator[str]:
    """The project's modules that a module imports anywhere in its code."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in OURS)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _file(inner) else node.module


def statements(text: str) -> str:
    """A module's code without its docstrings, as its syntax tree in one line."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        block: Any = node
        if is_list(getattr(node, "body", None)):
            block.body = [line for line in block.body if not _is_text(line)]
    return _text(tree)


def _text(node: Any) -> str:
    """A node with its non-empty fields, equal in every version of Python, unlike ast.dump."""
    if is_list(node):
        return f"[{', '.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return f"{type(node).__name__}({', '.join(f'{name}={_text(value)}' for name, value in fields)})"


def _is_text(line: ast.AST) -> bool:
    """True if a line is a docstring, or text below an attribute."""
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


@cache
def _file(name: str) -> Path | None:
    """The file of a module, or None if there is no such module."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:  # a name inside a module that is not a package
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None

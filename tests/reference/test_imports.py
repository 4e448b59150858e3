"""The specification stands alone."""

import ast
import sys
from pathlib import Path

import pytest

import reference

FILES = sorted(Path(reference.__path__[0]).glob("**/*.py"))


def imported(source: str) -> set[str]:
    """The top-level packages that a module's text imports; a relative import is '.'."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else str(node.module).split(".")[0])
    return found


def test_every_file_is_found() -> None:
    """The test below has something to hold."""
    names = {path.stem for path in FILES if path.parent.name == "reference"}

    assert names == {"__init__", "activations", "bidirectional", "cell", "parameters", "sequence"}
    assert {"__init__", "blocks", "keras"} < {path.stem for path in FILES if path.parent.name == "layouts"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_specification_imports_numpy_alone(path: Path) -> None:
    """Beside itself and the standard library."""
    assert imported(path.read_text()) <= {"numpy", "reference", *sys.stdlib_module_names}


def test_a_foreign_import_is_seen() -> None:
    """Wherever it hides."""
    assert imported("def f():\n    import torch.nn\n    from keras.layers import GRU") == {"torch", "keras"}
    assert imported("from . import cell") == {"."}


def test_every_exported_name_exists_and_is_documented() -> None:
    """What __all__ promises is there, sorted, with a docstring."""
    assert reference.__all__ == sorted(reference.__all__)
    assert all(getattr(reference, name).__doc__ for name in reference.__all__)

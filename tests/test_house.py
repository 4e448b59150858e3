"""Who may import whom, in one direction and without a circle; and how modules are named."""

import ast
import re
import sys
from pathlib import Path

import pytest

from studies import house
from tests.documents import ROOT

PACKAGES = ("reference", "tf_gru", "conformance", "benchmarks", "studies", "examples", "tests")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALLOWED = {"reference": {"numpy"}, "tf_gru": {"numpy", "tensorflow", "keras"}}


def imported(path: Path) -> set[str]:
    """The top-level names of every module that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package):
    for path in (ROOT / package).rglob("*.py"):
        foreign = imported(path) - set(sys.stdlib_module_names) - {package}
        assert foreign <= ALLOWED[package], path


def test_frameworks_are_imported_by_their_adapters_alone():
    frameworks = {"tensorflow", "keras", "torch", "onnx", "onnxruntime", "tf_gru"}
    frameworks |= {"jax", "flax", "equinox", "haiku", "openvino", "tf_keras"}
    using = {path.parent.name for path in (ROOT / "conformance").rglob("*.py") if imported(path) & frameworks}
    assert using == {"adapters"}


def test_imports_go_one_way_and_in_no_circle():
    """A circle is raised; then every part imports from layers below its own."""
    below: set[str] = set()
    for layer in house.layers():
        assert all(imported <= below for imported in layer.values())
        below |= set(layer)


NAMED = re.compile(r"__(init|main)__|[a-z][a-z0-9]*(_[a-z0-9]+)*")
NAMELESS = re.compile(r"(^|_)(utils?|helpers?|misc|common|stuff|tools?|base)(_|$)")


def well_named(name: str) -> bool:
    """Words in small letters that say what is in it."""
    return NAMED.fullmatch(name) is not None and NAMELESS.search(name) is None


def test_modules_and_folders_are_named_for_what_is_in_them():
    names = {part for path in FILES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert sorted(name for name in names if not well_named(name)) == []


@pytest.mark.parametrize("name", ["utils", "test_helpers", "common", "HelperUtils2", "baseCell", "_private", "misc_2"])
def test_another_name_would_be_seen(name):
    assert not well_named(name)


def test_tests_stand_where_the_code_stands():
    """A folder of tests is one of the packages, or says what they want."""
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - set(PACKAGES) == {"gpu", "browser"}

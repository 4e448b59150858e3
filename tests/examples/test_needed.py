"""An example checks its packages before it imports any, including the packages of this repository."""

import ast
import subprocess
import sys

import pytest

from tests.examples.test_options import NAMES

ALWAYS = {"numpy", "needed", "shared"}
"""Imports that an example need not check: packages that all others need, and the files beside it."""


def run(examples, name, missing):
    """Run an example while a package is missing."""
    path = str(examples / f"{name}.py")
    script = f"import runpy, sys; sys.path.insert(0, {str(examples)!r}); sys.modules[{missing!r}] = None\n"
    return subprocess.run(
        [sys.executable, "-c", f"{script}runpy.run_path({path!r})"], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("missing", ["rich", "tf_gru"])
def test_a_missing_package_is_named_with_its_install_command(examples, name, missing):
    result = run(examples, name, missing)

    assert result.returncode == 1
    told = f"examples/{name}.py needs {missing}: pip install '.[examples]' in a clone of the repository\n"
    assert result.stderr == told


@pytest.mark.parametrize("name", NAMES)
def test_an_example_checks_for_each_package_that_it_imports(examples, name):
    nodes = list(ast.walk(ast.parse((examples / f"{name}.py").read_text())))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    (call,) = (node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "needs")
    asked = {argument.value for argument in call.args[1:]}

    assert {each.partition(".")[0] for each in imported} - sys.stdlib_module_names - ALWAYS <= asked

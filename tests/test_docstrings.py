"""Docstrings: a noun phrase or an imperative first, and for public names their arguments and an example that runs."""

import ast
import doctest
import importlib
import inspect
import re

import pytest

from tests.documents import ROOT, SOURCES

PUBLIC = [
    "conformance",
    "conformance.adapters.reference",
    "conformance.mutants",
    "reference",
    "reference.layouts",
    "tf_gru",
]
HEADLESS = re.compile(r"(What|Whether|How|Those|That of)\b")


def headless(text):
    """Yield the first lines of docstrings that begin with a clause without a noun."""
    for node in ast.walk(ast.parse(text)):
        value = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else None
        if isinstance(value, str) and HEADLESS.match(value):
            yield value.partition("\n")[0]


def test_no_docstring_begins_with_a_clause_without_a_noun():
    found = {str(path.relative_to(ROOT)): list(headless(path.read_text())) for path in SOURCES}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "text", ['"""What it is."""', 'def f():\n    """Whether it holds."""', 'X = 1\n"""How many."""']
)
def test_a_docstring_that_begins_so_would_be_seen(text):
    assert len(list(headless(text))) == 1


def public(package):
    """The public names of a package, without modules."""
    module = importlib.import_module(package)
    named = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    return {name: thing for name, thing in named.items() if not inspect.ismodule(thing)}


@pytest.mark.parametrize("package", PUBLIC)
def test_every_public_name_has_an_example_that_runs(package):
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    found = {name: finder.find(thing, name)[0] for name, thing in public(package).items()}
    assert [name for name, example in found.items() if not example.examples] == []
    for example in (*found.values(), *finder.find(importlib.import_module(package), package)):
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("package", PUBLIC)
def test_every_public_function_describes_its_arguments(package):
    for name, thing in public(package).items():
        if inspect.isfunction(thing):
            described = re.findall(r"^\s+\*{0,2}(\w+): ", inspect.getdoc(thing).partition("Args:")[2], re.MULTILINE)
            assert set(inspect.signature(thing).parameters) <= set(described), name
            assert "Returns:" in thing.__doc__, name


def test_an_example_that_fails_would_be_seen():
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner(verbose=False).run(wrong, out=lambda text: None).failed == 1

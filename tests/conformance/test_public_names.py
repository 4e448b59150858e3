"""The names that a user imports: the package's own, and earlier ones, each of which is one module."""

import subprocess
import sys
from importlib import import_module

import pytest

import conformance
from conformance.interface import adapter, arithmetic, case

PROMISED = {
    "conformance.adapter": ("Adapter", "Declined", "GRU", "SubjectError", "ask"),
    "conformance.adapters": ("load",),
    "conformance.adapters.reference": ("gru",),
    "conformance.arithmetic": ("Arithmetic",),
    "conformance.bounds": ("OneStep", "OutsideDomain"),
    "conformance.case": ("Case", "Outputs"),
    "conformance.diagnosis": ("diagnose",),
    "conformance.identify": ("identify",),
    "conformance.mutants": ("gates_swapped",),
    "conformance.oracle": ("certify",),
    "conformance.oracle_tangents": ("certify_tangents",),
    "conformance.plugin": ("pytest_addoption",),
    "conformance.residuals": ("Judgement",),
    "conformance.schemas": ("FILES", "violations"),
    "conformance.truth": ("Truth", "truth"),
    "conformance.whole_runs": ("judge_run",),
}
"""Modules and names that the documents and the examples tell users to import."""


def test_the_package_has_all_that_an_adapter_needs():
    public = [
        *(adapter.Adapter, arithmetic.Arithmetic, adapter.Capabilities, case.Case, adapter.Declined),
        *(case.Gradients, case.Outputs),
    ]
    assert [getattr(conformance, name) for name in conformance.__all__] == public


@pytest.mark.parametrize(("module", "names"), PROMISED.items(), ids=PROMISED)
def test_a_promised_name_is_there(module, names):
    found = import_module(module)
    assert all(hasattr(found, name) for name in names)


@pytest.mark.parametrize(("earlier", "now"), conformance.NOW.items(), ids=conformance.NOW)
def test_a_module_by_its_earlier_name_is_the_same_module(earlier, now):
    assert import_module(f"conformance.{earlier}") is import_module(f"conformance.{now}")


def test_a_module_in_a_folder_is_found_by_its_earlier_name_too_and_once():
    assert import_module("conformance.report.page") is import_module("conformance.cli.report.page")
    with pytest.raises(ModuleNotFoundError, match=r"conformance\.diagnosis\.identify\.nothing"):
        import_module("conformance.identify.nothing")


def test_a_name_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match=r"conformance\.nothing"):
        import_module("conformance.nothing")


def test_the_package_alone_imports_no_slow_module():
    heavy = ("click", "flint", "hypothesis", "jsonschema", "rich")
    code = f"import sys, conformance, conformance.adapter; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

"""The contracts on imports in pyproject.toml, and the packages of other projects that each package needs."""

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import grimp
import pytest

import reference
from tests.documents import ROOT

ROOMS = ("interface", "adapters", "truth", "bounds", "checks", "diagnosis", "mutants", "vectors", "suite", "cli")
WRONG = [
    *((f"conformance.{room}", f"conformance.{later}") for room, later in pairwise(ROOMS)),
    ("conformance.checks", "studies"),
    ("conformance.adapters", "tests"),
    ("reference", "conformance.interface"),
    ("reference", "tf_gru"),
    ("tf_gru", "reference"),
]


def kept(folder):
    """True if the contracts hold for the packages in a folder, and the output of lint-imports."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", "pyproject.toml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def test_the_contracts_hold():
    holds, printed = kept(ROOT)
    assert holds, printed


def test_every_import_against_a_contract_would_be_seen(tmp_path):
    """The same packages and rooms, empty, then with an import in each room from the room after it."""
    for package in ("reference", "tf_gru", "conformance", *(f"conformance/{room}" for room in ROOMS)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    for module in ("__main__", "specification"):
        (tmp_path / "conformance" / f"{module}.py").write_text("")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert kept(tmp_path)[0]
    for number, (package, imported) in enumerate(WRONG):
        module = tmp_path / package.replace(".", "/") / f"wrong_{number}.py"
        module.write_text(f"def later():\n    import {imported}\n")
    holds, printed = kept(tmp_path)
    assert not holds
    for number, (package, imported) in enumerate(WRONG):
        assert f"{package}.wrong_{number} -> {imported}" in printed


@pytest.mark.parametrize(
    ("package", "others"), [("reference", {"numpy"}), ("tf_gru", {"numpy", "tensorflow", "keras", "h5py"})]
)
def test_a_package_needs_these_packages_of_others_alone(package, others):
    graph = grimp.build_graph(package, include_external_packages=True)
    outside = {module for module in graph.modules if graph.is_module_squashed(module)}
    assert outside - sys.stdlib_module_names == others


def test_every_public_name_of_the_specification_is_there_and_documented():
    assert reference.__all__ == sorted(reference.__all__)
    assert all(getattr(reference, name).__doc__ for name in reference.__all__)

"""pytest's door to the suite: the plugin itself is gru_conformance_pytest, whose name no other package has."""

from gru_conformance_pytest import (
    TESTS,
    pytest_addoption,
    pytest_configure,
    pytest_pycollect_makemodule,
)

__all__ = ["TESTS", "pytest_addoption", "pytest_configure", "pytest_pycollect_makemodule"]

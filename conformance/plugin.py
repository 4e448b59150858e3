"""The pytest plugin under its module name in this package. The code is in gru_conformance_pytest, whose name is
unique.
"""

from gru_conformance_pytest import (
    TESTS,
    pytest_addoption,
    pytest_configure,
    pytest_pycollect_makemodule,
)

__all__ = ["TESTS", "pytest_addoption", "pytest_configure", "pytest_pycollect_makemodule"]

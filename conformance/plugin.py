"""The suite as plain pytest: pytest --pyargs conformance --gru NAME [--gru-profile ci]."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.adapter import GRU

HOME = "conformance.test_conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's options; nothing of it is imported unless its own tests are collected."""
    group = parser.getgroup("gru-conformance")
    group.addoption("--gru", action="append", default=[], metavar="NAME", help="a registered GRU or module:attribute")
    group.addoption("--gru-profile", default="dev", choices=("dev", "ci", "thorough"), help="how many cases")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each of the suite's tests, for each subject; each clause in each format."""
    if metafunc.module.__name__ != HOME:
        return
    from conformance.adapter import UsageError
    from conformance.adapters import load
    from conformance.checks import CHECKS
    from conformance.verdict import DTYPES

    names = metafunc.config.getoption("gru")
    if not names:
        raise pytest.UsageError("say which GRU: --gru NAME, a name of `python -m conformance list` or module:attribute")
    try:
        subjects: list[GRU] = [load(name) for name in names]
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    metafunc.parametrize("subject", subjects, ids=names, scope="module")
    if "check" in metafunc.fixturenames:
        metafunc.parametrize("check", CHECKS, ids=[check.clause for check in CHECKS])
        metafunc.parametrize("dtype", DTYPES)

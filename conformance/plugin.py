"""The suite as plain pytest: pytest --pyargs conformance --gru NAME [--gru-profile ci]."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.adapter import GRU

HOME = "conformance.test_conformance"
SUBJECTS: pytest.StashKey["dict[str, GRU]"] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's options; nothing else of it is imported unless a subject is named."""
    group = parser.getgroup("gru-conformance")
    group.addoption("--gru", action="append", default=[], metavar="NAME", help="a registered GRU or module:attribute")
    group.addoption("--gru-profile", default="dev", choices=("dev", "ci", "thorough"), help="how many cases")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Load the subjects first: a name that is none is a usage error, not a traceback from collecting."""
    names = session.config.getoption("gru")
    if names:
        from conformance.adapter import UsageError
        from conformance.adapters import load

        try:
            session.config.stash[SUBJECTS] = {name: load(name) for name in names}
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each of the suite's tests, for each subject; each clause in each format."""
    if metafunc.module.__name__ != HOME:
        return
    subjects = metafunc.config.stash.get(SUBJECTS, {})
    if not subjects:
        todo = "say which GRU: --gru NAME, a name of `python -m conformance list` or module:attribute"
        raise pytest.Collector.CollectError(todo)
    metafunc.parametrize("subject", subjects.values(), ids=subjects.keys(), scope="module")
    if "check" in metafunc.fixturenames:
        from conformance.checks import CHECKS
        from conformance.verdict import DTYPES

        metafunc.parametrize("check", CHECKS, ids=[check.clause for check in CHECKS])
        metafunc.parametrize("dtype", DTYPES)

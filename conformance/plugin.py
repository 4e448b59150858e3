"""The suite as plain pytest: pytest --gru NAME [--gru-profile ci], in any folder.

Where a GRU is named, the suite's tests are collected beside what else is: nothing more is to be said, on the command
line or in a project's addopts. The suite alone is pytest --pyargs conformance --gru NAME.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.interface.adapter import GRU

HOME = "conformance.test_conformance"
TESTS = Path(__file__).resolve().parent / "test_conformance.py"
SUBJECTS: pytest.StashKey["dict[str, GRU]"] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's options; nothing else of it is imported unless a subject is named."""
    group = parser.getgroup("gru-conformance")
    what = "judge this GRU too: a registered name, module:attribute or process:COMMAND"
    group.addoption("--gru", action="append", default=[], metavar="NAME", help=what)
    group.addoption("--gru-profile", default="dev", choices=("dev", "ci", "thorough"), help="how many cases")


def pytest_configure(config: pytest.Config) -> None:
    """Have the suite's tests collected, and modules found: of the project's root, and as `python -m pytest` does."""
    if not config.getoption("gru"):
        return
    for folder in (config.invocation_params.dir, config.rootpath):
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        sys.path.insert(0, str(folder))
    if not any(_holds_the_suite(argument, config) for argument in config.args):
        config.args.append(str(TESTS))


def _holds_the_suite(argument: str, config: pytest.Config) -> bool:
    """Whether pytest is asked for the suite's tests themselves; into a folder above it may not look."""
    if config.option.pyargs and argument.partition("::")[0] in ("conformance", HOME):
        return True
    path = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
    return path in (TESTS, TESTS.parent)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Load the subjects first: a name that is none is a usage error, not a traceback from collecting."""
    names = session.config.getoption("gru")
    if names:
        from conformance.adapters import load
        from conformance.interface.adapter import UsageError

        try:
            session.config.stash[SUBJECTS] = {name: load(name) for name in names}
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each of the suite's tests, for each subject; each clause in each format."""
    if metafunc.definition.path.resolve() != TESTS:
        return
    subjects = metafunc.config.stash.get(SUBJECTS, None)
    if not subjects:
        todo = "say which GRU: --gru NAME, a name of `python -m conformance list` or module:attribute"
        raise pytest.Collector.CollectError(todo)
    metafunc.parametrize("subject", subjects.values(), ids=subjects.keys(), scope="module")
    if "check" in metafunc.fixturenames:
        from conformance.checks.clauses import CHECKS
        from conformance.checks.verdict import DTYPES

        metafunc.parametrize("check", CHECKS, ids=[check.clause for check in CHECKS])
        metafunc.parametrize("dtype", DTYPES)

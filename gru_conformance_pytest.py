"""A pytest plugin that judges GRUs beside a project's own tests: `pytest --gru NAME [--gru-profile ci]`.

pytest collects these tests after all others: one for each clause and format. A separate process judges the GRU.
pytest's own process imports no package of the suite, because the project may have packages of the same names.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from functools import partial
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from multiprocessing import Pipe
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HOME = Path(__file__).resolve().parent
TESTS = HOME / "conformance" / "test_conformance.py"
TODO = "say which GRU: --gru NAME, a name of `python -m conformance list` or module:attribute"
PLUGIN = "gru-conformance-subjects"
POLITE = 1.0
"""Seconds that a process has to end by itself."""
ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT
"""Flags for `waitid`: report the end of the process but leave its id in use, so that no other process can get it."""


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Add the suite's options. Do nothing if this plugin is already registered as conformance.plugin."""
    group = parser.getgroup("gru-conformance")
    if group.options:
        return
    sys.meta_path.insert(0, _FoldersFirst())
    what = "judge this GRU too: a registered name, module:attribute or process:COMMAND"
    group.addoption("--gru", action="append", default=[], metavar="NAME", help=what)
    group.addoption("--gru-profile", default="dev", choices=("dev", "ci", "thorough"), help="how many cases")


def pytest_configure(config: "pytest.Config") -> None:
    """Register the suite's tests if the user names a GRU."""
    if config.getoption("gru") and not config.pluginmanager.hasplugin(PLUGIN):
        config.pluginmanager.register(_Subjects(config), PLUGIN)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Replace the suite's own test module by an empty collector, because its tests stand after all others."""
    return _Elsewhere.from_parent(parent, path=module_path) if module_path == TESTS else None


class _FoldersFirst(Loader):
    """A finder for the project's folders without __init__.py. Python alone prefers installed packages of the same name.

    The suite's package supplies the modules and attributes that such a folder does not have.
    """

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """The spec of a folder that the path names before the suite's package, or None."""
        if name not in ("conformance", "reference", "tf_gru"):
            return None
        places = [os.path.realpath(entry) for entry in sys.path]
        found = PathFinder.find_spec(name, sys.path[: places.index(str(HOME))] if str(HOME) in places else sys.path)
        if found is None or found.origin is not None or found.submodule_search_locations is None:
            return None
        theirs = [folder for folder in found.submodule_search_locations if any(Path(folder).glob("**/*.py"))]
        if not theirs:
            return None
        spec = ModuleSpec(name, self, is_package=True)
        spec.submodule_search_locations = [*theirs, str(HOME / name)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty until something is missing in it."""
        vars(module)["__getattr__"] = partial(_of_the_suite, module)


def _of_the_suite(module: ModuleType, name: str) -> Any:
    """Run the suite's package for an attribute that it defines. Python itself imports modules."""
    file = Path(module.__path__[-1], "__init__.py")
    code = file.read_text()
    if name.startswith("__") or not re.search(rf"\b{name}\b", code) or PathFinder.find_spec(name, module.__path__):
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
    del vars(module)["__getattr__"]
    exec(compile(code, file, "exec"), vars(module))
    return getattr(module, name)


class _Elsewhere(pytest.File):
    """An empty collector for the suite's test module."""

    def collect(self) -> list[pytest.Item]:
        """Collect nothing. Raises CollectError if the user names no GRU."""
        if not self.config.getoption("gru"):
            raise self.CollectError(TODO)
        return []


class _Subjects:
    """The named GRUs: the process that judges them, and their tests."""

    def __init__(self, config: "pytest.Config") -> None:
        self.judge = _Judge(config)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Start the process. Raises UsageError for a name that is no GRU."""
        refused = self.judge.start()
        if refused is not None:
            raise pytest.UsageError(refused)
        if session.config.pluginmanager.hasplugin("dsession"):
            self.judge.end()  # each process of pytest-xdist starts its own

    def pytest_sessionfinish(self) -> None:
        """End the process."""
        self.judge.end()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """Add the suite to the session's collection."""
        outcome = yield
        if isinstance(collector, pytest.Session):
            suite = _Suite.from_parent(collector, path=TESTS, nodeid="gru-conformance")
            suite.judge = self.judge
            outcome.get_result().result.append(suite)


class _Suite(pytest.File):
    """The suite's tests of every named GRU."""

    judge: "_Judge"

    def collect(self) -> Generator[pytest.Item, None, None]:
        """Yield a smoke test for each GRU, and a test for each clause and format."""
        for name in self.judge.names:
            yield self._test(f"test_smoke[{name}]", name)
            for clause, dtype in self.judge.clauses[name]:
                yield self._test(f"test_clause[{name}-{clause}-{dtype}]", name, clause, dtype)

    def _test(self, title: str, *question: str) -> pytest.Item:
        item = _Test.from_parent(self, name=title)
        item.judge, item.question = self.judge, question
        return item


class _Test(pytest.Item):
    """One question to the process that judges."""

    judge: "_Judge"
    question: tuple[str, ...]

    def runtest(self) -> None:
        """Pass, fail with the report's text, or skip a declined clause with its reason."""
        kind, text = self.judge.ask(self.question)
        if kind == "declined":
            pytest.skip(f"declined: {text}")
        if kind != "pass":
            pytest.fail(text, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The place that pytest lists for this test."""
        return TESTS, 0, self.name


class _Judge:
    """A separate process that judges, in which the suite's packages keep their names."""

    def __init__(self, config: "pytest.Config") -> None:
        self.names: list[str] = list(dict.fromkeys(config.getoption("gru") or ()))
        self.profile = str(config.getoption("gru_profile"))
        self.folder = config.invocation_params.dir
        self.root = config.rootpath
        self.clauses: dict[str, list[tuple[str, str]]] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> str | None:
        """Start the process. Returns None, or the reason why it cannot answer."""
        self.pipe, theirs = Pipe()
        path = os.pathsep.join(dict.fromkeys([str(self.folder), str(self.root), *filter(None, sys.path)]))
        command = [sys.executable, "-P", str(HOME / "gru_conformance.py"), "judge", str(theirs.fileno()), self.profile]
        self.process = subprocess.Popen(
            [*command, *self.names],
            env=os.environ | {"PYTHONPATH": path},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        kind, content = self._receive()
        if kind == "ready":
            self.clauses = content
            return None
        self.end()
        return content

    def ask(self, question: tuple[str, ...]) -> tuple[str, str]:
        """The kind and the text of a verdict. Starts the process again if it has ended."""
        if self.process is None and (refused := self.start()) is not None:
            return "error", refused
        try:
            self.pipe.send(question)
            return self._receive()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the process and everything that it started; first give it time to end by itself."""
        if self.process is not None:
            self.pipe.close()
            until = time.monotonic() + POLITE
            while os.waitid(os.P_PID, self.process.pid, ENDED) is None and time.monotonic() < until:
                time.sleep(POLITE / 20)
            with contextlib.suppress(ProcessLookupError, PermissionError):  # the group is gone, or does not exist yet
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            self.process = None

    def _receive(self) -> tuple[str, Any]:
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            process = self.process
            assert process is not None, "an answer needs a running process"
            self.end()
            return "error", f"the process that judges ended with exit code {process.returncode}"

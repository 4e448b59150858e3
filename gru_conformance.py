"""The command `gru-conformance`, and import rules for projects with packages of the same names as the suite's.

A project may have its own package `reference`, and one process cannot hold two packages of one name. Therefore the
suite removes folders with such a namesake from the path of its processes (`ours_alone`). The process that judges an
adapter restores these folders for all other names (`admit`). There, the suite refuses a project file that imports a
name which exists twice.

This module imports no package of the suite before `ours_alone` has run. Its own name is unique.
"""

import ast
import os
import sys
import tomllib
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

OURS = ("conformance", "reference", "tf_gru")
HOME = Path(__file__).resolve().parent
"""The folder that contains the suite's packages."""
PROJECT = HOME / "pyproject.toml"
"""A file that exists only in a clone."""

REMEDY = (
    "one process cannot hold both: rename yours, move the adapter to a folder without it, or have the GRU judged as a "
    "program (--process COMMAND, docs/protocol.md)"
)


def main() -> None:
    """Run the command line. If a required package is missing, exit with a message that tells how to install it."""
    ours_alone()
    try:
        from conformance.__main__ import main as command
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] in OURS:
            raise
        here = f"-e '{HOME}[conformance]'" if PROJECT.exists() else "'tf-gru[conformance]'"
        sys.exit(
            f"No module named {error.name!r}; install what the suite needs: {sys.executable} -m pip install {here}"
        )
    command()


def version() -> str:
    """The version of the suite; a clone that is not installed has one too."""
    try:
        return metadata.version("tf-gru")
    except metadata.PackageNotFoundError:
        return tomllib.loads(PROJECT.read_text())["project"]["version"]


def ours_alone() -> None:
    """Remove folders with a namesake from the path of this process and its children, and add the current folder."""
    folders = _folders()
    taken = [folder for folder in folders if any(namesake(name, folder) for name in OURS)]
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) not in taken]
    on_path = {os.path.realpath(entry) for entry in sys.path}
    sys.path[:0] = [folder for folder in folders if folder not in on_path and folder not in taken]
    sys.meta_path.insert(0, _Finder(()))


def admit() -> None:
    """Let this process import the project's modules, except those with the names of the suite's packages."""
    on_path = {os.path.realpath(entry) for entry in sys.path}
    folders = [folder for folder in _folders() if folder not in on_path]
    if any(namesake(name, folder) for name in OURS for folder in folders):
        sys.meta_path.insert(0, _Finder(tuple(folders)))
        sys.path[:0] = folders


def shadowed(module: str) -> str | None:
    """The project's file or folder with the name of this module, if the module belongs to the suite.

    module: a dotted name. Below `conformance` the whole name counts, because an adapter imports from there.
    """
    top = module.partition(".")[0]
    wanted = module if top == "conformance" else top
    folders = [folder for finder in sys.meta_path if isinstance(finder, _Finder) for folder in finder.folders]
    found = filter(None, (namesake(wanted, folder) for folder in folders))
    return next((path for path in found if Path(path).is_file() or any(Path(path).glob("*.py"))), None)


def namesake(module: str, folder: str) -> str | None:
    """The file or folder that Python would import from a folder under the name of a suite package, or None."""
    top, *rest = module.split(".")
    if top not in OURS or Path(folder) == HOME:
        return None
    found = PathFinder.find_spec(top, [folder])
    for name in rest:
        found = found and PathFinder.find_spec(name, found.submodule_search_locations or [])
    return found and (found.origin or next(iter(found.submodule_search_locations or ()), None))


def _folders() -> list[str]:
    """The folders that Python searches first: the current folder and the entries of PYTHONPATH."""
    given = [] if sys.flags.safe_path else [os.getcwd()]
    if not sys.flags.ignore_environment:
        given += os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return list(dict.fromkeys(os.path.realpath(folder) for folder in given if folder))


class _Finder:
    """An import finder that takes the suite's packages from HOME and refuses project files that import a namesake."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self.folders = folders

    def find_spec(self, name: str, path: Sequence[str] | None = None, *_: object) -> ModuleSpec | None:
        """The spec of a package of the suite, or None, so that the next finder searches."""
        if name in (*OURS, "gru_conformance", "gru_conformance_pytest"):
            return PathFinder.find_spec(name, [str(HOME)])
        if self.folders and name.partition(".")[0] not in OURS:
            found = PathFinder.find_spec(name, path)
            if found is not None and found.origin is not None and found.origin.endswith(".py"):
                self._require_none(Path(found.origin), name.partition(".")[0])
        return None

    def _require_none(self, file: Path, top: str) -> None:
        """Refuse a project module that imports a name which both the project and the suite have. Raises UsageError."""
        if not any(file.is_relative_to(Path(each, top)) or file == Path(each, f"{top}.py") for each in self.folders):
            return
        for line, module in _imported(file):
            if theirs := shadowed(module):
                from conformance.interface.adapter import UsageError

                raise UsageError(f"{file}, line {line}, imports {module}, and {theirs} is not the suite's; {REMEDY}")


def _imported(file: Path) -> Iterator[tuple[int, str]]:
    """The lines and names of the modules that a file may import, except the suite's public names."""
    from conformance import __all__ as public

    try:
        nodes = list(ast.walk(ast.parse(file.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        return  # the import of the file reports the error
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module != "conformance" or not {alias.name for alias in node.names} <= {*public}:
                yield node.lineno, node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from ((node.lineno, str(arg.value)) for arg in node.args[:1] if isinstance(arg, ast.Constant))


if __name__ == "__main__":
    main()

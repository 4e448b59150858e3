"""A build of the native library from patched sources, with further options of the compiler."""

import ast
import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "tf_gru" / "native"
COMPILER = "g++"


class Patch(NamedTuple):
    """A replacement of one text in one source file. The text must occur there exactly once."""

    file: str
    old: str
    new: str


class InvalidPatch(ValueError):
    """The text to replace does not occur exactly once. The message names the file and the text."""


@cache
def setting(name: str) -> Any:
    """A constant of setup.py, computed without running the rest of it."""
    for line in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", None) == name:
            return eval(compile(ast.Expression(line.value), "setup.py", "eval"))
    raise LookupError(f"setup.py has no {name}")


def vectors(name: str) -> list[str]:
    """The compiler's options for an instruction set: "avx512", "avx2", "portable", or "fma", which is "portable" with
    vectors of 16 bytes and the processor's own fused operations.
    """
    return ["-mfma"] if name == "fma" else setting("INSTRUCTION_SETS")["x86_64"][f"isa_{name}"]


def patched(folder: Path, patches: Iterable[Patch]) -> Path:
    """A copy of the sources in a new folder, with the patches. Raises InvalidPatch."""
    shutil.copytree(SOURCES, folder, ignore=lambda _, names: [name for name in names if name[-2:] not in (".h", "pp")])
    for patch in patches:
        text = (folder / patch.file).read_text()
        if text.count(patch.old) != 1:
            raise InvalidPatch(f"{patch.file} has {text.count(patch.old)} times {patch.old!r}, but must have it once")
        (folder / patch.file).write_text(text.replace(patch.old, patch.new))
    return folder


def built(folder: Path, instruction_set: str, patches: Iterable[Patch] = (), options: Iterable[str] = ()) -> Path:
    """Build the library for one instruction set.

    Objects that two builds share are compiled once. They stay beside the build's own folder.

    Args:
        folder: A new folder.
        instruction_set: As for `vectors`.
        patches: Changes of the sources.
        options: Further options of compiler and linker. Later options replace those of setup.py.

    Returns:
        The library.
    """
    sources, options = patched(folder / "sources", patches), list(options)
    choice = sources / "choice.cpp"  # which then knows one table, built for the wanted set under the name "portable"
    choice.write_text(choice.read_text().replace("defined(__x86_64__)", "false"))
    objects = folder.parent / "objects"
    objects.mkdir(exist_ok=True)
    special = {"isa_portable": vectors(instruction_set)}
    made = []
    for name in ("choice", "entry", "isa_portable", "ops", "pool"):
        command = [COMPILER, *setting("OPTIONS"), *special.get(name, []), *options]
        text = subprocess.run([*command, "-E", "-P", sources / f"{name}.cpp"], capture_output=True, check=True).stdout
        made.append(objects / f"{hashlib.sha256(text + repr(command).encode()).hexdigest()[:16]}.o")
        if not made[-1].exists():
            subprocess.run([*command, "-c", sources / f"{name}.cpp", "-o", made[-1]], check=True)
    library = folder / "libtf_gru.so"
    subprocess.run([COMPILER, "-shared", "-pthread", *options, *made, "-o", library], check=True)
    return library

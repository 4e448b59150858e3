"""The build of the native library, with a compiler and without one, from the distributed files."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.documents import ROOT
from tf_gru.native import PATH as BUILT

LIBRARY = "tf_gru/native/libtf_gru.so"
SOURCES = ROOT / "tf_gru" / "native"
MACHINE = platform.machine()
OPTIONS = {"avx512": ["-mavx512f", "-mavx512vl", "-mavx512bw", "-mavx512dq", "-mfma"], "avx2": ["-mavx2", "-mfma"]}

pytestmark = pytest.mark.skipif(not shutil.which("g++"), reason="there is no g++ here")


def built(kind, folder, source, **environment):
    """The file that the build backend makes from a source tree."""
    program = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(folder)!r}))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=source, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return Path(folder, run.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The content of a checkout's sdist."""
    folder = tmp_path_factory.mktemp("sdist")
    left_out = shutil.ignore_patterns(".*", "build", "dist", "*.so", "*.egg-info", "__pycache__", "docs", "tests")
    shutil.copytree(ROOT, folder / "checkout", ignore=left_out)
    archive = built("sdist", folder, folder / "checkout")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def test_without_a_compiler_the_wheel_is_pure(unpacked, tmp_path):
    """The wheel is for any machine, without the library; CC and CXX name no compiler."""
    wheel = built("wheel", tmp_path, unpacked, CC="/nowhere/cc", CXX="/nowhere/c++")

    assert wheel.name.endswith("-py3-none-any.whl")
    with ZipFile(wheel) as archive:
        assert "tf_gru/native/__init__.py" in archive.namelist()
        assert not any(name.endswith((".so", ".cpp", ".h")) for name in archive.namelist())


def test_with_a_compiler_the_wheel_has_the_library_for_any_python(unpacked, tmp_path):
    """The build is not optimised, because only the wheel's content is tested."""
    build = unpacked / "setup.py"
    build.write_text(build.read_text().replace("-O2", "-O0"))
    wheel = built("wheel", tmp_path, unpacked)

    assert wheel.name.endswith(f"-py3-none-linux_{MACHINE}.whl")
    with ZipFile(wheel) as archive:
        archive.extract(LIBRARY, tmp_path)
        assert not any(name.endswith((".cpp", ".h")) for name in archive.namelist())
    program = f"import ctypes; print(ctypes.CDLL({str(tmp_path / LIBRARY)!r}).tf_gru_forward is not None)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "True\n"


def symbols(path):
    """Kind and name of every symbol in an object file."""
    listed = subprocess.run(["nm", "-C", path], capture_output=True, text=True, check=True).stdout
    return [line[17:].split(" ", 1) for line in listed.splitlines()]


def shared_code(path):
    """Symbols that the linker might take from this file in place of another's: all defined ones that are not local,
    except its table.
    """
    return [name for kind, name in symbols(path) if kind in "TWVuDBRC" and not name.startswith("tf_gru::isa_")]


@pytest.mark.parametrize("name", ["avx512", "avx2", "portable"])
def test_no_code_for_an_instruction_set_can_stand_in_for_other_code(tmp_path, name):
    """The build is not optimised, because inlining would hide the fault."""
    if MACHINE != "x86_64" and name in OPTIONS:
        pytest.skip(f"no {name} on {MACHINE}")
    compiled = tmp_path / "isa.o"
    command = ["g++", "-std=c++17", "-O0", "-fPIC", *OPTIONS.get(name, []), "-c", SOURCES / f"isa_{name}.cpp"]
    subprocess.run([*command, "-o", compiled], check=True)

    assert any(kind == "T" or kind == "t" for kind, _ in symbols(compiled))
    assert shared_code(compiled) == []


def test_a_shared_inline_function_is_seen(tmp_path):
    (tmp_path / "shared.cpp").write_text("#include <vector>\nint f() { return std::vector<int>{1}.at(0); }\n")
    subprocess.run(["g++", "-O0", "-c", tmp_path / "shared.cpp", "-o", tmp_path / "shared.o"], check=True)

    assert any("std::vector" in name for name in shared_code(tmp_path / "shared.o"))


def test_the_library_exports_its_functions_and_nothing_else():
    listed = subprocess.run(["nm", "-D", "--defined-only", BUILT], capture_output=True, text=True, check=True)
    names = {line.split()[2] for line in listed.stdout.splitlines()}

    functions = ("forward", "backward", "activate", "instruction_set", "why_not", "set_threads")
    assert {name for name in names if not name.startswith("_Z")} == {f"tf_gru_{name}" for name in functions}


def digest(tmp_path, compiler, instruction_sets, *emulator):
    """The output of a program of the kernels, compiled and run for a processor."""
    sources = [SOURCES / f"{name}.cpp" for name in ("pool", "entry", "choice")]
    objects = []
    for name in instruction_sets:
        objects.append(tmp_path / f"{name}.o")
        command = [compiler, "-std=c++17", "-O1", "-ffp-contract=off", *OPTIONS.get(name, [])]
        subprocess.run([*command, "-c", SOURCES / f"isa_{name}.cpp", "-o", objects[-1]], check=True)
    command = [compiler, "-std=c++17", "-O1", "-Wall", "-Werror", "-pthread", "-static", f"-I{SOURCES}", *objects]
    program = ROOT / "tests" / "tf_gru" / "native_digest.cpp"
    subprocess.run([*command, *sources, program, "-o", tmp_path / "program"], check=True)
    run = subprocess.run([*emulator, tmp_path / "program"], capture_output=True, text=True, check=True)
    return run.stdout.split()


needs_qemu = pytest.mark.skipif(not shutil.which("qemu-aarch64"), reason="there is no qemu-user here")


@pytest.mark.long
@needs_qemu
@pytest.mark.skipif(MACHINE != "x86_64", reason="this is no x86-64")
@pytest.mark.skipif(not shutil.which("aarch64-linux-gnu-g++"), reason="there is no compiler for aarch64 here")
def test_old_processors_and_others_give_the_same_bits(tmp_path):
    """An x86-64 processor without AVX runs the portable build, an aarch64 processor its own vectors."""
    here, other = tmp_path / "here", tmp_path / "other"
    for folder in (here, other):
        folder.mkdir()
    _, expected = digest(here, "g++", ["avx512", "avx2", "portable"])

    without_avx = subprocess.run(
        ["qemu-x86_64", "-cpu", "Nehalem", here / "program"], capture_output=True, text=True, check=True
    )
    assert without_avx.stdout.split() == ["portable", expected]
    assert digest(other, "aarch64-linux-gnu-g++", ["portable"], "qemu-aarch64") == ["portable", expected]

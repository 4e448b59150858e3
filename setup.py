"""Build the native kernel: a plain shared library, inside the wheel, if there is a compiler.

pyproject.toml contains everything else about the distribution.
"""

import platform
import sys
import tempfile
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, ExecError, PlatformError

NATIVE = Path("tf_gru", "native")
BUILDING = {"bdist_wheel", "build", "build_ext", "develop", "editable_wheel", "install"}

OPTIONS = [
    *("-std=c++17", "-O2", "-fPIC", "-pthread", "-fvisibility=hidden", "-Wall", "-Wextra"),
    *("-ffp-contract=off", "-fno-math-errno"),  # fused only where the source says so
]
INSTRUCTION_SETS = {
    "x86_64": {
        "isa_avx512": ["-mavx512f", "-mavx512vl", "-mavx512bw", "-mavx512dq", "-mfma", "-mprefer-vector-width=512"],
        "isa_avx2": ["-mavx2", "-mfma"],
        "isa_portable": [],
    },
    "aarch64": {"isa_portable": []},
}
"""Machine -> the files compiled for one instruction set, with their options."""


def sources() -> list[str]:
    """The files that this machine compiles."""
    every = sorted(path.as_posix() for path in NATIVE.glob("*.cpp"))
    own = INSTRUCTION_SETS[platform.machine()]
    return [path for path in every if not Path(path).stem.startswith("isa_") or Path(path).stem in own]


class BuildNative(build_ext):
    """Compile each file with the options of its instruction set, and link them to a library that is not a Python
    module.
    """

    def get_ext_filename(self, fullname):
        """The library's name, without a Python version."""
        return str(Path(*fullname.split(".")).with_suffix(".so"))

    def build_extension(self, ext):
        """Compile and link the library."""
        options = INSTRUCTION_SETS[platform.machine()]
        objects = []
        for source in ext.sources:
            extra = [*OPTIONS, *options.get(Path(source).stem, [])]
            objects += self.compiler.compile([source], self.build_temp, extra_postargs=extra, depends=ext.depends)
        path = self.get_ext_fullpath(ext.name)
        self.compiler.link_shared_object(objects, path, extra_postargs=["-pthread"], target_lang="c++")


class WheelOfAnyPython(bdist_wheel):
    """A wheel for one platform, and for every Python 3."""

    def get_tag(self):
        """The wheel's tag. Without the library the wheel is pure, with the usual tag."""
        python, abi, system = super().get_tag()
        return (python, abi, system) if self.root_is_pure else ("py3", "none", system)


def can_compile() -> bool:
    """True if there is a C++17 compiler for a machine that the library supports."""
    if sys.platform != "linux" or platform.machine() not in INSTRUCTION_SETS:
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "trial.cpp")
        source.write_text("#include <atomic>\n#include <thread>\nstatic_assert(__cplusplus >= 201703L);\n")
        command = BuildNative(Distribution({"ext_modules": [Extension("trial", [str(source)])]}))
        command.build_lib = command.build_temp = folder
        command.ensure_finalized()
        try:
            command.run()
        except (CCompilerError, ExecError, PlatformError):
            return False
        return True


def extensions() -> list[Extension]:
    """The library, if anything is built and the library can be."""
    if not BUILDING & set(sys.argv) or not can_compile():
        return []
    headers = sorted(path.as_posix() for path in NATIVE.glob("*.h"))
    return [Extension("tf_gru.native.libtf_gru", sources(), depends=headers, language="c++")]


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildNative, "bdist_wheel": WheelOfAnyPython})

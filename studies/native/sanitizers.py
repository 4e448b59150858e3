"""The kernel under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer, each of which first has to find
planted faults.

The digest of a build's results must also be that of the plain build: AddressSanitizer fills new memory with NaN, so a
number that is read before it is written shows.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from studies.native.build import COMPILER, ROOT, Patch, built

FEW = 30, 60
"""Vectors and shapes of the small run."""
EVERYTHING = 1000, 131


class Sanitizer(NamedTuple):
    """A sanitizer: the compiler's options, its library, its settings, and faults that it must find, each with words of
    its report.
    """

    options: tuple[str, ...]
    library: str | None
    settings: dict[str, str]
    faults: dict[str, tuple[Patch, str]]


SANITIZERS = {
    "address": Sanitizer(
        ("-fsanitize=address",),
        "libasan.so",
        {
            "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:max_malloc_fill_size=1000000000"
            ":malloc_fill_byte=255"
        },
        {
            "a tail writes whole vectors": (
                Patch("simd.h", "for (int i = 0; i < count; ++i) to[i] = value[i];", "(void)count, store(to, value);"),
                "heap-buffer-overflow",
            ),
            "a tail reads whole vectors": (
                Patch(
                    "simd.h",
                    "  Vec<T> value{};\n  for (int i = 0; i < count; ++i) value[i] = from[i];\n  return value;",
                    "  return (void)count, load(from);",
                ),
                "heap-buffer-overflow",
            ),
        },
    ),
    "undefined": Sanitizer(
        ("-fsanitize=undefined,float-cast-overflow", "-fno-sanitize-recover=all"),
        None,
        {"UBSAN_OPTIONS": "print_stacktrace=0"},
        {
            "sizes are multiplied unchecked": (
                Patch("packing.h", "__builtin_mul_overflow(count, width, &bytes)", "(bytes = count * width, false)"),
                "signed integer overflow",
            ),
            "vectors are loaded as aligned": (
                Patch(
                    "simd.h", "vector_size(kVectorBytes), aligned(4), may_alias", "vector_size(kVectorBytes), may_alias"
                ),
                "misaligned address",
            ),
            "a number of threads is too large for its type": (
                Patch("entry.cpp", "sharing < 1 ? 1 : int(sharing)", "int(1e10 + sharing)"),
                "outside the range of representable values",
            ),
        },
    ),
    "thread": Sanitizer(
        ("-fsanitize=thread",),
        "libtsan.so",
        {"TSAN_OPTIONS": "halt_on_error=1"},
        {
            "no thread waits for packed weights": (
                Patch("forward.h", "  team->wait(team->pool);\n\n  const Panels", "\n  const Panels"),
                "data race",
            ),
            "weights' gradients do not wait for slopes": (
                Patch("backward.h", "    team->wait(team->pool);\n    shared.sums.add", "    shared.sums.add"),
                "data race",
            ),
        },
    ),
}


class Ran(NamedTuple):
    """A run of one build.

    Attributes:
        sanitizer: Its name.
        instruction_set: As for `build.vectors`.
        fault: The planted fault, or "none".
        result: The number of results and their digest, or the first line of the sanitizer's report.
        right: True if the report names the planted fault, or if there is no fault, no report, and the plain digest.
    """

    sanitizer: str
    instruction_set: str
    fault: str
    result: str
    right: bool


def supported() -> tuple[str, ...]:
    """The instruction sets of this processor."""
    flags = set(Path("/proc/cpuinfo").read_text().split())
    return ("fma", *(["avx2"] if "avx2" in flags else []), *(["avx512"] if {"avx512dq", "avx512vl"} <= flags else []))


def run(library: Path, how_many: tuple[int, int], sanitizer: Sanitizer | None = None) -> subprocess.CompletedProcess:
    """Run the fuzz on a build in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        **(sanitizer.settings if sanitizer else {}),
    }
    if sanitizer and sanitizer.library:
        environment["LD_PRELOAD"] = " ".join(map(_found, (sanitizer.library, "libstdc++.so.6")))
    command = [sys.executable, "-m", "studies.native.fuzz", str(library), *map(str, how_many)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


def _found(library: str) -> str:
    """The path of a compiler's library."""
    return subprocess.run(
        [COMPILER, f"-print-file-name={library}"], capture_output=True, text=True, check=True
    ).stdout.strip()


def judged(
    folder: Path,
    name: str,
    instruction_sets: tuple[str, ...],
    how_many: tuple[int, int],
    faults: tuple[str, ...] | None = None,
    optimized: str = "-O1",
) -> Iterator[Ran]:
    """Run a sanitizer's builds: first those with planted faults, then one for each instruction set.

    Args:
        folder: A new folder for the builds.
        name: The sanitizer's name.
        instruction_sets: As for `build.vectors`.
        how_many: Vectors and shapes.
        faults: The planted faults; None plants all.
        optimized: The compiler's option.
    """
    sanitizer, speed = SANITIZERS[name], [optimized, "-g1"]
    for place, fault in enumerate(sanitizer.faults if faults is None else faults):
        patch, words = sanitizer.faults[fault]
        few = min(FEW, how_many)
        ran = run(built(folder / f"{name}{place}", "fma", [patch], [*speed, *sanitizer.options]), few, sanitizer)
        report = [line.replace(f"{folder}/", "") for line in ran.stderr.splitlines() if words in line]
        yield Ran(name, "fma", fault, report[0] if report else "found nothing", ran.returncode != 0 and bool(report))
    for instruction_set in instruction_sets:
        ran = run(
            built(folder / f"{name}-{instruction_set}", instruction_set, (), [*speed, *sanitizer.options]),
            how_many,
            sanitizer,
        )
        plain = run(built(folder / f"{name}-plain-{instruction_set}", instruction_set, (), [optimized]), how_many)
        result = ran.stdout.strip() or next(reversed(ran.stderr.strip("=\n").splitlines()), "ended without a word")
        yield Ran(name, instruction_set, "none", result, ran.returncode == 0 and ran.stdout == plain.stdout != "")


def table(found: list[Ran]) -> Table:
    """A table with one row for each build."""
    rows = Table("sanitizer", "instruction set", "planted fault", "result", "as it must be")
    for ran in found:
        rows.add_row(*ran[:-1], "yes" if ran.right else "NO")
    return rows

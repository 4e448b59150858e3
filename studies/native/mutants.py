"""Wrong native kernels, each with one mistake in the C++ source, judged by the suite and by the kernel's own tests.

All are built with vectors of 16 bytes and with small chunks, so that the small cases of the suite fill several blocks,
tiles and chunks. The same build without a mistake has to pass.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from studies.native.build import ROOT, Patch, built
from studies.native.subject import LIBRARY

SMALL = (
    Patch("forward.h", "kChunkBytes = 256 * 1024", "kChunkBytes = 512"),
    Patch("backward.h", "kChunkRows = 1024", "kChunkRows = 8"),
    Patch("sums.h", "kSpan = 256", "kSpan = 4"),
)
TESTS = ("tests/tf_gru/test_native_exact.py", "tests/tf_gru/test_native_bits.py")
RIGHT = "none"
UNSEEN = {"a single row's products are rounded", "a thread keeps its own flush mode", "sigma is flat too early"}
"""Mistakes that the suite cannot see: numbers within their bound, and a caller that flushes no subnormals."""

MUTANTS: dict[str, Patch] = {
    "the last unit of a narrow block is left out": Patch(
        "packing.h", "left < kLanes<T> ? int(left) :", "left < kLanes<T> ? int(left - (left > 1)) :"
    ),
    "a last single row of a tile is left out": Patch(
        "products.h", "if constexpr (R > 1) down<T", "if constexpr (R > 2) down<T"
    ),
    "a last single block of a tile is left out": Patch(
        "products.h", "if constexpr (N > 1) across<T", "if constexpr (N > 2) across<T"
    ),
    "the last product of each sum is left out": Patch(
        "products.h", "for (Size i = 0; i < k; ++i, panel", "for (Size i = 1; i < k; ++i, panel"
    ),
    "a single row's products are rounded": Patch(
        "products.h",
        "sums[r][v] = fma(value, weights[v], sums[r][v]);",
        "sums[r][v] = R > 1 ? fma(value, weights[v], sums[r][v]) : value * weights[v] + sums[r][v];",
    ),
    "threads leave the remainder of the work out": Patch(
        "share.h",
        "return count / parts * part + (count % parts < part ? count % parts : part);",
        "return count / parts * part;",
    ),
    "each thread but the first leaves out its first row": Patch(
        "share.h", "return {plan.rows[rank], plan", "return {plan.rows[rank] + (rank > 0), plan"
    ),
    "a thread keeps its own flush mode": Patch("pool.cpp", "      set_mode(mode_);\n", ""),
    "inputs are read time-major": Patch(
        "forward.h", "at<T>(call.inputs, (b * time + t) *", "at<T>(call.inputs, (t * call.batch + b) *"
    ),
    "a reverse run reads its inputs forwards": Patch(
        "forward.h",
        "for (Size b = mine.row, t = time_of(call, step); b < mine.row_end; ++b)\n        if (counts",
        "for (Size b = mine.row, t = step; b < mine.row_end; ++b)\n        if (counts",
    ),
    "a masked step carries where it should be zero": Patch(
        "forward.h", "call.zero ? nullptr : state, output", "state, output"
    ),
    "the cotangent of a masked output counts under the wrong policy": Patch(
        "backward.h", "  if (!call.zero)\n", "  if (call.zero)\n"
    ),
    "the state before a step is the output before it, even if masked": Patch(
        "backward.h", "if (counts(call, row, t)) return at<T>(call.outputs", "if (step >= 0) return at<T>(call.outputs"
    ),
    "a chunk of time starts its sums anew": Patch("backward.h", "(seen + begin) % kSpan", "begin % kSpan"),
    "the last open span of a sum is dropped": Patch("backward.h", "seen % kSpan != 0, *team", "false, *team"),
    "sums of gradients start from old memory": Patch("backward.h", "  shared.sums.clear(*team);\n", ""),
    "reset after: the state's bias gets the inputs' slopes": Patch(
        "backward.h", "sum(j < wide - units ? j + units : j - (wide - units))", "sum(j + units)"
    ),
    "reset before: the reset gate is left out of the state's cotangent": Patch(
        "before.h", "fma(d, r, load(d_state, some))", "load(d_state, some) + d"
    ),
    "no reset gate: the slope of z has the wrong sign": Patch(
        "none.h", "d * (h - n) * sigmoid_slope<T>(z)", "d * (n - h) * sigmoid_slope<T>(z)"
    ),
    "sigma is flat too early": Patch("activations.h", "kSigmoidFlat = 104", "kSigmoidFlat = 80"),
}


class Judged(NamedTuple):
    """A wrong kernel: the first check of the suite and the first own test that fail, or "nothing"."""

    mutant: str
    suite: str
    tests: str

    @property
    def right(self) -> bool:
        """True if all that must see the mistake do, and nothing fails without a mistake."""
        if self.mutant == RIGHT:
            return self.suite == self.tests == "nothing"
        return self.tests != "nothing" and (self.suite == "nothing") == (self.mutant in UNSEEN)


def judged(folder: Path, names: Iterable[str], options: tuple[str, ...] = ()) -> Iterator[Judged]:
    """Build and judge some of the mutants, or the right kernel by the name "none". options: more of the compiler's."""
    for place, name in enumerate(names):
        package = folder / str(place) / "tf_gru"
        patches = [*SMALL, *([MUTANTS[name]] if name != RIGHT else [])]
        library = built(folder / f"build{place}", "fma", patches, options)
        overlay(package, library)
        yield Judged(name, by_the_suite(library), by_tests(package.parent))


def overlay(package: Path, library: Path) -> None:
    """The package tf_gru with another library: links to all other files."""
    native = package / "native"
    native.mkdir(parents=True)
    for path in (ROOT / "tf_gru").iterdir():
        if path.name != native.name:
            (package / path.name).symlink_to(path)
    (native / "__init__.py").symlink_to(ROOT / "tf_gru" / "native" / "__init__.py")
    (native / library.name).symlink_to(library)


def by_the_suite(library: Path) -> str:
    """The first clause that fails, with its format and the division of the work, or "nothing"."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), LIBRARY: str(library)}
    command = [sys.executable, "-m", "studies.native.judge"]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    lines = run.stdout.splitlines()
    return lines[-1] if run.returncode == 0 and lines else f"ended with exit code {run.returncode}"


def by_tests(overlaid: Path) -> str:
    """The first of the kernel's own tests that fails, or "nothing"."""
    path = os.pathsep.join(map(str, (overlaid, ROOT)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "TF_GRU_ISA": "portable"}
    options = ("-x", "-q", "-p", "no:cacheprovider", "-k", "not instruction_set")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *TESTS], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    if run.returncode == 0:
        return "nothing"
    failed = [line.split("::")[1].split(" ")[0] for line in run.stdout.splitlines() if line.startswith("FAILED ")]
    return failed[0].split("[")[0] if failed else f"ended with exit code {run.returncode}"


def table(found: Iterable[Judged]) -> Table:
    """A table with one row for each mutant."""
    rows = Table("the mistake", "first failing check of the suite", "first failing test of the kernel")
    for each in found:
        rows.add_row(*each)
    return rows

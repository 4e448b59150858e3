"""The peak of the machine: fused multiply-adds on every thread, in the vectors that the native kernel uses here.

A C++ compiler makes the program when it is first asked for; nothing is read from memory while it runs.
"""

import ctypes
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers import COMPILER, Program
from benchmarks.record import ROOT
from benchmarks.rows import FMA, Row

SOURCE = Path(__file__).with_suffix(".cpp")
OPTIONS = ["-std=c++17", "-O2", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", f"-I{ROOT / 'tf_gru/native'}"]


def program(subject: str, row: Row) -> Program:
    """FMA operations on each of as many threads as there are cores."""
    del subject, row
    fused, threads = _compiled(), len(os.sched_getaffinity(0))
    pool = ThreadPoolExecutor(threads)
    return Program(lambda: list(pool.map(fused, [FMA] * threads)), None, None, None, threads)


@cache
def _compiled():
    with TemporaryDirectory() as folder:
        library = Path(folder, "fma.so")
        subprocess.run([COMPILER, *OPTIONS, SOURCE, "-o", library], check=True)
        fused = ctypes.CDLL(str(library)).fused  # which lets other Python threads run
    fused.argtypes, fused.restype = [ctypes.c_long], ctypes.c_float
    return fused

"""The library of kernels in C++: built with the wheel if there is a compiler, and opened at the first call that needs
it.

Left out: the choice of the calls that run it (see kernels/choice.py), and the call itself (see kernels/native.py).
"""

import ctypes
import math
import os
import platform
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

PATH = Path(__file__).with_name("libtf_gru.so")
QUOTA = Path("/sys/fs/cgroup/cpu.max")
INSTRUCTION_SETS = "TF_GRU_ISA"


class Library(NamedTuple):
    """The opened library.

    Attributes:
        ops: Its TensorFlow ops.
        entry: Its functions in C.
        instruction_set: The one in use.
    """

    ops: Any
    entry: ctypes.CDLL
    instruction_set: str


def missing() -> str | None:
    """The reason why there is no native kernel here, as part of a sentence, or None if there is one.

    Raises ValueError if TF_GRU_ISA names an instruction set that the library or the processor does not have.
    """
    opened = _opened()
    if isinstance(opened, str):
        return opened
    if opened.instruction_set == "portable" and platform.machine() == "x86_64" and not os.environ.get(INSTRUCTION_SETS):
        return "this processor has no fused multiply-add, without which the native kernel is slow"
    return None


def library() -> Library:
    """The library. Raises RuntimeError if there is none."""
    opened = _opened()
    if isinstance(opened, str):
        raise RuntimeError(f"there is no native kernel: {opened}")
    return opened


@lru_cache(maxsize=1)
def _opened() -> Library | str:
    if not PATH.exists():
        return "tf_gru was installed without a C++17 compiler, so without a native kernel"
    try:
        ops = tf.load_op_library(str(PATH))
        entry = ctypes.CDLL(str(PATH))
    except (OSError, tf.errors.OpError) as error:
        return f"the native kernel does not load: {error}"
    if not hasattr(ops, "tf_gru"):
        return f"TensorFlow {tf.__version__} does not register the native kernel's ops"
    entry.tf_gru_instruction_set.restype = entry.tf_gru_why_not.restype = ctypes.c_char_p
    name = entry.tf_gru_instruction_set()
    if name is None:
        asked = os.environ.get(INSTRUCTION_SETS)
        raise ValueError(f"{INSTRUCTION_SETS} is {asked!r}, but: {entry.tf_gru_why_not().decode()}")
    entry.tf_gru_set_threads(threads())
    return Library(ops, entry, name.decode())


def threads() -> int:
    """The number of threads: TensorFlow's setting within an op, or the number that this process may use at once."""
    told = tf.config.threading.get_intra_op_parallelism_threads()
    if told:
        return told
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        allowed = os.cpu_count() or 1
    return max(1, min(allowed, _quota()))


def _quota() -> int:
    """The number of processors that the process's control group may use at once, rounded up."""
    try:
        time, period = QUOTA.read_text().split()
    except (OSError, ValueError):
        return os.cpu_count() or 1
    return os.cpu_count() or 1 if time == "max" else math.ceil(int(time) / int(period))

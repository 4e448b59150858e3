"""The native library's functions in C, called without TensorFlow."""

import ctypes
from importlib.util import find_spec
from pathlib import Path

PATH = Path(find_spec("tf_gru").submodule_search_locations[0], "native", "libtf_gru.so")  # pyright: ignore
RESETS = ("after", "before", "none")
KEPT = {"after": 4, "before": 3, "none": 2}


class Call(ctypes.Structure):
    """As in call.h."""

    _fields_ = [
        *((name, ctypes.c_ssize_t) for name in ("batch", "time", "input_dim", "units")),
        *(("reset", ctypes.c_int), ("reverse", ctypes.c_bool), ("zero", ctypes.c_bool)),
        *((name, ctypes.c_void_p) for name in ("inputs", "start", "kernel", "recurrent", "bias", "bias_h", "valid")),
        *((name, ctypes.c_void_p) for name in ("outputs", "final_state", "kept")),
    ]


class Gradients(ctypes.Structure):
    """As in call.h."""

    _fields_ = [
        (name, ctypes.c_void_p)
        for name in ("outputs", "final_state", "inputs", "start", "kernel", "recurrent", "bias", "bias_h")
    ]


def opened(path=PATH):
    """The library."""
    library = ctypes.CDLL(str(path))
    library.tf_gru_instruction_set.restype = library.tf_gru_why_not.restype = ctypes.c_char_p
    library.tf_gru_activate.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 2, ctypes.c_ssize_t, ctypes.c_int]
    return library

"""Allowed copies of an initial state: in rows without a valid step, and at masked steps before the first valid one.

Allowed are the state's own numbers. If states are carried or returned in a narrower format, each number may also be
rounded once to that format, in the way that the class rounds. Nothing else is allowed.

Left out: states above the largest number of a narrower format.
"""

import numpy as np

from conformance.interface.arithmetic import Arithmetic, Format, contains


def allowed_copies(state: np.ndarray, arithmetic: Arithmetic) -> list[np.ndarray]:
    """The arrays that a conforming GRU of this class may return for an initial state, each of the state's shape and
    format.
    """
    found = [state]
    for format in (arithmetic.format, arithmetic.output_format):
        if not contains(format, arithmetic.interface):
            found += [way for before in tuple(found) for way in once_rounded(before, format, arithmetic)]
    return found


def once_rounded(numbers: np.ndarray, format: Format, arithmetic: Arithmetic) -> list[np.ndarray]:
    """The ways to round to a format once: to the nearest (two at a tie), or to either side if the class rounds to any.

    Results below the normal range may be 0 if subnormals are flushed.
    """
    wide = np.asarray(numbers, np.float64)
    _, exponent = np.frexp(wide)
    quantum = np.ldexp(1.0, np.maximum(exponent - 1, format.smallest) - format.precision + 1)
    low, high = np.floor(wide / quantum) * quantum, np.ceil(wide / quantum) * quantum
    if arithmetic.rounding == "nearest":
        down, up = wide - low, high - wide
        low, high = np.where(up < down, high, low), np.where(down < up, low, high)
    ways = [low, high]
    if arithmetic.flush:
        smallest = float(format.smallest_normal)
        ways += [np.where(np.abs(way) < smallest, 0, way) for way in ways]
    return [way.astype(numbers.dtype) for way in ways]

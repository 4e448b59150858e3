"""What may stand where the initial state is handed on untouched: rows without a valid step, masked steps before one.

Its own numbers; and where states are carried or shown in a format that cannot hold them, each rounded once on the way
through that format, as the class rounds. Nothing between, and nothing that is rounded another way.

Left out: states past the largest number of a narrower format.
"""

import numpy as np

from conformance.interface.arithmetic import Arithmetic, Format, contains


def allowed_copies(state: np.ndarray, arithmetic: Arithmetic) -> list[np.ndarray]:
    """The initial state, and what else an honest GRU of this class may hand on: arrays of the same shape and format."""
    found = [state]
    for format in (arithmetic.format, arithmetic.output_format):
        if not contains(format, arithmetic.interface):
            found += [way for before in tuple(found) for way in once_rounded(before, format, arithmetic)]
    return found


def once_rounded(numbers: np.ndarray, format: Format, arithmetic: Arithmetic) -> list[np.ndarray]:
    """The ways to round to a format once: to the nearest, two at a tie; or where anything goes, to either side.

    Results below the normal range may be 0 where subnormals are flushed.
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

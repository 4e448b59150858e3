"""Runs a build of the kernel on many calls, and prints how many and a digest of every bit that they give.

The calls: golden vectors of one direction; drawn shapes, where each axis has every size from 0 to 130 once; calls that
no machine has the memory for; calls from several threads at once. It runs as a program, because a sanitizer's own
library must be loaded before Python: python -m studies.native.fuzz LIBRARY VECTORS SHAPES, the last two being numbers.
"""

import ctypes
import hashlib
import sys
import threading
from collections.abc import Iterator
from math import prod

import numpy as np

from benchmarks.c_entry import RESETS, Call, Gradients, opened
from studies.native.subject import Entry
from tests.tf_gru.c_entry import NO_MEMORY, drawn, everything, forward

LARGEST = 130
TOO_LARGE = ({"units": 2**40}, {"input_dim": 2**62, "units": 3}, {"batch": 2**61}, {"time": 2**62, "units": 2**31})
DIVISIONS = ((1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (0, -1))


def shapes(count: int) -> list[tuple[int, ...]]:
    """The cheapest `count` of the shapes (batch, time, input_dim, units)."""
    draw = np.random.default_rng(0)
    every = zip(*(draw.permutation(LARGEST + 1).tolist() for _ in range(4)), strict=True)
    return sorted(every, key=lambda shape: prod(shape[:2]) * (shape[3] + 1) * sum(shape[2:]))[:count]


def fuzzed(library: ctypes.CDLL, count: int) -> Iterator[bytes]:
    """The results of drawn calls: every kind of reset, both formats, masks, policies and divisions of the work."""
    for place, shape in enumerate(shapes(count)):
        reset, dtype = RESETS[place % 3], (np.float32, np.float64)[place // 3 % 2]
        numbers = drawn(place, *shape, reset, dtype, masked=place % 4 < 2)
        threads, by_units = DIVISIONS[place * 5 // 7 % 6]
        options = {"reverse": place % 7 < 3, "zero": place % 11 < 5, "keep": place % 2 == 0}
        for array in everything(library, numbers, reset, **options, threads=threads, by_units=by_units):
            yield array.tobytes()


def of_vectors(path: str, count: int) -> Iterator[bytes]:
    """The answers to golden vectors of one direction, evenly chosen, in both formats."""
    from conformance.vectors.files import paths, read

    subject = Entry(path, threads=2)
    every = paths()
    for file in every[:: -(-len(every) // count)] if count else ():
        vector = read(file).vector
        for dtype in sorted({*vector.dtypes} & {"float32", "float64"}) if vector.case.merge is None else ():
            case = vector.case.astype(dtype)
            results = [*subject.run(case)]
            if vector.cotangents is not None:
                results += subject.gradients(case, vector.cotangents)
            yield from sorted(array.astype(dtype).tobytes() for array in results)


def refused(library: ctypes.CDLL) -> Iterator[bytes]:
    """The status of calls whose memory cannot be had or counted."""
    for sizes in TOO_LARGE:
        call = Call(**{"batch": 1, "time": 1, "input_dim": 1, "units": 1} | sizes)
        for is_float64 in (0, 1):
            assert forward(library, call, (np.float32, np.float64)[is_float64]) == NO_MEMORY
            how = is_float64, 1, 0
            status = library.tf_gru_backward(ctypes.byref(call), ctypes.byref(Gradients()), *how)
            assert status == NO_MEMORY
            yield bytes([status])


def at_once(library: ctypes.CDLL) -> Iterator[bytes]:
    """The results of three calls that run at once."""
    made: dict[int, list[np.ndarray]] = {}

    def run(place: int) -> None:
        numbers = drawn(place, 9, 5, 3, 17, RESETS[place], np.float32, masked=True)
        made[place] = everything(library, numbers, RESETS[place], threads=2)

    running = [threading.Thread(target=run, args=(place,)) for place in range(3)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    for place in range(3):
        yield from (array.tobytes() for array in made[place])


def main(path: str, vectors: str, shapes: str) -> None:
    """Print the number of results and their digest."""
    library, digest, count = opened(path), hashlib.sha256(), 0
    library.tf_gru_set_threads(3)
    for part in (fuzzed(library, int(shapes)), at_once(library), refused(library), of_vectors(path, int(vectors))):
        for result in part:
            digest.update(result)
            count += 1
    print(count, digest.hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])

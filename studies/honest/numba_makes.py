"""Makes compiled by numba: products in plain loops, one in the order that is written, one in any order and fused."""

import numba
import numpy as np

from studies.honest.makes import Made


def _product(a, b, out):  # numba finds the types
    for i in range(a.shape[0]):
        for k in range(b.shape[0]):
            for j in range(b.shape[1]):
                out[i, j] += a[i, k] * b[k, j]


def _dots(a, b, out):  # numba finds the types
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            total = out[i, j]
            for k in range(b.shape[0]):
                total += a[i, k] * b[k, j]
            out[i, j] = total


class numba_loops(Made):
    """Loops of numba, in the order that is written."""

    packages = ("numba",)
    loops = staticmethod(numba.njit(_product))

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        out = np.zeros((len(a), b.shape[1]), a.dtype)
        self.loops(np.ascontiguousarray(a), np.ascontiguousarray(b), out)
        return out


class numba_any_order(numba_loops):
    """Loops of numba that may be reordered and fused."""

    loops = staticmethod(numba.njit(_dots, fastmath={"reassoc", "contract"}))


NUMBA_MAKES = (numba_loops, numba_any_order)

"""The propagation of errors through time: each step's own errors, multiplied by the true product of later Jacobians.

An error vector e is a sum of columns g with unknown factors in [-1, 1], one column for each local error. A step e' = J
e + box multiplies every column by J and adds a column for each element of the box. The sum of absolute values is taken
of the products, at the end, because |J| |J| |J| would grow where the GRU forgets.

Columns are float64. Their own rounding is added to the box, so the result is proven. One object holds many rows.

Source: zonotopes, as in Kühn 1998, "Rigorously computed orbits of dynamical systems without the wrapping effect".
"""

import numpy as np

from conformance.bounds.elementwise import exactly, up
from conformance.truth.balls import Balls

UNIT = 2.0**-52
"""Twice the unit roundoff of float64: n UNIT exceeds the relative error of a sum of n products."""
LOST = 2.0**-1074
"""Float64's smallest number: the largest loss of an operation on columns by underflow."""


class Spread:
    """The columns of rows of error vectors: (rows, size, columns)."""

    def __init__(self, rows: int, size: int) -> None:
        self._columns = np.zeros((rows, size, 0))

    def radius(self) -> np.ndarray:
        """The largest error of each element: (rows, size), rounded up."""
        return _sum_up(np.abs(self._columns))

    def push(self, rows: np.ndarray, matrix: np.ndarray, box: np.ndarray) -> None:
        """e = matrix e + box in some rows. matrix: (rows, size, size), box: (rows, size), float64."""
        self._columns[rows], own = _through(matrix, self._columns[rows])
        self.add(rows, (box + own) * (1 + 2 * UNIT))

    def add(self, rows: np.ndarray, box: np.ndarray) -> None:
        """e = e + box in some rows."""
        count, size, _ = self._columns.shape
        added = np.zeros((count, size, size))
        added[rows[:, None], np.arange(size), np.arange(size)] = box
        self._columns = np.concatenate([self._columns, added], axis=2)

    def through(self, rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """The largest error of matrix e in some rows: (rows, outputs) for a matrix (rows, outputs, size)."""
        columns, own = _through(matrix, self._columns[rows])
        return (_sum_up(np.abs(columns)) + own) * (1 + 2 * UNIT)


def _through(matrix: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product matrix @ columns, and a bound on its own rounding in each element, over all columns."""
    terms, count = columns.shape[1], columns.shape[2]
    sizes = np.einsum("rij,rj->ri", np.abs(matrix), _sum_up(np.abs(columns)))
    own = terms * UNIT * sizes * (1 + (terms + 2) * UNIT) + 2 * terms * count * LOST
    return matrix @ columns, own


def _sum_up(numbers: np.ndarray) -> np.ndarray:
    """Sums over the last axis that are at least as large as the real-number sums."""
    return numbers.sum(axis=-1) * (1 + (numbers.shape[-1] + 2) * UNIT)


def floats_above(balls: Balls) -> np.ndarray:
    """Float64 numbers that are at least as large as these non-negative balls."""
    return np.nextafter(np.asarray(up(balls), np.float64), np.inf)


def near(balls: Balls) -> tuple[np.ndarray, Balls]:
    """Float64 numbers near these balls, and the balls' offsets from them."""
    numbers = balls.astype(np.float64)
    return numbers, balls - exactly(numbers)

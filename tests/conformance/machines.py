"""Machines on which an honest GRU may run: NumPy's own operations, and software's, in any class of arithmetic.

Each adds in random orders. Arrays have the case's format on the first, and are float64 with the class's numbers on the
second.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from conformance.interface.arithmetic import Arithmetic, Format, contains
from conformance.mutants.emulated import Emulated
from studies.softfloat.activations import SIGMA, TANH, correctly_rounded, within
from studies.softfloat.formats import MODES, Soft
from studies.softfloat.gru import SKEWS
from studies.softfloat.sums import Sums

Array = np.ndarray
Pair = tuple[Array, Array]


class Native:
    """NumPy's operations in a case's own format, each rounded once to nearest."""

    one_sum = False

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.add, self.subtract, self.multiply = np.add, np.subtract, np.multiply
        self.sigma, self.tanh = Emulated().sigmoid, np.tanh

    def read(self, numbers: Array) -> Array:
        return numbers

    shown = returned = handed_on = read

    def products(self, pairs: Sequence[Pair], addends: Sequence[Array] = ()) -> Array:
        """rows @ matrix for each pair and the addends, in one sum."""
        terms = [rows[:, i, None] * matrix[i] for rows, matrix in pairs for i in range(len(matrix))]
        return self.gather([*terms, *addends, *_nothing(pairs)])

    def gather(self, terms: Sequence[Array]) -> Array:
        """A sum of arrays of one shape."""
        return _tree(terms, np.add, self.rng)

    total = gather
    """The sum over rows."""


class Software:
    """The operations of any class.

    rounding: one of soft.MODES that the class allows; skew: the position of activations within their claimed error, one
    of SKEWS. An argument of None is drawn.
    """

    def __init__(
        self, arithmetic: Arithmetic, rng: np.random.Generator, *, rounding: str | None = None, skew: str | None = None
    ) -> None:
        self.arithmetic, self.rng = arithmetic, rng
        self.one_sum = arithmetic.summation == "any order"
        allowed = MODES[:2] if arithmetic.rounding == "nearest" else MODES
        self.rounding, self.skew = rounding or str(rng.choice(allowed)), skew or str(rng.choice(list(SKEWS)))
        self.once = self.soft(arithmetic.format)
        self.add, self.subtract, self.multiply = self.once.add, self.once.subtract, self.once.multiply
        self.sigma, self.tanh = (partial(self.activation, function) for function in (SIGMA, TANH))
        self.sums = Sums(lambda: self.soft(arithmetic.sums), rng)
        self.narrows = not contains(arithmetic.format, arithmetic.sums)

    def soft(self, format: Format) -> Soft:
        return Soft(format, self.rounding, self.arithmetic.flush, self.rng)

    def read(self, numbers: Array) -> Array:
        """Convert input numbers."""
        return self.once.cast(self.once.read(numbers.astype(np.float64)))

    def shown(self, states: Array) -> Array:
        return self.soft(self.arithmetic.output_format).cast(states)

    def handed_on(self, cotangents: Array) -> Array:
        """Convert cotangents of returned states, perhaps to their format."""
        read = self.read(cotangents)
        return self.shown(read) if self.rng.random() < 0.5 else read

    def returned(self, numbers: Array) -> Array:
        """Convert numbers to the interface's format."""
        return self.soft(self.arithmetic.interface).cast(numbers).astype(self.arithmetic.dtype)

    def products(self, pairs: Sequence[Pair], addends: Sequence[Array] = ()) -> Array:
        """rows @ matrix for each pair and the addends: one sum, or addends after the cast."""
        if addends and self.narrows and self.rng.random() < 0.5:
            return self.gather([*(self.products([pair]) for pair in pairs), *addends])
        cast = self.soft(self.arithmetic.operands).cast
        operands = [(cast(rows), cast(matrix)) for rows, matrix in pairs]
        addends = [*addends, *_nothing(operands)]
        return self.once.cast(self.sums(operands, addends))

    def gather(self, terms: Sequence[Array]) -> Array:
        """A sum of arrays of one shape."""
        return _tree(terms, self.once.add, self.rng)

    def total(self, numbers: Array) -> Array:
        """The sum over rows, in the format of sums or of elementwise operations."""
        soft = self.soft(self.arithmetic.sums) if self.rng.random() < 0.5 else self.once
        return self.once.cast(_tree([soft.cast(row) for row in numbers], soft.add, self.rng))

    def activation(self, function: str, a: Array) -> Array:
        claim = self.arithmetic
        if claim.activation == "correctly rounded":
            return correctly_rounded(function, a, self.once)
        skew = SKEWS[self.skew](self.rng, a.shape)
        return within(claim.accuracy, function, a, claim.format, skew, flush=claim.flush)


def _tree(terms: Sequence[Array], add: Callable[[Array, Array], Array], rng: np.random.Generator) -> Array:
    """A sum along a random tree."""
    terms = list(terms)
    while len(terms) > 1:
        a, b = (terms.pop(rng.integers(len(terms))) for _ in range(2))
        terms.append(add(a, b))
    return terms[0]


def _nothing(pairs: Sequence[Pair]) -> list[Array]:
    """The sum of no products."""
    if any(len(matrix) for _, matrix in pairs):
        return []
    rows, matrix = pairs[0]
    return [np.zeros((len(rows), matrix.shape[1]), rows.dtype)]

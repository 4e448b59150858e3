"""Sums of products in software, in a random order: everything that "in any order" allows.

The terms are permuted and added along a tree. A product is rounded separately or contracted with its addition. For sums
that may be truncated there is also the order of tensor cores: a block of products and the sum so far are aligned to the
largest of them, cut off there, and added exactly.

Source: Fasi, Higham, Mikaitis & Pranesh 2021, "Numerical behavior of NVIDIA tensor cores".

Left out: compensated sums.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from conformance.interface.arithmetic import Format
from studies.softfloat.formats import FAR, Exact, Soft

TREES = ("sequential", "pairwise", "blocks", "random")
ALIGNED = "aligned"


class Product(NamedTuple):
    """A product that is not rounded yet."""

    a: np.ndarray
    b: np.ndarray


Term = Product | np.ndarray


class Sums:
    """Sums by the operations that `soft` returns, each call in another order.

    soft: called for each operation. order: one of TREES or ALIGNED; None draws one of TREES for each sum.
    """

    def __init__(self, soft: Callable[[], Soft], rng: np.random.Generator, order: str | None = None) -> None:
        self.soft, self.rng, self.order = soft, rng, order

    def __call__(
        self, products: Sequence[tuple[np.ndarray, np.ndarray]], addends: Sequence[np.ndarray] = ()
    ) -> np.ndarray:
        """The sum of rows @ matrix for each pair and of the addends, (rows, units). An addend may have any format."""
        terms: list[Term] = [
            Product(rows[:, i, None], matrix[i]) for rows, matrix in products for i in range(len(matrix))
        ]
        terms += addends
        terms = [terms[i] for i in self.rng.permutation(len(terms))]
        contract = self.rng.choice((0.0, 0.5, 1.0))
        order = self.order or self.rng.choice(TREES)
        result = self._aligned(terms) if order == ALIGNED else getattr(self, f"_{order}")(terms, contract)
        (rows, matrix), *_ = products
        return np.broadcast_to(self._rounded(result), (len(rows), matrix.shape[1]))

    # The trees.

    def _sequential(self, terms: list[Term], contract: float) -> Term:
        return reduce(lambda a, b: self._added(a, b, contract), terms)

    def _pairwise(self, terms: list[Term], contract: float) -> Term:
        while len(terms) > 1:
            pairs = zip(terms[::2], terms[1::2], strict=False)
            terms = [self._added(a, b, contract) for a, b in pairs] + terms[len(terms) - len(terms) % 2 :]
        return terms[0]

    def _blocks(self, terms: list[Term], contract: float) -> Term:
        size = int(self.rng.integers(2, 9))
        parts = [self._sequential(terms[i : i + size], contract) for i in range(0, len(terms), size)]
        return self._sequential(parts, contract)

    def _random(self, terms: list[Term], contract: float) -> Term:
        while len(terms) > 1:
            a = terms.pop(self.rng.integers(len(terms)))
            b = terms.pop(self.rng.integers(len(terms)))
            terms.append(self._added(a, b, contract))
        return terms[0]

    # One addition.

    def _added(self, a: Term, b: Term, contract: float) -> np.ndarray:
        """a + b; a product is rounded before or with the addition."""
        if isinstance(b, Product):
            a, b = b, a
        if isinstance(a, Product) and self.rng.random() < contract:
            soft = self.soft()
            return soft.round(Exact.product_sum(a.a, a.b, soft.read(self._rounded(b))))
        return self.soft().add(self._rounded(a), self._rounded(b))

    def _rounded(self, term: Term) -> np.ndarray:
        # Operands of products have a separate format, in which they were flushed.
        soft = self.soft()
        return soft.round(Exact.product(*term)) if isinstance(term, Product) else soft.cast(term)

    def _aligned(self, terms: list[Term]) -> np.ndarray:
        size, extra = int(self.rng.choice((4, 8, 16))), int(self.rng.integers(3))
        total: list[Term] = []
        for i in range(0, len(terms), size):
            total = [_cut(total + terms[i : i + size], self.soft(), extra)]
        return self._rounded(total[0])


def can_align(format: Format) -> bool:
    """True if blocks of a format's numbers, cut off and added, are exact in float64."""
    return format.precision <= 40


def _cut(terms: list[Term], soft: Soft, extra: int) -> np.ndarray:
    """The sum of terms cut off this many places after the largest one's last place, itself rounded."""
    exact = [Exact.product(*term) if isinstance(term, Product) else Exact.of(term) for term in terms]
    largest = np.maximum(reduce(np.maximum, (part.place for part in exact)), soft.format.smallest + 1)
    last = largest - soft.format.precision - extra
    return soft.round(
        Exact(*np.broadcast_arrays(reduce(np.add, (_truncated(part, last) for part in exact)), 0.0, last))
    )


def _truncated(exact: Exact, last: np.ndarray) -> np.ndarray:
    """The number of multiples of 2^last in a number, without the rest."""
    shift = np.maximum(exact.exponent - last, -FAR)
    high, low = np.ldexp(exact.high, shift), np.ldexp(exact.low, shift)
    whole = np.trunc(high)
    return whole - np.sign(high) * ((whole == high) & (low * np.sign(high) < 0))

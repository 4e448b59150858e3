"""Sums of one to three products, with and without a bias, over all operands of a small format and in every order.

The search tries every multiset of exact products with every bias, along every tree of additions, each product rounded
separately or contracted with its addition. This is complete, because a rounded product depends on the exact one only.

For rounding to nearest, ties go to even or away from zero. For any other rounding, "up" throughout is enough: each
rounding and each addition is monotone, so any mixture of directions lies between "down" throughout and "up" throughout,
and the former is the latter for the negated operands, which are tried too.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations, combinations_with_replacement, product

import numpy as np

from conformance.bounds import BITS, Proven
from conformance.bounds.exact_sums import summed_exactly
from conformance.bounds.proven import Matrix
from conformance.interface.arithmetic import Format
from conformance.truth.balls import precision
from studies.searches.toys import FIVE_BITS, Ends, Lookup, Search, Toy, high, known, numbers, toy, unbounded
from studies.softfloat.formats import Soft

Tree = int | tuple["Tree", "Tree"]
"""A leaf is the index of a term. The last one is the bias if there is one."""

MODES = {"nearest": ("nearest", "nearest away"), "any": ("up",)}


def sums(format: Format = FIVE_BITS, most: int = 3) -> Iterator[Search]:
    """Up to `most` products without underflow, and up to one fewer with gradual underflow and with flushing."""
    for rounding in MODES:
        for kind, claim, count in (
            ("", toy(unbounded(format), rounding), most),
            (", underflow", toy(high(format), rounding), most - 1),
            (", flushed", toy(high(format), rounding, flush=True), most - 1),
        ):
            for n, with_bias in product(range(1, count + 1), (False, True)):
                name = f"sum of {n} product{'s' * (n > 1)}{' and a bias' * with_bias}{kind}"
                yield search(name, format, claim, n, with_bias=with_bias)
        if rounding == "any":
            for n in range(2, most + 1):
                yield search(
                    f"{n} products and a bias, aligned and cut off", format, toy(unbounded(format), rounding), n,
                    with_bias=True, aligned=True,
                )  # fmt: skip


def search(name: str, operands: Format, claim: Toy, n: int, *, with_bias: bool, aligned: bool = False) -> Search:
    """One number of products. Everything is counted in the smallest product of two operands' last places."""
    found = Search(name, claim.rounding)
    values = numbers(operands)
    if claim.flush:
        values = values[(values == 0) | (np.abs(values) >= float(operands.smallest_normal))]
    unit = 2 * (operands.smallest - operands.precision + 1)
    products = np.unique(np.ldexp(np.outer(values, values), -unit)).astype(np.intp)
    biases = np.ldexp(values, -unit).astype(np.intp) if with_bias else np.zeros(1, np.intp)
    reach = int(n * products.max() + biases.max())
    bound = bounds(claim, n, with_bias, unit, reach)
    # If it is rounded up at every step, a sum may grow; with three bits by a quarter each time.
    growth = float(1 + 2 * operands.unit_roundoff) ** (n + 2)
    for mode in ("toward zero",) if aligned else MODES[claim.rounding]:
        rounded = Lookup(Soft(claim.format, mode, claim.flush), unit, int(reach * growth) + 1)
        for terms in _multisets(products, n, biases):
            total = terms if with_bias else terms[:-1]
            ends = aligned_ends(total, rounded, operands.precision) if aligned else tree_ends(total, n, rounded)
            named = {f"product {i + 1}": np.ldexp(part, unit) for i, part in enumerate(terms[:-1])}
            size = sum(map(np.abs, terms))
            allowed = np.where(_exact(total, unit, claim), 0, bound[size])
            found.add(ends.share(sum(terms), allowed), ends.ways, **named, bias=np.ldexp(terms[-1], unit))
    return found


def _exact(terms: list[np.ndarray], unit: int, claim: Toy) -> np.ndarray:
    """True where no rounding may change the sum of these counts of 2^unit, by the lemma of exact sums."""
    sizes = np.ldexp(sum(map(np.abs, terms)).astype(np.float64), unit)
    counts = np.broadcast_arrays(*terms)
    with np.errstate(divide="ignore"):
        places = [np.where(part == 0, np.inf, np.log2(part & -part)) for part in counts]
    return summed_exactly(np.minimum.reduce(places) + unit, sizes, (claim.format,), flush=claim.flush)


def bounds(claim: Toy, n: int, with_bias: bool, unit: int, reach: int) -> np.ndarray:
    """The bound of a sum of this many terms by the sum of their sizes, both counted in 2^unit.

    The code is also called with other distributions of the size, to confirm that the bound depends on nothing else.
    """
    sizes = np.arange(reach + 1.0)
    with precision(BITS):
        ops = Proven(claim)

        def error(*weights: float) -> np.ndarray:
            column = Matrix(known(np.array(weights[:n])[:, None]))
            # As for weights of which none is 0 and none has few bits.
            column.terms, column.units = np.array([n]), np.array([-np.inf])
            rows = np.ldexp(np.repeat(sizes[:, None], n, axis=1), unit)
            bias = [known(np.ldexp(sizes[:, None], unit) * weights[-1])] if with_bias else []
            return np.ldexp(ops.sum([(known(rows), column)], bias).error.astype(np.float64), -unit)[:, 0]

        whole, split = error(1.0, *[0.0] * n), error(*[1 / 2] * 2, *[0.0] * (n - 1))
        if n > 1 and not np.array_equal(whole, split):
            raise ValueError("the bound of a sum depends on more than its sizes, so this search would not hold it")
    return whole


@cache
def orders(n: int, with_bias: bool) -> list[tuple[Tree, frozenset[int]]]:
    """Every tree of additions, with every choice of products that are contracted with their additions."""
    choices = [frozenset(chosen) for count in range(n + 1) for chosen in combinations(range(n), count)]
    return [
        (tree, chosen)
        for tree, chosen in product(trees(tuple(range(n + with_bias))), choices)
        if _possible(tree, chosen)
    ]


def trees(leaves: tuple[int, ...]) -> Iterator[Tree]:
    """Every binary tree over these leaves, whichever side is which."""
    if len(leaves) == 1:
        yield leaves[0]
        return
    first, *rest = leaves
    for count in range(len(rest)):
        for chosen in combinations(rest, count):
            others = tuple(leaf for leaf in rest if leaf not in chosen)
            yield from product(trees((first, *chosen)), trees(others))


def _possible(tree: Tree, contracted: frozenset[int]) -> bool:
    """True unless a product alone, or both sides of an addition, would be contracted."""
    if isinstance(tree, int):
        return tree not in contracted
    exact = [side in contracted for side in tree]
    return sum(exact) < 2 and all(
        is_exact or _possible(side, contracted) for side, is_exact in zip(tree, exact, strict=True)
    )


def _leaves(tree: Tree) -> frozenset[int]:
    return frozenset((tree,)) if isinstance(tree, int) else _leaves(tree[0]) | _leaves(tree[1])


def _multisets(products: np.ndarray, n: int, biases: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Every multiset of products with every bias, in arrays of a suitable size: n arrays and the bias's."""
    for i in range(len(products)):
        rest = np.array(list(combinations_with_replacement(range(i, len(products)), n - 1)), int)
        terms = [products[rest[:, k], None] for k in range(n - 1)]
        yield [products[i : i + 1, None], *terms, biases[None]]


def tree_ends(terms: list[np.ndarray], n: int, rounded: Lookup) -> Ends:
    """The ends over every order. Parts that orders share are summed once."""

    @cache
    def along(tree: Tree, contracted: frozenset[int]) -> np.ndarray:
        if isinstance(tree, int):
            return terms[tree] if tree in contracted else rounded(terms[tree])
        return rounded(sum(along(side, contracted & _leaves(side)) for side in tree))

    return Ends.of(along(*order) for order in orders(n, len(terms) > n))


def aligned_ends(terms: list[np.ndarray], rounded: Lookup, precision: int) -> Ends:
    """The ends over up to two places more than a number has, and blocks of two terms or all beside the sum so far."""
    ways = product(range(3), (2, len(terms)))
    return Ends.of(_aligned(terms, size, precision + extra, rounded) for extra, size in ways)


def _aligned(terms: list[np.ndarray], size: int, places: int, rounded: Lookup) -> np.ndarray:
    """Add blocks of terms to the sum so far, cut off after this many places of the largest."""
    total: list[np.ndarray] = []
    for i in range(0, len(terms), size):
        block = np.broadcast_arrays(*total, *terms[i : i + size])
        largest = np.frexp(np.maximum.reduce([np.abs(term) for term in block]))[1]
        last = 1 << np.maximum(largest - places, 0)
        total = [rounded(sum(np.sign(term) * (np.abs(term) // last) * last for term in block))]
    return total[0]

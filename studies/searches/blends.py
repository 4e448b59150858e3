"""The blend, in every form and rounding, over all z, h and n of small formats.

One search covers each form in eight bits, with exact z, h and n: each operation rounded in each direction
independently, and every contraction. Another covers the whole bound in six bits, with errors in z, 1 - z and n, for all
exact values that these errors allow.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product

import numpy as np

from conformance.bounds import BITS, BLENDS, Computed, Proven, Rounding, Sizes
from conformance.bounds.blends import CANDIDATE_FIRST, PRODUCTS, STATE_FIRST, THREE_TERMS
from conformance.bounds.elementwise import exactly, up
from conformance.bounds.proven import Gate
from conformance.interface.arithmetic import Format
from conformance.truth.balls import precision
from studies.searches.toys import EIGHT_BITS, SIX_BITS, Ends, Lookup, Search, Toy, known, numbers, toy
from studies.softfloat.formats import Soft
from studies.softfloat.gru import FORMS, NEGATED

MODES = {"nearest": ("nearest", "nearest away"), "any": ("up", "down")}
"""Any other rounding of one operation equals one of these or is exact, so these choices are complete."""

STEP = 2.0**-4
"""The error that z inherits in the search with inexact values; the other errors are half of it."""


def forms(format: Format = EIGHT_BITS, most: float = 2.0) -> Iterator[Search]:
    """Each form over all z in [0, 1], n in [-1, 1] and h up to a size; 1 - z subtracted, or any number near it."""
    for rounding in MODES:
        for form in FORMS:
            yield form_search(toy(format, rounding), form, most)


def form_search(claim: Toy, form: str, most: float) -> Search:
    """One form in one class. Numbers are counted in the format's last place, products in its square."""
    found = Search(f"blend {form}", claim.rounding)
    format, name = claim.format, form.removesuffix(NEGATED)
    z, n, h = (numbers(format, least=low, most=top) for low, top in ((0, 1), (-1, 1), (-most, most)))
    h = h[:, None]
    ways = Ways(claim, most)
    once = Rounding(float(claim.unit(format)), float(claim.underflow(format)))
    for gate in z:
        for s in _near(format, 1 - gate) if form != name else [1 - gate]:
            exact = gate * h + s * n if name == PRODUCTS else h + s * (n - h)
            size = Sizes(gate, s, np.abs(n), np.abs(h), np.abs(h - n), once.of(s) if form == name else 0.0)
            inner = BLENDS[name](once, size)
            ends = ways.ends(name, gate, h, n, s if form != name else None)
            found.add(ends.share(exact, inner + once.of(np.abs(exact) + inner)), ends.ways, z=gate, h=h, n=n, s=s)
    return found


def _near(format: Format, value: float) -> list[float]:
    """The numbers on either side of a value."""
    return sorted({float(Soft(format, mode).cast(np.float64(value))) for mode in ("up", "down")})


class Ways:
    """Every way of rounding and contracting a form in one class, for states up to a size.

    Operands are counted in last places. The result of an operation, counted in their squares, is a multiple of one.
    """

    def __init__(self, claim: Toy, most: float) -> None:
        last = claim.format.smallest - claim.format.precision + 1
        self.one = 2**-last
        reach = int((2 * most + 2) * self.one * self.one)
        self.lookups = [Lookup(Soft(claim.format, mode), 2 * last, reach) for mode in MODES[claim.rounding]]

    def ends(self, form: str, z: float, h: np.ndarray, n: np.ndarray, s: float | None = None) -> Ends:
        """The smallest and the largest result of a form; s is 1 - z if that is not subtracted."""
        counted = [np.round(np.asarray(part) * self.one).astype(np.intp) for part in (z, h, n)]
        complements = self._each((self.one - counted[0]) * self.one) if s is None else [np.intp(round(s * self.one))]
        exact = self._exact(form, complements, *counted)
        return Ends.of(last(part) / self.one**2 for part in exact for last in self.lookups)

    def _each(self, exact: np.ndarray) -> list[np.ndarray]:
        """An exact result in each rounding."""
        return [lookup(exact) // self.one for lookup in self.lookups]

    def _times_plus(self, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Iterator[np.ndarray]:
        """a b + c, contracted or not, before its last rounding."""
        yield from (part * self.one + c * self.one for part in self._each(a * b))
        yield a * b + c * self.one

    def _exact(
        self, form: str, complements: list[np.ndarray], z: np.ndarray, h: np.ndarray, n: np.ndarray
    ) -> Iterator[np.ndarray]:
        """A form in all its roundings except the last addition's."""
        if form == CANDIDATE_FIRST:
            yield from (part for d in self._each((h - n) * self.one) for part in self._times_plus(z, d, n))
        if form == STATE_FIRST:
            differences = self._each((n - h) * self.one)
            yield from (part for d, k in product(differences, complements) for part in self._times_plus(k, d, h))
        if form == PRODUCTS:
            for k in complements:
                yield from (part for other in self._each(k * n) for part in self._times_plus(z, h, other))
                yield from (part for other in self._each(z * h) for part in self._times_plus(k, n, other))
        if form == THREE_TERMS:
            firsts = [first for part in self._times_plus(-z, n, n) for first in self._each(part)]
            yield from (part for first in firsts for part in self._times_plus(z, h, first))


def whole(format: Format = SIX_BITS, most: float = 1.75, forms: tuple[str, ...] = FORMS) -> Iterator[Search]:
    """The whole bound of the blend, with errors in z, in 1 - z and in n."""
    for rounding in MODES:
        for form in forms:
            yield whole_search(toy(format, rounding), form, most)


def whole_search(claim: Toy, form: str, most: float) -> Search:
    """One form: the result from z, n, h and s, compared with the bound around the exact values.

    z has the error that its argument inherits, which 1 - z has with opposite sign, and its own error. n has one error.
    Each error is as large as possible, in either direction.
    """
    found = Search(f"blend {form}, from inexact z and n", claim.rounding)
    format, name = claim.format, form.removesuffix(NEGATED)
    n, h = numbers(format, least=-1, most=1), numbers(format, least=-most, most=most)
    n, h = (part.ravel() for part in np.meshgrid(n, h))
    ways = Ways(claim, most)
    with precision(BITS):
        bound_of = _bound_of(Proven(claim), n, h)
        for gate in numbers(format, least=0, most=1):
            for s in _near(format, 1 - gate) if form != name else [1 - gate]:
                ends = ways.ends(name, gate, h, n, s if form != name else None)
                for inherited, own, off in product((-1, 0, 1), repeat=3):
                    shift, mine, n_off = inherited * STEP, own * STEP / 2, off * STEP / 2
                    # z = gate - shift - mine, and s = 1 - z - shift + its own error.
                    theirs = s - 1 + gate - mine if form != name else 0.0
                    exact, bound = bound_of(gate - shift - mine, abs(shift), abs(mine), abs(theirs), n_off)
                    found.add(ends.share(exact, bound), ends.ways, z=gate, h=h, n=n, s=s)
    return found


def _bound_of(ops: Proven, n: np.ndarray, h: np.ndarray) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """The exact blend and its bound, by z, its inherited and own error, the error of 1 - z, and the error of n."""

    @cache
    def bound(z: float, inherited: float, own: float, of_keep: float, n_off: float) -> tuple[np.ndarray, np.ndarray]:
        def gate(value: float, mine: float) -> Gate:
            return Gate(*(exactly(np.full(h.shape, part)) for part in (value, inherited, mine)))

        candidate = Computed(exactly(n - n_off), up(exactly(np.full(n.shape, abs(n_off)))))
        blend = ops.blend(gate(z, own), gate(1 - z, of_keep), candidate, known(h))
        return blend.exact.astype(np.float64), blend.error.astype(np.float64)

    return bound

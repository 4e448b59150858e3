"""The blend, in every form and rounding, over all z, h and n of small formats.

Form by form in eight bits, where z, h and n are exact: each operation rounded in each direction by itself, every
contraction. And the whole bound in six bits, where z, 1 - z and n come with errors of their own and the exact values
lie anywhere that those allow.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product

import numpy as np

from conformance.arithmetic import Format
from conformance.bounds import BITS, BLENDS, Computed, Proven, Rounding, Sizes
from conformance.bounds.blends import CANDIDATE_FIRST, PRODUCTS, STATE_FIRST, THREE_TERMS
from conformance.bounds.elementwise import exactly, up
from conformance.bounds.proven import Gate
from conformance.oracle import precision
from conformance.soft import Soft
from conformance.soft_gru import NEGATED
from studies.toys import EIGHT_BITS, SIX_BITS, Lookup, Search, Toy, known, numbers, share, toy

MODES = {"nearest": ("nearest", "nearest away"), "any": ("up", "down")}
"""Any other rounding of one operation is one of these or exact, so all choices among them are all there is."""

STEP = 2.0**-4
"""The error that z inherits, in the search where it is not exact; the others are half of it."""


def forms(format: Format = EIGHT_BITS, most: float = 2.0) -> Iterator[Search]:
    """Each form over all z in [0, 1], n in [-1, 1] and h up to a size; 1 - z subtracted, or any number near it."""
    for rounding in MODES:
        for form in BLENDS:
            yield form_search(toy(format, rounding), form, most)
        for form in (PRODUCTS, STATE_FIRST):
            yield form_search(toy(format, rounding), form + NEGATED, most)


def form_search(claim: Toy, form: str, most: float) -> Search:
    """One form in one class. Numbers are counted in the format's last place, products in its square."""
    found = Search(f"blend {form}", claim.rounding)
    format = claim.format
    last = format.smallest - format.precision + 1
    scale = 2**-last
    z, n, h = (numbers(format, least=low, most=top) for low, top in ((0, 1), (-1, 1), (-most, most)))
    name = form.removesuffix(NEGATED)
    lookups = [
        Lookup(Soft(format, mode), 2 * last, int((2 * most + 4) * scale * scale)) for mode in MODES[claim.rounding]
    ]
    once = Rounding(float(claim.unit(format)), float(claim.underflow(format)))
    for gate in z:
        complements = [None] if form == name else _near(format, 1 - gate)
        for keep in complements:
            s = 1 - gate if keep is None else keep
            exact = gate * h[:, None] + s * n if name == PRODUCTS else h[:, None] + s * (n - h[:, None])
            e_s = once.of(s) if keep is None else 0.0
            size = Sizes(gate, s, np.abs(n), np.abs(h[:, None]), np.abs(h[:, None] - n), e_s)
            inner = BLENDS[name](once, size)
            bound = inner + once.of(np.abs(exact) + inner)
            counts = (
                (np.array([gate]), h[:, None], n)
                if keep is None
                else (np.array([gate]), h[:, None], n, np.array([keep]))
            )
            counted = [np.round(part * scale).astype(np.intp) for part in counts]
            for result in _results(name, lookups, int(scale), *counted):
                found.add(share(result / scale**2 - exact, bound), z=gate, h=h[:, None], n=n, s=s)
    return found


def _near(format: Format, value: float) -> list[float]:
    """The numbers on either side, and what they round from."""
    return sorted({float(Soft(format, mode).cast(np.float64(value))) for mode in ("up", "down")})


def _results(
    form: str, lookups: list[Lookup], one: int, z: np.ndarray, h: np.ndarray, n: np.ndarray, s: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Every way of rounding and contracting a form, counted in squares of the last place.

    Operands are counted in last places; what an operation returns, in squares of them, is a multiple of one.
    """

    def ways(exact: np.ndarray) -> list[np.ndarray]:
        return [lookup(exact) // one for lookup in lookups]

    def times_plus(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> Iterator[np.ndarray]:
        """a b + c, contracted or not, before its last rounding."""
        yield from (part * one + c * one for part in ways(a * b))
        yield a * b + c * one

    complements = ways((one - z) * one) if s is None else [s]
    for last in lookups:
        if form == CANDIDATE_FIRST:
            yield from (last(part) for d in ways((h - n) * one) for part in times_plus(z, d, n))
        if form == STATE_FIRST:
            differences = ways((n - h) * one)
            yield from (last(part) for d, k in product(differences, complements) for part in times_plus(k, d, h))
        if form == PRODUCTS:
            for k in complements:
                yield from (last(part) for other in ways(k * n) for part in times_plus(z, h, other))
                yield from (last(part) for other in ways(z * h) for part in times_plus(k, n, other))
        if form == THREE_TERMS:
            firsts = [first for part in times_plus(-z, n, n) for first in ways(part)]
            yield from (last(part) for first in firsts for part in times_plus(z, h, first))


def whole(format: Format = SIX_BITS, most: float = 1.75) -> Iterator[Search]:
    """The blend's whole bound, with errors in z, in 1 - z and in n."""
    for rounding in MODES:
        claim = toy(format, rounding)
        for form in (*BLENDS, PRODUCTS + NEGATED, STATE_FIRST + NEGATED):
            yield whole_search(claim, form, most)


def whole_search(claim: Toy, form: str, most: float) -> Search:
    """One form: what is computed from z, n, h and s, held against the bound about the exact values they came from.

    z is off by what its argument brought, which 1 - z has with the other sign, and by its own; n by one error; each as
    far as it may be, in either direction.
    """
    found = Search(f"blend {form}, from inexact z and n", claim.rounding)
    format, name = claim.format, form.removesuffix(NEGATED)
    last = format.smallest - format.precision + 1
    scale = 2**-last
    lookups = [
        Lookup(Soft(format, mode), 2 * last, int((2 * most + 6) * scale * scale)) for mode in MODES[claim.rounding]
    ]
    n, h = numbers(format, least=-1, most=1), numbers(format, least=-most, most=most)
    grid_n, grid_h = (part.ravel() for part in np.meshgrid(n, h))
    counted = [np.round(part * scale).astype(np.intp) for part in (grid_h, grid_n)]
    with precision(BITS):
        ops = Proven(claim)
        bound_of = _bound_of(ops, grid_n, grid_h)
        for gate in numbers(format, least=0, most=1):
            for keep in _near(format, 1 - gate) if form != name else [1 - gate]:
                sides = [
                    np.array([round(part * scale)], np.intp) for part in ((gate, keep) if form != name else (gate,))
                ]
                results = list(_results(name, lookups, int(scale), sides[0], *counted, *sides[1:]))
                for inherited, own, off in product((-1, 0, 1), repeat=3):
                    shift, mine, n_off = inherited * STEP, own * STEP / 2, off * STEP / 2
                    # keep = 1 - z - shift + its own error, where z = gate - shift - mine.
                    theirs = keep - 1 + gate - mine if form != name else 0.0
                    exact, bound = bound_of(gate - shift - mine, abs(shift), abs(mine), abs(theirs), n_off)
                    for result in results:
                        found.add(share(result / scale**2 - exact, bound), z=gate, h=grid_h, n=grid_n, s=keep)
    return found


def _bound_of(ops: Proven, n: np.ndarray, h: np.ndarray) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """The exact blend and its bound, by z, its inherited and own error, that of 1 - z, and how far n is off."""

    @cache
    def bound(z: float, inherited: float, own: float, of_keep: float, n_off: float) -> tuple[np.ndarray, np.ndarray]:
        def gate(value: float, mine: float) -> Gate:
            return Gate(*(exactly(np.full(h.shape, part)) for part in (value, inherited, mine)))

        candidate = Computed(exactly(n - n_off), up(exactly(np.full(n.shape, abs(n_off)))))
        blend = ops.blend(gate(z, own), gate(1 - z, of_keep), candidate, known(h))
        return blend.exact.astype(np.float64), blend.error.astype(np.float64)

    return bound

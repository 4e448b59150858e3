"""No lemma has a counterexample in small formats, and each search finds one if a bound is too small."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from conformance.bounds import BLENDS, Proven, blends
from conformance.bounds import proven as operations_of_the_bound
from conformance.bounds.blends import CANDIDATE_FIRST, PRODUCTS, STATE_FIRST, THREE_TERMS
from conformance.bounds.elementwise import constant, sigma_slope, up
from conformance.bounds.proven import Computed, Gate
from conformance.interface.arithmetic import Arithmetic
from studies.searches import activations, operations, sums
from studies.searches.blends import form_search, whole_search
from studies.searches.lemmas import LEMMAS, QUICK, table
from studies.searches.toys import EIGHT_BITS, FIVE_BITS, SIX_BITS, Lookup, Search, numbers, share, toy
from studies.softfloat.formats import Soft

Patch = pytest.MonkeyPatch


@pytest.mark.parametrize("name", LEMMAS)
def test_no_counterexample(name):
    found = list(QUICK[name]())
    assert all(search.holds for search in found)
    assert {search.claim for search in found} == {"nearest", "any"} or name == "slopes"


def unit(patch: Patch, share_of_u: float) -> None:
    right = Arithmetic.unit
    patch.setattr(Arithmetic, "unit", lambda self, format: right(self, format) * share_of_u)


def directed_as_nearest(patch: Patch) -> None:
    patch.setattr(Arithmetic, "unit", lambda self, format: format.unit_roundoff)


def one_term_fewer(patch: Patch) -> None:
    right = Proven.growth
    patch.setattr(Proven, "growth", lambda self, terms, **options: right(self, terms - 1, **options))


def linear_growth(patch: Patch) -> None:
    """n times the unit, as for rounding to nearest, in place of the bound for other roundings."""
    patch.setattr(Proven, "growth", lambda self, terms, **options: terms * constant(self.arithmetic.sums.unit_roundoff))


def no_underflow(patch: Patch) -> None:
    patch.setattr(Arithmetic, "underflow", lambda self, format: 0 * format.spacing)


def underflow_as_if_gradual(patch: Patch) -> None:
    patch.setattr(Arithmetic, "underflow", lambda self, format: format.spacing / 2)


def half_the_ulps(patch: Patch) -> None:
    """k u for k ULP."""
    right = Proven.__init__

    def halved(self: Proven, arithmetic: Arithmetic) -> None:
        right(self, arithmetic)
        self._relative = self._relative / 2

    patch.setattr(Proven, "__init__", halved)


def no_floor(patch: Patch) -> None:
    right = Proven.__init__

    def without(self: Proven, arithmetic: Arithmetic) -> None:
        right(self, arithmetic)
        self._absolute = self.once.underflow

    patch.setattr(Proven, "__init__", without)


def exact_product(patch: Patch) -> None:
    right = Proven.times
    patch.setattr(Proven, "times", lambda self, *factors: right(self, *factors)._replace(error=0 * factors[0].error))


def slope_at_the_exact_argument(patch: Patch) -> None:
    patch.setattr(Proven, "_through_sigma", lambda self, a: up(sigma_slope(a.exact)) * a.error)


def shown_is_carried(patch: Patch) -> None:
    patch.setattr(Proven, "carried", Proven.read)


def gates_without(part: str) -> Callable[[Patch], None]:
    def change(patch: Patch) -> None:
        def computed(self: Gate) -> Computed:
            kept = self.own if part == "inherited" else self.inherited
            return Computed(self.exact, kept)

        patch.setattr(operations_of_the_bound.Gate, "computed", property(computed))

    return change


WRONG = {
    "half of u in sums": (partial(unit, share_of_u=0.5), partial(sums.sums, most=1)),
    "half of u in operations": (partial(unit, share_of_u=0.5), partial(operations.single, SIX_BITS)),
    "u where it is 2 u, in operations": (directed_as_nearest, partial(operations.single, SIX_BITS)),
    "u where it is 2 u, in sums": (linear_growth, partial(sums.sums, most=2)),
    "n - 1 for n": (one_term_fewer, partial(sums.sums, most=1)),
    "no underflow in operations": (no_underflow, partial(operations.single, SIX_BITS)),
    "no underflow in sums": (no_underflow, partial(sums.sums, most=2)),
    "flushing as if it were gradual": (underflow_as_if_gradual, partial(operations.single, SIX_BITS)),
    "k u for k ULP": (half_the_ulps, lambda: activation("8 ULP")),
    "no floor below an activation": (no_floor, lambda: activation("8 ULP above 2u")),
    "the candidate's product exact": (exact_product, partial(operations.candidates, SIX_BITS, 2.0)),
    "the slope where it is not steepest": (slope_at_the_exact_argument, partial(operations.slopes, SIX_BITS)),
    "what is shown taken for what is carried": (shown_is_carried, partial(operations.casts, SIX_BITS, FIVE_BITS)),
}


def activation(claimed: str) -> Iterator[Search]:
    yield activations.search("float16", activations.arguments("float16", 37), claimed)


def worst(searches: Iterator[Search]) -> float:
    return max(search.worst for search in searches)


@pytest.mark.parametrize("name", WRONG)
def test_a_bound_that_is_too_small_is_refuted(monkeypatch, name):
    spoil, searches = WRONG[name]
    assert worst(searches()) <= 1
    spoil(monkeypatch)
    assert worst(searches()) > 1


SHORTENED = {
    "1 - z exact": (PRODUCTS, lambda once, of: once.of(of.z * of.h) + once.of((of.s + of.e_s) * of.n)),
    "z h exact": (PRODUCTS, lambda once, of: of.e_s * of.n + once.of((of.s + of.e_s) * of.n)),
    "h - n exact": (CANDIDATE_FIRST, lambda once, of: once.of(of.z * of.d)),
    "z (h - n) exact": (CANDIDATE_FIRST, lambda once, of: of.z * once.of(of.d)),
    "n - h exact": (STATE_FIRST, lambda once, of: of.e_s * of.d + once.of((of.s + of.e_s) * of.d)),
    "s (n - h) exact": (STATE_FIRST, lambda once, of: of.s * once.of(of.d) + of.e_s * of.d),
    "z n exact": (THREE_TERMS, lambda once, of: once.of(of.s * of.n) + once.of(of.z * of.h)),
    "n - z n exact": (THREE_TERMS, lambda once, of: once.of(of.z * of.n) + once.of(of.z * of.h)),
}


@pytest.mark.parametrize("name", SHORTENED)
def test_a_form_with_a_rounding_left_out_is_refuted(monkeypatch, name):
    form, shortened = SHORTENED[name]
    monkeypatch.setitem(BLENDS, form, shortened)
    assert form_search(toy(EIGHT_BITS), form, 1.0).worst > 1


@pytest.mark.parametrize("part", ["inherited", "own"])
def test_a_blend_without_an_error_of_its_gate_is_refuted(monkeypatch, part):
    claim = toy(FIVE_BITS)
    assert whole_search(claim, STATE_FIRST, 1.75).worst <= 1
    # Rounding to so few bits would hide the error.
    monkeypatch.setattr(blends.Rounding, "of", lambda self, size: 0 * size)
    gates_without(part)(monkeypatch)
    assert whole_search(claim, STATE_FIRST, 1.75).worst > 1


def test_rounding_of_sums_goes_through_every_order():
    """Three products and a bias: 15 trees, and each choice of contracted products that some machine could make."""
    assert len(set(sums.trees((0, 1, 2, 3)))) == 15
    assert len(sums.orders(1, False)) == 1  # a product alone is rounded
    assert len(sums.orders(1, True)) == 2
    assert len(sums.orders(2, False)) == 3  # neither, one or the other
    contracted = {chosen for _, chosen in sums.orders(3, True)}
    assert len(contracted) == 8  # all three if the bias comes first


@pytest.mark.parametrize(("format", "count"), [(FIVE_BITS, 31), (SIX_BITS, 63), (EIGHT_BITS, 255)])
def test_numbers_are_all_there_are(format, count):
    values = numbers(format)
    assert len(values) == count  # one for each pattern of bits, except a second zero
    assert np.array_equal(Soft(format).cast(values), values)


def test_a_table_of_roundings_belongs_to_the_operation():
    soft = Soft(FIVE_BITS)
    table_of = Lookup(soft, -4, 100)
    counts = np.arange(-100, 101)
    assert np.array_equal(table_of(counts) / 16, soft.cast(counts / 16))
    with pytest.raises(ValueError, match="rounds to one"):
        Lookup(soft, -4, 200)


def test_shares_that_are_no_number_count_as_outside():
    found = Search("any", "nearest")
    assert not found.holds  # nothing was tried
    found.add(share(np.array([1.0]), np.array([4.0])), a=np.array([2.0]))
    assert found.holds and found.worst == 0.25 and found.at == "a = 2"
    found.add(np.array([np.nan]), a=np.array([3.0]))
    assert not found.holds


def test_the_table_names_every_search():
    found = [*QUICK["casts"](), *QUICK["slopes"]()]
    assert table(found).row_count == len(found) + 1

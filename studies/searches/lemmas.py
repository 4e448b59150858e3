"""A search for a counterexample of every lemma of the bounds.

Each search tries all cases in a small format, in honest arithmetic of every rounding that a class allows, and returns
the largest used share of the bound. A share above 1 is a counterexample.
"""

from collections.abc import Callable, Iterator
from functools import partial

from rich.table import Table

from studies.searches import activations, blends, operations, sums
from studies.searches.toys import FIVE_BITS, SIX_BITS, Search, digits

LEMMAS: dict[str, Callable[[], Iterator[Search]]] = {
    "sums": sums.sums,
    "operations": operations.single,
    "candidate": operations.candidates,
    "casts": operations.casts,
    "slopes": operations.slopes,
    "activations": activations.accuracies,
    "blend": blends.forms,
    "inexact": blends.whole,
}

QUICK: dict[str, Callable[[], Iterator[Search]]] = {
    "sums": partial(sums.sums, most=2),
    "operations": partial(operations.single, SIX_BITS),
    "candidate": partial(operations.candidates, SIX_BITS),
    "casts": partial(operations.casts, SIX_BITS, FIVE_BITS),
    "slopes": partial(operations.slopes, SIX_BITS),
    "activations": partial(activations.accuracies, every=37),
    "blend": partial(blends.forms, SIX_BITS),
    "inexact": partial(blends.whole, FIVE_BITS, forms=(blends.PRODUCTS, blends.STATE_FIRST + blends.NEGATED)),
}
"""The same on smaller formats: seconds, not minutes."""


def table(found: list[Search]) -> Table:
    """The number of cases and the used share of the bound, a line for each search."""
    rows = Table(
        "lemma",
        "rounding",
        "tried",
        "refused",
        "worst",
        "at",
        title="the largest share of each bound: over 1 refutes it",
    )
    for search in found:
        counts = (f"{search.tried:,}", f"{search.refused:,}" if search.refused else "")
        rows.add_row(search.lemma, search.claim, *counts, digits(search.worst), search.at)
    total = sum(search.tried for search in found)
    rows.add_row("all", "", f"{total:,}", "", digits(max((search.worst for search in found), default=0)), "")
    return rows

"""How errors stand at each step of a run: what a report draws over time.

Two measures, step by step in processing order. margins: the part of the one-step bound that was used there, from the
subject's own state, which honest rounding does not let grow. ulps: the distance of the whole run from certified truth,
which it does. Left out: which case had the worst one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest


@dataclass(frozen=True)
class Growth:
    """The worst of all runs at the first step, the second, ...; 0 where nothing was judged.

    margins: in one-step bounds. ulps: in units in the last place of 1, or of the truth where that is larger.
    """

    margins: tuple[float, ...] = ()
    ulps: tuple[float, ...] = ()

    def __add__(self, other: "Growth") -> "Growth":
        """Of both together."""
        return Growth(_worst(self.margins, other.margins), _worst(self.ulps, other.ulps))


def _worst(some: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    return tuple(max(pair) for pair in zip_longest(some, others, fillvalue=0.0))


NO_GROWTH = Growth()

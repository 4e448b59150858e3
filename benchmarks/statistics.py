"""From times to the numbers of tables: medians, ratios round by round with their quartiles, geometric means."""

from collections.abc import Sequence
from statistics import geometric_mean, quantiles
from typing import NamedTuple


class Spread(NamedTuple):
    """A median with the quartiles of its values."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles; for a single value all three are this value. Raises ValueError without values."""
    if not values:
        raise ValueError("there are no times: a subject that was measured has one for each round")
    if len(values) == 1:
        return Spread(*[values[0]] * 3)
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return Spread(middle, low, high)


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """Their time over ours, round by round: above 1 ours is faster. Anything that slows a whole round cancels.

    Raises ValueError if the numbers of rounds differ.
    """
    if len(theirs) != len(ours):
        raise ValueError(f"{len(theirs)} rounds beside {len(ours)}: only times of the same round are compared")
    return spread([their / our for their, our in zip(theirs, ours, strict=True)])


class Summary(NamedTuple):
    """Ratios of many rows in three numbers. several: the geometric mean without the rows of batch 1, if any are
    left.
    """

    mean: float
    several: float | None
    worst: float


def summary(ratios: Sequence[tuple[int, float]]) -> Summary | None:
    """Summarize pairs of a batch and a ratio; None for no pairs."""
    if not ratios:
        return None
    values = [value for _, value in ratios]
    several = [value for batch, value in ratios if batch > 1]
    return Summary(geometric_mean(values), geometric_mean(several) if several else None, min(values))

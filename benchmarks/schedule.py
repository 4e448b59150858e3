"""Who is timed when: rounds in which each subject has one turn, in an order that no subject always leads.

A turn is several calls in a row, and counts as their median; a ratio is taken within a round, so that what slows the
whole machine for a while (heat, a neighbour) meets both sides of it.
"""

from collections.abc import Callable, Iterator
from math import ceil
from statistics import median
from typing import NamedTuple


class Effort(NamedTuple):
    """How long to look. rounds: for each row. turn: seconds, at least, that a subject is called for in a round."""

    rounds: int
    turn: float


FULL = Effort(9, 0.08)
QUICK = Effort(7, 0.03)


def turns(subjects: list[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Round and subject, in the order in which they are timed: forward and backward in turn, each time starting later.

    So each subject stands behind each other one about as often as before it.
    """
    for count in range(rounds):
        start = count // 2 % len(subjects) if subjects else 0
        order = subjects[start:] + subjects[:start]
        for subject in reversed(order) if count % 2 else order:
            yield count, subject


def interleaved(
    subjects: list[str], effort: Effort, timed: Callable[[str, int], list[float]]
) -> dict[str, list[float]]:
    """For each subject, seconds a call in each round. timed: a subject and a number of calls to the time of each."""
    counts = {}
    for subject in subjects:
        timed(subject, 1)  # the caches are another subject's
        counts[subject] = max(1, ceil(effort.turn / min(timed(subject, 2))))
    found: dict[str, list[float]] = {subject: [] for subject in subjects}
    for _, subject in turns(subjects, effort.rounds):
        found[subject].append(median(timed(subject, counts[subject])))
    return found

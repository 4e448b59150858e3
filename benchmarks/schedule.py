"""The order of timings: rounds in which each subject has one turn, in an order that no subject always leads.

A turn is several calls in sequence, and counts as their median. A ratio compares times of the same round, so that
anything that slows the whole machine for a while (heat, other processes) affects both.
"""

from collections.abc import Callable, Iterator
from math import ceil
from statistics import median
from typing import NamedTuple


class Effort(NamedTuple):
    """The effort of a measurement. rounds: for each row. turn: the least seconds of a subject's calls in a round."""

    rounds: int
    turn: float


FULL = Effort(5, 0.05)
QUICK = Effort(5, 0.03)


def turns(subjects: list[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Yield round and subject in the order of timing: forward and backward alternately, with a later start each time.

    So each subject runs after each other one about as often as before it.
    """
    for count in range(rounds):
        start = count // 2 % len(subjects) if subjects else 0
        order = subjects[start:] + subjects[:start]
        for subject in reversed(order) if count % 2 else order:
            yield count, subject


def interleaved(
    subjects: list[str], effort: Effort, timed: Callable[[str, int], list[float]]
) -> dict[str, list[float]]:
    """For each subject, seconds for a call in each round. timed: a function from a subject and a number of calls to
    their times.
    """
    counts = {}
    for subject in subjects:
        timed(subject, 1)  # warms the caches after another subject
        counts[subject] = max(1, ceil(effort.turn / min(timed(subject, 2))))
    found: dict[str, list[float]] = {subject: [] for subject in subjects}
    for _, subject in turns(subjects, effort.rounds):
        found[subject].append(median(timed(subject, counts[subject])))
    return found

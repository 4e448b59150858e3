"""Find mistakes that would explain the failing vectors.

A flag means that an implementation with this mistake fails the vector. Therefore a flag with a passing vector explains
nothing. If a step is wrong, nearly every vector fails, and nearly every flag explains it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from conformance.checks.verdict import DECLINED, PASS
from conformance.vectors.notes import FLAGS
from conformance.vectors.replay import Replayed
from conformance.vectors.vector import Vector


class Suspect(NamedTuple):
    """A flag, the number of failing vectors with this flag, and the number of judged ones."""

    flag: str
    failing: int
    asked: int


def suspects(verdicts: Iterable[Replayed], vectors: dict[str, Vector]) -> list[Suspect]:
    """The flags all of whose vectors fail in some format; for vectors that none of these explains, their own flags.

    The flags with the most vectors come first.
    """
    failing: dict[str, bool] = {}
    for verdict in verdicts:
        if verdict.kind != DECLINED:
            failing[verdict.vector] = failing.get(verdict.vector, False) or verdict.kind != PASS
    counted: list[Suspect] = []
    for flag in FLAGS:
        shown = [failing[name] for name in failing if flag in vectors[name].flags]
        if any(shown):
            counted.append(Suspect(flag, sum(shown), len(shown)))
    whole = {suspect.flag for suspect in counted if suspect.failing == suspect.asked}
    unexplained = [
        vectors[name].flags for name, fails in failing.items() if fails and not whole.intersection(vectors[name].flags)
    ]
    partly = {flag for flags in unexplained for flag in flags}
    return sorted(
        (suspect for suspect in counted if suspect.flag in whole | partly),
        key=lambda suspect: (suspect.failing < suspect.asked, -suspect.failing),
    )

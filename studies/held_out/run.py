"""Each held-out wrong GRU judged by the suite, clause by clause, up to its first alarm, with the explanation given.

Names have the set before them: second.clamp_swallows_nan.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, judge, wired
from conformance.checks.verdict import DTYPES, ERROR, FAIL, Cause
from conformance.diagnosis import diagnosed
from conformance.diagnosis.blame import blamed
from studies.held_out.first import wrong as first
from studies.held_out.first.base import Wrong
from studies.held_out.second import wrong as second
from studies.journal import answered, entries
from studies.matrix.code import digest

FILE = "held-out.jsonl"
SMOKE = "the smoke stage"
SETS = {"first": first, "second": second}
NAMES = tuple(f"{group}.{name}" for group, module in SETS.items() for name in module.NAMES)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one wrong GRU.

    Attributes:
        name: The set and the name.
        code: The digest of the code that judged.
        profile: The profile.
        caught: The clause, format and kind of the first alarm; None if there is none.
        explained: The explanation of that alarm; None if there is none, or none was looked for.
        cases: The number of cases up to it.
        seconds: The seconds of CPU that they took.
    """

    name: str
    code: str
    profile: str
    caught: list[str] | None
    explained: str | None
    cases: int
    seconds: float


def made(name: str) -> type[Wrong]:
    """The class of a name."""
    group, _, own = name.partition(".")
    return getattr(SETS[group], own)


def judged(name: str, profile: str, explain: bool, before: Sequence[str] | None) -> Outcome:
    """Judge one wrong GRU by a profile up to its first alarm.

    explain: also look for the cause of it. before: the last alarm, whose clause and format come first.
    """
    gru, started, cases = made(name)(), time.process_time(), 0
    caught, explained = None if wired(gru) is None else [SMOKE, "", FAIL], None
    questions = [(check, dtype) for check in CHECKS for dtype in DTYPES]
    for check, dtype in sorted(questions, key=lambda one: [one[0].clause, one[1]] != list(before or ())[:2]):
        if caught is not None:
            break
        verdict = judge(gru, check, dtype, PROFILES[profile], shrink=False)
        cases += verdict.cases
        if verdict.kind in (FAIL, ERROR):
            caught = [check.clause, dtype, verdict.kind]
    seconds = round(time.process_time() - started, 1)
    if explain and caught is not None and caught[0] != SMOKE:
        explained = explanation(name, *caught[:2], profile)
    return Outcome(name, digest(), profile, caught, explained, cases, seconds)


def explanation(name: str, clause: str, dtype: str, profile: str) -> str | None:
    """The cause that a report of this clause names, else the gate to blame, else the diagnosis."""
    gru = made(name)()
    wired(gru)
    verdict = blamed(
        gru, judge(gru, next(check for check in CHECKS if check.clause == clause), dtype, PROFILES[profile])
    )
    if verdict.kind != FAIL:
        return None
    diagnosis, explained = diagnosed(gru, [verdict])
    cause = next((one.cause for one in explained if one.cause is not None), None)
    if cause is not None:
        return in_a_line(cause)
    if verdict.blame is not None:
        return str(verdict.blame)
    return None if diagnosis is None else " ".join(line.strip() for line in diagnosis.lines)


def in_a_line(cause: Cause) -> str:
    """A cause in one line."""
    said = "; or ".join(" and ".join(part.sentence for part in parts) for parts in cause.explanations)
    return ": ".join(filter(None, (cause.limits, said)))


def outcomes(folder: Path, profile: str) -> dict[str, Outcome]:
    """The outcomes in a folder by name, of this code and profile."""
    names = {field.name for field in fields(Outcome)}
    found = [Outcome(**entry) for entry in entries(folder / FILE) if entry.keys() == names]
    return {each.name: each for each in found if (each.code, each.profile) == (digest(), profile)}


def run(
    folder: Path, profile: str, processes: int, before: Mapping[str, Sequence[str] | None], *, explain: bool
) -> Iterator[Outcome]:
    """Judge those that the folder lacks, and yield the outcomes. before: the names, each with its last alarm."""
    folder.mkdir(parents=True, exist_ok=True)
    there: Mapping[str, Outcome] = outcomes(folder, profile)
    missing = [(name, profile, explain, last) for name, last in before.items() if name not in there]
    for _, outcome in answered(judged, missing, processes, lambda _: folder / FILE):
        yield outcome

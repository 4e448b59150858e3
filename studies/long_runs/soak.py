"""The suite's own false alarms: honest subjects, judged repeatedly on cases from other seeds.

A failure that also occurs under the fixed seed is a finding about the subject, identified by its clause and format. A
failure in another clause or format is an alarm: a false one, or a finding that the fixed cases do not reach. Either
needs a look.

Each seed's outcome is a line in the journal of its subject, valid for the versions and the code that made it. One
process judges many seeds, so that compiled shapes are reused.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

from rich.table import Table

from conformance.adapters import load
from conformance.checks.clauses import CHECKS
from conformance.checks.judge import PROFILES, Profile, describe, verdicts
from conformance.checks.verdict import DECLINED, PASS
from conformance.interface.adapter import GRU
from studies.journal import answered, entries
from studies.matrix.code import digest

SUBJECTS = {"reference": 200, "tf_gru:graph": 20, "keras:graph": 20}
"""The number of seeds of each subject."""
FIXED = PROFILES["dev"].seed
"""The seed of the shortest run."""


@dataclass(frozen=True)
class Outcome:
    """The result of one seed: clauses by format that were judged and that failed, and the number of judged numbers.

    Attributes:
        code: The digest of the code that judged (studies.matrix.code).
        margin: The worst margin of a pass.
        failures: Lists of clause, format, kind, reason and the case as text.
    """

    seed: int
    versions: dict[str, str]
    code: str
    passed: int
    judged: int
    margin: float
    seconds: float
    failures: list[list[str | None]]

    @property
    def failed(self) -> set[tuple[str | None, ...]]:
        """The clauses and formats that failed."""
        return {tuple(failure[:2]) for failure in self.failures}


def profile(seed: int) -> Profile:
    """The profile of the shortest run, with another seed."""
    return replace(PROFILES["dev"], seed=seed)


def judged(name: str, seed: int, gru: GRU | None = None) -> Outcome:
    """Judge a subject by every clause, on the cases of one seed."""
    gru = load(name) if gru is None else gru
    started = time.monotonic()
    found = [verdict for verdict in verdicts(gru, profile(seed), CHECKS, shrink=False) if verdict.kind != DECLINED]
    passed = [verdict for verdict in found if verdict.kind == PASS]
    return Outcome(
        seed=seed,
        versions=describe(name, gru).versions,
        code=digest(),
        passed=len(passed),
        judged=sum(verdict.judged for verdict in found),
        margin=max((verdict.margin or 0 for verdict in passed), default=0),
        seconds=time.monotonic() - started,
        failures=[[v.clause, v.dtype, v.kind, v.reason, v.again] for v in found if v.kind != PASS],
    )


def outcomes(folder: Path, name: str) -> dict[int, Outcome]:
    """The stored outcomes of a subject by seed, for the installed versions and the present code."""
    versions = describe(name, load(name)).versions
    names = {field.name for field in fields(Outcome)}
    found = [Outcome(**entry) for entry in entries(_file(folder, name)) if entry.keys() == names]
    return {each.seed: each for each in found if (each.versions, each.code) == (versions, digest())}


def soak(folder: Path, seeds: dict[str, int], processes: int) -> Iterator[tuple[str, Outcome]]:
    """Yield every outcome that is not stored yet, when it is finished."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(name, seed) for name, count in seeds.items() for seed in _missing(folder, name, count)]
    for (name, _), outcome in answered(_one, missing, processes, lambda question: _file(folder, question[0])):
        yield name, outcome


def left(folder: Path, seeds: dict[str, int]) -> int:
    """The number of outcomes that are not stored."""
    return sum(len(_missing(folder, name, count)) for name, count in seeds.items())


def alarms(found: Iterable[Outcome]) -> list[tuple[int, list[str | None]]]:
    """The seeds and failures whose clause and format do not fail under the fixed seed."""
    found = list(found)
    known = {pair for outcome in found if outcome.seed == FIXED for pair in outcome.failed}
    return [
        (outcome.seed, failure)
        for outcome in found
        if outcome.seed != FIXED
        for failure in outcome.failures
        if tuple(failure[:2]) not in known
    ]


def table(found: dict[str, dict[int, Outcome]]) -> Table:
    """A table with one row for each subject."""
    columns = (
        "subject",
        "versions",
        "seeds",
        "verdicts",
        "numbers judged",
        "alarms",
        "worst margin",
        "fails under the fixed seed",
    )
    rows = Table(*columns)
    for name, by_seed in found.items():
        drawn = [outcome for outcome in by_seed.values() if outcome.seed != FIXED]
        known = sorted(f"{clause} {dtype}" for clause, dtype in by_seed[FIXED].failed)
        rows.add_row(
            name,
            ", ".join(f"{package} {version}" for package, version in by_seed[FIXED].versions.items()),
            str(len(drawn)),
            f"{sum(outcome.passed + len(outcome.failures) for outcome in drawn):,}",
            f"{sum(outcome.judged for outcome in drawn):,}",
            str(len(alarms(by_seed.values()))),
            f"{max((outcome.margin for outcome in drawn), default=0):.3f}",
            ", ".join(known) or "nothing",
        )
    return rows


def _one(name: str, seed: int) -> Outcome:
    return judged(name, seed, _loaded(name))


_loaded = cache(load)


def _missing(folder: Path, name: str, count: int) -> list[int]:
    there = outcomes(folder, name)
    return [seed for seed in range(FIXED, count + 1) if seed not in there]


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(':', '-')}.jsonl"

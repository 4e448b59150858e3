"""Judge every make on the same drawn cases: free combinations of each seed, each judged by its clause.

All makes get a case before the next case, so that its bounds, which involve certified numbers, are computed once for
each class of arithmetic. The outcome of a part of a seed is a line of the journal, which is valid for the code that
made it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from conformance.adapters import REGISTERED, load
from conformance.adapters.reference import Reference
from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.free_cases import Extent, free_cases
from conformance.checks.judge import failure
from conformance.checks.verdict import DECLINED
from conformance.interface.adapter import GRU, Capabilities
from conformance.interface.case import Case
from conformance.truth.balls import each
from studies.journal import answered, entries
from studies.matrix.code import digest

MODULES = {"makes": "NUMPY_MAKES", "numba_makes": "NUMBA_MAKES", "torch_makes": "TORCH_MAKES"}
SHIPPED = ("tf_gru:native", "torch", "torch:cell")
"""Adapters of this project that compile nothing for a shape and have no known fault. Each gets the cases that it
declares.
"""
FILE = "honest.jsonl"
FORMATS = ("float32", "float64")
EXTENT = Extent(more=60, dearest=0.05, wide=1, long=1)
MOST = 1_000
"""The largest number of outputs of a case, because every make is judged on each."""
PARTS = 6
"""The number of parts of a seed's cases, so that a stopped run loses little."""


@dataclass(frozen=True)
class Outcome:
    """One part of the cases of a seed.

    Attributes:
        seed: The seed.
        part: The number of the part.
        code: The digest of the code.
        cases: The number of cases.
        seconds: The time of judging.
        makes: For each make the number of cases, the number of answers whose bits differ from the first make's, the
            number of judged numbers, the worst margin, and the alarms as [clause, format, kind, reason, case].
    """

    seed: int
    part: int
    code: str
    cases: int
    seconds: float
    makes: dict[str, list[Any]]


def makes() -> Iterator[tuple[str, str]]:
    """Yield the name of each make and its description."""
    for module, names in MODULES.items():
        for make in getattr(import_module(f"studies.honest.{module}"), names):
            yield make.__name__, " ".join((make.__doc__ or "").split())
    for name in SHIPPED:
        if REGISTERED[name].installed:
            yield name, "an adapter of the tree"


@cache
def _subjects() -> Mapping[str, GRU]:
    found: dict[str, GRU] = {}
    for module, names in MODULES.items():
        found |= {make.__name__: make() for make in getattr(import_module(f"studies.honest.{module}"), names)}
    return found | {name: load(name) for name in SHIPPED if REGISTERED[name].installed}


def drawn(seed: int) -> list[tuple[str, Case]]:
    """The cases of a seed, each with its clause."""
    found = free_cases(Reference.capabilities, FORMATS, EXTENT, seed).cases
    pairs = [(clause, case) for (clause, _), cases in found.items() for case in cases]
    return [(c, case) for c, case in pairs if case.batch * case.time * case.units * len(case.parameters) <= MOST]


def declares(able: Capabilities, case: Case) -> bool:
    """True if the capabilities include everything that the case needs."""
    two, padded = case.merge is not None, case.mask is not None or case.lengths is not None
    policies = able.bidirectional_masked_outputs if two else able.masked_outputs
    return (
        case.dtype in able.arithmetic
        and case.reset in able.resets
        and (able.lengths or case.lengths is None)
        and (able.masks or case.mask is None)
        and (able.zero_length or not padded or bool(case.valid.any(1).all()))
        and (not padded or case.masked_outputs in policies)
        and (able.reverse or not case.reverse)
        and (not two or case.merge in able.merges)
        and (able.initial_state or case.initial_state is None)
        and (able.zero_time or case.time > 0)
    )


def judged(seed: int, part: int, subjects: Mapping[str, GRU] | None = None) -> Outcome:
    """Judge every make on one part of the cases of a seed."""
    subjects = _subjects() if subjects is None else subjects
    found: dict[str, list[Any]] = {name: [0, 0, 0, 0.0, []] for name in subjects}
    started, cases = time.monotonic(), drawn(seed)[part::PARTS]
    for clause, case in cases:
        check, first = BY_CLAUSE[clause], None
        for name, gru in subjects.items():
            if not declares(gru.capabilities, case) or check.declined(gru.capabilities) is not None:
                continue
            judgement, wrong = failure(gru, check, case)
            if wrong is not None and wrong.kind == DECLINED:
                continue
            mine = _bits(gru, case)
            first = first or mine
            row = found[name]
            row[:4] = row[0] + 1, row[1] + (mine != first), row[2] + judgement.judged, max(row[3], judgement.margin)
            if wrong is not None:
                row[4].append([clause, case.dtype, wrong.kind, wrong.reason, case.to_text()])
    return Outcome(seed, part, digest(), len(cases), time.monotonic() - started, found)


def _bits(gru: GRU, case: Case) -> bytes:
    """The bits of all numbers of an answer."""
    found: list[bytes] = []
    each(lambda part: found.append(part.tobytes()), gru.run(case.copy()))
    return b"".join(found)


def outcomes(folder: Path, seeds: int) -> list[Outcome]:
    """The stored outcomes for these seeds and the present code, each part once."""
    names = {field.name for field in fields(Outcome)}
    found = [Outcome(**entry) for entry in entries(folder / FILE) if entry.keys() == names]
    kept = {(each.seed, each.part): each for each in found if each.code == digest() and each.seed <= seeds}
    return [kept[place] for place in sorted(kept)]


def run(folder: Path, seeds: int, processes: int) -> Iterator[Outcome]:
    """Yield each missing part of the seeds from 1 on, when it is done."""
    folder.mkdir(parents=True, exist_ok=True)
    there = {(outcome.seed, outcome.part) for outcome in outcomes(folder, seeds)}
    missing = [place for place in product(range(1, seeds + 1), range(PARTS)) if place not in there]
    for _, outcome in answered(judged, missing, processes, lambda _: folder / FILE):
        yield outcome


def left(folder: Path, seeds: int) -> int:
    """The number of missing parts."""
    return PARTS * seeds - len(outcomes(folder, seeds))


def alarms(found: Sequence[Outcome]) -> list[str]:
    """Every alarm, with its case as text."""
    return [
        f"{name}, seed {outcome.seed}: {clause} {dtype}: {kind}: {reason}; case {case}"
        for outcome in found
        for name, _ in makes()
        for clause, dtype, kind, reason, case in outcome.makes.get(name, [[]])[-1]
    ]


def table(found: Sequence[Outcome]) -> Table:
    """A table with a row for each make."""
    rows = Table("make", "how", "cases", "with other bits", "numbers judged", "alarms", "worst margin")
    for name, how in makes():
        mine = [outcome.makes[name] for outcome in found if name in outcome.makes]
        rows.add_row(
            name,
            escape(how),
            *(f"{sum(row[place] for row in mine):,}" for place in range(3)),
            str(sum(len(row[4]) for row in mine)),
            f"{max((row[3] for row in mine), default=0):.3f}",
        )
    return rows

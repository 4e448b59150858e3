"""Judge a subject: run each check on cases that Hypothesis draws, and find the smallest case at which it fails."""

import platform
import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from math import ceil
from random import randrange
from typing import NamedTuple

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, settings, target
from hypothesis import strategies as st

from conformance.adapters.reference import Reference
from conformance.checks.check import Check
from conformance.checks.clauses import CHECKS
from conformance.checks.clauses.contract import first_case, make_first_call
from conformance.checks.few_bits import few_bits_cases
from conformance.checks.free_cases import Extent, FreeCases, free_cases
from conformance.checks.judgement import NO_GROWTH, Finding, Judgement, WrongSteps
from conformance.checks.shrinking import CHEAP, COMPILED, shrunk
from conformance.checks.smoke import smoke
from conformance.checks.verdict import (
    DECLINED,
    DTYPES,
    ERROR,
    FAIL,
    PASS,
    Cause,
    Subject,
    Verdict,
    formats,
)
from conformance.interface.adapter import GRU, Capabilities, Declined, SubjectError
from conformance.interface.case import Case
from conformance.interface.numbers import written

SHORT = Extent(dearest=0.1)


@dataclass(frozen=True)
class Profile:
    """The effort of a search.

    Attributes:
        examples: The number of cases of each check, shared by its shapes and combinations of options; each of these
            gets at least one case.
        seed: Determines the cases: the same in every run, and for all subjects with the same capabilities. None takes
            randomness from the system.
        wide: True also draws sizes of any kind, if the subject does not compile for each shape.
        free: The extent of the list of free combinations.
        widths: The units of single steps whose sums are exact.
    """

    examples: int
    seed: int | None = 0
    wide: bool = False
    free: Extent = SHORT
    widths: tuple[int, ...] = (16, 64)


PROFILES = {
    "dev": Profile(4),
    "ci": Profile(8, free=Extent(more=120, wide=12, long=6, lasting=6, threes=True), widths=(16, 64, 256)),
    "thorough": Profile(
        200, seed=None, wide=True, free=Extent(rounds=8, dearest=3, wide=20, long=10, lasting=10, threes=True)
    ),
}
SPECIFICATION = Reference()

PATIENCE = 30.0
"""Seconds for the failing verdicts of one subject. After them, failing cases are no longer made smaller."""

CALLS, PATIENT = 50, 5.0
"""The largest number of repeated calls with one case, and the largest time in seconds, as long as it passes."""

NOTHING = "no number was judged: nothing lay inside the domain of its bound, or the case is not one for this clause"


def describe(name: str, gru: GRU, profile: Profile | None = None) -> Subject:
    """Describe a subject before it is judged, with everything that it declares as text.

    profile: the profile that judges it; the report then contains the number of covered pairs of options.
    """
    capabilities = gru.capabilities
    policies: dict[str, list[str]] = {}
    if capabilities.masks or capabilities.lengths:
        policies["masked steps"] = list(capabilities.masked_outputs)
    if capabilities.merges and capabilities.bidirectional_masked_outputs:
        policies["masked steps, two directions"] = list(capabilities.bidirectional_masked_outputs)
    return Subject(
        name=name,
        versions={
            "python": platform.python_version(),
            "numpy": np.__version__,
            **_versions(gru),
            **{str(what): str(version) for what, version in getattr(gru, "versions", {}).items()},
        },
        kernels=sorted(map(str, getattr(gru, "kernels", ()))),
        claims={dtype: str(claim) for dtype, claim in capabilities.arithmetic.items()},
        policies=policies,
        pairs=0 if profile is None else _free(capabilities, profile).pairs,
    )


def wired(gru: GRU) -> str | None:
    """Run the smoke stage in each format that is claimed and judged. Returns the adapter's fault, or None."""
    claimed = [dtype for dtype in DTYPES if dtype in gru.capabilities.arithmetic]
    for dtype in claimed:
        make_first_call(gru, first_case(gru.capabilities, dtype))
    return next((why for dtype in claimed if (why := smoke(gru, dtype))), None)


def verdicts(
    gru: GRU, profile: Profile, checks: tuple[Check, ...] = CHECKS, *, shrink: bool = True
) -> Iterator[Verdict]:
    """Yield a verdict for each check and each format of the subject.

    If nearly everything fails, cases are made smaller for PATIENCE seconds; later failures show the first case found.
    """
    left = PATIENCE if shrink else 0.0
    for check in checks:
        for dtype in formats(gru.capabilities.arithmetic):
            started = time.monotonic()
            verdict = judge(gru, check, dtype, profile, shrink=left > 0)
            if verdict.kind == FAIL:
                left -= time.monotonic() - started
            yield verdict


def judge(gru: GRU, check: Check, dtype: str, profile: Profile, *, shrink: bool = True) -> Verdict:
    """Run one check in one format, on as many cases as the profile sets.

    shrink: search for the smallest failing case. Otherwise the verdict contains the first failing case.
    """
    declined = _declined(gru, check, dtype)
    if declined is not None:
        return Verdict(clause=check.clause, dtype=dtype, kind=DECLINED, reason=declined)
    total, asked, refused = Judgement(), 0, ""
    first: _Found | None = None
    sizes: dict[str, tuple[int, int]] = {}

    def fails(case: Case) -> Failure | None:
        nonlocal asked
        asked += 1
        return failure(gru, check, case)[1]

    def examine(case: Case, *, free: bool = False) -> None:
        nonlocal total, asked, first, refused
        if first is None:
            asked += 1
            for axis, size in case.sizes.items():
                least, most = sizes.get(axis, (size, size))
                sizes[axis] = min(least, size), max(most, size)
            judgement, found = failure(gru, check, case)
            if found is not None and found.kind == DECLINED:
                refused = refused or found.reason
                return
            judged = replace(judgement, findings=[], wrong=[])
            total = total.add(replace(judged, ulps=0.0, growth=NO_GROWTH) if free else judged)
            if found is None:
                if not free:
                    target(judgement.margin)
                return
            first = _Found(case, found)
        raise first  # also when Hypothesis repeats the case: a subject need not fail twice

    try:
        strategies = check.cases(gru.capabilities, dtype, wide=profile.wide)
        for place, cases in enumerate(strategies):
            text = f"{profile.seed} {check.clause} {dtype} {place}"
            drawn_from = None if profile.seed is None else zlib.crc32(text.encode())
            simplest = not place or check.fixed is not None
            _explore(examine, cases, ceil(profile.examples / len(strategies)), drawn_from, simplest)
        for case in _free(gru.capabilities, profile).cases.get((check.clause, dtype), ()):
            examine(case, free=True)
        for case in few_bits_cases(check.clause, gru.capabilities, dtype, profile.widths, _seed(profile)):
            examine(case, free=True)
    except _Found as met:
        case, found = smallest(gru, check, met.case, met.failure, fails) if shrink else (met.case, met.failure)
        verdict = replace(_failed(gru, check, case, found), asked=sizes or None)
        if not total.judged:
            return replace(verdict, cases=asked)
        growth = total.growth if total.growth.ulps else None
        return replace(verdict, margin=total.margin, ulps=total.ulps, cases=asked, judged=total.judged, growth=growth)
    if refused:
        return Verdict(clause=check.clause, dtype=dtype, kind=DECLINED, cases=asked, reason=refused)
    if not total.judged:
        return Verdict(clause=check.clause, dtype=dtype, kind=ERROR, cases=asked, reason=NOTHING)
    return Verdict(
        clause=check.clause, dtype=dtype, kind=PASS, margin=total.margin, ulps=total.ulps, cases=asked,
        judged=total.judged, growth=total.growth if total.growth.ulps else None,
        asked=sizes or None,
    )  # fmt: skip


def _free(capabilities: Capabilities, profile: Profile) -> FreeCases:
    return free_cases(capabilities, DTYPES, profile.free, _seed(profile))


@lru_cache
def _seed(profile: Profile) -> int:
    """One seed for all checks of a run, so that together they cover the whole list."""
    return randrange(2**32) if profile.seed is None else profile.seed


def _explore(
    examine: Callable[[Case], None],
    cases: st.SearchStrategy[Case],
    examples: int,
    drawn_from: int | None,
    simplest: bool,
) -> None:
    """Let Hypothesis draw this number of cases.

    Its first case is always the simplest one. If each combination gets one case, all of these would be the simplest; so
    the first is skipped unless `simplest` is True.
    """
    passed_over = simplest

    # Short, because Hypothesis parses it each time.
    def asked(case: Case) -> None:
        nonlocal passed_over
        if not passed_over:
            passed_over = True
            hypothesis.reject()
        examine(case)

    prepare = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType] # its iterator is ill typed
        phases=(Phase.generate, Phase.target),
    )
    test = prepare(given(cases)(asked))
    (test if drawn_from is None else hypothesis.seed(drawn_from)(test))()


def judge_case(gru: GRU, check: Check, case: Case) -> Verdict:
    """Run one check on one case, as the 'again' line of a report does."""
    declined = _declined(gru, check, case.dtype)
    if declined is not None:
        return Verdict(clause=check.clause, dtype=case.dtype, kind=DECLINED, reason=declined)
    judgement, found = failure(gru, check, case)
    if found is not None and found.kind == DECLINED:
        return Verdict(clause=check.clause, dtype=case.dtype, kind=DECLINED, cases=1, reason=found.reason)
    if found is not None:
        verdict = _failed(gru, check, case, found)
        if not judgement.judged:
            return verdict
        return replace(verdict, margin=judgement.margin, ulps=judgement.ulps, judged=judgement.judged)
    if not judgement.judged:
        return Verdict(clause=check.clause, dtype=case.dtype, kind=ERROR, cases=1, reason=NOTHING)
    return Verdict(
        clause=check.clause, dtype=case.dtype, kind=PASS, margin=judgement.margin, ulps=judgement.ulps, cases=1,
        judged=judgement.judged,
    )  # fmt: skip


def judge_again(gru: GRU, check: Check, case: Case, *, calls: int = CALLS, seconds: float = PATIENT) -> Verdict:
    """Judge one check on one case repeatedly, as long as it passes.

    A failure after a pass means that the answer varies. `cases` of a pass is the number of calls that passed.
    """
    ends, verdict, passed = time.monotonic() + seconds, judge_case(gru, check, case), 0
    while verdict.kind == PASS:
        passed += 1
        if passed == calls or time.monotonic() > ends:
            return replace(verdict, cases=passed)
        verdict = judge_case(gru, check, case)
    if verdict.kind == FAIL and passed:
        return replace(verdict, cause=Cause((), f"the answer varies: {passed} of {passed + 1} calls passed"))
    return verdict


class Failure(NamedTuple):
    """A failure at a case: its kind (FAIL with a finding, ERROR or DECLINED), the reason, and the steps out of
    bounds.
    """

    kind: str
    reason: str
    finding: Finding | None = None
    wrong: Sequence[WrongSteps] = ()

    @property
    def likeness(self) -> tuple[str, str]:
        """A key that is equal for all cases with the same failure, whatever the numbers."""
        return self.kind, re.sub(r"[-+.\w]*\d[-+.\w]*", "0", self.finding.message if self.finding else self.reason)


class _Found(AssertionError):
    """Ends the search of Hypothesis at the first failure."""

    def __init__(self, case: Case, failure: Failure) -> None:
        self.case, self.failure = case, failure


def failure(gru: GRU, check: Check, case: Case) -> tuple[Judgement, Failure | None]:
    """The check's judgement of one case, and the failure if there is one."""
    try:
        judgement = check.examine(gru, case)
    except Declined as error:
        return Judgement(), Failure(DECLINED, str(error))
    except SubjectError as error:
        return Judgement(), Failure(ERROR, str(error))
    except Exception as error:
        return Judgement(), Failure(ERROR, _unjudged(error))
    if not judgement.findings:
        return judgement, None
    finding = judgement.findings[0]
    return judgement, Failure(FAIL, str(finding), finding, judgement.wrong)


def smallest(
    gru: GRU, check: Check, case: Case, first: Failure, fails: Callable[[Case], Failure | None]
) -> tuple[Case, Failure]:
    """The smallest case with the same failure at which the specification itself passes.

    The second condition is needed because a smaller case may fall outside the clause: if all weights are 0, so are the
    gradients of a right GRU.
    """

    def same(candidate: Case) -> Failure | None:
        found = fails(candidate)
        if found is None or found.likeness != first.likeness:
            return None
        _, ours = failure(SPECIFICATION, check, candidate)
        return None if ours is not None and ours.kind == FAIL else found

    budget = COMPILED if gru.capabilities.compiles_per_shape else CHEAP
    return shrunk(case, first, same, gru.capabilities, budget)


def _failed(gru: GRU, check: Check, case: Case, found: Failure) -> Verdict:
    cotangents = None if check.cotangents is None else written(check.cotangents(gru, case))
    return Verdict(
        clause=check.clause, dtype=case.dtype, kind=found.kind, cases=1, reason=found.reason, finding=found.finding,
        wrong=tuple(found.wrong), again=case.to_text(), cotangents=cotangents,
    )  # fmt: skip


def _unjudged(error: Exception) -> str:
    """The reason why a check could not judge a case: it is of another kind, or has no bound."""
    return f"the case could not be judged by this clause: {type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _declined(gru: GRU, check: Check, dtype: str) -> str | None:
    if dtype not in gru.capabilities.arithmetic:
        return gru.capabilities.lacks(dtype)
    return check.declined(gru.capabilities)


def _versions(gru: GRU) -> dict[str, str]:
    """The versions of the distributions that an adapter names in `packages`."""
    found: dict[str, str] = {}
    for name in getattr(gru, "packages", ()):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found

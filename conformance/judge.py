"""Judging a subject: each check on cases that Hypothesis draws, and the smallest case where one fails."""

import platform
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from math import ceil

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, errors, given, settings, target
from hypothesis import strategies as st

from conformance.adapter import GRU, SubjectError
from conformance.case import Case
from conformance.checks import CHECKS
from conformance.checks.check import Check
from conformance.residuals import Finding, Judgement
from conformance.smoke import smoke
from conformance.verdict import DECLINED, DTYPES, ERROR, FAIL, PASS, STATISTICAL, Subject, Verdict


@dataclass(frozen=True)
class Profile:
    """How hard to look.

    examples: for each check, shared by its shapes and combinations of options, each of which is asked at least once.
    seed: what the cases are drawn from: the same in every run, and for every subject that declares the same; None: from
    the system's randomness. wide: sizes of any kind too, where nothing is compiled.
    """

    examples: int
    seed: int | None = 0
    wide: bool = False


PROFILES = {
    "dev": Profile(4),
    "ci": Profile(8),
    "thorough": Profile(200, seed=None, wide=True),
}
SHRINKS = 40
"""How many further cases a failing check asks to find a smaller one: a compiling subject takes a second for each."""

NOTHING = "no number was judged: nothing lay inside the domain of its bound, or the case is not one for this clause"


class _Found(AssertionError):
    """Carries a finding, or that there was no answer, out of Hypothesis, which shrinks it."""


def describe(name: str, gru: GRU) -> Subject:
    """The subject's report before anything is judged."""
    capabilities = gru.capabilities
    policies = {}
    if capabilities.masks or capabilities.lengths:
        policies["masked steps"] = list(capabilities.masked_outputs)
    if capabilities.merges and capabilities.bidirectional_masked_outputs:
        policies["masked steps, two directions"] = list(capabilities.bidirectional_masked_outputs)
    return Subject(
        name=name,
        versions={"python": platform.python_version(), "numpy": np.__version__, **_versions(gru)},
        claims={dtype: str(claim) for dtype, claim in capabilities.arithmetic.items()},
        policies=policies,
    )


def wired(gru: GRU) -> str | None:
    """Why the adapter is to be blamed, or None: the smoke stage, in each format that is claimed and judged."""
    return next((why for dtype in DTYPES if dtype in gru.capabilities.arithmetic and (why := smoke(gru, dtype))), None)


def verdicts(
    gru: GRU, profile: Profile, checks: tuple[Check, ...] = CHECKS, *, shrink: bool = True
) -> Iterator[Verdict]:
    """A verdict for each check and each of DTYPES."""
    for check in checks:
        for dtype in DTYPES:
            yield judge(gru, check, dtype, profile, shrink=shrink)


def judge(gru: GRU, check: Check, dtype: str, profile: Profile, *, shrink: bool = True) -> Verdict:
    """One check in one format, on as many cases as the profile says.

    shrink: where it fails, search for the smallest case that fails; otherwise the verdict has the first one.
    """
    declined = _declined(gru, check, dtype)
    if declined is not None:
        return Verdict(clause=check.clause, dtype=dtype, kind=DECLINED, reason=declined)
    total, asked = Judgement(), 0
    last: tuple[Case, str, str, Finding | None] | None = None
    spent = 0

    def examine(case: Case) -> None:
        nonlocal total, asked, last, spent
        spent += last is not None
        if spent > SHRINKS and last is not None:
            if case.to_text() != last[0].to_text():
                return
            raise _Found
        asked += 1
        try:
            judgement = check.examine(gru, case)
        except SubjectError as error:
            last = (case, ERROR, str(error), None)
            raise _Found from error
        except Exception as error:
            last = (case, ERROR, _unjudged(error), None)
            raise _Found from error
        total = total.add(replace(judgement, findings=[]))
        if judgement.findings:
            finding = judgement.findings[0]
            last = (case, FAIL, str(finding), finding)
            raise _Found
        target(judgement.margin)

    try:
        strategies = check.cases(gru.capabilities, dtype, wide=profile.wide)
        for place, cases in enumerate(strategies):
            text = f"{profile.seed} {check.clause} {dtype} {place}"
            drawn_from = None if profile.seed is None else zlib.crc32(text.encode())
            _explore(examine, cases, ceil(profile.examples / len(strategies)), drawn_from, not place, shrink)
    except (_Found, errors.Flaky):
        if last is None:
            raise
        case, kind, reason, finding = last
        again = case.to_text()
        return Verdict(
            clause=check.clause, dtype=dtype, kind=kind, margin=total.margin, ulps=total.ulps, cases=asked,
            judged=total.judged, reason=reason, finding=finding, again=again,
        )  # fmt: skip
    if not total.judged:
        return Verdict(clause=check.clause, dtype=dtype, kind=ERROR, cases=asked, reason=NOTHING)
    alarm = total.sample.alarm or total.scale.alarm
    return Verdict(
        clause=check.clause, dtype=dtype, kind=STATISTICAL if alarm else PASS, margin=total.margin, ulps=total.ulps,
        cases=asked, judged=total.judged, reason=alarm or "",
    )  # fmt: skip


def _explore(
    examine: Callable[[Case], None],
    cases: st.SearchStrategy[Case],
    examples: int,
    drawn_from: int | None,
    simplest: bool,
    shrink: bool,
) -> None:
    """Let Hypothesis draw so many cases.

    Its first is always the simplest there is; where one case is all that is wanted, and all of them would be that, it
    is passed over unless `simplest` says so.
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
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.target, *((Phase.shrink,) if shrink else ())),
    )
    test = prepare(given(cases)(asked))
    (test if drawn_from is None else hypothesis.seed(drawn_from)(test))()


def judge_case(gru: GRU, check: Check, case: Case) -> Verdict:
    """One check on one case, as a report's 'again' line asks for it."""
    declined = _declined(gru, check, case.dtype)
    if declined is not None:
        return Verdict(clause=check.clause, dtype=case.dtype, kind=DECLINED, reason=declined)
    try:
        judgement = check.examine(gru, case)
    except SubjectError as error:
        return Verdict(clause=check.clause, dtype=case.dtype, kind=ERROR, cases=1, reason=str(error))
    except Exception as error:
        return Verdict(clause=check.clause, dtype=case.dtype, kind=ERROR, cases=1, reason=_unjudged(error))
    if not judgement.judged and not judgement.findings:
        return Verdict(clause=check.clause, dtype=case.dtype, kind=ERROR, cases=1, reason=NOTHING)
    finding = judgement.findings[0] if judgement.findings else None
    return Verdict(
        clause=check.clause, dtype=case.dtype, kind=FAIL if finding else PASS, margin=judgement.margin, cases=1,
        judged=judgement.judged, reason=str(finding or ""), finding=finding, again=case.to_text() if finding else None,
    )  # fmt: skip


def _unjudged(error: Exception) -> str:
    """The check could not judge what it was given: the case is not of its kind, or outside what has a bound."""
    return f"the case could not be judged by this clause: {type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _declined(gru: GRU, check: Check, dtype: str) -> str | None:
    if dtype not in gru.capabilities.arithmetic:
        because = gru.capabilities.because.get(dtype)
        return f"does not declare {dtype}" + (f": {because}" if because else "")
    return check.declined(gru.capabilities)


def _versions(gru: GRU) -> dict[str, str]:
    """The versions of the distributions that an adapter names in `packages`."""
    found = {}
    for name in getattr(gru, "packages", ()):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found

"""The failing clauses that one explanation covers. It is tried on the smallest failing case of each clause.

An explanation covers a failing clause under two conditions: the subject's answer to the failing case equals the answer
of a GRU with these deviations, and that GRU fails the clause on the case, too. So an explanation of wrong numbers is
never given for a wrong shape, for an overwritten argument, or for an answer that changes between calls.

Left out: gradients, because deviations have none. An explanation covers a clause of gradients if it explains the
outputs of the failing case and they are wrong.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import judge_case
from conformance.checks.verdict import FAIL, PASS, Cause, Diagnosis, Part, Verdict
from conformance.diagnosis.examination import Examined, examined
from conformance.diagnosis.known.running_error import Rounded
from conformance.diagnosis.local import explained
from conformance.diagnosis.search import Explanation, Hypotheses, Parts, composed, flat, in_words
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs

VARIES = "asked again, the same case passes: the answer depends on earlier calls or on chance, so no mistake is named"

AGAIN = 2
"""The number of repeated calls with a failing case."""

LOCAL = 6
"""The largest number of failing cases that are examined separately, if the subject's explanations do not cover them."""

SECONDS = 60
"""Seconds after which no further case is examined, because a diagnosis must not cost more than the verdicts."""


class Claiming:
    """A subject that claims a weaker class instead of its own."""

    def __init__(self, gru: GRU, weak: Arithmetic) -> None:
        own = gru.capabilities
        self._gru = gru
        self.capabilities = replace(own, arithmetic={**own.arithmetic, weak.dtype: weak})

    def run(self, case: Case) -> Outputs:
        """The subject's answer."""
        return self._gru.run(case)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gru, name)


class Hypothetical:
    """A subject with some deviations. It declares the capabilities of another subject, except gradients."""

    def __init__(self, gru: GRU, parts: Parts) -> None:
        self.capabilities = replace(gru.capabilities, gradients=False)
        self._composed = composed(parts)

    def run(self, case: Case) -> Outputs:
        """The specification's answer with the deviations, in float64, rounded once."""
        ops = Rounded(self.capabilities.arithmetic[case.dtype])
        with np.errstate(all="ignore"):
            arrays = [near.value.astype(case.inputs.dtype) for near in self._composed(ops).answer(case)]
        directions = len(case.parameters)
        final: Any = arrays[-1] if directions == 1 else tuple(arrays[-2:])
        shown: Any = arrays[0] if len(arrays) - directions == 1 else tuple(arrays[:2])
        return Outputs(shown if self.capabilities.outputs else None, final)


def diagnosed(gru: GRU, verdicts: Sequence[Verdict] = ()) -> tuple[Diagnosis | None, list[Verdict]]:
    """Diagnose a subject, and find the causes of its failing verdicts.

    Args:
        gru: The subject.
        verdicts: Its failing verdicts.

    Returns:
        The diagnosis, and those verdicts that it explains, each with its cause. If the diagnosis itself fails, it
        contains the error, because a verdict does not depend on it.
    """
    try:
        found = examined(gru)
        explained = list(_attributed(gru, found, verdicts))
    except Exception as error:
        return Diagnosis(failed=f"{type(error).__name__}: {' '.join(str(error).split())}"), []
    if found is not None:
        return found.diagnosis, explained
    shown = ", ".join(dict.fromkeys(verdict.clause for verdict in verdicts))
    return (Diagnosis(only=shown) if shown else None), explained


def _attributed(gru: GRU, found: Examined | None, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """Yield the verdicts with a known cause: first those that the subject's explanations cover, then single failing
    cases.
    """
    left: list[Verdict] = []
    for verdict in verdicts:
        if verdict.kind != FAIL or verdict.again is None or verdict.finding is None or verdict.finding.computed is None:
            continue
        if found and found.diagnosis.varies and found.diagnosis.explanations and _unstarted(verdict):
            yield replace(verdict, cause=Cause(tuple(map(tuple, found.diagnosis.explanations))))
        elif varies(gru, verdict):
            yield replace(verdict, cause=Cause((), VARIES))
        elif found and (explanations := _holding(gru, found.found, verdict)):
            yield replace(verdict, cause=Cause(explanations, found.diagnosis.limits))
        elif found is None or found.diagnosis.varies is None:
            left.append(verdict)
    ends = time.monotonic() + SECONDS
    for _ in range(LOCAL):
        if not left or time.monotonic() > ends:
            return
        local = explained(gru, Case.from_text(left[0].again or ""))
        explanations = [] if local is None else [_holding(gru, local.found, verdict) for verdict in left]
        if local is None or not explanations[0]:
            left = left[1:]
            continue
        yield from (
            replace(verdict, cause=Cause(some, local.words))
            for verdict, some in zip(left, explanations, strict=True)
            if some
        )
        left = [verdict for verdict, some in zip(left, explanations, strict=True) if not some]


def _unstarted(verdict: Verdict) -> bool:
    return Case.from_text(verdict.again or "").initial_state is None


def varies(gru: GRU, verdict: Verdict) -> bool:
    """True if the clause passes on its failing case in one of a few more calls."""
    case, check = Case.from_text(verdict.again or ""), BY_CLAUSE[verdict.clause]
    return any(judge_case(gru, check, case).kind == PASS for _ in range(AGAIN))


def _holding(gru: GRU, found: Sequence[Explanation], verdict: Verdict) -> tuple[tuple[Part, ...], ...]:
    """The explanations, in words, that cover a failing verdict."""
    if verdict.again is None:
        return ()
    case = Case.from_text(verdict.again)
    claim = gru.capabilities.arithmetic[case.dtype]
    return tuple(tuple(in_words(one, claim)) for one in found if _holds(gru, one, verdict, case))


def _holds(gru: GRU, one: Explanation, verdict: Verdict, case: Case) -> bool:
    """True if one explanation covers a failing verdict."""
    check, claim = BY_CLAUSE[verdict.clause], gru.capabilities.arithmetic[case.dtype]
    weaker = [weak for weak in one.arithmetic if weak.dtype == case.dtype]
    if one.arithmetic and not one.parts:
        return any(judge_case(Claiming(gru, weak), check, case).kind == PASS for weak in weaker)
    try:
        answer = flat(ask(gru, case))
    except SubjectError:
        return False
    ours = Hypotheses(claim, (case,))
    classes = [Hypotheses(weak, (case,), ours) for weak in weaker] if one.arithmetic else [ours]
    if not any(known.allows(0, one.parts, answer) for known in classes):
        return False
    if verdict.cotangents is not None:
        return not any(known.allows(0, (), answer) for known in classes)
    return judge_case(Hypothetical(gru, one.parts), check, case).kind == FAIL

"""The failing clauses that one explanation covers. It is tried on the smallest failing case of each clause.

An explanation covers a failing clause under two conditions: the subject's answer to the failing case equals the answer
of a GRU with these deviations, and that GRU fails the clause on the case, too. So an explanation of wrong numbers is
never given for a wrong shape, for an overwritten argument, or for an answer that changes between calls.

Left out: gradients, because deviations have none. An explanation covers a clause of gradients if it explains the
outputs of the failing case and they are wrong.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.checks.clauses import BY_CLAUSE
from conformance.checks.judge import judge_case
from conformance.checks.verdict import FAIL, PASS, Cause, Diagnosis, Part, Verdict
from conformance.diagnosis.known.running_error import Rounded
from conformance.diagnosis.search import Explanation, Hypotheses, Parts, composed, examined, flat, in_words
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs


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
            arrays = [near.value.astype(case.dtype) for near in self._composed(ops).answer(case)]
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
        return (None, []) if found is None else (found.diagnosis, attributed(gru, *found, verdicts))
    except Exception as error:
        return Diagnosis(failed=f"{type(error).__name__}: {' '.join(str(error).split())}"), []


def attributed(
    gru: GRU, diagnosis: Diagnosis, found: Sequence[Explanation], verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """The failing verdicts that explanations cover, each with its cause."""
    return [
        replace(verdict, cause=Cause(explanations, diagnosis.limits))
        for verdict in verdicts
        if verdict.kind == FAIL and (explanations := _holding(gru, found, verdict))
    ]


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

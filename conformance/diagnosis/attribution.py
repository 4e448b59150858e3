"""The failing clauses that one explanation accounts for: it is tried on each smallest failing case.

An explanation accounts for a failing clause where the subject's answer to the failing case is what a GRU with these
deviations answers, and where that GRU fails the clause on the case, too. So an explanation of wrong numbers is never
given for a wrong shape, for an argument that is overwritten, or for an answer that changes between calls.

Left out: gradients, which a deviation does not have. A clause of gradients is accounted for where the answers to its
failing case are wrong, and as explained.
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
    """A subject that claims a weaker class in the place of its own."""

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
    """A subject with some deviations, which declares what another subject declares, gradients apart."""

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
    """The diagnosis of a subject, and those of its failing verdicts for which the diagnosis accounts, with the cause.

    Where the diagnosis itself fails, its words are the error, since a verdict stands without it.
    """
    try:
        found = examined(gru)
        return (None, []) if found is None else (found.diagnosis, attributed(gru, *found, verdicts))
    except Exception as error:
        return Diagnosis(failed=f"{type(error).__name__}: {' '.join(str(error).split())}"), []


def attributed(
    gru: GRU, diagnosis: Diagnosis, found: Sequence[Explanation], verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """The failing verdicts for which explanations account, each with its cause."""
    return [
        replace(verdict, cause=Cause(explanations, diagnosis.limits))
        for verdict in verdicts
        if verdict.kind == FAIL and (explanations := _holding(gru, found, verdict))
    ]


def _holding(gru: GRU, found: Sequence[Explanation], verdict: Verdict) -> tuple[tuple[Part, ...], ...]:
    """The explanations, in words, that account for a failing verdict."""
    if verdict.again is None:
        return ()
    case = Case.from_text(verdict.again)
    claim = gru.capabilities.arithmetic[case.dtype]
    return tuple(tuple(in_words(one, claim)) for one in found if _holds(gru, one, verdict, case))


def _holds(gru: GRU, one: Explanation, verdict: Verdict, case: Case) -> bool:
    """Whether one explanation accounts for a failing verdict."""
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

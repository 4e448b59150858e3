"""The examination of a subject: the tiny questions, the explanations of its answers, and their reach.

Formats and positions of the reset gate are tried in turn, and the first with a wrong answer is examined. An explanation
is tried at other sizes, options, formats and positions before it is reported (reach.py). If one case gets two answers,
no convention can explain them, and the search looks only for a state that is kept between calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from conformance.checks.verdict import Diagnosis
from conformance.diagnosis.alike import Options, alike, shape_of
from conformance.diagnosis.known.blends import reset_places_are_exchanged
from conformance.diagnosis.known.deviation import Deviation
from conformance.diagnosis.known.step import reset_after_instead_of_before, reset_before_instead_of_after
from conformance.diagnosis.local import explained
from conformance.diagnosis.plain_runs import classes_met
from conformance.diagnosis.questions import SHAPE, questions
from conformance.diagnosis.reach import HOLDS, Reach, outcome, reach
from conformance.diagnosis.search import (
    Answer,
    Explanation,
    Hypotheses,
    Search,
    classes,
    flat,
    in_words,
    part,
    questioned,
)
from conformance.interface.adapter import GRU, SubjectError, UsageError, ask
from conformance.interface.case import Case

FORMATS_ASKED = ("float64", "float32", "float16", "bfloat16")
"""The formats in order. The first one with a wrong answer is diagnosed, because a more precise one distinguishes
more.
"""

KEPT = "state_kept_between_calls"
"""The catalogue's name of the only mistake between calls that the search knows."""


class Examined(NamedTuple):
    """A diagnosis, and the explanations that it contains in words."""

    diagnosis: Diagnosis
    found: list[Explanation]


def diagnose(gru: GRU) -> Diagnosis | None:
    """Explain a subject's wrong answers.

    Args:
        gru: The subject.

    Returns:
        The diagnosis; None if all answers follow the specification.

    Raises:
        UsageError: If the subject declares none of the formats, so that there is no question.

    Examples:
        >>> from conformance.adapters.reference import gru
        >>> from conformance.diagnosis import diagnose
        >>> print(diagnose(gru))  # nothing is wrong
        None
    """
    found = examined(gru)
    return None if found is None else found.diagnosis


def examined(gru: GRU) -> Examined | None:
    """Explain a subject's wrong answers, with the explanations as data too.

    Formats and positions of the reset gate are tried in turn; the first one with a wrong answer is diagnosed. If there
    is none, the result describes the first one with an unanswered question.

    Args:
        gru: The subject.

    Returns:
        The diagnosis and its explanations; None if all answers follow the specification.

    Raises:
        UsageError: If the subject declares none of the formats, so that there is no question.
    """
    can, unanswered = gru.capabilities, None
    if not set(FORMATS_ASKED) & set(can.arithmetic):
        raise UsageError(f"capabilities.arithmetic has none of {', '.join(FORMATS_ASKED)}: nothing can be asked")
    for dtype in (name for name in FORMATS_ASKED if name in can.arithmetic):
        for reset in can.resets:
            search = Search(can.arithmetic[dtype], questions(can, dtype, reset))
            claim, cases = search.claimed.claim, search.claimed.cases
            answers, refused = questioned(gru, cases)
            wrong = search.claimed.wrong(answers)
            reason = next(iter(refused.values()), None)
            about = (reset, dtype, len(cases), len(wrong), len(refused), reason)
            if wrong:
                kept = any(cases[at].initial_state is None for at in wrong) and keeps_its_state(gru, dtype, reset)
                varies = unlike(answers, questioned(gru, cases)[0], cases) or (
                    _sizes(cases[wrong[0]]) if kept else None
                )
                if varies is not None:
                    return Examined(Diagnosis(*about, [[part(KEPT)]] if kept else [], varies=varies), [])
                found = confirmed(gru, dtype, reset, search.found(answers))
                found, words = _reaching(gru, cases[wrong[0]], _across(gru, found))
                if not found and (local := explained(gru, cases[wrong[0]])) and local.found[0].parts:
                    found, words = local
                said = [in_words(one, claim) for one in found if one.parts]
                consistent = next((classes(one, claim) for one in found if not one.parts), None)
                return Examined(Diagnosis(*about, said, consistent, limits=words), found)
            if refused and unanswered is None:
                unanswered = Examined(Diagnosis(reset, dtype, len(cases), 0, len(refused), reason), [])
    return unanswered


def confirmed(gru: GRU, dtype: str, reset: str, found: list[Explanation]) -> list[Explanation]:
    """The explanations. Lower precision alone counts only as far as plain runs meet it too."""
    if any(one.parts for one in found):
        return found
    met_too = [one._replace(arithmetic=classes_met(gru, dtype, reset, one.arithmetic)) for one in found]
    return [one for one in met_too if one.arithmetic]


def unlike(answers: Mapping[int, Answer], again: Mapping[int, Answer], cases: Sequence[Case]) -> str | None:
    """The first case whose second answer differs from its first in some bit, in words."""
    for number, answer in answers.items():
        other = again.get(number)
        if other is None or not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(answer, other, strict=True)):
            return _sizes(cases[number])
    return None


def _sizes(case: Case) -> str:
    return ", ".join(f"{axis} {size}" for axis, size in case.sizes.items())


def keeps_its_state(gru: GRU, dtype: str, reset: str) -> bool:
    """True if a run without initial state starts from the final state of the run before it, twice in succession."""
    case = alike(Options(dtype, reset, False, None, False, None, False, False, "carry"), SHAPE)
    if gru.capabilities.masked_outputs and "carry" not in gru.capabilities.masked_outputs:
        case = replace(case, masked_outputs=gru.capabilities.masked_outputs[0])
    try:
        runs = [ask(gru, case) for _ in range(3)]
    except SubjectError:
        return False
    claim = gru.capabilities.arithmetic[dtype]
    for before, after in pairwise(runs):
        started = Hypotheses(claim, (replace(case, initial_state=(before.final_state,)), case))
        if not started.allows(0, (), flat(after)) or started.allows(1, (), flat(after)):
            return False
    return True


def _across(gru: GRU, found: list[Explanation]) -> list[Explanation]:
    """Join two mistakes into one: each position of the reset gate is taken for the other."""
    turned: dict[type[Deviation], str] = {
        reset_before_instead_of_after: "before",
        reset_after_instead_of_before: "after",
    }
    exchanged = Explanation((reset_places_are_exchanged,), ())
    for one in found:
        other = turned.get(one.parts[0]) if len(one.parts) == 1 and not one.arithmetic else None
        if other is not None and other in gru.capabilities.resets:
            dtype = next(name for name in FORMATS_ASKED if name in gru.capabilities.arithmetic)
            if outcome(gru, questions(gru.capabilities, dtype, other)[1], exchanged) == HOLDS:
                return [exchanged]
    return found


def _reaching(gru: GRU, case: Case, found: list[Explanation]) -> tuple[list[Explanation], str | None]:
    """The explanations that hold in most of the tried cases, and the reach of the first one."""
    options, shape = Options.of(case), shape_of(case)
    reaches = [reach(gru, options, shape, one) if one.parts else Reach(None, 0, 0) for one in found]
    kept = Reach.best(reaches)
    return [found[place] for place in kept], next((reaches[place].words for place in kept), None)

"""The explanation of one failing case that the tiny questions do not show, by similar cases.

The cases have its options, and sizes between its own and those of the tiny questions, with plain numbers. An
explanation must explain every wrong answer to them. If all answers are right, the mistake depends on the numbers of the
failing case. Then nothing is reported, because too many conventions agree on a case of a few numbers.
"""

from itertools import product
from typing import NamedTuple

from conformance.diagnosis.alike import Options, Shape, alike, shape_of
from conformance.diagnosis.plain_runs import met_by
from conformance.diagnosis.precision import strictest, weaker
from conformance.diagnosis.questions import SHAPE
from conformance.diagnosis.reach import Reach, reach
from conformance.diagnosis.search import AT_ONCE, Explanation, Hypotheses, flat
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.case import Case, Outputs

SEEDS = (0, 1)
"""The seeds of the cases of each shape."""

MOST = 3
"""The largest number of explanations. If there are more, the cases do not distinguish enough."""

PAIRED, ALONE = 20, 150
"""The largest numbers of steps of the shortest wrong run for trying pairs of deviations, and for trying any."""


class Local(NamedTuple):
    """Explanations of the answers to similar cases, and the places where they hold."""

    found: list[Explanation]
    words: str | None


def explained(gru: GRU, case: Case) -> Local | None:
    """Explain a failing case by similar cases. None if there is no known explanation."""
    options, claim = Options.of(case), gru.capabilities.arithmetic[case.dtype]
    shapes = sorted({_shape(pair) for pair in product(*zip(shape_of(case), SHAPE, strict=True))}, key=_cost)
    if gru.capabilities.compiles_per_shape:
        shapes = [shape_of(case)]
    cases = [alike(options, shape, seed) for shape in shapes for seed in SEEDS]
    runs: dict[int, Outputs] = {}
    for number, one in enumerate(cases):
        try:
            runs[number] = ask(gru, one)
        except SubjectError:
            continue
    answers = {number: flat(run) for number, run in runs.items()}
    known = Hypotheses(claim, cases)
    wrong = known.wrong(answers)
    if not wrong or cases[wrong[0]].time > ALONE:
        return None
    at_once = AT_ONCE if cases[wrong[0]].time <= PAIRED else 1
    found = [Explanation(parts, ()) for parts in known.explanations({at: answers[at] for at in wrong}, at_once)]
    if not found and options.padding is None and options.merge is None:
        asked = [(cases[at], runs[at]) for at in wrong]
        met = strictest([weak for weak in weaker(claim) if met_by(asked, weak)])
        found = [Explanation((), tuple(met))] if met else []
    if not found or len(found) > MOST:
        return None
    base = max((shape_of(cases[at]) for at in wrong), key=lambda shape: sum(map(int.__eq__, shape, SHAPE)))
    reaches = [reach(gru, options, base, one) for one in found]
    kept = Reach.best(reaches)
    if reaches[kept[0]].astray:
        return None
    return Local([found[place] for place in kept], reaches[kept[0]].words)


def _shape(sizes: tuple[int, ...]) -> Shape:
    batch, time, input_dim, units = sizes
    return batch, time, input_dim, units


def _cost(shape: Shape) -> tuple[int, int]:
    """A key for sorting by steps first, because each step costs time for every hypothesis."""
    batch, time, input_dim, units = shape
    return time, batch * units * (input_dim + units)

"""The explanation of one failing case, where the tiny questions do not show it: cases like it are asked.

They have its options, and sizes between its own and those of the tiny questions, in plain numbers. An explanation has
to account for every wrong answer to them. Where all answers are right, what is wrong shows only in the numbers of the
failing case, and nothing is said: too many conventions agree on a case of a few numbers.
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
"""So many cases of each shape."""

MOST = 3
"""More explanations than these say that too little was asked."""

PAIRED, ALONE = 20, 150
"""The steps of the shortest wrong run up to which deviations are tried in pairs, and at all."""


class Local(NamedTuple):
    """Explanations of the answers to cases like one, and where they hold."""

    found: list[Explanation]
    words: str | None


def explained(gru: GRU, case: Case) -> Local | None:
    """The explanations of a failing case by others like it; None where none is known."""
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
    """The steps first, since each costs a hypothesis its time."""
    batch, time, input_dim, units = shape
    return time, batch * units * (input_dim + units)

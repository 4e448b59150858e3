"""The gate most responsible for steps that are out of their bounds: z, r or n, or none of them alone.

One step of one unit is z h + (1 - z) n. With everything else exact, one gate can move it only within an interval: z
from n to h, n from z h - (1 - z) to z h + (1 - z), r (which acts through n) within some part of that. Each such
interval, widened by the bound of the step, is the gate's *reach*. A gate explains a number that lies within its reach,
and is responsible only if it explains every number that is out of its bound. If several gates do, the one with the
smallest reach is named: if a wrong gate put its number anywhere in its reach with equal probability, it is the most
likely one (maximum likelihood).

One or two numbers cannot distinguish gates. Therefore the subject also computes a plain run, and the wrong numbers in
it count as well. If two gates are wrong at once, or the blend is, or a candidate exceeds 1, no gate explains all, and
the text says so. The result names a number, not a line of code: a gate that reads another's weights is wrong itself.

Left out: gradients, copies, and states without outputs, for which no single step is visible.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from math import log
from typing import NamedTuple

import numpy as np
from flint import arb

from conformance.bounds import BITS
from conformance.bounds.step import step_parts
from conformance.checks.judgement import Judgement, WrongSteps
from conformance.checks.runs import judge_run
from conformance.checks.steps import one_step
from conformance.checks.verdict import Blame, Verdict
from conformance.interface.adapter import GRU, SubjectError, ask
from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case
from conformance.interface.strategies import DISTINCT, Numbers
from conformance.truth.balls import precision

MOST = 200
"""The number of wrong numbers that is enough to distinguish gates."""

ODDS = 1000
"""A gate is named if it is this many times as likely as any other. This is a policy: it changes words, but no
verdict.
"""

GATES = ("z", "r", "n")


class _Reach(NamedTuple):
    """The interval into which one gate can move a number, the gate's value for the computed number, and its exact
    value.
    """

    low: arb
    high: arb
    value: arb | None
    exact: arb | None


class _Number(NamedTuple):
    """One number that is out of its bound."""

    computed: arb
    bound: arb
    reach: dict[str, _Reach]
    state: tuple[arb, arb]
    """The blend's state as the computed number would require, and the exact one."""

    def explained(self, gate: str) -> bool:
        reach = self.reach[gate]
        return bool(reach.low - self.bound <= self.computed <= reach.high + self.bound)

    def would(self, gate: str) -> str:
        """The value that the gate would need, in words."""
        reach = self.reach[gate]
        if reach.value is None or reach.exact is None:
            return ""
        return f" would have to be {_instead(float(reach.value), float(reach.exact))}"

    def room(self, gate: str) -> float:
        """The logarithm of the reach's length."""
        reach = self.reach[gate]
        return float((reach.high - reach.low + 2 * self.bound).log())


def blamed(gru: GRU, verdict: Verdict) -> Verdict:
    """The verdict with the most responsible gate, if steps are out of their bounds, and without these steps."""
    if not verdict.wrong or verdict.again is None:
        return verdict
    return replace(verdict, blame=_blame(gru, Case.from_text(verdict.again), verdict.wrong), wrong=())


def _blame(gru: GRU, case: Case, wrong: Sequence[WrongSteps]) -> Blame:
    """The gate most responsible for the wrong steps of a case, and for those of a plain run of the same subject."""
    here = _numbers(wrong)
    if not here:
        return Blame(None, "no gate can be blamed: the number is not finite")
    plain = _numbers(_plain_run(gru, case))
    first, numbers = here[0], here + plain
    gates = [gate for gate in GATES if gate in first.reach]
    counts = {gate: sum(number.explained(gate) for number in numbers) for gate in gates}
    told = "the wrong number here" if len(here) == 1 else f"the {len(here)} wrong numbers here"
    told += f" and the {len(plain)} of a plain run" if plain else " (a plain run is right)"
    explain_all = [gate for gate in gates if counts[gate] == len(numbers)]
    if not explain_all:
        if not any(counts.values()):
            value, exact = map(float, first.state)
            sentence = (
                f"no gate reaches any of {told}: the state or the blend; h would have to be {_instead(value, exact)}"
            )
            return Blame("state or blend", sentence, value, exact)
        each = ", ".join(f"{gate} {counts[gate]}" for gate in gates)
        return Blame(None, f"no single gate explains {told}; of these {len(numbers)}, in reach of {each}")
    rooms = {gate: sum(number.room(gate) for number in numbers) for gate in explain_all}
    gate, *others = sorted(explain_all, key=rooms.__getitem__)
    if others and rooms[others[0]] - rooms[gate] < log(ODDS):
        each = ", or ".join(f"{gate}{first.would(gate)}" for gate in (gate, *others))
        return Blame(None, f"one gate alone could explain {told}, and too little is wrong to tell which: {each}")
    reach = first.reach[gate]
    sentence = f"{gate}, which alone explains {told}" + (f"; here it{would}" if (would := first.would(gate)) else "")
    return Blame(gate, sentence, *(None if part is None else float(part) for part in (reach.value, reach.exact)))


def _instead(value: float, exact: float) -> str:
    """The values in words. The value is known no better than the computed state, so it gets six digits."""
    return f"{round(value, 6) + 0.0:g} in place of {round(exact, 6) + 0.0:g}"  # + 0.0 removes the sign of -0


def _plain_run(gru: GRU, case: Case) -> list[WrongSteps]:
    """The wrong steps of a forward run of plain numbers without padding, which help to distinguish gates."""
    batch, time, input_dim, units = DISTINCT
    numbers = Numbers(np.random.default_rng(0), case.dtype, FORMATS[case.dtype].precision, "plain")
    state = numbers.states((batch, units)) if gru.capabilities.initial_state else None
    plain = Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=(numbers.parameters(input_dim, units, case.reset),),
        initial_state=None if state is None else (state,),
    )
    try:
        return judge_run(plain, ask(gru, plain), gru.capabilities.arithmetic[case.dtype]).wrong
    except SubjectError:
        return Judgement().wrong


def _numbers(wrong: Sequence[WrongSteps]) -> list[_Number]:
    with precision(BITS):
        return list(islice(chain.from_iterable(map(_of, wrong)), MOST))


def _of(steps: WrongSteps) -> Iterator[_Number]:
    """Yield the finite wrong numbers, with every gate's reach at exact values of everything else.

    They were judged, so they lie inside the domain of the bound.
    """
    bound = one_step(steps.parameters, steps.arithmetic)
    ops, reset = bound.ops, steps.parameters.reset
    allowed = bound(steps.x, steps.before)
    h = ops.carried(steps.before)
    parts = step_parts(ops, reset, bound.weights, ops.read(steps.x), h)
    U = steps.parameters.recurrent_kernel[-1]
    for row, unit in np.argwhere(steps.out & np.isfinite(steps.after)):
        at = (row, unit)
        c, z, n, old = arb(float(steps.after[at])), parts.z.exact[at].mid(), parts.n.exact[at].mid(), h.exact[at].mid()
        keep = 1 - z
        a_n = _atanh(n)
        reach = {
            "z": _Reach(min(old, n), max(old, n), _over(c - n, old - n), z),
            "n": _Reach(z * old - keep, z * old + keep, _over(c - z * old, keep), n),
        }
        if parts.r is not None and a_n is not None:
            if parts.v is not None:
                terms = {int(unit): parts.v.exact[at].mid()}
            else:
                terms = {k: h.exact[row, k].mid() * arb(float(U[k, unit])) for k in range(len(U))}
            gates = {k: parts.r.exact[row, k].mid() for k in terms}
            reach["r"] = _of_reset(z * old, keep, a_n, terms, gates, c)
        yield _Number(c, allowed.bound[at], reach, (_over(c - keep * n, z) or arb(0), old))


def _of_reset(kept: arb, keep: arb, a_n: arb, terms: dict[int, arb], gates: dict[int, arb], computed: arb) -> _Reach:
    """The reach of all units' reset gates that enter one candidate: each multiplies a term of its pre-activation.

    The value is known if only one gate can have changed.
    """
    without = a_n - sum((gates[k] * terms[k] for k in terms), arb(0))
    ends = (
        without + sum((min(term, arb(0)) for term in terms.values()), arb(0)),
        without + sum((max(term, arb(0)) for term in terms.values()), arb(0)),
    )
    low, high = (kept + keep * end.tanh().mid() for end in ends)
    (k, term), *more = terms.items()
    n = _over(computed - kept, keep)
    a = None if n is None else _atanh(n)
    value = None if more or a is None else _over(a - without, term)
    return _Reach(low, high, value, None if value is None else gates[k])


def _over(a: arb, b: arb) -> arb | None:
    """A quotient, or None."""
    return None if b == 0 or b.contains(0) else (a / b).mid()


def _atanh(n: arb) -> arb | None:
    return n.atanh().mid() if abs(n) < 1 else None

"""A check: a clause, its test cases, the capabilities that it needs, and a function that judges.

Most clauses differ in their cases only and share the function `each_row_is_its_valid_steps`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.bounds.exact_copies import allowed_copies
from conformance.checks.judgement import Judgement
from conformance.checks.runs import directions, judge_run
from conformance.checks.steps import masked_outputs
from conformance.interface.adapter import GRU, Capabilities, ask
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs
from conformance.interface.strategies import DISTINCT, Shape, cases
from conformance.interface.strategies import shapes as any_shapes

CHOICES = ("resets", "padding", "masked_outputs", "runs", "merges", "regimes", "initial_state")
"""Options of which a check with several values tests each value separately."""
COSTLY = ("resets", "masked_outputs", "padding", "merges")
"""Options of which a thin check tests only the first value if the subject compiles: each value is another program."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """The check of one clause.

    Attributes:
        clause: The id of the clause.
        examine: Judges the subject on one case.
        options: Returns the arguments of `strategies.cases` for the capabilities of a subject.
        needs: Returns the name of a missing capability, or None.
        sizes: Shapes (batch, time, input_dim, units).
        drawn: Options of which each case draws one value, because another check tests every combination.
        thin: True if another check runs the same code of a compiling subject with every combination.
        fixed: Returns the cases themselves for the capabilities and the format, if nothing is drawn.
        cotangents: Returns the cotangents for which the check computes gradients at a case, or None.
    """

    clause: str
    examine: Callable[[GRU, Case], Judgement]
    options: Callable[[Capabilities], dict[str, Any]]
    needs: Callable[[Capabilities], str | None] = lambda capabilities: None
    sizes: tuple[Shape, ...] = (DISTINCT,)
    drawn: tuple[str, ...] = ()
    thin: bool = False
    fixed: Callable[[Capabilities, str], list[Case]] | None = None
    cotangents: Callable[[GRU, Case], Outputs] | None = None

    def cases(self, capabilities: Capabilities, dtype: str, *, wide: bool = False) -> list[st.SearchStrategy[Case]]:
        """The cases for a subject: a strategy for each shape and each combination of options that it supports.

        wide: also draw small sizes of any kind, unless a size must be 0.
        """
        if self.fixed is not None:
            return [st.just(case) for case in self.fixed(capabilities, dtype)]
        options = self.options(capabilities)
        options["initial_state"] = tuple(
            given for given in options.get("initial_state", (True,)) if capabilities.initial_state or not given
        ) or (False,)
        batch, time, *_ = (min(sizes) for sizes in zip(*self.sizes, strict=True))
        shapes = [st.just(shape) for shape in self.sizes]
        if wide and not capabilities.compiles_per_shape and 0 not in (batch, time):
            shapes.append(any_shapes(least_batch=min(batch, 2), least_time=min(time, 3)))
        choices = {name: values for name, values in options.items() if name in CHOICES}
        if self.thin and capabilities.compiles_per_shape:
            choices |= {name: choices[name][:1] for name in COSTLY if name in choices}
        drawn = {name: choices.pop(name) for name in self.drawn}
        return [
            _cases(dtype, shape, {name: (value,) for name, value in zip(choices, chosen, strict=True)} | drawn)
            for chosen in product(*choices.values())
            for shape in shapes
        ]

    def declined(self, capabilities: Capabilities) -> str | None:
        """The reason why a subject does not support this check, or None if it does."""
        lacking = self.needs(capabilities)
        return None if lacking is None else capabilities.lacks(lacking)


def _cases(dtype: str, shape: st.SearchStrategy[Shape], chosen: dict[str, Any]) -> st.SearchStrategy[Case]:
    (initial_state,) = chosen.pop("initial_state")
    return cases(dtype, shapes=shape, initial_state=initial_state, **chosen)


def runs(capabilities: Capabilities) -> dict[str, Any]:
    """The runs that a subject declares. Bidirectional runs use a merge that shows both directions."""
    showing = showing_both(capabilities)
    kinds = ("forward", *(("reverse",) if capabilities.reverse else ()), *(("bidirectional",) if showing else ()))
    return {"runs": kinds, "merges": showing or ("apart",)}


def runs_with_padding(capabilities: Capabilities) -> dict[str, Any]:
    """The runs for which a subject declares a policy at masked steps, with one policy that applies to all."""
    chosen = runs(capabilities)
    policies = capabilities.masked_outputs[:1] if padded(capabilities) else ("carry",)
    if padded(capabilities) and "bidirectional" in chosen["runs"]:
        shared = [p for p in capabilities.bidirectional_masked_outputs if p in capabilities.masked_outputs]
        if shared:
            policies = tuple(shared[:1])
        else:
            chosen["runs"] = chosen["runs"][:-1]
    return {**chosen, "masked_outputs": policies}


def showing_both(capabilities: Capabilities) -> tuple[str, ...]:
    """The first declared merge that shows both directions separately."""
    return tuple(merge for merge in ("apart", "concat") if merge in capabilities.merges)[:1]


def padded(capabilities: Capabilities, *, zero: bool = False) -> tuple[str, ...]:
    """The kinds of padding that a subject declares."""
    suffix = " with zero" if zero else ""
    kinds = [kind for kind in ("masks", "lengths") if getattr(capabilities, kind)]
    return tuple(kind + suffix for kind in kinds)


def needs_padding(capabilities: Capabilities) -> str | None:
    """The missing capability if a subject has neither masks nor lengths, otherwise None."""
    return None if capabilities.masks or capabilities.lengths else "lengths"


def needs(*fields: str) -> Callable[[Capabilities], str | None]:
    """The first of these capabilities that a subject does not declare."""
    return lambda capabilities: next((name for name in fields if not getattr(capabilities, name)), None)


def claim(gru: GRU, case: Case) -> Arithmetic:
    """The arithmetic that the subject claims for a case."""
    return gru.capabilities.arithmetic[case.dtype]


def each_row_is_its_valid_steps(gru: GRU, case: Case) -> Judgement:
    """Judge every valid step from the state after the previous valid step, and the final state after the last.

    This applies to each direction; the outputs must show both. Without outputs it judges the final states of the runs.
    """
    return judge_run(case, ask(gru, case), claim(gru, case))


def masked_outputs_follow_the_policy(gru: GRU, case: Case) -> Judgement:
    """Judge the outputs at masked steps, in each direction. Copies and zeros must be exact."""
    judgement = Judgement()
    policy = case.masked_outputs
    for direction, outputs, _ in directions(case, ask(gru, case)):
        states = np.where(case.valid[:, :, None], outputs, 0)
        starts = allowed_copies(case.starts[direction], claim(gru, case))
        expected, *others = (masked_outputs(case, states, direction, policy, start) for start in starts)
        message = f'a masked output does not follow the policy "{policy}"'
        judgement.same(outputs, expected, message, f"outputs {direction}", others)
    return judgement


def each_step_is_right_masked_or_not(gru: GRU, case: Case) -> Judgement:
    """Judge the steps and, if the subject returns outputs, the outputs at masked steps."""
    judgement = each_row_is_its_valid_steps(gru, case)
    return judgement.add(masked_outputs_follow_the_policy(gru, case)) if gru.capabilities.outputs else judgement

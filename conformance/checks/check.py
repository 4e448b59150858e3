"""What a check is: a clause, the cases it wants, what a subject must declare to be asked, and a function.

Most clauses differ only in their cases; each_row_is_its_valid_steps is what they ask of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from hypothesis import strategies as st

from conformance.adapter import GRU, Capabilities, ask
from conformance.arithmetic import Arithmetic
from conformance.case import Case
from conformance.residuals import Judgement, judge_steps
from conformance.strategies import DISTINCT, Shape, cases
from conformance.strategies import shapes as any_shapes

CHOICES = ("resets", "padding", "masked_outputs", "merges")
"""The options of strategies.cases of which each value is asked by itself."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One clause's check.

    examine: judges the subject on one case. options: what the case should be like, given what the subject can do (as
    arguments of strategies.cases). needs: the name of what the subject lacks to be asked, or None. sizes: the shapes.
    """

    clause: str
    examine: Callable[[GRU, Case], Judgement]
    options: Callable[[Capabilities], dict[str, Any]]
    needs: Callable[[Capabilities], str | None] = lambda capabilities: None
    sizes: tuple[Shape, ...] = (DISTINCT,)

    def cases(self, capabilities: Capabilities, dtype: str, *, wide: bool = False) -> list[st.SearchStrategy[Case]]:
        """The cases for a subject: a strategy for each shape and each combination of the options that can be had.

        wide adds any small sizes, unless one must be 0.
        """
        options: dict[str, Any] = {"initial_state": capabilities.initial_state, **self.options(capabilities)}
        batch, time, *_ = (min(sizes) for sizes in zip(*self.sizes, strict=True))
        shapes = [st.just(shape) for shape in self.sizes]
        if wide and not capabilities.compiles_per_shape and 0 not in (batch, time):
            shapes.append(any_shapes(least_batch=min(batch, 2), least_time=min(time, 3)))
        choices = {name: values for name, values in options.items() if name in CHOICES}
        combinations = [dict(zip(choices, chosen, strict=True)) for chosen in product(*choices.values())]
        return [
            cases(dtype, shapes=shape, **options | {name: (value,) for name, value in combination.items()})
            for combination in combinations
            for shape in shapes
        ]

    def declined(self, capabilities: Capabilities) -> str | None:
        """Why a subject is not asked, in words, or None if it is."""
        lacking = self.needs(capabilities)
        if lacking is None:
            return None
        because = capabilities.because.get(lacking)
        return f"does not declare {lacking}" + (f": {because}" if because else "")


def padded(capabilities: Capabilities, *, zero: bool = False) -> tuple[str, ...]:
    """The kinds of padding a subject declares."""
    suffix = " with zero" if zero else ""
    kinds = [kind for kind in ("masks", "lengths") if getattr(capabilities, kind)]
    return tuple(kind + suffix for kind in kinds)


def needs_padding(capabilities: Capabilities) -> str | None:
    """The field to blame where a subject has neither masks nor lengths."""
    return None if capabilities.masks or capabilities.lengths else "lengths"


def needs(*fields: str) -> Callable[[Capabilities], str | None]:
    """The first of these fields that a subject leaves off."""
    return lambda capabilities: next((name for name in fields if not getattr(capabilities, name)), None)


def claim(gru: GRU, case: Case) -> Arithmetic:
    """The arithmetic that the subject claims for a case."""
    return gru.capabilities.arithmetic[case.dtype]


def each_row_is_its_valid_steps(gru: GRU, case: Case) -> Judgement:
    """Every valid step from the state after the valid one before it, and the final state after the last."""
    outputs, final = ask(gru, case)
    judgement, reached = judge_steps(case, outputs, claim(gru, case))
    if not judgement.findings:
        judgement.same(final, reached, "the final state is not the state after the last valid step", "final_state")
    return judgement

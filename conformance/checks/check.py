"""What a check is: a clause, the cases it wants, what a subject must declare to be asked, and a function.

Most clauses differ only in their cases; each_row_is_its_valid_steps is what they ask of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from conformance.adapter import GRU, Capabilities, ask
from conformance.arithmetic import Arithmetic
from conformance.case import Case
from conformance.residuals import Judgement, judge_steps
from conformance.strategies import DISTINCT, Shape, cases
from conformance.strategies import shapes as any_shapes


@dataclass(frozen=True, kw_only=True)
class Check:
    """One clause's check.

    examine: judges the subject on one case. options: what the case should be like, given what the subject can do (as
    arguments of strategies.cases). needs: the name of what the subject lacks to be asked, or None. sizes: the shapes.
    """

    clause: str
    examine: Callable[[GRU, Case], Judgement]
    options: Callable[[Capabilities], dict[str, object]]
    needs: Callable[[Capabilities], str | None] = lambda capabilities: None
    sizes: tuple[Shape, ...] = (DISTINCT,)

    def cases(self, capabilities: Capabilities, dtype: str, *, wide: bool = False) -> st.SearchStrategy[Case]:
        """The cases for a subject; wide draws any small sizes in place of the few fixed ones, unless one must be 0."""
        options: dict[str, object] = {"initial_state": capabilities.initial_state, **self.options(capabilities)}
        batch, time, *_ = (min(sizes) for sizes in zip(*self.sizes, strict=True))
        fixed = not wide or capabilities.compiles_per_shape or 0 in (batch, time)
        options["shapes"] = self.sizes if fixed else any_shapes(least_batch=min(batch, 2), least_time=min(time, 3))
        return cases(dtype, **options)  # pyright: ignore[reportArgumentType]

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

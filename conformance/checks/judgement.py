"""Findings of one check on one case: faults and their places, the amount judged, and errors over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from conformance.interface.arithmetic import Arithmetic
from reference import Parameters


@dataclass(frozen=True)
class Finding:
    """One deviation: the fault, and its first place with numbers.

    Attributes:
        message: The fault.
        where: The name and index of the number.
        computed: The subject's number.
        exact: The exact number.
        bound: The allowed distance.
        margin: The distance in bounds.
        order: The place of the finding in a run, in processing order.
    """

    message: str
    where: str = ""
    computed: float | None = None
    exact: float | None = None
    bound: float | None = None
    margin: float | None = None
    order: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        if self.computed is None:
            return self.message
        return f"{self.message}: {self.where} = {self.computed!r}, exact {self.exact!r}{self.off}"

    @property
    def off(self) -> str:
        """The bound and how far off the number is, in words; nothing where no bound is."""
        return "" if self.margin is None else f", bound {self.bound:.3g}: {_times(self.margin)}"


def _times(margin: float) -> str:
    """The distance in bounds. The quotient overflows if the bound is the smallest number of the format."""
    return f"off by {margin:.3g} bounds" if np.isfinite(margin) else "far outside it"


class WrongSteps(NamedTuple):
    """Steps of one direction with a number out of its bound, from which the responsible gate is found.

    Attributes:
        parameters: The parameters of the direction.
        arithmetic: The claimed arithmetic.
        x: The inputs, (steps, input_dim).
        before: The states before each step, (steps, units).
        after: The states after each step, (steps, units).
        out: True where a number is out of its bound, (steps, units).
    """

    parameters: Parameters
    arithmetic: Arithmetic
    x: np.ndarray
    before: np.ndarray
    after: np.ndarray
    out: np.ndarray


@dataclass(frozen=True)
class Growth:
    """The worst errors of all runs at the first step in processing order, the second, and so on; 0 where none is
    judged.

    Attributes:
        margins: The used part of the one-step bound, from the subject's own state. Honest rounding does not let it
            grow.
        ulps: The distance of the whole run from certified truth, in units in the last place of 1, or of the truth if
            that is larger. Honest rounding lets it grow.

    Left out: the case with the worst error.
    """

    margins: tuple[float, ...] = ()
    ulps: tuple[float, ...] = ()

    def __add__(self, other: "Growth") -> "Growth":
        """The worst of both."""
        return Growth(_worst(self.margins, other.margins), _worst(self.ulps, other.ulps))


def _worst(some: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    return tuple(max(pair) for pair in zip_longest(some, others, fillvalue=0.0))


NO_GROWTH = Growth()


@dataclass
class Judgement:
    """The judgement of one case by one check.

    Attributes:
        judged: The number of judged numbers.
        margin: The worst margin.
        findings: The deviations.
        ulps: The largest distance from certified truth at the end of any step, in units in the last place of 1. It is
            information only, because it grows with time even under honest rounding.
        wrong: The steps out of their bounds, in processing order.
        growth: The worst errors at each step.
    """

    judged: int = 0
    margin: float = 0.0
    findings: list[Finding] = field(default_factory=list[Finding])
    ulps: float = 0.0
    wrong: list[WrongSteps] = field(default_factory=list[WrongSteps])
    growth: Growth = NO_GROWTH

    def add(self, other: "Judgement") -> "Judgement":
        """Join two judgements."""
        return Judgement(
            self.judged + other.judged,
            max(self.margin, other.margin),
            [*self.findings, *other.findings],
            max(self.ulps, other.ulps),
            [*self.wrong, *other.wrong],
            self.growth + other.growth,
        )

    def require(self, fact: bool, message: str) -> None:
        """Judge a fact that is not arithmetic: it holds or it does not."""
        self.judged += 1
        if not fact:
            self.findings.append(Finding(message))

    def same(
        self, computed: np.ndarray, exact: np.ndarray, message: str, name: str, others: Sequence[np.ndarray] = ()
    ) -> None:
        """Judge numbers that must be equal, because they are copies. Signs of zero are ignored.

        others: arrays whose numbers are allowed too (bounds/exact_copies.py).
        """
        self.judged += computed.size
        wrong = np.argwhere(~np.any([computed == allowed for allowed in (exact, *others)], axis=0))
        if len(wrong):
            index = tuple(int(i) for i in wrong[0])
            self.findings.append(Finding(message, f"{name}{list(index)}", float(computed[index]), float(exact[index])))


def ulps(computed: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances in units in the last place of 1, or of the truth if that is larger; infinite for NaN.

    The unit of 1 is used because a state near 0 is the difference of two larger numbers, and may be flushed.
    """
    with np.errstate(all="ignore"):
        unit = np.spacing(np.maximum(np.abs(truth), 1).astype(computed.dtype))
        off = np.abs(computed.astype(np.float64) - truth) / unit
    return np.nan_to_num(off, nan=np.inf, posinf=np.inf)

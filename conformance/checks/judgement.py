"""Findings of one check on one case: what is wrong and where, how much was judged, how errors stand over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from conformance.bounds.statistical import NO_SAMPLE, NO_SCALE, Sample, Scale
from conformance.interface.arithmetic import Arithmetic
from reference import Parameters


@dataclass(frozen=True)
class Finding:
    """One deviation: what is wrong, and where the first one is, as numbers. margin: how many bounds it is off.

    order: where it stands among the findings of a run, in processing order.
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
    """How far off, in bounds; the quotient overflows where the bound is the smallest number there is."""
    return f"off by {margin:.3g} bounds" if np.isfinite(margin) else "far outside it"


class WrongSteps(NamedTuple):
    """Steps of one direction with some number out of its bound: what a gate is blamed by.

    x: (steps, input_dim). before, after: (steps, units), the states on either side. out: (steps, units) booleans.
    """

    parameters: Parameters
    arithmetic: Arithmetic
    x: np.ndarray
    before: np.ndarray
    after: np.ndarray
    out: np.ndarray


@dataclass(frozen=True)
class Growth:
    """The worst of all runs at the first step in processing order, the second, ...; 0 where nothing was judged.

    margins: the part of the one-step bound that was used, from the subject's own state, which honest rounding does not
    let grow. ulps: the distance of the whole run from certified truth, which it does, in units in the last place of 1,
    or of the truth where that is larger. Left out: the case that had the worst one.
    """

    margins: tuple[float, ...] = ()
    ulps: tuple[float, ...] = ()

    def __add__(self, other: "Growth") -> "Growth":
        """Of both together."""
        return Growth(_worst(self.margins, other.margins), _worst(self.ulps, other.ulps))


def _worst(some: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    return tuple(max(pair) for pair in zip_longest(some, others, fillvalue=0.0))


NO_GROWTH = Growth()


@dataclass
class Judgement:
    """What one check says of one case: how many numbers it judged, the worst margin, and the findings.

    ulps: the largest distance from certified truth at the end of any step, in units in the last place of 1: for
    information, since it grows with time as honest rounding does. sample: the errors of single steps, and scale:
    those of gradients, for the statistical rules. wrong: the steps that are out of their bounds, in processing order.
    growth: the worst at each step.
    """

    judged: int = 0
    margin: float = 0.0
    findings: list[Finding] = field(default_factory=list[Finding])
    ulps: float = 0.0
    sample: Sample = NO_SAMPLE
    scale: Scale = NO_SCALE
    wrong: list[WrongSteps] = field(default_factory=list[WrongSteps])
    growth: Growth = NO_GROWTH

    def add(self, other: "Judgement") -> "Judgement":
        """Both judgements as one."""
        return Judgement(
            self.judged + other.judged,
            max(self.margin, other.margin),
            [*self.findings, *other.findings],
            max(self.ulps, other.ulps),
            self.sample + other.sample,
            self.scale + other.scale,
            [*self.wrong, *other.wrong],
            self.growth + other.growth,
        )

    def require(self, fact: bool, message: str) -> None:
        """One thing that is not arithmetic: it holds or it does not."""
        self.judged += 1
        if not fact:
            self.findings.append(Finding(message))

    def same(
        self, computed: np.ndarray, exact: np.ndarray, message: str, name: str, others: Sequence[np.ndarray] = ()
    ) -> None:
        """Numbers that must be equal: copies, not arithmetic. Signs of zero are not judged.

        others: arrays whose numbers would do as well as the exact ones (bounds/exact_copies.py).
        """
        self.judged += computed.size
        wrong = np.argwhere(~np.any([computed == allowed for allowed in (exact, *others)], axis=0))
        if len(wrong):
            index = tuple(int(i) for i in wrong[0])
            self.findings.append(Finding(message, f"{name}{list(index)}", float(computed[index]), float(exact[index])))


def ulps(computed: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances in units in the last place of 1, or of the truth where that is larger; infinite for NaN.

    Of 1, because a state near 0 is the difference of two that are not, and may be flushed.
    """
    with np.errstate(all="ignore"):
        unit = np.spacing(np.maximum(np.abs(truth), 1).astype(computed.dtype))
        off = np.abs(computed.astype(np.float64) - truth) / unit
    return np.nan_to_num(off, nan=np.inf, posinf=np.inf)

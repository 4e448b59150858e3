"""A report as data: a verdict for each clause and format, and what explains the wrong ones. Nothing here judges."""

from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.checks.judgement import Finding, Growth, WrongSteps
from conformance.interface.case import OFFERED, POLICIES

DTYPES = ("float32", "float64")
"""The formats in which every subject is asked: with the clauses, the fixed denominator of every score."""

PASS, FAIL, STATISTICAL, ERROR, DECLINED = KINDS = ("pass", "fail", "statistical", "error", "declined")
"""statistical: every number is within its bound, and together they are not what the claimed class makes."""
WRONG = (FAIL, STATISTICAL, ERROR)
"""Those that fail a run."""


@dataclass(frozen=True)
class Blame:
    """Who is to blame for the first wrong number of a case, in words.

    gate: "z", "r" or "n"; "state or blend" where none of them can have made any of the numbers; None where none
    explains all, or several do about as well. value: what it would have to be there, exact: what it is.
    """

    gate: str | None
    sentence: str
    value: float | None = None
    exact: float | None = None

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Part:
    """One deviation of an explanation, in words."""

    name: str
    sentence: str
    fix: str
    link: str


@dataclass(frozen=True)
class Cause:
    """The known mistakes that explain a wrong answer.

    explanations: each a deviation, or two at once, that explains the answer as well as the others do. limits: the sizes
    at which they do not hold; None where they hold at each size.
    """

    explanations: tuple[tuple[Part, ...], ...]
    limits: str | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One clause in one format. kind: one of KINDS; error: the subject gave no answer; declined: not declared.

    margin: the worst use of a bound, 1 being all of it; None where nothing was judged. ulps: the largest distance of a
    whole run from certified truth, in units in the last place of 1, where it was measured. cases, judged: how many
    cases were asked and how many numbers judged. reason: what is wrong or why it was declined. wrong: the steps that
    are out of their bounds, for blame alone: no report has them. blame: the gate that is most responsible for them.
    cause: the known mistakes that explain the answer to the smallest failing case; None where none is known.
    again: the smallest failing case as text. cotangents: those for which its gradients were asked, as JSON values; None
    where none were. growth: the worst margin and the worst distance from truth at each step, where runs were held
    against certified truth.
    """

    clause: str
    dtype: str
    kind: str
    margin: float | None = None
    ulps: float | None = None
    cases: int = 0
    judged: int = 0
    reason: str = ""
    finding: Finding | None = None
    wrong: tuple[WrongSteps, ...] = field(default=(), repr=False, compare=False)
    blame: Blame | None = None
    cause: Cause | None = None
    again: str | None = None
    cotangents: dict[str, Any] | None = None
    growth: Growth | None = None
    asked: dict[str, tuple[int, int]] | None = None


@dataclass(frozen=True)
class Grade:
    """The best class met in one format: its name, or None where no class of the list holds; and its worst margin."""

    dtype: str
    met: str | None
    margin: float
    judged: int


@dataclass(frozen=True)
class Diagnosis:
    """Explanations of a subject's answers, asked with one place of the reset gate, in one format.

    explanations: each a deviation, or two at once, that explains every answer; none where no known convention does.
    questions: how many were asked. wrong: how many were not answered as specified. refused: how many not at all, the
    first of them for this reason.
    consistent: the weaker arithmetics in which every answer is right, where no convention explains. failed: why there
    is no diagnosis, where it broke. limits: the sizes at which the
    explanations do not hold. varies: the question that got two answers, so that none of them is explained.
    """

    reset: str = ""
    dtype: str = ""
    questions: int = 0
    wrong: int = 0
    refused: int = 0
    reason: str | None = None
    explanations: list[list[Part]] = field(default_factory=list[list[Part]])
    consistent: str | None = None
    failed: str | None = None
    limits: str | None = None
    varies: str | None = None

    @property
    def lines(self) -> list[str]:
        """The diagnosis in sentences."""
        if self.failed is not None:
            return [f"the diagnosis itself failed, and says nothing of the subject: {self.failed}"]
        if self.varies is not None:
            return [f"one case, two answers, at {self.varies}: earlier calls change an answer, so nothing explains it"]
        asked = f"{self.questions} tiny questions (reset {self.reset!r}, {self.dtype})"
        unanswered = f"{self.refused} of them got no answer, the first: {self.reason}"
        if not self.wrong:
            return [f"of {asked}, none has a wrong answer; {unanswered}"]
        asked = f"of {asked}, {self.wrong} got a wrong answer" + (f"; {unanswered}" if self.refused else "")
        if self.consistent is not None:
            return [
                f"{asked}; no known convention explains this, and all numbers are consistent with {self.consistent}"
            ]
        if not self.explanations:
            return [f"no known convention, nor any two, nor less precision explains this: {asked}"]
        several = len(self.explanations) > 1
        lines = [f"{asked}; {'each of these explains' if several else 'this explains'} all of them:"]
        if self.limits is not None:
            lines.append(f"  it does not hold at other sizes, which the fix would break: {self.limits}")
        for number, parts in enumerate(self.explanations, 1):
            lines += [f"({number})"] if several else []
            for part in parts:
                lines.append(part.sentence)
                lines.append(f"  fix: {part.fix}")
                lines += [f"  the same mistake elsewhere: {part.link}"] if part.link else []
        return lines


@dataclass(kw_only=True)
class Subject:
    """One subject's report.

    grades: the best class of arithmetic met in each format, where the whole suite was asked. diagnosis: what would
    explain its answers, where a clause failed. broken: why there is no score: it could not be found, or no closed form
    holds. kernels: the kernels that ran, where the adapter says so. pairs: pairs of values of two
    options, of which each stood in some case.
    """

    name: str
    versions: dict[str, str] = field(default_factory=dict[str, str])
    kernels: list[str] = field(default_factory=list[str])
    claims: dict[str, str] = field(default_factory=dict[str, str])
    policies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    grades: list[Grade] = field(default_factory=list[Grade])
    diagnosis: Diagnosis | None = None
    broken: str | None = None
    pairs: int = 0

    def count(self, kind: str) -> int:
        """How many verdicts are of one kind."""
        return sum(verdict.kind == kind for verdict in self.verdicts)

    def worst(self, dtype: str) -> tuple[Verdict, float] | None:
        """The pass in a format that used the most of its bound, and the largest ULP of all passes in it.

        None where no pass has arithmetic; 0 ULP where no run was held against certified truth.
        """
        passed = [verdict for verdict in self.verdicts if verdict.dtype == dtype and verdict.kind == PASS]
        worst = max(passed, key=lambda verdict: verdict.margin or 0, default=None)
        if worst is None or not worst.margin:
            return None
        return worst, max(verdict.ulps or 0 for verdict in passed)

    @property
    def code(self) -> int:
        """0: something was judged and nothing failed. 1: a failure or an error. 2: there is nothing to score."""
        if self.broken is not None:
            return 2
        if any(self.count(kind) for kind in WRONG):
            return 1
        return 0 if self.count(PASS) else 2

    @property
    def remarks(self) -> list[str]:
        """The sizes asked; its policies at masked steps in words, and where the specification does not offer them."""
        return [*self._asked, *self._policies]

    @property
    def _asked(self) -> list[str]:
        found = [verdict.asked for verdict in self.verdicts if verdict.asked]
        if not found:
            return []
        sizes = [f"{axis} {min(a[axis][0] for a in found)}–{max(a[axis][1] for a in found)}" for axis in found[0]]
        return [f"asked: {', '.join(sizes)}" + (f"; all {self.pairs} pairs of options" if self.pairs else "")]

    @property
    def _policies(self) -> list[str]:
        return [
            f'{runs}: policy "{policy}"{"" if policy in OFFERED else " (not of the specification)"}: {POLICIES[policy]}'
            for runs, policies in self.policies.items()
            for policy in policies
        ]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        counts = {kind: self.count(kind) for kind in KINDS}
        values = asdict(self)
        for verdict in values["verdicts"]:
            del verdict["wrong"]
        return {**values, "counts": counts, "remarks": self.remarks, "code": self.code}

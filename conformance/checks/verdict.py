"""Reports as data: a verdict for each clause and format, and explanations of failures. Nothing here judges."""

from collections.abc import Container
from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.checks.judgement import Finding, Growth, WrongSteps
from conformance.interface.case import OFFERED, POLICIES

DTYPES = ("float32", "float64", "float16", "bfloat16")
"""The formats in which subjects are judged, in the order of a report."""
USUAL, NARROW = DTYPES[:2], DTYPES[2:]


def formats(claims: Container[str]) -> tuple[str, ...]:
    """The formats in which a subject with these claims is judged: with the clauses, the denominator of its score.

    They are float32 and float64, claimed or not, and each claimed format of 16 bits. If only formats of 16 bits are
    claimed, they are those alone.
    """
    narrow = tuple(dtype for dtype in NARROW if dtype in claims)
    return narrow if narrow and not any(dtype in claims for dtype in USUAL) else (*USUAL, *narrow)


PASS, FAIL, ERROR, DECLINED = KINDS = ("pass", "fail", "error", "declined")
WRONG = (FAIL, ERROR)
"""The kinds that fail a run."""


@dataclass(frozen=True)
class Blame:
    """The part that is responsible for the first wrong number of a case.

    Attributes:
        gate: "z", "r" or "n"; "state or blend" if no gate can have made any of the numbers; None if no gate explains
            all, or several explain them about as well.
        sentence: The blame in words.
        value: The value that the gate would need there.
        exact: Its exact value.
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

    Attributes:
        explanations: Each is one deviation or two at once. All of them explain the answer equally well.
            Empty if the answer varies from call to call.
        limits: The sizes and options at which they hold, or the way in which the answer varies; None if they hold
            everywhere.
    """

    explanations: tuple[tuple[Part, ...], ...]
    limits: str | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict on one clause in one format.

    Attributes:
        clause: The id of the clause.
        dtype: The format.
        kind: One of KINDS. "error" means that the subject gave no answer, "declined" that it does not support the
            clause.
        margin: The largest used part of a bound, 1 for all of it; None if nothing was judged.
        ulps: The largest distance of a whole run from certified truth, in units in the last place of 1, if it was
            measured.
        cases: The number of cases.
        judged: The number of judged numbers.
        reason: The fault, or the reason for declining.
        finding: The first deviation.
        wrong: The steps out of their bounds, for finding the responsible gate; no report contains them.
        blame: The gate that is most responsible for them.
        cause: The known mistakes that explain the answer to the smallest failing case; None if none is known.
        again: The smallest failing case as text.
        cotangents: The cotangents of its gradients as JSON values; None without gradients.
        growth: The worst margin and the worst distance from truth at each step, if runs were compared with certified
            truth.
        asked: The smallest and largest size of each axis.
        seconds: The time of the judgement; None if it was not measured.
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
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Grade:
    """The best class met in one format, with its worst margin. `met` is None if no class in the list is met."""

    dtype: str
    met: str | None
    margin: float
    judged: int


@dataclass(frozen=True)
class Diagnosis:
    """Explanations of a subject's answers for one position of the reset gate, in one format.

    Attributes:
        reset: The position of the reset gate.
        dtype: The format.
        questions: The number of questions.
        wrong: The number of wrong answers.
        refused: The number of questions without an answer.
        reason: The reason of the first of these.
        explanations: Single deviations, or pairs of deviations, that explain every answer; empty if no known convention
            does.
        consistent: Weaker arithmetics in which every answer is right, if no convention explains them.
        failed: The reason why there is no diagnosis, if it broke.
        limits: The sizes and options at which the explanations hold; None if they hold everywhere.
        varies: The question that got two different answers, so that no convention explains them.
        only: The clauses that fail, if every question is answered rightly.
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
    only: str | None = None

    @property
    def lines(self) -> list[str]:
        """The diagnosis in sentences."""
        if self.failed is not None:
            return [f"the diagnosis itself failed, and says nothing of the subject: {self.failed}"]
        if self.varies is not None:
            said = f"one case, two answers, at {self.varies}: earlier calls or chance change an answer"
            return [said if self.explanations else f"{said}, so no convention explains it", *self._explained]
        if self.only is not None:
            return [f"the tiny questions are answered rightly: it shows only in {self.only}"]
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
        several = "each of these explains" if len(self.explanations) > 1 else "this explains"
        lines = [f"{asked}; {several} all of them:"]
        if self.limits is not None:
            lines.append(f"  {self.limits}")
        return lines + self._explained

    @property
    def _explained(self) -> list[str]:
        lines: list[str] = []
        for number, parts in enumerate(self.explanations, 1):
            lines += [f"({number})"] if len(self.explanations) > 1 else []
            for part in parts:
                lines.append(part.sentence)
                lines.append(f"  fix: {part.fix}")
                lines += [f"  the same mistake elsewhere: {part.link}"] if part.link else []
        return lines


@dataclass(kw_only=True)
class Subject:
    """The report on one subject.

    Attributes:
        name: The subject's name.
        versions: Versions of its packages.
        kernels: The kernels that ran, if the adapter names them.
        claims: The claimed arithmetic of each format, as text.
        policies: The policies at masked steps by kind of run.
        verdicts: One for each clause and format.
        grades: The best class of arithmetic met in each format, if all clauses were judged.
        diagnosis: An explanation of the answers, if a clause failed.
        broken: The reason why there is no score: the subject could not be found, or no closed form holds.
        pairs: The number of pairs of values of two options that occur in some case.
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
        """The number of verdicts of one kind."""
        return sum(verdict.kind == kind for verdict in self.verdicts)

    def worst(self, dtype: str) -> tuple[Verdict, float] | None:
        """The passing verdict in a format that used the largest part of its bound, and the largest ULP of all passes in
        it.

        None if no pass involves arithmetic; 0 ULP if no run was compared with certified truth.
        """
        passed = [verdict for verdict in self.verdicts if verdict.dtype == dtype and verdict.kind == PASS]
        worst = max(passed, key=lambda verdict: verdict.margin or 0, default=None)
        if worst is None or not worst.margin:
            return None
        return worst, max(verdict.ulps or 0 for verdict in passed)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats in which the subject is judged."""
        return formats(self.claims)

    @property
    def code(self) -> int:
        """The exit code. 0: something was judged and nothing failed. 1: a failure or an error. 2: nothing to score."""
        if self.broken is not None:
            return 2
        if any(self.count(kind) for kind in WRONG):
            return 1
        return 0 if self.count(PASS) else 2

    @property
    def remarks(self) -> list[str]:
        """The judged sizes, and the policies at masked steps in words, with a note if the specification does not
        offer them.
        """
        return [*self._judged_sizes, *self._policies]

    @property
    def _judged_sizes(self) -> list[str]:
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

"""What a diagnosis says: explanations in words, or that nothing known explains."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """One deviation of an explanation, in words."""

    name: str
    sentence: str
    fix: str
    link: str


@dataclass(frozen=True)
class Diagnosis:
    """What would explain a subject's answers, asked with one place of the reset gate, in one format.

    explanations: each a deviation, or two at once, that explains every answer; none where no known convention does.
    questions: how many were asked. wrong: how many were not answered as specified. refused: how many not at all, the
    first of them for this reason.
    consistent: the weaker arithmetics in which every answer is right, where no convention explains. failed: why there
    is no diagnosis, where it broke.
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

    @property
    def lines(self) -> list[str]:
        """The diagnosis in sentences."""
        if self.failed is not None:
            return [f"the diagnosis itself failed, and says nothing of the subject: {self.failed}"]
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
        for number, parts in enumerate(self.explanations, 1):
            lines += [f"({number})"] if several else []
            for part in parts:
                lines.append(part.sentence)
                lines.append(f"  fix: {part.fix}")
                lines += [f"  the same mistake elsewhere: {part.link}"] if part.link else []
        return lines

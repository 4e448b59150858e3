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
    questions: how many were answered, and wrong: how many of them not as specified. refused: those without an answer.
    consistent: the best class of arithmetic met, where no convention explains.
    """

    reset: str
    dtype: str
    questions: int
    wrong: int
    refused: int
    explanations: list[list[Part]] = field(default_factory=list)
    consistent: str | None = None

    @property
    def lines(self) -> list[str]:
        """The diagnosis in sentences."""
        asked = (
            f"{self.wrong} of {self.questions} tiny questions (reset {self.reset!r}, {self.dtype}) answered otherwise"
        )
        asked += f", {self.refused} not at all" if self.refused else ""
        if not self.explanations:
            none = f"no known convention, nor any two, explains this: {asked}"
            return [none] + ([f"the numbers are consistent with {self.consistent}"] if self.consistent else [])
        several = len(self.explanations) > 1
        lines = [f"{asked}; {'each of these explains' if several else 'this explains'} all of them:"]
        for number, parts in enumerate(self.explanations, 1):
            lines += [f"({number})"] if several else []
            for part in parts:
                lines.append(part.sentence)
                lines.append(f"  fix: {part.fix}")
                lines += [f"  the same mistake elsewhere: {part.link}"] if part.link else []
        return lines

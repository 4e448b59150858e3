"""The baseline of `run`: a former report, whose failures are known and do not fail a run again."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from conformance.checks.verdict import WRONG, Subject
from conformance.cli.report import to_json
from conformance.cli.report.changes import GONE, Change, by_name, changes, remarks
from conformance.cli.report.compared import changes_as_markdown, show_changes
from conformance.cli.report.stored import read_report


class Baseline:
    """A former report, and the changes since.

    Attributes:
        known: The subject, clause and format of each failure that the baseline has too.
        lines: The summary, and differences of the reports as a whole, in sentences.
    """

    def __init__(self, path: Path) -> None:
        """Read the report. Raises UsageError."""
        self.path = path
        self.report = read_report(path)
        self.found: list[Change] = []
        self.known: set[tuple[str, str, str]] = set()
        self.lines: list[str] = []

    def compare(self, judged: list[Subject], profile: str) -> None:
        """Compare a new report with the baseline."""
        now = to_json(judged, profile)
        self.found = changes(self.report, now)
        news = {(change.subject, change.clause, change.dtype) for change in self.found if change.news}
        wrong = {
            (subject.name, verdict.clause, verdict.dtype)
            for subject in judged
            for verdict in subject.verdicts
            if verdict.kind in WRONG
        }
        self.known = wrong - news
        self.lines = [*self._summary(len(news)), *self._strange(judged), *remarks(self.report, now)]

    def code(self, subject: Subject) -> int:
        """The exit code for a subject: as without a baseline, except that known failures do not count."""
        fails = any(change.news for change in self.found if change.subject == subject.name)
        return subject.code if subject.code != 1 else int(fails)

    def show(self, console: Console) -> None:
        """Print the changes and the summary."""
        console.print(f"[bold]Compared with the baseline {escape(str(self.path))}[/]", highlight=False)
        show_changes(console, self.found, self.lines)

    @property
    def markdown(self) -> str:
        """The changes as Markdown."""
        return changes_as_markdown(f"Compared with the baseline {self.path.name}", self.found, self.lines)

    def _summary(self, news: int) -> list[str]:
        text = f"{len(self.known)} known failures, which do not fail this run; {news} new failures, which do"
        mended = sum(change.mended for change in self.found)
        return [text, *([f"{mended} no longer fail: make the baseline anew, with --json"] if mended else [])]

    def _strange(self, judged: list[Subject]) -> list[str]:
        """A line for each subject without a baseline, and one for verdicts that were not judged now."""
        known = by_name(self.report)
        has = ", ".join(map(repr, known)) or "none"
        lines = [
            f"the baseline has no subject {one.name!r}, it has {has}: every failure of {one.name!r} is new; "
            "name its own baseline, or make one with --json"
            for one in judged
            if one.name not in known
        ]
        gone = sum(change.kind == GONE for change in self.found)
        return [
            *lines,
            *([f"{gone} verdicts of the baseline were not judged now: nothing is known about them"] if gone else []),
        ]

"""The report as Markdown for a build's summary: findings with their reproducing lines, then a table of verdicts."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.checks.verdict import DECLINED, KINDS, NARROW, WRONG, Subject, Verdict
from conformance.cli.report.failure import failure_lines, in_columns, one_cause_each
from conformance.cli.report.terminal import grouped, shown, unexplained
from conformance.specification import CLAUSES

MOST = 900_000
"""The largest size in bytes, because a GitHub step's summary is limited to 1 MiB. Later findings are only named."""


def markdown(subjects: list[Subject], profile: str, changed: str = "") -> str:
    """The whole text: scores, changes from a baseline, findings with the explanations first, then the table. Findings
    beyond MOST are only named.
    """
    head, table = "\n".join([*_scores(subjects), changed]), "\n".join(_table(subjects, profile))
    size, parts = len(head.encode()) + len(table.encode()), [head]
    for subject in subjects:
        if lines := unexplained(subject):
            parts.append("\n".join([f"Diagnosis of {_code(subject.name)}:", "", *_fence(lines)]))
        for verdicts in one_cause_each(subject.verdicts):
            whole = "\n".join(_finding(subject, verdicts))
            if size + len(whole.encode()) > MOST:
                whole = f"- {_heading(verdicts[0])}: too long for this summary\n"
            size += len(whole.encode())
            parts.append(whole)
    return "\n".join([*parts, table]) + "\n"


def _scores(subjects: list[Subject]) -> Iterator[str]:
    yield "## GRU conformance"
    yield ""
    yield from _row("subject", *KINDS, "of")
    yield from _row("---", *["---:"] * (len(KINDS) + 1))
    for subject in subjects:
        counts = [str(subject.count(kind)) for kind in KINDS]
        yield from _row(_code(subject.name), *counts, f"{len(subject.verdicts)}")
    yield ""
    for subject in subjects:
        if subject.broken is not None:
            yield from (f"No score for {_code(subject.name)}:", "", *_fence([subject.broken]))


def _table(subjects: list[Subject], profile: str) -> Iterator[str]:
    scored = [subject for subject in subjects if subject.verdicts]
    if scored:
        yield f"Formats in each cell: {', '.join(shown(scored))}. A number is the worst margin of a pass, the largest"
        yield f"part of its bound that was used; a dash, a pass where nothing may differ. Profile `{profile}`."
        yield ""
        yield from _row("clause", *(_code(subject.name) for subject in scored))
        yield from _row("---", *["---"] * len(scored))
        for clause in CLAUSES:
            cells = [[v for v in subject.verdicts if v.clause == clause] for subject in scored]
            if any(cells):
                yield from _row(f"`{clause}`", *(" · ".join(map(_cell, cell)) for cell in cells))
        yield ""
    for subject in scored:
        for reason, clauses in grouped(subject).items():
            told = "every clause" if len(clauses) == len(CLAUSES) else ", ".join(clauses)
            yield f"- {_code(subject.name)} declined {told}: {_code(reason)}"
    yield ""


def _row(*cells: str) -> Iterator[str]:
    """A row of a table. In a table a bar ends a cell, in code too, unless it is escaped."""
    yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cell(verdict: Verdict) -> str:
    name = f"{verdict.dtype} " if verdict.dtype in NARROW else ""
    if verdict.kind == DECLINED:
        return f"{name}declined"
    if verdict.kind in WRONG:
        return f"{name}**{verdict.kind.upper()}**"
    return name + (f"{verdict.margin:.3f}" if verdict.margin else "–")


def _code(text: str) -> str:
    """Text as code in one line, in which nothing is markup."""
    text = " ".join(text.split())
    ticks = "`" * (_longest(text) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def _fence(lines: list[str]) -> list[str]:
    fence = "`" * max(3, max(map(_longest, lines), default=0) + 1)
    return [f"{fence}text", *lines, fence, ""]


def _longest(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _heading(verdict: Verdict) -> str:
    return f"{verdict.kind.upper()} {verdict.clause} {verdict.dtype}"


def _finding(subject: Subject, verdicts: Sequence[Verdict]) -> Iterator[str]:
    lines = failure_lines(subject.name, verdicts)
    again = [text for label, text in lines if label == "again"]
    yield f"### {_heading(verdicts[0])}: {_code(subject.name)}"
    yield ""
    yield from _fence(in_columns([line for line in lines if line[0] != "again"]))
    if again:
        yield "Reproduce it:"
        yield ""
        yield from _fence(again)


def write_markdown(path: Path, subjects: list[Subject], profile: str, changed: str = "") -> None:
    """Write the report as Markdown. changed: the changes from a baseline, as Markdown."""
    path.write_text(markdown(subjects, profile, changed), encoding="utf-8")

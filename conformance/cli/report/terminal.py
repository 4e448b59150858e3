"""The report on a terminal: scores and findings of each subject, then a table of verdicts, then details."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.checks.verdict import DECLINED, DTYPES, ERROR, FAIL, KINDS, PASS, Subject, Verdict
from conformance.cli.report.failure import COLUMN, failure_lines, in_columns, one_cause_each
from conformance.specification import CLAUSES

WORD = {FAIL: "FAIL", ERROR: "ERROR", DECLINED: "decl."}
STYLE = {PASS: "green", FAIL: "bold red", ERROR: "red", DECLINED: "dim"}


def show(console: Console, subjects: list[Subject], *, whole: bool = False) -> None:
    """Print scores and findings of each subject, explanations first; then a table of all verdicts; then details.

    Args:
        console: The terminal.
        subjects: The reports.
        whole: Write out the cases even if the cause is known.
    """
    for subject in subjects:
        _show_findings(console, subject, whole=whole)
    scored = [subject for subject in subjects if subject.verdicts]
    if scored:
        console.print(_table(scored))
        console.print("A number is the worst margin of a pass: the largest part of its bound that was used (1 is all).")
        console.print("A dash is a pass where nothing is arithmetic and so nothing may differ.")
        if any(len({verdict.dtype for verdict in subject.verdicts}) < len(shown(scored)) for subject in scored):
            console.print("A dot is a format in which the subject is not judged.")
        console.print()
    for subject in subjects:
        if subject.broken is None:
            _show_details(console, subject)


def _table(subjects: list[Subject]) -> Table:
    """A table with one column for each subject and, in each cell, the formats of the table in the order of DTYPES."""
    dtypes = shown(subjects)
    table = Table(title=f"clause by subject: {', '.join(dtypes)}", title_justify="left")
    table.add_column("clause", no_wrap=True)
    for subject in subjects:
        table.add_column(subject.name, justify="right")
    cells = {
        (subject.name, verdict.clause, verdict.dtype): verdict for subject in subjects for verdict in subject.verdicts
    }
    for clause in CLAUSES:
        rows = [[cells.get((subject.name, clause, dtype)) for dtype in dtypes] for subject in subjects]
        if any(verdict for row in rows for verdict in row):
            table.add_row(clause, *(" ".join(map(_cell, row)) for row in rows))
    return table


def shown(subjects: list[Subject]) -> tuple[str, ...]:
    """The formats in which some subject was judged."""
    asked = {verdict.dtype for subject in subjects for verdict in subject.verdicts}
    return tuple(dtype for dtype in DTYPES if dtype in asked)


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "    ·"
    text = WORD.get(verdict.kind)
    if text is None:
        text = f"{verdict.margin:.3f}" if verdict.margin else "–"
    return f"[{STYLE[verdict.kind]}]{text:>5}[/]"


def _show_findings(console: Console, subject: Subject, *, whole: bool) -> None:
    if subject.broken is not None:
        console.print(
            f"[bold red]{escape(subject.name)}: no score.[/] {escape(subject.broken)}\n",
            highlight=False,
            soft_wrap=True,
        )
        return
    versions = ", ".join(f"{name} {version}" for name, version in subject.versions.items())
    counts = ", ".join(f"{subject.count(kind)} {kind}" for kind in KINDS)
    total = len(subject.verdicts)
    console.print(f"[bold]{escape(subject.name)}[/] ({escape(versions)}): {counts}; of {total}", highlight=False)
    for line in unexplained(subject):
        console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    for verdicts in one_cause_each(subject.verdicts):
        first = verdicts[0]
        start, *lines = in_columns(failure_lines(subject.name, verdicts, whole=whole))
        word = f"[{STYLE[first.kind]}]{WORD[first.kind]}[/]"
        room = " " * (COLUMN - len(WORD[first.kind]))
        console.print(f"  {first.clause}  {word}{room}{escape(start.lstrip())}", highlight=False, soft_wrap=True)
        for line in lines:
            console.print(f"  {' ' * len(first.clause)}  {escape(line)}", highlight=False, soft_wrap=True)
    console.print()


def unexplained(subject: Subject) -> list[str]:
    """The diagnosis in sentences if it explains none of the failing clauses, otherwise no lines."""
    explained = any(verdict.cause for verdict in subject.verdicts)
    if subject.diagnosis is None or explained:
        return []
    first, *others = subject.diagnosis.lines
    return [f"no cause is known: {first}" if subject.diagnosis.only else first, *others]


def _show_details(console: Console, subject: Subject) -> None:
    console.print(f"[bold]{escape(subject.name)}[/]", highlight=False)
    if subject.kernels:
        console.print(f"  kernels that ran: {escape(', '.join(subject.kernels))}", highlight=False, soft_wrap=True)
    for dtype in DTYPES:
        if (found := subject.worst(dtype)) is not None:
            worst, ulps = found
            claim = subject.claims[dtype]
            console.print(f"  worst margin {worst.margin:.3f} ({worst.clause}) of: {claim}", highlight=False)
            if ulps:
                console.print(
                    f"  whole runs end within {ulps:.2f} ULP (of 1) of certified truth in {dtype}", highlight=False
                )
    for grade in subject.grades:
        best = f"{grade.met} (margin {grade.margin:.3f})" if grade.met else "none of the list"
        console.print(f"  best class met in {grade.dtype}: {escape(best)}", highlight=False, soft_wrap=True)
    for reason, clauses in grouped(subject).items():
        told = "every clause" if len(clauses) == len(CLAUSES) else ", ".join(clauses)
        console.print(f"  [dim]declined: {escape(reason)} ({told})[/]", highlight=False, soft_wrap=True)
    for remark in subject.remarks:
        console.print(f"  {escape(remark)}", highlight=False, soft_wrap=True)
    console.print()


def grouped(subject: Subject) -> dict[str, list[str]]:
    """The declined clauses by reason."""
    found: dict[str, dict[str, None]] = {}
    for verdict in subject.verdicts:
        if verdict.kind == DECLINED:
            found.setdefault(verdict.reason, {})[verdict.clause] = None
    return {reason: list(clauses) for reason, clauses in found.items()}

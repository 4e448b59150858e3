"""A comparison of two reports (changes.py) as text, Markdown and JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from conformance.cli.report.changes import BETTER, CHANGES, NEW, WORSE, Change, lines

STYLE = {WORSE: "bold red", BETTER: "green"}
WIDTH = max(map(len, CHANGES)) + 2


def show_changes(console: Console, found: Sequence[Change], remarks: Sequence[str]) -> None:
    """Print the counts, the changes of each subject, and the remarks."""
    console.print(f"[bold]{counts(found)}[/]", highlight=False)
    for name in dict.fromkeys(change.subject for change in found):
        console.print(f"[bold]{escape(name)}[/]", highlight=False)
        for kind, text in lines(found, name):
            mark = STYLE.get(kind, "dim" if kind != NEW else "none")
            console.print(f"  [{mark}]{kind:<{WIDTH}}[/]{escape(text)}", highlight=False, soft_wrap=True)
    for remark in remarks:
        console.print(escape(remark), highlight=False, soft_wrap=True)


def counts(found: Sequence[Change]) -> str:
    """The number of changes of each kind, in words."""
    number = Counter(change.kind for change in found)
    return ", ".join(f"{number[kind]} {kind}" for kind in CHANGES) if found else "nothing changed"


def changes_as_markdown(title: str, found: Sequence[Change], remarks: Sequence[str]) -> str:
    """The same as Markdown: a heading, and the text as code, in which nothing is markup."""
    rows = [counts(found)]
    for name in dict.fromkeys(change.subject for change in found):
        rows += [name, *(f"  {kind:<{WIDTH}}{text}" for kind, text in lines(found, name))]
    text = "\n".join([*rows, *remarks])
    fence = "```" + "`" * text.count("`")
    return f"## {title}\n\n{fence}text\n{text}\n{fence}\n"


def write_changes(path: Path, found: Sequence[Change], remarks: Sequence[str]) -> None:
    """Write the comparison as JSON, in the form of interface/schemas/comparison.json."""
    rows: list[dict[str, Any]] = [vars(change) for change in found]
    path.write_text(json.dumps({"changes": rows, "remarks": [*remarks]}, indent=1) + "\n", encoding="utf-8")

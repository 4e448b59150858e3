"""The results of every cell, as the first part of docs/paths.md.

`python -m studies exports` examines the cells and writes docs/records/exports.json. A test compares the page with the
record, and the record with the cells.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from studies.exports.cells import EQUAL, FAULTS, MODELS, REFUSED, WAYS, Cell, drawn

RECORD = Path(__file__).parent.parent.parent / "docs/records/exports.json"
HEAD = """## Exported models compute what `predict` computes

{examined} of {cells} models were exported, each in one way. Each pair of values in the tables below has a model. Each
layer of a model is judged by itself, on the inputs that it received, by the proven bound of one step
([error analysis](error-analysis.md)). Where the mask is given, the masked inputs are NaN.

A number in a table is the worst margin over these models: the largest part of the bound that any output used. A number
in parentheses is the reason why an export was refused. {wrong}

`python -m studies exports` writes this part and [its record](records/exports.json).
"""
NOTHING = "No number was outside its bound, every model loaded, and no process crashed."


def load() -> dict[str, Any]:
    """The record: day, versions, and the result of each cell by its key; empty if there is none."""
    return json.loads(RECORD.read_text()) if RECORD.exists() else {"day": None, "versions": {}, "cells": {}}


def recorded(found: dict[Cell, dict[str, Any]], day: str, versions: dict[str, str]) -> dict[str, Any]:
    """The record of these results."""
    return {"day": day, "versions": versions, "cells": {cell.key: each for cell, each in sorted(found.items())}}


def by_cell(record: dict[str, Any]) -> dict[Cell, dict[str, Any]]:
    """The results of the drawn cells that the record contains."""
    return {cell: record["cells"][cell.key] for cell in drawn() if cell.key in record["cells"]}


def wrong(record: dict[str, Any]) -> Iterator[str]:
    """Yield the results that are neither equal nor refused."""
    for cell, found in by_cell(record).items():
        if found["kind"] not in (EQUAL, REFUSED):
            yield f"{cell.key}: {found['text']}"


def part(record: dict[str, Any]) -> str:
    """The tables, the faults and the reasons."""
    found = by_cell(record)
    notes: dict[str, int] = {}
    tables = []
    for name, values in MODELS:
        lines = [_line(name, *map(_value, values)), _line(*["---"] * (len(values) + 1))]
        for way in WAYS:
            cells = [
                [found[cell] for cell in found if cell.way == way and getattr(cell, name) == value] for value in values
            ]
            lines.append(_line(f"`{way}`", *(_cell_text(each, notes) for each in cells)))
        tables.append("\n".join(lines))
    ways = "\n".join(f"- `{way}`: {words}" for way, words in WAYS.items())
    faults = "\n".join(
        f"- {name} ({cell.key}): {_cell_text([found[cell]] if cell in found else [], notes)}"
        for name, cell in FAULTS.items()
    )
    reasons = "\n".join(f"{number}. {text}" for text, number in notes.items())
    failures = "\n".join(f"- WRONG: {each}" for each in wrong(record))
    head = HEAD.format(examined=len(found), cells=len(drawn()), wrong="" if failures or not found else NOTHING)
    judged = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    parts = [
        head.rstrip(), ways, *tables, "### Faults of earlier versions, judged again\n\n" + faults,
        "### Reasons to refuse an export\n\n" + reasons, failures, f"Examined {record['day']}: {judged}",
    ]  # fmt: skip
    return "\n\n".join(each for each in parts if each) + "\n"


def _value(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell_text(found: Iterable[dict[str, Any]], notes: dict[str, int]) -> str:
    """The worst margin of equal results, and the numbers of the reasons for refusals."""
    found = list(found)
    margins = [each["margin"] for each in found if each["kind"] == EQUAL]
    shown = [f"{max(margins):.2f}"] if margins else []
    for each in found:
        if each["kind"] == REFUSED:
            reason = re.sub(r"^(?:ValueError: )?\S+ computes", "a layer computes", each["text"])
            number = f"({notes.setdefault(reason, len(notes) + 1)})"
            shown += [number] if number not in shown else []
    return " ".join(shown) or "–"

"""A badge: the number of passes among all verdicts, as a small SVG, or as JSON from which shields.io draws one.

The denominator is every clause in every format of the subject, whatever was judged. Green means that all passed.
Declined clauses and clauses that were not judged are named and make it blue; a failure or an error makes it red. It is
grey if nothing passed or failed.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from conformance.checks.verdict import DECLINED, ERROR, FAIL, PASS, Subject
from conformance.cli.report.templates import filled
from conformance.specification import CLAUSES

LABEL = "GRU conformance"
GREEN, BLUE, RED, GREY = "#1a7f37", "#0550ae", "#b3261e", "#57606a"
"""White letters on each have a contrast of 4.5 or more (WCAG 2.2, 1.4.3)."""
CHARACTER, ROOM = 7, 14
"""Widths of text in pixels. Letters are stretched to them, so that the text fits in any font."""


def words_and_colour(subjects: Sequence[Subject]) -> tuple[str, str]:
    """The words for these subjects together, and the colour."""
    total = len(CLAUSES) * sum(len(subject.formats) for subject in subjects)
    count = {kind: sum(subject.count(kind) for subject in subjects) for kind in (PASS, DECLINED)}
    wrong = sum(subject.count(FAIL) for subject in subjects)
    errors = sum(subject.count(ERROR) for subject in subjects)
    broken = sum(subject.broken is not None for subject in subjects)
    silent = total - count[PASS] - count[DECLINED] - wrong - errors
    words = f"{count[PASS]} of {total}"
    parts = ((wrong, "failed"), (errors, "without answer"), (count[DECLINED], "declined"), (silent, "not asked"))
    words += "".join(f", {number} {what}" for number, what in parts if number)
    if wrong or errors or broken:
        return (words if wrong or errors else "no score"), RED
    if not count[PASS]:
        return f"nothing judged: {words}", GREY
    return words, GREEN if count[PASS] == total else BLUE


def badge(subjects: Sequence[Subject]) -> str:
    """The SVG of these subjects."""
    words, colour = words_and_colour(subjects)
    left, right = (CHARACTER * len(text) + ROOM for text in (LABEL, words))
    return filled("badge.svg", label=LABEL, words=words, colour=colour, left=left, right=right, room=ROOM)


def endpoint(subjects: Sequence[Subject]) -> str:
    """The JSON of these subjects, in the form of an endpoint of shields.io."""
    words, colour = words_and_colour(subjects)
    values = {"schemaVersion": 1, "label": LABEL, "message": words, "color": colour}
    return json.dumps(values, indent=1) + "\n"


def is_endpoint(path: Path) -> bool:
    """True if the name of the file requests JSON."""
    return path.suffix == ".json"


def write_badge(path: Path, subjects: Sequence[Subject]) -> None:
    """Write the badge of these subjects: JSON if the file is named so, otherwise an SVG."""
    path.write_text((endpoint if is_endpoint(path) else badge)(subjects), encoding="utf-8")

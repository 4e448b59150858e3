"""The scoreboard as a heat map: a row for each clause, a column for each implementation.

A cell is a pass (its worst margin, darker for more of the bound), a failure (a cross on red) or declined (grey).
"""

from collections.abc import Iterator
from typing import Any

from conformance.checks.verdict import DECLINED, PASS
from conformance.specification import CLAUSES
from studies.pages.drawing import box, svg, text
from studies.pages.scoreboard import load

LEFT, TOP, WIDE, HIGH = 170, 180, 34, 19
RED, GREY = "#c0392b", "#e5e7eb"
LEGEND = (
    ("#dbeafe", "pass, little of the bound used"),
    ("#3b82f6", "pass, all of the bound used"),
    (RED, "fail"),
    (GREY, "declined"),
)


def drawn() -> str:
    """The heat map as SVG."""
    record = load()
    width = LEFT + WIDE * len(record) + 70
    title = "Verdicts of every implementation (columns) on every clause (rows)"
    return svg(width, TOP + HIGH * len(CLAUSES) + 50, title, _shapes(record))


def _shapes(record: dict[str, Any]) -> Iterator[str]:
    for column, name in enumerate(record):
        x = LEFT + WIDE * column + WIDE / 2 + 4
        yield text(x, TOP - 8, name, 11, more=f"transform='rotate(-55 {x:g} {TOP - 8})'")
    for row, clause in enumerate(CLAUSES):
        y = TOP + HIGH * row
        yield text(LEFT - 8, y + 13, clause, 11, "end")
        for column, found in enumerate(record.values()):
            verdicts = [verdict for verdict in found["verdicts"] if verdict["clause"] == clause]
            yield from _cell(verdicts, LEFT + WIDE * column, y)
    for place, (colour, words) in enumerate(LEGEND):
        x, y = LEFT + 210 * place, TOP + HIGH * len(CLAUSES) + 20
        yield box(x, y, 16, 16, colour)
        yield text(x + 22, y + 13, words, 12)


def _cell(verdicts: list[dict[str, Any]], x: float, y: float) -> Iterator[str]:
    kinds = {verdict["kind"] for verdict in verdicts}
    if kinds <= {DECLINED}:
        colour, word, ink = GREY, "", "#374151"
    elif kinds <= {PASS, DECLINED}:
        margin = max(verdict["margin"] or 0 for verdict in verdicts if verdict["kind"] == PASS)
        colour, word, ink = _blue(margin), f"{margin:.2f}" if margin else "–", "#111827"
    else:
        colour, word, ink = RED, "×", "white"
    yield box(x, y, WIDE - 1, HIGH - 1, colour)
    if word:
        yield text(x + WIDE / 2, y + 13, word, 10, "middle", f"fill='{ink}'")


def _blue(margin: float) -> str:
    """A blue, from light to dark by the used part of the bound."""
    light, dark = (219, 234, 254), (59, 130, 246)
    mixed = (round(a + (b - a) * min(margin, 1)) for a, b in zip(light, dark, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)

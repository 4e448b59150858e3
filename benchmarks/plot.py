"""docs/benchmarks.svg: every ratio of the plain rows, with its quartiles."""

import hashlib
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter

from benchmarks.record import ROOT, text
from benchmarks.rows import STEPS, SUBJECTS
from benchmarks.tables import peers, ratios

PLOT = ROOT / "docs/benchmarks.svg"
MARKERS = "os^Dv<>PX"
RATIOS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def draw(record: dict[str, Any], path: Path = PLOT) -> None:
    """Write the figure. Its description names the record, so that a test can recognize an old figure."""
    ours = SUBJECTS["plain"][0]
    figure = Figure(figsize=(12, 7), layout="constrained")
    drawn: dict[str, Any] = {}
    for axes, step in zip(figure.subplots(1, 2), STEPS, strict=True):
        names: list[str] = []
        for number, (subject, marker) in enumerate(zip(peers("plain", ours), MARKERS, strict=False)):
            found = list(ratios(record, "plain", step, subject, ours))
            names += [name for row, _ in found if (name := _name(row)) not in names]
            if found:
                x = [value.median for _, value in found]
                off = [[v.median - v.low for _, v in found], [v.high - v.median for _, v in found]]
                y = [names.index(_name(row)) for row, _ in found]
                drawn[subject] = axes.errorbar(x, y, xerr=off, fmt=marker, color=f"C{number}")
        axes.axvline(1, color="black", linewidth=1)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(RATIOS))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_title(step)
    figure.supxlabel(f"a peer's time over that of {ours}: right of 1, ours is faster")
    if drawn:
        figure.legend(drawn.values(), drawn, loc="outside upper center", ncols=len(drawn))
    with matplotlib.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Description": digest(record)})


def digest(record: dict[str, Any]) -> str:
    """A digest that distinguishes records."""
    return f"record {hashlib.sha256(text(record).encode()).hexdigest()}"


def _name(row) -> str:
    return f"{' × '.join(map(str, row.shape))}, {row.reset}"

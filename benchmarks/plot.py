"""docs/benchmarks.svg: every ratio of the plain rows, with its quartiles."""

import hashlib
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from benchmarks.record import ROOT, text
from benchmarks.rows import STEPS, SUBJECTS
from benchmarks.tables import peers, ratios

PLOT = ROOT / "docs/benchmarks.svg"
MARKERS = "os^Dv<>PX"


def draw(record: dict[str, Any], path: Path = PLOT) -> None:
    """Write the figure. Its description names the record it was drawn from, so that a test can tell an old one."""
    ours = SUBJECTS["plain"][0]
    figure = Figure(figsize=(12, 6.5), layout="constrained")
    for axes, step in zip(figure.subplots(1, 2), STEPS, strict=True):
        names: list[str] = []
        for subject, marker in zip(peers("plain", ours), MARKERS, strict=False):
            found = list(ratios(record, "plain", step, subject, ours))
            names += [name for row, _ in found if (name := _name(row)) not in names]
            if found:
                x = [value.median for _, value in found]
                off = [[v.median - v.low for _, v in found], [v.high - v.median for _, v in found]]
                axes.errorbar(x, [names.index(_name(row)) for row, _ in found], xerr=off, fmt=marker, label=subject)
        axes.axvline(1, color="black", linewidth=1)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:g}")
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_title(step)
        axes.set_xlabel(f"time over that of {ours} (right of 1: ours is faster)")
        if names:
            axes.legend(fontsize="small")
    with matplotlib.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Description": digest(record)})


def digest(record: dict[str, Any]) -> str:
    """What tells one record from another."""
    return f"record {hashlib.sha256(text(record).encode()).hexdigest()}"


def _name(row) -> str:
    return f"{' × '.join(map(str, row.shape))}, {row.reset}"

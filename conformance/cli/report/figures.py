"""The report's pictures as SVG inside the page: margins of each class of arithmetic, and errors over time.

Lines and letters have the colours of the page, bright or dark. Every series has a mark of its own besides its colour.
"""

import re
from io import StringIO
from itertools import cycle
from math import isfinite
from typing import Any

from conformance.checks.verdict import DTYPES, PASS, Subject

INK, FAINT = "#010203", "#010204"
SERIES = ("#010211", "#010212", "#010213", "#010214", "#010215", "#010216")
"""Placeholders that are replaced by the names of the page's colours."""
MARKS = ("o", "s", "^", "D", "v", "P")
STYLES = ("-", "--", "-.", ":")
NAMES = {INK: "currentColor", FAINT: "var(--line)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(SERIES, 1)
}
BINS = 20
"""The bins of a histogram, from no part of the bound to all of it."""


def margins_by_class(subjects: list[Subject]) -> dict[str, list[float]]:
    """The margins of passes by their claimed class, for clauses about arithmetic."""
    found: dict[str, list[float]] = {}
    for subject in subjects:
        for verdict in subject.verdicts:
            if verdict.kind == PASS and verdict.margin:
                found.setdefault(subject.claims[verdict.dtype], []).append(verdict.margin)
    return found


def histogram(margins: list[float], name: str) -> str:
    """A histogram of the used parts of bounds. name: the picture's name in the page."""
    figure, axes = _figure(3.6, 2.0)
    axes.hist(margins, bins=BINS, range=(0, 1), color=SERIES[0], edgecolor=INK, linewidth=0.5)
    axes.axvline(1, color=INK, linestyle="--", linewidth=1)
    axes.set_xlim(0, 1.03)
    axes.set_xlabel("margin (part of the bound used)")
    axes.set_ylabel("verdicts")
    axes.yaxis.get_major_locator().set_params(integer=True)
    return _svg(figure, name)


def over_time(subjects: list[Subject], dtype: str, measure: str) -> dict[str, list[float]]:
    """For each subject, the worst value of one measure of Growth at each step in one format, if there is any."""
    found: dict[str, list[float]] = {}
    for subject in subjects:
        runs = [getattr(v.growth, measure) for v in subject.verdicts if v.dtype == dtype and v.growth is not None]
        length = max(map(len, runs), default=0)
        if length:
            found[subject.name] = [max(run[t] for run in runs if t < len(run)) for t in range(length)]
    return found


def growth(series: dict[str, list[float]], said: str, name: str) -> str:
    """One line for each subject, on a logarithmic axis. Zeros and values that are not finite are left out."""
    figure, axes = _figure(3.6, 2.6)
    for line, mark, style, (subject, values) in zip(cycle(SERIES), cycle(MARKS), cycle(STYLES), series.items()):
        shown = [(t, value) for t, value in enumerate(values, 1) if value > 0 and isfinite(value)]
        axes.plot(
            *zip(*shown, strict=True) if shown else ([], []),
            color=line, marker=mark, markersize=3, linestyle=style, linewidth=1.2, label=subject,
        )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlabel("step, in processing order")
    axes.set_ylabel(said)
    axes.grid(color=FAINT, linewidth=0.5)
    legend = figure.legend(loc="outside lower center", fontsize=7, frameon=False, ncols=1)
    for text in legend.get_texts():
        text.set_color(INK)
    return _svg(figure, name)


def drawable(subjects: list[Subject]) -> list[tuple[str, str]]:
    """The formats and measures that have values to draw."""
    return [
        (dtype, measure) for dtype in DTYPES for measure in ("ulps", "margins") if over_time(subjects, dtype, measure)
    ]


def _figure(width: float, height: float) -> Any:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    colours: dict[Any, Any] = {f"{part}.color": INK for part in ("text", "xtick", "ytick")}
    colours |= {"axes.labelcolor": INK, "axes.edgecolor": INK, "axes.facecolor": "none", "figure.facecolor": "none"}
    with mpl.rc_context({**colours, "font.size": 8}):  # pyright: ignore[reportUnknownMemberType]
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any, name: str) -> str:
    """The figure as an SVG element with unique ids, in the page's size and with the colours of its style."""
    import matplotlib as mpl

    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):  # pyright: ignore[reportUnknownMemberType]
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'^<svg ([^>]*?)width="[^"]*"([^>]*?)height="[^"]*"', r'<svg aria-hidden="true" \1\2', svg)
    for colour, variable in NAMES.items():
        svg = svg.replace(colour, variable)
    return svg

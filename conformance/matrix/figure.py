"""The record as a figure: rows mutants by family, columns checks, beside them how the vectors of each clause kill."""

from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import UsageError
from conformance.matrix.cells import LETTERS, stored
from conformance.matrix.facts import families
from conformance.matrix.peers import Peer
from conformance.matrix.record import Record
from conformance.verdict import ERROR, FAIL, STATISTICAL

COLOURS = {FAIL: "#0072b2", STATISTICAL: "#e69f00", ERROR: "#cc79a7"}
"""Told apart by people who do not see all colours (Okabe and Ito)."""
ROW, COLUMN = 0.155, 0.19
"""Of a cell, in inches."""


def draw(path: Path, record: Record, peers: list[Peer]) -> None:
    """Write the figure as SVG, the same bytes for the same record. Raises UsageError where matplotlib is missing."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UsageError(f"the figure needs {error.name}; pip install 'tf-gru[plots]'") from error
    names = [name for of_family in families(record).values() for name in of_family]
    checks, vectors = _checks(record, names), _vectors(record, names)
    width = COLUMN * (2 * len(record.checks) + len(peers) + 2) + 4.6
    # Names as text, which can be searched; no dates, no random ids.
    with mpl.rc_context({"svg.hashsalt": "matrix", "svg.fonttype": "none", "font.size": 7}):
        figure = Figure(figsize=(width, ROW * len(names) + 2.8), layout="constrained")
        ratios = [len(record.checks), len(record.checks), *([len(peers)] if peers else [])]
        left, right, *rest = figure.subplots(1, len(ratios), sharey=True, width_ratios=ratios)
        _cells(left, checks, record.checks, f"checks, on cases of their own: {len(record.checks)}")
        image = right.imshow(vectors, aspect="auto", cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        _axes(right, record.checks, f"golden vectors by clause: {len(record.vectors)}")
        left.set_yticks(range(len(names)), names)
        for axes in rest:
            killed = np.array(
                [[float(name in peer.killed) if name in peer.asked else np.nan for peer in peers] for name in names]
            )
            axes.imshow(killed, aspect="auto", cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
            _axes(axes, [peer.name for peer in peers], "other suites")
        for axes in (left, right, *rest):
            _families(axes, record)
        figure.colorbar(image, ax=[left, right, *rest], shrink=0.3, label="part of the clause's vectors that kill")
        _legend(figure)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _checks(record: Record, names: list[str]) -> np.ndarray:
    """Colours (mutants, checks, 3)."""
    from matplotlib.colors import to_rgb

    of_letter = {LETTERS[kind]: to_rgb(colour) for kind, colour in COLOURS.items()}
    return np.array([[of_letter.get(c, (1, 1, 1)) for c in record.mutants[name]["checks"]] for name in names])


def _vectors(record: Record, names: list[str]) -> np.ndarray:
    """(mutants, clauses): which part of a clause's vectors kill."""
    clause_of = {name: one.vector.clause for name, one in stored().items()}
    killed, total = np.zeros((len(names), len(record.checks))), np.zeros(len(record.checks))
    place = {clause: i for i, clause in enumerate(record.checks)}
    for vector in record.vectors:
        total[place[clause_of[vector]]] += 1
    for i, name in enumerate(names):
        for vector in record.vectors_that_kill(name):
            killed[i, place[clause_of[vector]]] += 1
    return killed / np.maximum(total, 1)


def _cells(axes: Any, colours: np.ndarray, columns: list[str], title: str) -> None:
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    _axes(axes, columns, title)


def _axes(axes: Any, columns: list[str], title: str) -> None:
    axes.set_title(title, fontsize=8)
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.tick_params(top=True, labeltop=True, length=0)
    axes.set_xticks(np.arange(len(columns)) - 0.5, minor=True)
    axes.grid(which="minor", color="0.85", linewidth=0.4)
    axes.tick_params(which="minor", length=0)


def _families(axes: Any, record: Record) -> None:
    """A line below each family, and its name at the right."""
    row = 0
    for family, names in families(record).items():
        if names:
            axes.axhline(row + len(names) - 0.5, color="0.2", linewidth=0.8)
            label = {"xycoords": ("axes fraction", "data"), "ha": "left", "va": "top", "fontsize": 6, "color": "0.35"}
            axes.annotate(family, (1.005, row - 0.5), annotation_clip=False, rotation=270, **label)
        row += len(names)


def _legend(figure: Any) -> None:
    from matplotlib.patches import Patch

    names = {FAIL: "killed: a failure", STATISTICAL: "killed: statistically", ERROR: "killed: no answer"}
    handles = [Patch(color=COLOURS[kind], label=label) for kind, label in names.items()]
    figure.legend(handles=handles, loc="outside lower left", ncols=3, frameon=False)

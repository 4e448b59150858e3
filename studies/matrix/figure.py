"""The record as a figure: mutants by family as rows, checks as columns, and the kills of each clause's vectors
beside them.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.verdict import ERROR, FAIL
from conformance.interface.adapter import UsageError
from studies.matrix.cells import LETTERS, stored
from studies.matrix.facts import families
from studies.matrix.peers import Peer
from studies.matrix.record import Record

COLOURS = {FAIL: "#0072b2", ERROR: "#cc79a7"}
"""Colours that people with colour blindness can distinguish (Okabe and Ito)."""
SHADES = "Blues"
ROW, COLUMN = 0.125, 0.15
"""The size of a cell, in inches."""
GAP, LEFT, RIGHT, ABOVE, BELOW = 0.3, 2.9, 0.9, 1.5, 0.7
"""Margins around the cells, in inches."""


def draw(path: Path, record: Record, peers: list[Peer]) -> None:
    """Write the figure as SVG, the same bytes for the same record. Raises UsageError if matplotlib is missing."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UsageError(f"the figure needs {error.name}; pip install 'tf-gru[plots]'") from error
    names = [name for of_family in families(record).values() for name in of_family]
    checks, vectors = _checks(record, names), _vectors(record, names)
    counts = [len(record.checks), len(record.checks), *([len(peers)] if peers else [])]
    inner = COLUMN * sum(counts) + GAP * (len(counts) - 1), ROW * len(names)
    width, height = inner[0] + LEFT + RIGHT, inner[1] + ABOVE + BELOW
    # Names are text, which can be searched. There are no dates and no random ids.
    style: dict[Any, Any] = {"svg.hashsalt": "matrix", "svg.fonttype": "none", "font.size": 7}
    with mpl.rc_context(style):  # pyright: ignore[reportUnknownMemberType]
        figure: Any = Figure(figsize=(width, height))
        panels: list[Any] = []
        at = LEFT
        for count in counts:
            box = (at / width, BELOW / height, COLUMN * count / width, inner[1] / height)
            panels.append(figure.add_axes(box, sharey=panels[0] if panels else None))
            at += COLUMN * count + GAP
        left, right, *rest = panels
        left.imshow(checks, aspect="auto", interpolation="nearest")
        _axes(left, record.checks, f"{len(record.checks)} checks, on cases of their own")
        image = right.imshow(vectors, aspect="auto", cmap=SHADES, vmin=0, vmax=1, interpolation="nearest")
        _axes(right, record.checks, f"{len(record.vectors)} golden vectors, by clause")
        for axes in rest:
            axes.imshow(_peers(peers, names), aspect="auto", cmap=SHADES, vmin=0, vmax=1, interpolation="nearest")
            _axes(axes, [peer.name for peer in peers], "other suites")
        left.set_yticks(range(len(names)), names)
        for axes in (right, *rest):
            axes.tick_params(labelleft=False)
        for axes in panels:
            _families(axes, record, named=axes is panels[-1])
        bar = figure.add_axes(
            ((LEFT + COLUMN * counts[0] + GAP) / width, 0.25 / height, COLUMN * 12 / width, 0.1 / height)
        )
        figure.colorbar(image, cax=bar, orientation="horizontal")
        bar.set_title("part of the clause's vectors that kill", fontsize=7, pad=2)
        _legend(figure, (LEFT / width, 0.15 / height))
        figure.savefig(
            path, format="svg", metadata={"Date": None, "Creator": None, "Description": description(record, peers)}
        )


def description(record: Record, peers: list[Peer]) -> str:
    """The digest of the figure's data in its description, so that a test can recognize an old figure."""
    suites = [[peer.name, sorted(peer.expressible), sorted(peer.killed)] for peer in peers]
    drawn = json.dumps([record.mutants, record.checks, record.vectors, suites])
    return f"drawn from {hashlib.sha256(drawn.encode()).hexdigest()}"


def _checks(record: Record, names: list[str]) -> np.ndarray:
    """Colours (mutants, checks, 3)."""
    from matplotlib.colors import to_rgb

    of_letter = {LETTERS[kind]: to_rgb(colour) for kind, colour in COLOURS.items()}
    return np.array([[of_letter.get(c, (1, 1, 1)) for c in record.mutants[name]["checks"]] for name in names])


def _vectors(record: Record, names: list[str]) -> np.ndarray:
    """(mutants, clauses): the part of a clause's vectors that kill."""
    clause_of = {name: one.vector.clause for name, one in stored().items()}
    killed, total = np.zeros((len(names), len(record.checks))), np.zeros(len(record.checks))
    place = {clause: i for i, clause in enumerate(record.checks)}
    for vector in record.vectors:
        total[place[clause_of[vector]]] += 1
    for i, name in enumerate(names):
        for vector in record.vectors_that_kill(name):
            killed[i, place[clause_of[vector]]] += 1
    return killed / np.maximum(total, 1)


def _peers(peers: list[Peer], names: list[str]) -> np.ndarray:
    """(mutants, suites): 1 where killed, NaN where the suite's inputs cannot express the mutant."""
    return np.array(
        [[name in peer.killed if name in peer.expressible else np.nan for peer in peers] for name in names], float
    )


def _axes(axes: Any, columns: list[str], title: str) -> None:
    axes.set_title(title, fontsize=8)
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.tick_params(bottom=False, labelbottom=False, labeltop=True, length=0, labelsize=6)
    # Lines between columns, so that the eye can follow one.
    axes.vlines(np.arange(1, len(columns)) - 0.5, *axes.get_ylim(), color="0.85", linewidth=0.3)


def _families(axes: Any, record: Record, *, named: bool) -> None:
    """Draw a line below each family, and its name at the right."""
    row = 0
    for family, names in families(record).items():
        if not names:
            continue
        axes.axhline(row + len(names) - 0.5, color="0.2", linewidth=0.6)
        if named:
            x = axes.get_xlim()[1] + 0.5
            axes.text(x, row + (len(names) - 1) / 2, family, fontsize=7, va="center", clip_on=False)
        row += len(names)


def _legend(figure: Any, corner: tuple[float, float]) -> None:
    from matplotlib.patches import Patch

    names = {FAIL: "killed: a failure", ERROR: "killed: no answer"}
    handles = [Patch(color=COLOURS[kind], label=label) for kind, label in names.items()]
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=corner, ncols=3, frameon=False)

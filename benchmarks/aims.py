"""The layer's aims, as geometric means over the plain rows, beside the values of a record.

The project chose these aims in advance, for a layer that can replace the one that people use today.
"""

from typing import Any, NamedTuple

from benchmarks.tables import Table, summaries


class Aim(NamedTuple):
    """The least value of a peer's time over ours: over all rows, without batch 1, and in the worst row."""

    mean: float
    several: float | None = None
    worst: float | None = None


AIMS = {
    ("keras:graph", "forward"): Aim(2.5, 1.7, 1.1),
    ("keras:graph", "training"): Aim(3.5, 2.3, 1.2),
    ("keras:xla", "forward"): Aim(1.3),
    ("keras:xla", "training"): Aim(2.5, worst=1.0),
    ("jax", "forward"): Aim(1.5),
    ("jax", "training"): Aim(1.7),
    ("torch", "forward"): Aim(1.8),
    ("torch", "training"): Aim(2.3),
    ("onnxruntime", "forward"): Aim(1.0),
    ("products:numpy", "forward"): Aim(0.75),
    ("products:numpy", "training"): Aim(0.75),
}


def table(record: dict[str, Any]) -> Table:
    """A row for each aim, by each of our two ways of a call in a graph."""
    ours = ("tf_gru:graph", "tf_gru:xla")
    reached = {(name, peer, step): numbers for name in ours for peer, step, numbers, _ in summaries(record, name)}
    lines = []
    for (peer, step), aim in AIMS.items():
        for what, wanted in aim._asdict().items():
            if wanted is not None:
                found = [reached.get((name, peer, step)) for name in ours]
                lines.append([f"{peer}, {step}: {WORDS[what]}", f"{wanted}", *(_cell(f, what, wanted) for f in found)])
    return Table("What is aimed at, and what is reached", ["peer's time over ours", "aim", *ours], lines)


WORDS = {"mean": "mean", "several": "without batch 1", "worst": "worst row"}


def _cell(found, what: str, wanted: float) -> str:
    value = getattr(found, what, None)
    if value is None:
        return "not measured"
    return f"{value:.2f}{'' if value >= wanted else ' (missed)'}"

"""The layer's aims, beside the values of a record.

The project chose these aims in advance, for a layer that can replace the one that people use today.
"""

from collections.abc import Callable, Iterator
from statistics import geometric_mean, median
from typing import Any, NamedTuple

from benchmarks.record import row_of
from benchmarks.rows import SUBJECTS, TIMES, Row, Shape
from benchmarks.statistics import ratio
from benchmarks.tables import Table, ratios, seconds, share

OURS = SUBJECTS["plain"][0]


class Ahead(NamedTuple):
    """The least value of a peer's time over ours in the plain rows: of the geometric mean, and of each row.

    mean_of_several, each_of_several: True leaves out the rows of batch 1.
    """

    peer: str
    step: str
    mean: float
    each: float | None = None
    mean_of_several: bool = False
    each_of_several: bool = False


AHEAD = (
    Ahead("keras:graph", "forward", 3, 1.3),
    Ahead("keras:graph", "training", 3, 1.35),
    Ahead("keras:xla", "forward", 1.8, 1.15),
    Ahead("keras:xla", "training", 2.8, 1.2),
    Ahead("torch", "forward", 2.3, 1.2),
    Ahead("torch", "training", 2.7, 1.2),
    Ahead("jax", "forward", 2.3, 1.3, each_of_several=True),
    Ahead("jax", "training", 1.8, 1),
    Ahead("onnxruntime", "forward", 1.4, 1.1, mean_of_several=True, each_of_several=True),
    Ahead("products:numpy", "forward", 1.15, mean_of_several=True),
    Ahead("products:numpy", "training", 0.9),
)


class Aim(NamedTuple):
    """A number in words, its least value (with most=True its largest), and the measured number, if there is one."""

    words: str
    wanted: float
    found: float | None
    most: bool = False

    @property
    def met(self) -> bool:
        """True if the number was measured and reaches the aim."""
        return self.found is not None and (self.found <= self.wanted if self.most else self.found >= self.wanted)


def aims(record: dict[str, Any]) -> Iterator[Aim]:
    """All aims."""
    for ahead in AHEAD:
        found = [(row.shape[0], value.median) for row, value in ratios(record, "plain", ahead.step, ahead.peer, OURS)]
        for words, wanted, combine, several in (
            ("mean", ahead.mean, geometric_mean, ahead.mean_of_several),
            ("each row", ahead.each, min, ahead.each_of_several),
        ):
            if wanted is not None:
                some = [value for batch, value in found if batch > 1 or not several]
                beyond = " beyond batch 1" if several else ""
                yield Aim(f"{ahead.peer}, {ahead.step}: {words}{beyond}", wanted, _of(combine, some))
    wide = [_share(entry) for entry in _kernel_rows(record, "forward", lambda s: s[3] >= 128 and s[0] >= 16)]
    yield Aim("kernel, forward, units of 128 or more: each row's share of the peak", 0.8, _of(min, wide))
    narrow = [_share(entry) for entry in _kernel_rows(record, "forward", lambda s: s == (128, 28, 28, 50))]
    yield Aim("kernel, forward, 128 × 28 × 28 × 50: share of the peak", 0.5, _of(min, narrow))
    trained = [_share(entry) for entry in _kernel_rows(record, "training", lambda s: s[3] >= 128 and s[0] >= 16)]
    yield Aim("kernel, training, units of 128 or more: each row's share of the peak", 0.65, _of(min, trained))
    gains = [v.median for step in ("forward", "training") for row, v in _gains(record, step) if row.shape[0] >= 16]
    yield Aim("kernel, one thread's time over two threads', batch of 16 or more: each row", 1.7, _of(min, gains))
    yield Aim("batch 1: onnxruntime and an empty call together over ours, each row", 1, _of(min, _single(record)))
    yield Aim(
        "rows of half the time over full ones, forward and training: each row", 0.7, _of(max, _masked(record)), True
    )
    yield Aim("two directions, as far ahead of keras:graph as one: mean", 1, _of(geometric_mean, _both(record)))
    steps = {time: _time_of_a_step(record, time) for time in (TIMES[0], TIMES[-1])}
    slowed = [late / early for early, late in zip(*steps.values(), strict=True)]
    yield Aim(f"a step of {TIMES[-1]} over one of {TIMES[0]}: each way", 1.1, _of(max, slowed), True)
    yield Aim("memory of a training step over that of keras:graph: each row", 1, _of(max, _memory(record)), True)


def _of(combine: Callable[[list[float]], float], found: list[float]) -> float | None:
    return combine(found) if found else None


def _entries(record: dict[str, Any], section: str, step: str | None = None) -> Iterator[tuple[Row, dict[str, Any]]]:
    for entry in record["rows"]:
        row = row_of(entry)
        if row.section == section and step in (None, row.step) and not entry["error"]:
            yield row, entry


def _kernel_rows(record: dict[str, Any], step: str, fits: Callable[[Shape], bool]) -> Iterator[dict[str, Any]]:
    for row, entry in _entries(record, "plain", step):
        if row.reset == "after" and fits(row.shape) and share(entry, "kernel"):
            yield entry


def _share(entry: dict[str, Any]) -> float:
    found = share(entry, "kernel")
    assert found is not None
    return found.median


def _gains(record: dict[str, Any], step: str):
    return ratios(record, "plain", step, "kernel:one-thread", "kernel")


def _single(record: dict[str, Any]) -> list[float]:
    found = []
    for row, entry in _entries(record, "plain", "forward"):
        theirs, call, ours = (seconds(entry, name) for name in ("onnxruntime", "call", OURS))
        if row.shape[0] == 1 and theirs and call and ours:
            found.append(ratio([sum(pair) for pair in zip(theirs, call, strict=True)], ours).median)
    return found


def _masked(record: dict[str, Any]) -> list[float]:
    full = {(row.step, row.shape): seconds(e, OURS) for row, e in _entries(record, "plain") if row.reset == "after"}
    found = [(seconds(e, OURS), full.get((row.step, row.shape))) for row, e in _entries(record, "masked")]
    return [median(half) / median(whole) for half, whole in found if half and whole]


def _both(record: dict[str, Any]) -> list[float]:
    found = []
    for step in ("forward", "training"):
        one, two = (
            {
                row.shape: v.median
                for row, v in ratios(record, section, step, "keras:graph", OURS)
                if row.reset == "after"
            }
            for section in ("plain", "bidirectional")
        )
        found += [two[shape] / one[shape] for shape in two if shape in one]
    return found


def _time_of_a_step(record: dict[str, Any], time: int) -> list[float]:
    return [
        median(found) / time
        for row, entry in _entries(record, "time")
        if row.shape[1] == time and (found := seconds(entry, OURS))
    ]


def _memory(record: dict[str, Any]) -> list[float]:
    found = []
    for _, entry in _entries(record, "memory"):
        ours, theirs = (entry["subjects"].get(name, {}) for name in (OURS, "keras:graph"))
        if "peak" in ours and "peak" in theirs:
            found.append((ours["peak"] - ours["before"]) / (theirs["peak"] - theirs["before"]))
    return found


def table(record: dict[str, Any]) -> Table:
    """A row for each aim."""
    lines = [[aim.words, f"{'at most ' * aim.most}{aim.wanted:g}", _reached(aim)] for aim in aims(record)]
    return Table("Aims", ["peer's time over ours, or what is named", "aim", "reached"], lines)


def _reached(aim: Aim) -> str:
    if aim.found is None:
        return "not measured"
    return f"{aim.found:.3f}{'' if aim.met else ' (missed)'}"

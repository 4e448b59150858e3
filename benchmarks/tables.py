"""A record as tables of text, the same for a terminal and for docs/performance.md.

Ratios are a peer's time over ours, so above 1 ours is faster: the median over rounds, between its quartiles.
"""

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from rich.table import Table as RichTable

from benchmarks.record import row_of
from benchmarks.rows import FMA, MEASURES, SECTIONS, STEPS, SUBJECTS, Row
from benchmarks.statistics import Spread, Summary, ratio, spread, summary

MEBI = 1024**2


class Table(NamedTuple):
    """A title, names of columns, and rows of text."""

    title: str
    columns: list[str]
    rows: list[list[str]]

    def rich(self) -> RichTable:
        """The table for a terminal."""
        table = RichTable(title=self.title, title_justify="left")
        for place, name in enumerate(self.columns):
            table.add_column(name, justify="right" if place else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """The table for a page."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        return f"### {self.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def tables(record: dict[str, Any]) -> Iterator[Table]:
    """All tables of a record, without empty ones."""
    for ours in ("tf_gru:graph", "tf_gru:xla"):
        yield _summary(record, ours)
    for section in SECTIONS:
        if section == "memory":
            yield _memory(record)
            continue
        for step in STEPS:
            yield _ratios(record, section, step)
    for step in STEPS:
        yield _kernel(record, step)
    yield _first(record)
    yield _judged(record)


def with_rows(record: dict[str, Any]) -> list[Table]:
    """The tables that have rows."""
    return [table for table in tables(record) if table.rows]


def seconds(entry: dict[str, Any], subject: str) -> list[float] | None:
    """A subject's times in a row, or None if it has none."""
    return entry["subjects"].get(subject, {}).get("seconds")


def share(entry: dict[str, Any], subject: str, threads: int | None = None) -> Spread | None:
    """The share of the peak that a subject reaches in a row: its operations a second over those of fma, round by round.

    threads: the number of threads of the peak; None is all.
    """
    fma, own = seconds(entry, "fma"), seconds(entry, subject)
    if not fma or not own:
        return None
    operations = (threads or entry["subjects"]["fma"]["threads"]) * FMA
    scale = row_of(entry).operations / operations
    return Spread(*(scale * value for value in ratio(fma, own)))


def ratios(record: dict[str, Any], section: str, step: str, subject: str, ours: str) -> Iterator[tuple[Row, Spread]]:
    """Yield a subject's time over ours in each row of a section that has both."""
    for entry in record["rows"]:
        row = row_of(entry)
        theirs, own = seconds(entry, subject), seconds(entry, ours)
        if (row.section, row.step) == (section, step) and theirs and own:
            yield row, ratio(theirs, own)


def peers(section: str, ours: str) -> list[str]:
    """The subjects to compare with ours: all others, except our own other paths and the measures, but with products."""
    measures = [name for name in MEASURES if name != "products:"]
    return [name for name in SUBJECTS[section] if name != ours and not name.startswith(("tf_gru:", *measures))]


def summaries(record: dict[str, Any], ours: str) -> Iterator[tuple[str, str, Summary, Row]]:
    """Yield peer, step, its ratios over all plain rows in three numbers, and the row with the worst ratio."""
    for subject in peers("plain", ours):
        for step in STEPS:
            found = list(ratios(record, "plain", step, subject, ours))
            numbers = summary([(row.shape[0], value.median) for row, value in found])
            if numbers is not None:
                yield subject, step, numbers, min(found, key=lambda pair: pair[1].median)[0]


def slower(record: dict[str, Any]) -> list[tuple[Row, str, Spread]]:
    """The rows in which a peer was faster than our first subject of the section: row, peer, ratio."""
    return [
        (row, subject, value)
        for section in SECTIONS
        for step in STEPS
        for subject in peers(section, SUBJECTS[section][0])
        if not subject.startswith(MEASURES)
        for row, value in ratios(record, section, step, subject, SUBJECTS[section][0])
        if value.median < 1
    ]


def _summary(record: dict[str, Any], ours: str) -> Table:
    columns = ["peer"] + [f"{step}: {what}" for step in STEPS for what in ("mean", "without batch 1", "worst (row)")]
    rows: dict[str, dict[str, list[str]]] = {}
    for subject, step, numbers, row in summaries(record, ours):
        several = "" if numbers.several is None else f"{numbers.several:.2f}"
        worst = f"{numbers.worst:.2f} ({_shape(row)}, {row.reset})"
        rows.setdefault(subject, {})[step] = [f"{numbers.mean:.2f}", several, worst]
    title = f"Peers' times over those of {ours}: geometric means"
    nothing = [""] * 3
    lines = [[name, *of.get("forward", nothing), *of.get("training", nothing)] for name, of in rows.items()]
    return Table(title, columns, lines)


def _ratios(record: dict[str, Any], section: str, step: str) -> Table:
    entries = [entry for entry in record["rows"] if (entry["section"], entry["step"]) == (section, step)]
    ours, *others = SUBJECTS[section]
    others = [name for name in others if not name.startswith(("kernel", "fma"))]
    columns = ["row", f"{ours}, ms", "GFLOP/s", "of the peak", *others]
    lines = []
    for entry in entries:
        row = row_of(entry)
        name = f"{_shape(row)}, {row.reset}"
        if entry["error"]:
            lines.append([name, f"ERROR: {entry['error']}", *[""] * (len(columns) - 2)])
            continue
        own = seconds(entry, ours)
        cells = ["not installed" if own is None else _milliseconds(own), *_speed(entry, ours)]
        for subject in others:
            theirs = seconds(entry, subject)
            cells.append(_absent(entry, subject) if theirs is None or own is None else _spread(ratio(theirs, own)))
        lines.append([name, *cells])
    return Table(f"{step.capitalize()}: {SECTIONS[section]}", columns, lines)


def _milliseconds(times: list[float]) -> str:
    return _spread(spread([1000 * second for second in times]))


def _speed(entry: dict[str, Any], subject: str, threads: int | None = None) -> list[str]:
    """GFLOP/s, and their share of the peak."""
    own, part = seconds(entry, subject), share(entry, subject, threads)
    speed = "" if own is None else _short(row_of(entry).operations / median(own) / 1e9)
    return [speed, "" if part is None else f"{part.median:.2f}"]


def _kernel(record: dict[str, Any], step: str) -> Table:
    lines = []
    for entry in record["rows"]:
        row = row_of(entry)
        both, alone, layer = (seconds(entry, name) for name in ("kernel", "kernel:one-thread", SUBJECTS["plain"][0]))
        if (row.section, row.step) != ("plain", step) or not both or not alone:
            continue
        more = _milliseconds([a - b for a, b in zip(layer, both, strict=True)]) if layer else "not installed"
        one = [_milliseconds(alone), *_speed(entry, "kernel:one-thread", 1)]
        cells = [_milliseconds(both), *_speed(entry, "kernel"), *one, _spread(ratio(alone, both)), more]
        lines.append([f"{_shape(row)}, {row.reset}", *cells])
    title = f"{step.capitalize()}: the kernel alone, by its functions in C"
    speed = ["GFLOP/s", "of the peak"]
    columns = ["row", "ms", *speed, "one thread, ms", *speed, "gain by threads", "the layer's call besides, ms"]
    return Table(title, columns, lines)


def _absent(entry: dict[str, Any], subject: str) -> str:
    """The reason why there is no ratio, so that no cell is empty without a reason."""
    found = entry["subjects"].get(subject)
    if found is None:
        return "not asked"
    if "refused" not in found:
        return "nothing to compare with"  # it has times, but ours has none
    return "not installed" if "installed" in found["refused"] else "does not have it"


def _memory(record: dict[str, Any]) -> Table:
    subjects = SUBJECTS["memory"]
    lines = []
    for entry in record["rows"]:
        if entry["section"] == "memory":
            own = [f"ERROR: {entry['error']}"] if entry["error"] else []
            cells = own or [_bytes(entry["subjects"].get(name, {"refused": ""})) for name in subjects]
            lines.append([_shape(row_of(entry)), *cells, *[""] * (len(subjects) - len(cells))])
    title = "Memory of a training step, MiB: what it adds to the process, compiled code included (peak of the process)"
    return Table(title, ["row", *subjects], lines)


def _bytes(found: dict[str, Any]) -> str:
    if "refused" in found:
        return found["refused"] or "not asked"
    return f"{(found['peak'] - found['before']) / MEBI:.0f} ({found['peak'] / MEBI:.0f})"


def _first(record: dict[str, Any]) -> Table:
    subjects = [name for name in SUBJECTS["plain"] if not name.startswith(MEASURES)]
    lines = []
    for entry in record["rows"]:
        if entry["section"] == "plain" and not entry["error"]:
            row = row_of(entry)
            times = [entry["subjects"].get(name, {}).get("first") for name in subjects]
            cells = ["" if time is None else f"{time:.2f}" for time in times]
            lines.append([f"{row.step}, {_shape(row)}, {row.reset}", *cells])
    title = "The first call, s: traced and compiled, in a process where the framework has run"
    return Table(title, ["row", *subjects], lines)


def _judged(record: dict[str, Any]) -> Table:
    names = ("margin", "distance", "gradient_margin", "gradient_distance")
    worst: dict[str, dict[str, float]] = {}
    for entry in record["rows"]:
        for subject, found in entry["subjects"].items():
            for name in names:
                if name in found:
                    of = worst.setdefault(subject, {})
                    of[name] = max(of.get(name, 0), found[name])
    lines = [[name, *(f"{of[what]:.2g}" if what in of else "" for what in names)] for name, of in worst.items()]
    columns = ["subject", "steps: margin", "outputs: distance", "gradients: margin", "gradients: relative distance"]
    return Table("Judged in the same run, the worst of all rows", columns, lines)


def _shape(row: Row) -> str:
    return " × ".join(map(str, row.shape))


def _spread(value: Spread) -> str:
    return f"{_short(value.median)} ({_short(value.low)}–{_short(value.high)})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"

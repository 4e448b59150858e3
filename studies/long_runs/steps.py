"""Steps of honest emulated GRUs of every class, each judged by the bound of its own class. None may be outside.

A chunk is one set of parameters and many rows. Its number is its seed and determines its class, regime and position of
the reset gate, so a run can be split anywhere and continued (--first). Steps outside the domain of their bound are
counted separately and not judged.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context

import numpy as np
from rich.table import Table

from conformance.bounds import OneStep, OutsideDomain
from conformance.interface.adapter import RESETS
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case
from conformance.interface.strategies import REGIMES, Numbers
from studies.searches.classes import CLASSES
from studies.searches.toys import digits
from studies.softfloat.gru import SoftGRU

BATCH, TIME = 75, 4
STEPS = BATCH * TIME
"""The number of steps of a chunk."""
UNITS = {1: 0.55, 2: 0.3, 3: 0.08, 4: 0.06, 16: 0.01}
"""Sizes of the state with their frequencies. Small ones round like large ones, and cost less."""
CORNERS = tuple(product(REGIMES, RESETS))


@dataclass
class Tally:
    """The results of a class: steps judged and refused, the worst margin with its chunk, and the sum of margins."""

    judged: int = 0
    refused: int = 0
    worst: float = 0.0
    chunk: int = 0
    total: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add another chunk."""
        if other.worst > self.worst:
            self.worst, self.chunk = other.worst, other.chunk
        self.judged, self.refused, self.total = (
            self.judged + other.judged,
            self.refused + other.refused,
            self.total + other.total,
        )

    @property
    def mean(self) -> float:
        """The mean margin of steps, where each step counts by its worst unit."""
        return self.total / max(self.judged, 1)


def case_of(number: int) -> tuple[Case, Arithmetic]:
    """The case and class of a chunk."""
    claim = CLASSES[number % len(CLASSES)]
    regime, reset = CORNERS[(number // len(CLASSES) + number) % len(CORNERS)]
    rng = np.random.default_rng([number, 1])
    units = int(rng.choice(list(UNITS), p=list(UNITS.values())))
    bits = int(rng.choice((2, FORMATS[claim.dtype].precision)))
    numbers = Numbers(rng, claim.dtype, bits, regime)
    input_dim = int(rng.integers(1, 5))
    case = Case(
        inputs=numbers.inputs((BATCH, TIME, input_dim)),
        parameters=(numbers.parameters(input_dim, units, reset),),
        initial_state=(numbers.states((BATCH, units)),),
    )
    return case, claim


def chunk(number: int) -> tuple[int, Tally]:
    """The number of a chunk's class, and its results."""
    case, claim = case_of(number)
    outputs = SoftGRU(claim, number).run(case).outputs
    before = np.concatenate([case.starts[0][:, None], outputs[:, :-1]], axis=1)
    x, before, after = (part.reshape(STEPS, -1) for part in (case.inputs, before, outputs))
    margins = np.concatenate([[], *judged(OneStep(case.single, claim), x, before, after)])
    tally = Tally(
        judged=len(margins),
        refused=STEPS - len(margins),
        worst=float(margins.max(initial=0)),
        chunk=number,
        total=float(margins.sum()),
    )
    return number % len(CLASSES), tally


def judged(bound: OneStep, x: np.ndarray, before: np.ndarray, after: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the margin of each step inside the domain of its bound, by its worst unit."""
    try:
        margins = bound(x, before).margins(after)
    except OutsideDomain:
        if len(x) > 1:
            half = len(x) // 2
            yield from judged(bound, x[:half], before[:half], after[:half])
            yield from judged(bound, x[half:], before[half:], after[half:])
        return
    yield np.nan_to_num(margins, nan=np.inf, posinf=np.inf).max(axis=1)


def run(first: int, count: int, processes: int) -> Iterator[tuple[int, Tally]]:
    """Yield chunks from a number on, until enough steps are judged and each class had the same number of chunks."""
    judged, size = 0, len(CLASSES)
    with ExitStack() as stack:
        each = map
        if processes > 1:
            each = stack.enter_context(ProcessPoolExecutor(processes, get_context("spawn"))).map
        while judged < count:
            for index, tally in each(chunk, range(first, first + size)):
                judged += tally.judged
                yield index, tally
            first += size


def tallied(done: Iterable[tuple[int, Tally]], report: Callable[[Tally], object]) -> dict[int, Tally]:
    """The results of all chunks by class. Each is reported when it arrives."""
    found: dict[int, Tally] = {}
    for index, tally in done:
        found.setdefault(index, Tally()).add(tally)
        report(tally)
    return dict(sorted(found.items()))


def table(found: dict[int, Tally]) -> Table:
    """A table with one line for each class, and one for all."""
    rows = Table(
        "class", "steps", "worst", "in chunk", "mean", "refused", title="margins of honest steps: over 1 is outside"
    )
    everything = Tally()
    for index, tally in found.items():
        everything.add(tally)
        rows.add_row(str(CLASSES[index]), *_cells(tally))
    rows.add_row("all", *_cells(everything))
    return rows


def _cells(tally: Tally) -> tuple[str, ...]:
    return (
        f"{tally.judged:,}", digits(tally.worst), str(tally.chunk), f"{tally.mean:.4f}", f"{tally.refused:,}",
    )  # fmt: skip

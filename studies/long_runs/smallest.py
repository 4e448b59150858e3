"""The smallest fault that is caught, by kind and units: with numbers of full precision, and with exact sums.

A draw is one step of a few rows by float32 GRUs that claim activations within 8 ULP. Each fault multiplies something by
1 + d: one weight, drawn uniformly; the state of one unit; tanh; sigma; or every state, always away from 0. The figure
is the least d, in half powers of two, that is caught in 95 of 100 draws. "Full" has normal numbers of full precision,
as in the other cases of the suite; "exact" has the cases of conformance/checks/few_bits.py.

Left out: gradients, whose bounds do not use exact sums.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from conformance.bounds import OneStep
from conformance.checks.few_bits import INPUTS, ROWS, few_bits
from conformance.interface.adapter import RESETS
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers
from conformance.mutants.emulated import Emulated
from reference import Parameters
from studies.journal import answered, entries

CLAIM = Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")
WIDTHS = (4, 16, 64, 256)
DRAWS, CAUGHT = 100, 0.95
GATES = {"after": "zrn", "before": "zrn", "none": "zn"}
HALVES = tuple(2.0 ** (-half / 2) for half in range(48, -3, -1))
"""The tried faults, the smallest first."""


class Faulty(Emulated):
    """A GRU with one fault of relative size d."""

    def __init__(self, kind: str, gate: int, place: tuple[int, int]) -> None:
        self.kind, self.gate, self.place, self.d = kind, gate, place, 0.0

    def kernel(self, p: Parameters) -> np.ndarray:
        """The input weights, one of them off."""
        return self._changed(p.kernel, "input weight")

    def recurrent_kernel(self, p: Parameters) -> np.ndarray:
        """The state weights, one of them off."""
        return self._changed(p.recurrent_kernel, "weight")

    def sigmoid(self, a: np.ndarray) -> np.ndarray:
        """The logistic function, off or not."""
        return self._scaled(super().sigmoid(a), "sigma")

    def tanh(self, a: np.ndarray) -> np.ndarray:
        """The hyperbolic tangent, off or not."""
        return self._scaled(super().tanh(a), "tanh")

    def blend(self, z: np.ndarray, h: np.ndarray, n: np.ndarray) -> np.ndarray:
        """The next state, off in one unit, in all, or not."""
        new = self._scaled(super().blend(z, h, n), "every state")
        if self.kind == "unit":
            new[:, self.place[1]] = self._times(new[:, self.place[1]])
        return new

    def _changed(self, weights: np.ndarray, kind: str) -> np.ndarray:
        if self.kind != kind:
            return weights
        changed = weights.copy()
        row, column = self.place
        changed[self.gate, row % weights.shape[1], column] *= np.float32(1 + self.d)
        return changed

    def _scaled(self, numbers: np.ndarray, kind: str) -> np.ndarray:
        return self._times(numbers) if self.kind == kind else numbers

    def _times(self, numbers: np.ndarray) -> np.ndarray:
        return (numbers * (1 + self.d)).astype(numbers.dtype)


@dataclass(frozen=True)
class Draw:
    """The least fault that is caught in one draw, for each fault and both kinds of numbers; infinity if none is."""

    reset: str
    units: int
    number: int
    full: dict[str, float]
    exact: dict[str, float]


def draw(reset: str, units: int, number: int) -> Draw:
    """Search the least fault of each kind."""
    rng = np.random.default_rng([number, units])
    numbers = Numbers(rng, "float32", 24, "plain")
    full = Case(
        inputs=numbers.inputs((ROWS, 1, INPUTS)),
        parameters=(numbers.parameters(INPUTS, units, reset),),
        initial_state=(numbers.states((ROWS, units)),),
    )
    few = [few_bits(rng, CLAIM, reset, units, one_state=one) for one in (False, True)[: 1 + (reset == "before")]]
    place = int(rng.integers(units)), int(rng.integers(units))
    faults = {name: Faulty(*kind, place) for name, kind in kinds(reset).items()}
    return Draw(reset, units, number, _least([full], faults), _least([case for case in few if case], faults))


def kinds(reset: str) -> dict[str, tuple[str, int]]:
    """The faults: a kind and a gate by name."""
    weights = {
        f"{kind} of {gate}": (kind, place)
        for kind in ("weight", "input weight")
        for place, gate in enumerate(GATES[reset])
    }
    return weights | {kind: (kind, 0) for kind in ("unit", "tanh", "sigma", "every state")}


def _least(cases: list[Case], faults: dict[str, Faulty]) -> dict[str, float]:
    sets = [OneStep(case.single, CLAIM)(case.inputs[:, 0], case.starts[0]) for case in cases]

    def caught(fault: Faulty, d: float) -> bool:
        fault.d = d
        pairs = zip(cases, sets, strict=True)
        return any((allowed.margins(fault.run(case).outputs[:, 0]) > 1).any() for case, allowed in pairs)

    found: dict[str, float] = {}
    for name, fault in faults.items():
        low, high = 0, len(HALVES)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if caught(fault, HALVES[middle]) else (middle + 1, high)
        found[name] = HALVES[low] if low < len(HALVES) else float("inf")
    return found


def left(journal: Path, draws: int, largest: int) -> list[tuple[str, int, int]]:
    """The draws that the journal lacks, the smallest first."""
    done = {(entry["reset"], entry["units"], entry["number"]) for entry in entries(journal)}
    return [
        key
        for units in WIDTHS
        if units <= largest
        for number in range(draws)
        for reset in RESETS
        if (key := (reset, units, number)) not in done
    ]


def run(journal: Path, draws: int, largest: int, processes: int) -> Iterator[Draw]:
    """Yield each draw that the journal lacks, when it is finished and stored."""
    for _, found in answered(draw, left(journal, draws, largest), processes, lambda _: journal):
        yield found


def read(journal: Path) -> list[Draw]:
    """The draws of a journal."""
    return [Draw(**entry) for entry in entries(journal)]


def least(found: Iterable[Draw], reset: str, units: int, name: str) -> tuple[float, float, int]:
    """The least fault that 95 of 100 draws catch, with full precision and with exact sums, and the number of draws."""
    draws = [each for each in found if (each.reset, each.units) == (reset, units)]
    full, exact = (sorted(getattr(each, kind)[name] for each in draws) for kind in ("full", "exact"))
    place = int(np.ceil(CAUGHT * len(draws))) - 1
    return full[place], exact[place], len(draws)


def table(found: list[Draw]) -> Table:
    """A line for each fault and position of the reset gate; for each width the figures of both kinds of numbers."""
    widths = sorted({each.units for each in found})
    headers = [f"{units} units: {kind}" for units in widths for kind in ("full", "exact", "ratio")]
    rows: Any = Table("fault", "reset", *headers, title="the least fault that 95 % of the draws catch")
    for reset in RESETS:
        for name in kinds(reset):
            cells: list[str] = []
            for units in widths:
                full, exact, _ = least(found, reset, units, name)
                cells += [f"{full:.1e}", f"{exact:.1e}", f"{full / exact:.3g}"]
            rows.add_row(name, reset, *cells)
    counts = [str(sum(each.units == units and each.reset == "after" for each in found)) for units in widths]
    rows.add_row("draws", "", *(cell for count in counts for cell in (count, count, "")))
    return rows

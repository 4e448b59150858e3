"""Honest runs of every class that a shipped adapter claims, and of every option of arithmetic: none may alarm.

A run is emulated with random orders, blends, roundings and activation errors (studies.softfloat.gru), many at once as
the rows of arrays, and each of its steps is judged by the bound of its class. A chunk is one set of parameters and many
runs; its number is its seed and decides its data. The record counts the runs, the alarms and the largest margin (above
1 is an alarm). So it can refute the bounds; docs/error-analysis.md proves them.

Left out: gradients.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from conformance.checks.steps import judge_steps
from conformance.interface.adapter import RESETS
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.interface.case import Case
from conformance.interface.strategies import Numbers
from reference import Parameters
from studies.journal import answered, entries
from studies.softfloat.gru import SKEWS, SoftGRU

CLAIMED: tuple[dict[str, Any], ...] = (
    {},
    {"flush": True},
    {"activation": "4 ULP", "flush": True},
    {"summation": "any order", "flush": True},
    {"activation": "8 ULP above u", "summation": "any order"},
    {"activation": "8 ULP above 4u"},
    {"activation": "8 ULP above 2u", "summation": "any order", "flush": True},
    {"activation": "8 ULP above 2u", "summation": "any order", "flush": True, "products": "tf32", "rounding": "any"},
    {"dtype": "float64", "activation": "8 ULP above 2u", "summation": "any order"},
    {"dtype": "float64"},
    {"dtype": "float64", "flush": True},
    {"dtype": "float64", "activation": "4 ULP", "flush": True},
    {"dtype": "float64", "summation": "any order", "flush": True},
    {"dtype": "float64", "activation": "8 ULP above 2u"},
    {"dtype": "float64", "activation": "8 ULP above 2u", "flush": True},
    {"dtype": "float64", "activation": "8 ULP above 2u", "summation": "any order", "flush": True},
    {"dtype": "float16"},
    {"dtype": "float16", "summation": "any order", "flush": True},
    {"dtype": "float16", "activation": "4 ULP", "accumulator": "float32", "flush": True},
    {"dtype": "bfloat16", "compute": "float32"},
    {"dtype": "bfloat16", "activation": "4 ULP", "accumulator": "float32", "flush": True},
)
OPTIONS: tuple[dict[str, Any], ...] = (
    {"activation": "correctly rounded"},
    {"activation": "4 ULP"},
    {"activation": "8 ULP above u"},
    {"activation": "2^-10"},
    {"products": "tf32"},
    {"products": "bfloat16"},
    {"products": "float16"},
    {"accumulator": "float64"},
    {"compute": "float64"},
    {"compute": "bfloat16", "accumulator": "float32"},
    {"output": "bfloat16"},
    {"rounding": "any"},
    {"summation": "any order"},
    {"flush": True},
)
"""Claims of shipped adapters, and each option of a claim alone, beside float32 and activations within 8 ULP."""

CLASSES = tuple(
    dict.fromkeys(
        Arithmetic(**{"dtype": "float32", "activation": "8 ULP", "source": "emulated", **options})
        for options in (*CLAIMED, *OPTIONS)
    )
)
DATA = ("random", "constant", "positive", "near underflow")


class Size(NamedTuple):
    """The shape of one run, its number of runs in a chunk, and the number of runs that the record needs."""

    batch: int
    time: int
    input_dim: int
    units: int
    together: int
    runs: int


SIZES = {
    "1 x 3 x 2 x 3": Size(1, 3, 2, 3, 100, 10_000),
    "64 x 40 x 1 x 1": Size(64, 40, 1, 1, 10, 200),
    "1 x 2000 x 1 x 1": Size(1, 2000, 1, 1, 50, 200),
}


@dataclass(frozen=True)
class Chunk:
    """The result of a chunk: its class, size and number, its runs, judged numbers and alarms, and the worst margin."""

    claim: str
    size: str
    number: int
    runs: int
    judged: int
    alarms: int
    worst: float


def chunk(index: int, size: str, number: int) -> Chunk:
    """Run and judge a chunk of a class, by its place in CLASSES."""
    claim, shape = CLASSES[index], SIZES[size]
    case = drawn(claim, shape, number)
    skew = tuple(SKEWS)[number % len(SKEWS)]
    judgement, _ = judge_steps(case, SoftGRU(claim, number, skew=skew).run(case).outputs, claim)
    alarms = len(judgement.findings)
    return Chunk(str(claim), size, number, shape.together, judgement.judged, alarms, judgement.margin)


def drawn(claim: Arithmetic, shape: Size, number: int) -> Case:
    """The case of a chunk: its runs are rows."""
    kind = DATA[number % len(DATA)]
    regime = kind if kind == "near underflow" else "plain"
    numbers = Numbers(np.random.default_rng([number, 2]), claim.dtype, FORMATS[claim.dtype].precision, regime)
    rows = shape.batch * shape.together
    inputs = numbers.inputs((rows, 1 if kind == "constant" else shape.time, shape.input_dim))
    p = numbers.parameters(shape.input_dim, shape.units, RESETS[number // len(DATA) % len(RESETS)])
    state = numbers.states((rows, shape.units))
    if kind == "positive":
        inputs, state = np.abs(inputs), np.abs(state)
        p = Parameters(np.abs(p.kernel), np.abs(p.recurrent_kernel), np.abs(p.bias), p.reset)
    inputs = np.ascontiguousarray(np.broadcast_to(inputs, (rows, shape.time, shape.input_dim)))
    return Case(inputs=inputs, parameters=(p,), initial_state=(state,))


def left(journal: Path, share: float) -> list[tuple[int, str, int]]:
    """The chunks that the journal lacks, the cheapest sizes first. share: the part of each size's runs."""
    done = {(entry["claim"], entry["size"], entry["number"]) for entry in entries(journal)}
    return [
        (index, name, number)
        for name, size in SIZES.items()
        for number in range(ceil(share * size.runs / size.together))
        for index, claim in enumerate(CLASSES)
        if (str(claim), name, number) not in done
    ]


def run(journal: Path, share: float, processes: int) -> Iterator[Chunk]:
    """Yield each chunk that the journal lacks, when it is judged and stored."""
    for _, found in answered(chunk, left(journal, share), processes, lambda _: journal):
        yield found


def read(journal: Path) -> list[Chunk]:
    """The chunks of a journal that belong to the present list of classes and sizes."""
    known = {str(claim) for claim in CLASSES}
    return [Chunk(**entry) for entry in entries(journal) if entry["claim"] in known and entry["size"] in SIZES]


def table(found: Iterable[Chunk]) -> Table:
    """The runs, numbers, alarms and worst margin of each class and size, and of all."""
    rows = Table("class", "size", "runs", "numbers", "alarms", "worst", title="honest runs: over 1 is an alarm")
    groups: dict[tuple[str, str], list[Chunk]] = {}
    for each in found:
        groups.setdefault((each.claim, each.size), []).append(each)
    for (claim, size), chunks in sorted(groups.items()):
        rows.add_row(claim, size, *_cells(chunks))
    rows.add_row("all", "", *_cells([each for chunks in groups.values() for each in chunks]))
    return rows


def _cells(chunks: list[Chunk]) -> tuple[str, ...]:
    runs, judged, alarms = (sum(getattr(each, name) for each in chunks) for name in ("runs", "judged", "alarms"))
    worst = max((each.worst for each in chunks), default=0.0)
    return f"{runs:,}", f"{judged:,}", str(alarms), f"{np.floor(worst * 10**4) / 10**4:.4f}"

"""Vectors of large sizes and long times, where kernels switch code. Recipes give the numbers, so the files are small.

Each size exceeds a vector's width, a tile or a block of common kernels: 8, 16, 32, 64, 128.
"""

from collections.abc import Iterator
from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from conformance.interface.arithmetic import FORMATS
from conformance.vectors.compact import MODULUS, Run, expand, recipe
from conformance.vectors.vector import Vector, read_question

HELD = 7
"""A pre-activation of the update gate that keeps 0.999 of the state at each step: it holds it for hundreds of steps."""

SPREAD = 2654435769
"""2^32 divided by the golden ratio, to the nearest odd number."""


def case(
    seed: int,
    sizes: tuple[int, int, int, int],
    *,
    dtype: str = "float32",
    reset: str = "after",
    run: str = "forward",
    merge: str = "apart",
    lengths: tuple[int, ...] | None = None,
    mask: np.ndarray | None = None,
    policy: str = "zero",
    holds: bool = False,
) -> dict[str, Any]:
    """A case as JSON values. If holds is True, the update gates of half of the units stay near 1."""
    batch, time, input_dim, units = sizes
    gates, directions = (2 if reset == "none" else 3), (2 if run == "both" else 1)
    seeds = _seeds(2 * seed)
    valid = np.ones((batch, time), bool)
    if lengths is not None:
        valid = np.arange(time) < np.array(lengths)[:, None]
    valid = valid if mask is None else mask
    padded = lengths is not None or mask is not None

    def weights(rows: int) -> dict[str, Any]:
        exponent = -7 if rows > 8 or holds else -5
        return recipe((gates, rows, units), next(seeds), (gates * rows * units, 6, exponent, 0))

    def parameters() -> dict[str, Any]:
        half = units // 2 if holds else 0
        rest = 2 * gates * units - half
        bias = recipe((2, gates, units), next(seeds), (half, 4, -4, 16 * HELD), (rest, 4, -4, 0))
        return {"kernel": weights(input_dim), "recurrent_kernel": weights(units), "bias": bias}

    return {
        "dtype": dtype,
        "reset": reset,
        "inputs": recipe((batch, time, input_dim), next(seeds), *_read(valid, input_dim, dtype)),
        "parameters": [parameters() for _ in range(directions)],
        "initial_state": [recipe((batch, units), next(seeds), (batch * units, 5, -5, 0)) for _ in range(directions)],
        "lengths": None if lengths is None else list(lengths),
        "mask": None if mask is None else {"shape": list(mask.shape), "values": mask.ravel().astype(int).tolist()},
        "reverse": run == "reverse",
        "merge": merge if directions == 2 else None,
        "masked_outputs": policy if padded else "carry",
    }


def _seeds(seed: int) -> Iterator[int]:
    """The generator's initial states for the arrays, far apart because nearby ones begin with similar numbers."""
    return (SPREAD * (16 * seed + place) % MODULUS for place in range(16))


def _read(valid: np.ndarray, input_dim: int, dtype: str) -> list[Run]:
    """The runs of inputs: numbers of 7 bits at valid steps, and one distant number at masked steps."""
    far = min(100, FORMATS[dtype].largest)
    steps = [(bool(counts), len([*same])) for counts, same in groupby(valid.ravel())]
    return [(count * input_dim, 6, -5, 0) if counts else (count * input_dim, 0, far, 1) for counts, count in steps]


def cotangents(seed: int, question: dict[str, Any], kind: str = "all") -> dict[str, Any]:
    """Cotangents of 4 bits for a case's answer. kind: "all", or "outputs" or "final" with zeros for the other part."""
    batch, time, _ = question["inputs"]["shape"]
    units, merge = question["parameters"][0]["bias"]["shape"][-1], question["merge"]
    seeds = _seeds(2 * seed + 1)

    def numbers(name: str, *shape: int) -> dict[str, Any]:
        return recipe(shape, next(seeds), (prod(shape), 3 if kind in ("all", name) else 0, -2, 0))

    width = 2 * units if merge == "concat" else units
    outputs = [numbers("outputs", batch, time, width) for _ in range(2 if merge == "apart" else 1)]
    finals = [numbers("final", batch, units) for _ in question["parameters"]]
    return {
        "outputs": outputs if merge == "apart" else outputs[0],
        "final_state": finals[0] if merge is None else finals,
    }


def vector(clause: str, name: str, description: str, seed: int, sizes: tuple[int, int, int, int],
           *, flags: str = "", waives: str = "", kind: str = "all", **options: Any) -> Vector:  # fmt: skip
    """A vector whose numbers are a recipe. flags and waives are words separated by spaces."""
    question = case(seed, sizes, **options)
    given = cotangents(seed, question, kind) if "gradient" in clause else None
    compact = {"case": question, "cotangents": given}
    expanded, wanted = read_question(expand(compact))
    return Vector(
        name=f"{clause}-{name}", clause=clause, description=description, flags=tuple(flags.split()),
        case=expanded, cotangents=wanted, waives=tuple(waives.split()), compact=compact,
    )  # fmt: skip


def sizes() -> list[Vector]:
    """Vectors with one axis larger than the widths of vectors and tiles."""
    return [
        vector("step-after", "64-units", "Units in whole vectors of 8, 16, 32 and 64.", 1, (2, 4, 3, 64),
               flags="WholeVectors StateRoundedPastTile"),
        vector("step-after", "72-units", "8 units past a tile of 64.", 2, (2, 4, 3, 72),
               flags="GatesPastTile UnitsAfterVectors StateRoundedPastTile"),
        vector("step-before", "129-units", "One unit past a block of 128.", 3, (2, 4, 3, 129), reset="before",
               flags="GatesPastTile UnitsAfterVectors StateRoundedPastTile"),
        vector("step-none", "65-units", "One unit past a tile of 64.", 4, (2, 4, 3, 65), reset="none",
               flags="UnitsAfterVectors StateRoundedPastTile"),
        vector("step-after", "72-inputs", "8 inputs past a tile of 64.", 5, (2, 4, 72, 3), flags="InputsPastPanel"),
        vector("step-after", "17-rows", "One row past a vector of 16.", 6, (17, 4, 2, 3),
               flags="RowsPastVector ReducedInLargeRuns"),
        vector("lengths", "17-rows", "One row past a vector of 16, with lengths.", 7, (17, 4, 2, 3),
               lengths=(3, 4, 1, 2) * 4 + (3,), flags="RowsPastVector ReducedInLargeRuns"),
        vector("merge", "sum-65-units", "The sum of two directions, one unit past a tile of 64.", 8, (2, 4, 3, 65),
               run="both", merge="sum", flags="GatesPastTile UnitsAfterVectors StateRoundedPastTile"),
    ]  # fmt: skip


def times() -> list[Vector]:
    """Long runs. Half of the units hold their state for hundreds of steps, so that the end depends on the beginning."""
    past = "InputsCut OutputsCut LastChunk ReducedInLargeRuns"
    return [
        vector("step-after", "300-steps", "300 steps; half of the units hold their state.", 90, (2, 300, 3, 4),
               holds=True, flags=f"WindowOfSteps InitialStateInLongRuns {past}"),
        vector("step-after", "512-steps", "512 steps; the first one and the initial state determine the final state.",
               131, (2, 512, 3, 4), holds=True,
               flags="LastStepsAlone WindowOfSteps InitialStateInLongRuns InputsCut OutputsCut ReducedInLargeRuns"),
        vector("reverse", "49-steps", "49 steps in reverse.", 12, (2, 49, 3, 4), run="reverse",
               flags="LongReverse OutputsCut LastChunk"),
        vector("masks", "49-steps", "A mask of 49 steps, with holes.", 93, (3, 49, 2, 4), mask=holes(3, 49),
               flags="MaskWord OutputsCut LastChunk"),
        vector("bidirectional-masked", "130-steps", "Two directions of 130 steps with padding.", 14, (3, 130, 2, 4),
               run="both", lengths=(130, 33, 77), holds=True,
               flags=f"InitialStateInLongRuns {past}", waives="tails"),
    ]  # fmt: skip


def holes(batch: int, time: int) -> np.ndarray:
    """A mask (batch, time) with holes. Its pattern repeats after 13 steps."""
    return (7 * np.arange(time) + 5 * np.arange(batch)[:, None]) % 13 < 8


def gradients() -> list[Vector]:
    """Gradients at large sizes and of long runs."""
    return [
        vector("gradients", "72-units", "8 units past a tile of 64.", 20, (2, 3, 4, 72), flags="GradientPastTile"),
        vector("gradients", "17-rows", "One row past a vector of 16.", 23, (17, 4, 2, 3), flags="GradientPastRows"),
        vector("gradients", "128-steps", "128 steps; half of the units hold their state.", 62, (2, 128, 3, 4),
               holds=True, flags="GradientInLongRuns FinalCotangentAlone", kind="final"),
        vector("gradients-masked", "49-steps", "Lengths of 49 steps and fewer.", 104, (3, 49, 2, 4),
               lengths=(17, 49, 48), flags="GradientInLongRuns"),
    ]  # fmt: skip


VECTORS = [*sizes(), *times(), *gradients()]

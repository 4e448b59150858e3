"""Hypothesis strategies for cases: distinct sizes, numbers of several scales, masks with holes, unsorted lengths.

Numbers come from a drawn seed, in full precision or rounded to a few bits. Full precision shows rounding errors; a
failing case shrinks to few bits, so that a person can check it by hand. No two gates, units, rows, steps or biases are
equal.

Drawn integers stay below 100. Among larger integers Hypothesis prefers those that occur in the imported modules, so the
same subject would get other cases in another process.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
from hypothesis import strategies as st

from conformance.interface.arithmetic import FORMATS
from conformance.interface.case import Case
from reference import Parameters
from reference.parameters import Reset

Shape = tuple[int, int, int, int]
"""batch, time, input_dim, units."""

TINY: Shape = (1, 1, 1, 1)
SMALL: Shape = (2, 3, 4, 4)
DISTINCT: Shape = (3, 5, 2, 4)
LONG: Shape = (1, 40, 3, 2)
WIDE: Shape = (9, 2, 17, 33)
SHAPES: tuple[Shape, ...] = (TINY, SMALL, DISTINCT, LONG, WIDE)
"""Few shapes, because some subjects compile for each of them. They exceed the widths of vectors and the lengths of
chunks. The smallest comes first, so that a fault at every size is reported at a size that a person can follow.
"""

REGIMES = ("plain", "large weights", "saturated gates", "far gates", "near underflow")
"""Kinds of numbers; "far gates" means pre-activations beyond the logarithm of every format's largest number."""


def shapes(*, least_batch: int = 1, least_time: int = 1) -> st.SearchStrategy[Shape]:
    """Draw small sizes, for subjects that compile nothing."""
    return st.tuples(st.integers(least_batch, 5), st.integers(least_time, 9), st.integers(1, 6), st.integers(1, 6))


@st.composite
def cases(
    draw: st.DrawFn,
    dtype: str,
    *,
    shapes: st.SearchStrategy[Shape] | Sequence[Shape] = SHAPES,
    resets: Sequence[str] = ("after",),
    initial_state: bool = True,
    padding: Sequence[str] = ("none",),
    masked_outputs: Sequence[str] = ("carry",),
    runs: Sequence[str] = ("forward",),
    merges: Sequence[str] = ("apart",),
    regimes: Sequence[str] = REGIMES,
) -> Case:
    """Draw cases of one format and the given options.

    Args:
        dtype: "float16", "float32" or "float64".
        shapes: Sizes (batch, time, input_dim, units) to choose from.
        resets: Positions of the reset gate.
        initial_state: True if cases have an initial state.
        padding: Kinds of padding. "none"; "lengths" (each row at least one step); "lengths with zero"; "masks" (holes
            on either side, each row at least one step); "masks with zero"; "one step" (at most one valid step in each
            row).
        masked_outputs: Policies for outputs at masked steps.
        runs: "forward", "reverse" or "bidirectional".
        merges: Ways to join two directions.
        regimes: Names in `REGIMES`.

    Returns:
        A Hypothesis strategy of `Case`.
    """
    batch, time, input_dim, units = draw(shapes if isinstance(shapes, st.SearchStrategy) else st.sampled_from(shapes))
    reset, regime = draw(st.sampled_from(resets)), draw(st.sampled_from(regimes))
    bits = draw(st.sampled_from((2, FORMATS[dtype].precision)))
    rng = np.random.default_rng(100 * draw(st.integers(0, 99)) + draw(st.integers(0, 99)))
    kind = draw(st.sampled_from(padding))
    numbers = Numbers(rng, dtype, bits, regime)
    run = draw(st.sampled_from(runs))
    directions = 2 if run == "bidirectional" else 1
    return Case(
        inputs=numbers.inputs((batch, time, input_dim)),
        parameters=tuple(numbers.parameters(input_dim, units, reset) for _ in range(directions)),
        initial_state=tuple(numbers.states((batch, units)) for _ in range(directions)) if initial_state else None,
        lengths=lengths(rng, batch, time, zero="zero" in kind) if kind.startswith("lengths") else None,
        mask=masks(rng, batch, time, kind) if kind.startswith(("masks", "one")) else None,
        reverse=run == "reverse",
        merge=draw(st.sampled_from(merges)) if directions == 2 else None,
        masked_outputs=draw(st.sampled_from(masked_outputs)),
    )


class Numbers:
    """Random machine numbers of one format and regime, rounded to the given fractional bits of their scale."""

    def __init__(self, rng: np.random.Generator, dtype: str, bits: int, regime: str) -> None:
        self.rng, self.dtype, self.bits, self.regime = rng, dtype, bits, regime
        self.scale = 2.0 ** (FORMATS[dtype].smallest - 2) if regime == "near underflow" else 1.0

    def inputs(self, shape: tuple[int, ...]) -> np.ndarray:
        """Inputs: around 1, around the smallest normal number, or in the thousands."""
        # The value exceeds every format's largest exponent, and sums of it stay within the bound's domain.
        far = 2.0 ** min(12, FORMATS[self.dtype].largest - 9)
        return self._cast(self.rng.standard_normal(shape), far if self.regime == "far gates" else self.scale)

    def states(self, shape: tuple[int, ...]) -> np.ndarray:
        """States: around 1, or around the smallest normal number."""
        return self._cast(self.rng.standard_normal(shape), self.scale)

    def parameters(self, input_dim: int, units: int, reset: str) -> Parameters:
        """Parameters of one direction."""
        gates = 2 if reset == "none" else 3
        gain = 8.0 if self.regime == "large weights" else 1.0
        bias = self.rng.integers(1, 256, (2, gates, units)) * self.rng.choice((-1, 1), (2, gates, units)) / 256
        if self.regime == "saturated gates":
            bias[0, :-1] += self.rng.choice((-40, -12, 12, 40), (gates - 1, units))
        return Parameters(
            self._cast(self.rng.standard_normal((gates, input_dim, units)) * gain, 1.0),
            self._cast(self.rng.standard_normal((gates, units, units)) * gain / np.sqrt(units), 1.0),
            (with_exact_sums(bias, self.dtype) * self.scale).astype(self.dtype),
            cast(Reset, reset),
        )

    def _cast(self, values: np.ndarray, scale: float) -> np.ndarray:
        """Round to the fractional bits, but never to 0, because a missing term would hide a wrong one."""
        quantum = 2.0**-self.bits
        rounded = np.round(values / quantum)
        rounded[rounded == 0] = 1
        return (rounded * quantum * scale).astype(self.dtype)


def with_exact_sums(bias: np.ndarray, dtype: str) -> np.ndarray:
    """Biases (2, gates, units), rounded so that each and the sum of the two sides is a number of the format."""
    size: np.ndarray = np.abs(bias).sum(axis=0)
    quantum: np.ndarray = np.exp2(np.floor(np.log2(size)) + 1 - FORMATS[dtype].precision)
    rounded: np.ndarray = np.round(bias / quantum)
    return np.where(rounded == 0, 1, rounded) * quantum


def lengths(rng: np.random.Generator, batch: int, time: int, *, zero: bool) -> np.ndarray:
    """Unsorted lengths. Three rows or more contain a full row, a short row and, if `zero`, an empty row."""
    least = min(1, time)
    chosen = [min(2, time), time, *rng.integers(least, time + 1, max(batch - 2, 0))][:batch]
    if zero and batch:
        chosen[-1] = 0
    return rng.permutation(np.array(chosen, np.int64))


def masks(rng: np.random.Generator, batch: int, time: int, kind: str) -> np.ndarray:
    """Masks with leading, trailing and inner masked steps, and in long runs a gap of half of the steps. Only kinds with
    "zero" have rows without a valid step.
    """
    mask = np.zeros((batch, time), bool)
    if not mask.size:
        return mask
    if kind == "one step":
        mask[np.arange(batch), rng.integers(0, time, batch)] = True
        return mask
    mask[:] = rng.random((batch, time)) < 0.6
    mask[0] = np.arange(time) % 2 == min(1, time - 1)
    if batch > 1 and time > 16:
        mask[1, [0, -1]], mask[1, time // 4 : -(time // 4)] = True, False
    mask[~mask.any(1), time // 2] = True
    if "zero" in kind:
        mask[-1] = False
    return mask[rng.permutation(batch)]

"""An honest GRU of any class of arithmetic: chance decides everything that the class leaves open.

Operands, sums, elementwise operations, carried and returned states have their own formats. A seed draws the orders of
sums, their contraction, the form of the blend, the directions of roundings and the errors of activations. So its
answers must stay within the bound of its class, and it can be judged like any other subject.

Left out: merges of two directions that compute; gradients.
"""

from collections.abc import Callable
from functools import cache, partial, reduce

import numpy as np

from conformance.bounds.blends import BLENDS, CANDIDATE_FIRST, PRODUCTS, STATE_FIRST, THREE_TERMS
from conformance.interface.adapter import RESETS, Capabilities
from conformance.interface.arithmetic import Arithmetic, Format, contains
from conformance.interface.case import Case
from conformance.mutants.emulated import Emulated
from reference import Parameters
from studies.softfloat.activations import SIGMA, TANH, correctly_rounded, within
from studies.softfloat.formats import MODES, Soft
from studies.softfloat.sums import ALIGNED, Sums, can_align

MIXED = "mixed"
ROUNDINGS = {"nearest": ("nearest", "nearest away"), "any": (*MODES, MIXED)}
"""The roundings that a class allows: each throughout, or another one for each operation."""

NEGATED = " by sigma(-a)"
FORMS = (*BLENDS, PRODUCTS + NEGATED, STATE_FIRST + NEGATED)
"""The blends, and those in which 1 - z may be computed as sigma(-a)."""

SKEWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "most": lambda rng, shape: np.ones(shape),
    "least": lambda rng, shape: -np.ones(shape),
    "either": lambda rng, shape: rng.choice((-1.0, 1.0), shape),
    "between": lambda rng, shape: rng.uniform(-1, 1, shape),
}
"""The position of an activation within its claimed error."""


class SoftGRU(Emulated):
    """A GRU that uses every freedom of its class, as a seed draws them. An argument of None is drawn.

    Attributes:
        rounding: One of ROUNDINGS[arithmetic.rounding].
        form: One of FORMS.
        order: One of soft_sums.TREES or ALIGNED; if drawn, another one for each sum.
        skew: One of SKEWS.
    """

    packages = ("numpy", "python-flint")

    def __init__(
        self,
        arithmetic: Arithmetic,
        seed: int,
        *,
        rounding: str | None = None,
        form: str | None = None,
        order: str | None = None,
        skew: str | None = None,
    ) -> None:
        self.arithmetic = arithmetic
        self.rng = np.random.default_rng(seed)
        self.rounding = self._drawn("rounding", rounding, ROUNDINGS[arithmetic.rounding])
        self.form = self._drawn("form", form, FORMS)
        self.skew = self._drawn("skew", skew, tuple(SKEWS))
        self.merges_biases, self.adds_apart, self.flushes_early, self.joins_reset = self.rng.random(4) < 0.5
        self.adds_apart &= not contains(arithmetic.format, arithmetic.sums)
        if order is None and self.rounding == "toward zero" and can_align(arithmetic.sums):
            order = (None, ALIGNED)[self.rng.integers(2)]
        self.soft = cache(self._soft) if self.rounding != MIXED else self._soft
        self.sums = Sums(partial(self.soft, arithmetic.sums), self.rng, order)
        self.capabilities = Capabilities(
            arithmetic={arithmetic.dtype: arithmetic},
            resets=RESETS,
            lengths=True,
            zero_length=True,
            masks=True,
            masked_outputs=("carry", "zero"),
            reverse=True,
            merges=("concat", "apart"),
            bidirectional_masked_outputs=("carry", "zero"),
            zero_time=True,
            zero_batch=True,
        )

    def _drawn(self, name: str, given: str | None, allowed: tuple[str, ...]) -> str:
        if given is not None and given not in allowed:
            raise ValueError(f"{name} is {given!r}, but {self.arithmetic} allows {', '.join(allowed)}")
        return given or str(self.rng.choice(allowed))

    def _soft(self, format: Format) -> Soft:
        """The operations of a format."""
        mode = str(self.rng.choice(MODES)) if self.rounding == MIXED else self.rounding
        return Soft(format, mode, self.arithmetic.flush, self.rng)

    @property
    def ops(self) -> Soft:
        """The elementwise operations."""
        return self.soft(self.arithmetic.format)

    # A state is a pair: the carried state, as float64, and the returned state, which is not rounded again.

    def start(self, case: Case, direction: int) -> np.ndarray:
        """The pair of the initial state."""
        start = super().start(case, direction).astype(np.float64)
        return np.stack([self.read(start), start])

    def output(self, case: Case, h: np.ndarray, counts: np.ndarray, start: np.ndarray) -> np.ndarray:
        """The returned output of this step."""
        return super().output(case, h[1], counts, start).astype(case.dtype)

    def final(self, case: Case, outputs: np.ndarray, h: np.ndarray) -> np.ndarray:
        """The returned final state."""
        return h[1].astype(case.dtype)

    def step(self, x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
        """The pair of the next state."""
        h = h[0]
        kernel, recurrent_kernel = ([self.read(block) for block in array] for array in (p.kernel, p.recurrent_kernel))
        weights = list(zip(kernel, recurrent_kernel, *(self.read(row) for row in p.bias), strict=True))
        x = self.read(x)
        a = self.pre_activation(x, h, *weights[0])
        new = self.blend(a, h, self.activation(TANH, self.candidate_of(x, h, weights, p.reset)))
        return np.stack([new, self.soft(self.arithmetic.output_format).cast(new)])

    def candidate_of(
        self, x: np.ndarray, h: np.ndarray, weights: list[tuple[np.ndarray, ...]], reset: str
    ) -> np.ndarray:
        """The candidate's pre-activation."""
        if reset == "none":
            return self.pre_activation(x, h, *weights[1])
        r = self.activation(SIGMA, self.pre_activation(x, h, *weights[1]))
        W, U, b, c = weights[2]
        if reset == "before":
            return self.pre_activation(x, self.ops.multiply(r, h), *weights[2])
        v = self.total([(h, U)], [c])
        if self.arithmetic.summation == "any order" and self.joins_reset:
            return self.total([(x, W)], [b, self.ops.multiply(r, v)])
        return self.times_plus(r, v, self.total([(x, W)], [b]))

    def pre_activation(
        self, x: np.ndarray, h: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray, c: np.ndarray
    ) -> np.ndarray:
        """x W + b + h U + c, summed as the class allows."""
        if self.arithmetic.summation == "any order":
            return self.total([(x, W), (h, U)], [b, c])
        if self.merges_biases:
            return self.ops.add(self.total([(x, W)], [self.ops.add(b, c)]), self.total([(h, U)]))
        return self.ops.add(self.total([(x, W)], [b]), self.total([(h, U)], [c]))

    def total(
        self, products: list[tuple[np.ndarray, np.ndarray]], addends: list[np.ndarray] | None = None
    ) -> np.ndarray:
        """A sum of products, in the format of elementwise operations. Biases may be added after the cast if that is
        narrower.
        """
        cast = self.soft(self.arithmetic.operands).cast
        operands = [(cast(rows), cast(matrix)) for rows, matrix in products]
        if not addends or not self.adds_apart:
            return self.ops.cast(self.sums(operands, addends or []))
        parts: list[np.ndarray] = [*(self.ops.cast(self.sums([pair])) for pair in operands), *addends]
        return reduce(self.ops.add, [parts[int(i)] for i in self.rng.permutation(len(parts))])

    def activation(self, function: str, a: np.ndarray) -> np.ndarray:
        """sigma or tanh, with the claimed accuracy."""
        claim, format = self.arithmetic.accuracy, self.arithmetic.format
        if self.arithmetic.activation == "correctly rounded":
            return correctly_rounded(function, a, self.ops)
        skew = SKEWS[self.skew](self.rng, a.shape)
        return within(claim, function, a, format, skew, flush=self.arithmetic.flush)

    def blend(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, a: np.ndarray, h: np.ndarray, n: np.ndarray
    ) -> np.ndarray:
        """The new state, from the update gate's pre-activation, the state and the candidate."""
        z = self.activation(SIGMA, a)
        if self.form == CANDIDATE_FIRST:
            return self.times_plus(z, self.ops.subtract(h, n), n)
        if self.form == THREE_TERMS:
            return self.times_plus(z, h, self.times_plus(-z, n, n))
        keep = self.activation(SIGMA, -a) if self.form.endswith(NEGATED) else self.ops.subtract(1.0, z)
        if self.form.startswith(STATE_FIRST):
            return self.times_plus(keep, self.ops.subtract(n, h), h)
        ways = ((z, h, keep, n), (keep, n, z, h))
        first, state, second, other = ways[self.rng.integers(2)]
        return self.times_plus(first, state, self.ops.multiply(second, other))

    def times_plus(self, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        """a b + c, contracted or not."""
        if self.rng.random() < 0.5:
            return self.ops.multiply_add(a, b, c)
        return self.ops.add(self.ops.multiply(a, b), c)

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """Convert input numbers to the format of operations, flushed before or after the cast."""
        if self.flushes_early:
            numbers = self.soft(self.arithmetic.interface).read(numbers)
        return self.ops.cast(self.ops.read(numbers))

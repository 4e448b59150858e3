"""The arguments at which sigma and tanh are measured, and the exact values there.

Formats of 16 bits are measured at every number. For wider ones the arguments are, with both signs: every order of
magnitude, at its first, its last and an inner number; many in each order in which tanh is neither its argument nor 1 to
the last place, where approximations change their formula; the numbers around the smallest normal one; the arguments
whose sigma lies below the normal range; and runs of consecutive numbers. Then the same number again, closer to where
the errors are large.

Source of truth: Arb (balls.py). Left out: a proof that no argument is worse, which would require every number.
"""

from collections.abc import Callable
from functools import lru_cache, reduce
from math import ceil, ldexp, log, log2
from typing import NamedTuple

import numpy as np
from flint import arb

from conformance.interface.arithmetic import Format
from conformance.truth.balls import Balls, balls, precision, sigma

TANH, SIGMA = "tanh", "sigma"
BITS = 256
"""Arb's precision: some hundred bits more than the last place of any format."""
LOWEST, LEAST_SCALE = -(1 << 16), -512
"""The exponent of 0 and of numbers that no format distinguishes from it; and the lowest scale. Below it the scaled
number is small itself, so that no number compared with it overflows.
"""
PER_BINADE, RUN, WINDOW, DENSER = 384, 32, 64, 16
MANTISSAS = (5**0.5 - 1) / 2
"""Multiples of the golden ratio are evenly distributed between 0 and 1 for every count, and have full mantissas."""


class Exact(NamedTuple):
    """sigma or tanh at sorted arguments: (lead + rest) 2^scale, where rest is the rounding error of lead.

    exponents: the e with 2^e <= |value| < 2^(e + 1), or LOWEST.
    """

    arguments: np.ndarray
    lead: np.ndarray
    rest: np.ndarray
    scale: np.ndarray
    exponents: np.ndarray


@lru_cache(maxsize=16)
def arguments(formats: tuple[Format, ...]) -> np.ndarray:
    """Sorted float64 arguments that are numbers of all the formats, and whose sums cannot overflow in any."""
    narrow = min(formats, key=lambda format: format.precision)
    sizes = _every(narrow) if few(formats) else np.concatenate([_orders(narrow), _bend(narrow), _edges(narrow)])
    sizes = np.unique(_of_all(sizes, formats))
    sizes = sizes[sizes <= min(float(format.half_largest) / 2 for format in formats)]
    found = np.concatenate([-sizes[sizes > 0][::-1], [0.0], sizes[sizes > 0]])
    found.setflags(write=False)
    return found


def few(formats: tuple[Format, ...]) -> bool:
    """True if so few numbers are in all of the formats that `arguments` contains every one."""
    narrow = min(formats, key=lambda format: format.precision)
    return (narrow.largest - narrow.smallest + 2) << (narrow.precision - 1) <= 1 << 16


def closer(given: np.ndarray, parts: np.ndarray, count: int, formats: tuple[Format, ...]) -> np.ndarray:
    """`count` further arguments, in those parts of the given (sorted) ones where large errors are likely.

    parts: each error as a part of the allowance. Errors of neighbours differ almost randomly, so the worst error of a
    part appears only if many of its numbers are measured. Mean and spread show where this is most useful. No verdict
    depends on this.
    """
    windows = len(given) // WINDOW
    errors = np.minimum(parts, 1)[: windows * WINDOW].reshape(windows, WINDOW)
    expected = errors.mean(axis=1) + 2 * errors.std(axis=1)
    best = WINDOW * np.argsort(-expected, kind="stable")[: max(1, count // (WINDOW * DENSER))]
    low, high = given[best, None], given[best + WINDOW - 1, None]
    within = np.arange(-(-count // len(best))) * MANTISSAS % 1
    return np.sort(_of_all((low + (high - low) * within).ravel()[:count], formats))


@lru_cache(maxsize=32)
def exact(activation: str, formats: tuple[Format, ...]) -> Exact:
    """The activation at the arguments of these formats."""
    return exact_at(activation, arguments(formats))


def exact_at(activation: str, given: np.ndarray) -> Exact:
    """The activation at any arguments."""
    exponents, lead, rest = _split(exact_balls(activation, given))
    exponents = exponents.astype(np.int64)
    scale = np.maximum(exponents, LEAST_SCALE)
    if activation == SIGMA:
        exponents = np.where(given < 0, exponents, -1)
    return Exact(given, lead.astype(np.float64), rest.astype(np.float64), scale, exponents)


def exact_balls(activation: str, given: np.ndarray) -> Balls:
    """The activation at any arguments, as balls."""
    with precision(BITS):
        return np.tanh(balls(given)) if activation == TANH else sigma(balls(given))


class Errors(NamedTuple):
    """The errors of computed numbers (widths, arguments), within a few roundings.

    size: of the exact values. Both are in units of 2^scale (of exact). An infinity replaces NaN.
    """

    computed: np.ndarray
    exact: Exact
    size: np.ndarray
    off: np.ndarray

    @staticmethod
    def of(computed: np.ndarray, exact: Exact) -> "Errors":
        """The errors of computed numbers, (widths, arguments)."""
        with np.errstate(over="ignore"):  # a subject may return anything
            off = np.abs((np.ldexp(computed, -exact.scale) - exact.lead) - exact.rest)
        return Errors(computed, exact, np.abs(exact.lead), np.where(np.isnan(off), np.inf, off))

    def ulps(self, off: np.ndarray, format: Format) -> np.ndarray:
        """Errors in units in the last place of the exact values."""
        return self._scaled(off, -last_place(self.exact.exponents, format))

    def roundoffs(self, format: Format) -> np.ndarray:
        """Errors in unit roundoffs of a format."""
        return self._scaled(self.off, format.precision)

    def _scaled(self, off: np.ndarray, exponents: np.ndarray | int) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.ldexp(off, self.exact.scale + exponents)

    def beside(self, other: "Errors") -> "Errors":
        """Both sets of errors, sorted by their arguments."""
        order = np.argsort(np.append(self.exact.arguments, other.exact.arguments), kind="stable")

        def joined(one: np.ndarray, two: np.ndarray) -> np.ndarray:
            return np.concatenate([one, two], axis=-1)[..., order]

        exact = Exact(*map(joined, self.exact, other.exact))
        size, off = joined(self.size, other.size), joined(self.off, other.off)
        return Errors(joined(self.computed, other.computed), exact, size, off)


def rounded(numbers: np.ndarray, format: Format) -> np.ndarray:
    """The nearest numbers of a format. Numbers above its largest stay above it."""
    quantum = np.maximum(np.frexp(numbers)[1], format.smallest + 1) - format.precision
    return np.ldexp(np.rint(np.ldexp(numbers, -quantum)), quantum)


def last_place(exponents: np.ndarray, format: Format) -> np.ndarray:
    """The exponent of the distance between a format's numbers at values of these exponents."""
    return np.maximum(exponents, format.smallest) - format.precision + 1


def _every(format: Format) -> np.ndarray:
    half = 1 << (format.precision - 1)
    mantissas, exponents = np.arange(half, 2 * half), np.arange(format.smallest, format.largest + 1)
    last = 1 - format.precision
    normal = np.ldexp(mantissas.astype(float), exponents[:, None] + last)
    return np.concatenate([np.ldexp(np.arange(half, dtype=float), format.smallest + last), normal.ravel()])


def _orders(format: Format) -> np.ndarray:
    """Three numbers of every order of magnitude, including those below the normal range."""
    exponents = np.arange(format.smallest - format.precision + 1, format.largest)
    inner = 1 + exponents * MANTISSAS % 1
    last = np.full(len(exponents), 2 - 2.0 ** (1 - format.precision))
    return np.ldexp(np.stack([np.ones(len(exponents)), inner, last]), exponents).ravel()


def _bend(format: Format) -> np.ndarray:
    """Many numbers from where tanh leaves its argument, at x^2 = u, to where sigma is 0 in the format."""
    lowest = (format.smallest - format.precision) * log(2)
    exponents = np.arange(-ceil(format.precision / 2), ceil(log2(-lowest)))
    counted = np.arange(PER_BINADE)
    within = 1 + (counted + counted * MANTISSAS % 1) / PER_BINADE
    spread = np.ldexp(within, exponents[:, None]).ravel()
    saturated = 2 * format.precision * log(2)
    evenly = (np.arange(8 * PER_BINADE) + MANTISSAS) / (8 * PER_BINADE) * saturated
    below = -np.linspace(format.smallest * log(2), lowest, PER_BINADE)
    return np.concatenate([spread, evenly, below, _run(1 + exponents * MANTISSAS % 1, exponents, format)])


def _edges(format: Format) -> np.ndarray:
    """The smallest numbers, and those around the smallest normal one."""
    counted = np.arange(-RUN, RUN + 1)
    spacing, normal = float(format.spacing), float(format.smallest_normal)
    return np.concatenate([counted[RUN:] * spacing, normal + counted * spacing])


def _run(mantissas: np.ndarray, exponents: np.ndarray, format: Format) -> np.ndarray:
    """Consecutive numbers from each of these on."""
    first = rounded(np.ldexp(mantissas, exponents), format)
    return (first + np.ldexp(np.arange(RUN, dtype=float)[:, None], last_place(exponents, format))).ravel()


def _of_all(numbers: np.ndarray, formats: tuple[Format, ...]) -> np.ndarray:
    """Numbers rounded to one format after another, so that they are numbers of each."""
    return reduce(rounded, formats, numbers)


def _split_ball(ball: arb) -> tuple[int, float, float]:
    """The exponent of the ball's lowest point, and its middle in two parts, divided by 2 to this exponent.

    If a ball reaches up to a power of two, the value lies below it. This holds for tanh, which stays below 1 and below
    its argument, and for sigma below 0.
    """
    mantissa, low = (int(part) for part in ball.abs_lower().man_exp())
    exponent = max(mantissa.bit_length() + low - 1, LOWEST) if mantissa else LOWEST
    mantissa, low = (int(part) for part in ball.mid().man_exp())
    lead = float(mantissa)
    shift = max(low - max(exponent, LEAST_SCALE), LOWEST)
    return exponent, ldexp(lead, shift), ldexp(float(mantissa - int(lead)), shift)


_split: Callable[[Balls], tuple[Balls, Balls, Balls]] = np.frompyfunc(_split_ball, 1, 3)

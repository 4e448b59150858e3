"""Where sigma and tanh are tried: arguments of a format, and the exact values there.

Formats of 16 bits are tried at every number. In wider ones the arguments are both signs of: every order of magnitude,
at its first, its last and an inner number; many in each order in which tanh is neither its argument nor 1 to the last
place, where approximations change their formula; the numbers about the smallest normal one; the arguments whose sigma
lies below the normal range; and runs of consecutive numbers. Then as many again, closer to where the errors are large.

Source of truth: Arb (balls.py). Left out: a proof that no argument is worse, which only trying every number would give.
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
"""The exponent of 0 and of what no format tells from it. How far down numbers are scaled: below, the scaled number is
small itself, so that nothing overflows that is compared with it."""
PER_BINADE, RUN, WINDOW, DENSER = 384, 32, 64, 16
MANTISSAS = (5**0.5 - 1) / 2
"""The golden ratio's multiples spread evenly between 0 and 1 at every count, and have mantissas of full length."""


class Exact(NamedTuple):
    """sigma or tanh at sorted arguments: (lead + rest) 2^scale, of which rest is what lead, rounded, leaves over.

    exponents: the e with 2^e <= |value| < 2^(e + 1), or LOWEST.
    """

    arguments: np.ndarray
    lead: np.ndarray
    rest: np.ndarray
    scale: np.ndarray
    exponents: np.ndarray


@lru_cache(maxsize=16)
def arguments(formats: tuple[Format, ...]) -> np.ndarray:
    """Sorted float64: numbers of every one of the formats, sums of which cannot overflow in any."""
    narrow = min(formats, key=lambda format: format.precision)
    sizes = _every(narrow) if few(formats) else np.concatenate([_orders(narrow), _bend(narrow), _edges(narrow)])
    sizes = np.unique(_of_all(sizes, formats))
    sizes = sizes[sizes <= min(float(format.half_largest) / 2 for format in formats)]
    found = np.concatenate([-sizes[sizes > 0][::-1], [0.0], sizes[sizes > 0]])
    found.setflags(write=False)
    return found


def few(formats: tuple[Format, ...]) -> bool:
    """Whether the numbers that are in all of the formats are so few that arguments has every one."""
    narrow = min(formats, key=lambda format: format.precision)
    return (narrow.largest - narrow.smallest + 2) << (narrow.precision - 1) <= 1 << 16


def closer(given: np.ndarray, parts: np.ndarray, count: int, formats: tuple[Format, ...]) -> np.ndarray:
    """count further arguments, in those stretches of the given ones (sorted) where large errors are to be expected.

    parts: each error as a part of what is allowed. Errors of neighbours differ as if at random, so the worst of a
    stretch shows when much of it is tried: mean and spread say where that is worth most. No verdict rests on this.
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
    """How far computed numbers (widths, arguments) are from the exact ones: off, within a few roundings.

    size: of the exact values. Both are in units of 2^scale (of exact). An infinity stands for what is no number.
    """

    computed: np.ndarray
    exact: Exact
    size: np.ndarray
    off: np.ndarray

    @staticmethod
    def of(computed: np.ndarray, exact: Exact) -> "Errors":
        """computed: (widths, arguments)."""
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
        """Both, sorted by their arguments."""
        order = np.argsort(np.append(self.exact.arguments, other.exact.arguments), kind="stable")

        def joined(one: np.ndarray, two: np.ndarray) -> np.ndarray:
            return np.concatenate([one, two], axis=-1)[..., order]

        exact = Exact(*map(joined, self.exact, other.exact))
        size, off = joined(self.size, other.size), joined(self.off, other.off)
        return Errors(joined(self.computed, other.computed), exact, size, off)


def rounded(numbers: np.ndarray, format: Format) -> np.ndarray:
    """The nearest numbers of a format; those past its largest stay past it."""
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
    """Three numbers of every order of magnitude, those below the normal range included."""
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
    """The smallest numbers, and those about the smallest normal one."""
    counted = np.arange(-RUN, RUN + 1)
    spacing, normal = float(format.spacing), float(format.smallest_normal)
    return np.concatenate([counted[RUN:] * spacing, normal + counted * spacing])


def _run(mantissas: np.ndarray, exponents: np.ndarray, format: Format) -> np.ndarray:
    """Consecutive numbers from each of these on."""
    first = rounded(np.ldexp(mantissas, exponents), format)
    return (first + np.ldexp(np.arange(RUN, dtype=float)[:, None], last_place(exponents, format))).ravel()


def _of_all(numbers: np.ndarray, formats: tuple[Format, ...]) -> np.ndarray:
    """Rounded to one format after the other: numbers of each."""
    return reduce(rounded, formats, numbers)


def _split_ball(ball: arb) -> tuple[int, float, float]:
    """The exponent of the ball's lowest point, and its middle in two parts, over 2 to that exponent.

    Where a ball reaches up to a power of two, the value lies below it: so it is with tanh, which stays below 1 and
    below its argument, and with sigma below 0.
    """
    mantissa, low = (int(part) for part in ball.abs_lower().man_exp())
    exponent = max(mantissa.bit_length() + low - 1, LOWEST) if mantissa else LOWEST
    mantissa, low = (int(part) for part in ball.mid().man_exp())
    lead = float(mantissa)
    shift = max(low - max(exponent, LEAST_SCALE), LOWEST)
    return exponent, ldexp(lead, shift), ldexp(float(mantissa - int(lead)), shift)


_split: Callable[[Balls], tuple[Balls, Balls, Balls]] = np.frompyfunc(_split_ball, 1, 3)

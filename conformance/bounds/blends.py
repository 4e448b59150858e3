"""The closed list of formulas for the new state, each with its rounding errors.

In exact arithmetic all equal z h + (1 - z) n. A formula outside this list belongs to another class and cannot be
claimed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

Sized = Any
"""Magnitudes: one ball, or an array of balls."""


class Rounding(NamedTuple):
    """One rounding: its relative part u, and its absolute part if the result underflows."""

    u: Sized
    underflow: Sized

    def of(self, size: Sized) -> Sized:
        """The error of one operation whose exact result is at most size."""
        return self.u * size + self.underflow

    def then(self, other: "Rounding") -> "Rounding":
        """One rounding after another."""
        return Rounding(self.u + other.u + self.u * other.u, (1 + other.u) * self.underflow + other.underflow)


class Sizes(NamedTuple):
    """Magnitudes in a blend: z, s = 1 - z, n, h and h - n; and the rounding error of s if it is computed by
    subtraction.
    """

    z: Sized
    s: Sized
    n: Sized
    h: Sized
    d: Sized
    e_s: Sized


# Each function returns the error before the last addition is rounded.


def _products(once: Rounding, of: Sizes) -> Sized:
    return once.of(of.z * of.h) + of.e_s * of.n + once.of((of.s + of.e_s) * of.n)


def _candidate_first(once: Rounding, of: Sizes) -> Sized:
    e_d = once.of(of.d)
    return of.z * e_d + once.of(of.z * (of.d + e_d))


def _state_first(once: Rounding, of: Sizes) -> Sized:
    e_d = once.of(of.d)
    return of.s * e_d + of.e_s * (of.d + e_d) + once.of((of.s + of.e_s) * (of.d + e_d))


def _three_terms(once: Rounding, of: Sizes) -> Sized:
    e_zn = once.of(of.z * of.n)
    return e_zn + once.of(of.s * of.n + e_zn) + once.of(of.z * of.h)


PRODUCTS, CANDIDATE_FIRST, STATE_FIRST, THREE_TERMS = (
    "z h + (1-z) n", "n + z (h-n)", "h + (1-z) (n-h)", "n - z n + z h",
)  # fmt: skip

BLENDS: dict[str, Callable[[Rounding, Sizes], Sized]] = {
    PRODUCTS: _products,
    CANDIDATE_FIRST: _candidate_first,
    STATE_FIRST: _state_first,
    THREE_TERMS: _three_terms,
}

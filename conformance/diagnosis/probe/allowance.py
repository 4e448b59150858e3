"""The error that a claim allows at each number of a sweep, and the error that the blend may add.

Allowances are floats, each within a few roundings of the real one. Whether the largest error is allowed is decided
again for this one number, in ball arithmetic from exact fractions.
"""

from collections.abc import Callable
from fractions import Fraction
from math import inf, isfinite, nextafter
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from conformance.bounds.elementwise import constant
from conformance.bounds.proven import contains
from conformance.checks.smoke import FORCED
from conformance.diagnosis.probe.sweep import BITS, SIGMA, TANH, Errors, exact_balls, last_place
from conformance.interface.arithmetic import Activation, Arithmetic
from conformance.truth.balls import precision


class Blend(NamedTuple):
    """The error that the blend may add in any form of bounds.BLENDS, according to its observed behaviour.

    Attributes:
        relative: The error relative to the candidate, in the state after the empty gate. Let G be the larger distance
            of sigma(-64) from 0 and of sigma(64) from 1, observed from a state of 1. In each form this state is n times
            sigma(64) or 1 - sigma(-64), or n minus n sigma(-64): at most G away from n, except for two roundings. It is
            n itself if sigma(64) is 1 and sigma(-64) is so small that both differences round to the minuend. (A GRU's
            sigma is assumed to return the same number for the same argument.)
        subtracted: True if the observed sigma(a) may have been computed as 1 - s with s = 1 - sigma(a) or sigma(-a), as
            in h + (1-z) (n-h). Such a number is a multiple of u; one number below 1/2 that is not refutes it. All other
            forms return sigma(a) itself.
    """

    relative: Fraction
    subtracted: bool

    @staticmethod
    def observed(claim: Arithmetic, sigma: np.ndarray | None, arguments: np.ndarray) -> "Blend":
        """Derive the blend from the observed sigma, (widths, arguments). Without it, the gate has the largest
        claimed error.
        """
        u, accuracy = claim.format.unit_roundoff, claim.accuracy
        if sigma is None:
            far = (accuracy.ulps + accuracy.floor) * u + accuracy.absolute + Fraction(1, 2**FORCED)
            return Blend(_twice_rounded(far, claim), True)
        empty, full = (sigma[:, arguments == forced].ravel() for forced in (-FORCED, FORCED))
        small = sigma[np.abs(sigma) < 0.5]
        subtracted = not np.any(np.ldexp(small, claim.format.precision) % 1)
        if not np.all(np.isfinite([empty, full])):
            return Blend(Fraction(1), subtracted)
        far = max(Fraction(float(np.abs(part).max())) for part in (empty, 1 - full))
        if claim.rounding == "nearest" and np.all(full == 1) and far < u / 2:
            return Blend(Fraction(0), subtracted)
        return Blend(_twice_rounded(far, claim), subtracted)

    def words(self, activation: str) -> str:
        """The error in words, for a report."""
        if activation == TANH:
            return f"may add {float(self.relative):.2g} of the value" if self.relative else "adds nothing"
        return "may be subtracted from 1, which adds a rounding of 1" if self.subtracted else "adds nothing"


def _twice_rounded(far: Fraction, claim: Arithmetic) -> Fraction:
    return (1 + far) * (1 + claim.unit(claim.format)) ** 2 - 1


class Allowance(NamedTuple):
    """The error that a claim allows for an activation: any class of accuracy, with the claimed formats, flushing and
    rounding.
    """

    activation: str
    claim: Arithmetic
    blend: Blend

    def worst(self, accuracy: Activation, errors: Errors, *, whole: bool = False) -> tuple[int, float]:
        """The error that is the largest part of the allowance of a class: its flat index, and this part.

        whole: include everything that the blend may add. The part exceeds 1 only if the error is certainly larger than
        allowed.
        """
        parts = self.parts(accuracy, errors, whole=whole)
        index = int(np.argmax(parts))
        part = float(parts.flat[index])
        if not isfinite(part):
            return index, part
        return index, max(part, nextafter(1, inf)) if self._exceeds(accuracy, errors, index, whole) else min(part, 1.0)

    def parts(self, accuracy: Activation, errors: Errors, *, whole: bool = False) -> np.ndarray:
        """Every error as a part of the allowance of a class, within a few roundings."""
        return errors.off / self._in_floats(accuracy, errors, whole)

    def beyond(self, accuracy: Activation, errors: Errors) -> np.ndarray:
        """The errors minus the allowance of a class except its units in the last place; 0 where that is enough."""
        return np.maximum(errors.off - self._in_floats(accuracy._replace(ulps=Fraction(0)), errors, False), 0)

    def _in_floats(self, accuracy: Activation, errors: Errors, whole: bool) -> np.ndarray:
        return self._allowed(accuracy, errors.exact.exponents, errors.exact.scale, errors.size, whole, _floats)

    def _exceeds(self, accuracy: Activation, errors: Errors, index: int, whole: bool) -> bool:
        """True if one error certainly exceeds the allowance."""
        at = index % errors.size.size
        exponent, scale = errors.exact.exponents[at], errors.exact.scale[at]
        (exact,) = exact_balls(self.activation, errors.exact.arguments[at : at + 1])
        with precision(BITS):
            unit = _ball(Fraction(1), -scale)
            allowed = self._allowed(accuracy, exponent, scale, abs(exact) * unit, whole, _ball)
            return bool(abs(arb(float(errors.computed.flat[index])) - exact) * unit > allowed)

    def _allowed(
        self,
        accuracy: Activation,
        exponents: np.ndarray,
        scale: np.ndarray,
        size: Any,
        whole: bool,
        scaled: Callable[[Fraction, Any], Any],
    ) -> Any:
        """The allowance in units of 2^scale, for values of these sizes and exponents.

        scaled: multiplies a number by a power of two, as floats or as balls.
        """
        claim, format = self.claim, self.claim.format
        place = last_place(exponents, format)
        fixed = accuracy.floor * format.unit_roundoff + accuracy.absolute
        fixed = scaled(fixed + format.smallest_normal if claim.flush else fixed, -scale)
        allowed = scaled(accuracy.ulps, place - scale) + fixed
        if whole and self.activation == TANH and self.blend.relative:
            underflow = scaled(2 * claim.underflow(format), -scale)
            allowed = allowed + scaled(self.blend.relative, 0) * (size + allowed) + underflow
        if whole and self.activation == SIGMA and self.blend.subtracted:
            # sigma(-a) is below 1, so its unit in the last place is at most u; then one number up to 1 is rounded.
            allowed = scaled(accuracy.ulps, np.maximum(place, -format.precision) - scale) + fixed
            allowed = allowed + scaled(claim.unit(format), -scale)
        if contains(claim.output_format, format):
            return allowed
        once, underflow = claim.unit(claim.output_format), claim.underflow(claim.output_format)
        return allowed + scaled(once, 0) * (size + allowed) + scaled(underflow, -scale)


def _floats(number: Fraction, exponent: np.ndarray | int) -> np.ndarray:
    return np.ldexp(float(number), exponent)


def _ball(number: Fraction, exponent: int) -> arb:
    return constant(number * Fraction(2) ** int(exponent))

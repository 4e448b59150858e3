"""Single operations and the candidate, over all operands of small formats: with underflow, flushing, and casts.

Each runs in software and is compared with the code's bound for an operation on exact numbers.
"""

from collections.abc import Callable, Iterator

import numpy as np

from conformance.bounds import BITS, Computed, Proven
from conformance.bounds.elementwise import sigma, tanh
from conformance.interface.arithmetic import Format
from conformance.truth.balls import precision
from studies.searches.toys import EIGHT_BITS, SIX_BITS, Search, Toy, known, numbers, share, toy, unbounded
from studies.softfloat.formats import Soft

MODES = {"nearest": ("nearest", "nearest away"), "any": ("up", "down", "toward zero")}

Operation = tuple[
    Callable[[Soft, np.ndarray, np.ndarray], np.ndarray], Callable[[Proven, Computed, Computed], Computed]
]

OPERATIONS: dict[str, Operation] = {
    "a + b": (lambda soft, a, b: soft.add(a, b), lambda ops, a, b: ops.add(a, b)),
    "a - b": (lambda soft, a, b: soft.subtract(a, b), lambda ops, a, b: ops.subtract(a, b)),
    "a b": (lambda soft, a, b: soft.multiply(a, b), lambda ops, a, b: ops.times(a, b)),
}


def single(format: Format = EIGHT_BITS) -> Iterator[Search]:
    """One operation on two numbers: gradual underflow, flushing (of normal operands), and neither."""
    for rounding in MODES:
        for kind, claim in (
            (", underflow", toy(_roomy(format), rounding)),
            (", flushed", toy(_roomy(format), rounding, flush=True)),
            ("", toy(unbounded(format), rounding)),
        ):
            values = _operands(format, flush=claim.flush)
            a, b = (grid.ravel() for grid in np.meshgrid(values, values))
            for name in OPERATIONS:
                yield _single(name, kind, claim, a, b)


def _single(name: str, kind: str, claim: Toy, a: np.ndarray, b: np.ndarray) -> Search:
    found, (computed, bound) = Search(name + kind, claim.rounding), OPERATIONS[name]
    with precision(BITS):
        allowed = bound(Proven(claim), known(a), known(b))
        _hold(found, claim, allowed, lambda soft: computed(soft, a, b), a=a, b=b)
    return found


def candidates(format: Format = EIGHT_BITS, most: float = 0.5) -> Iterator[Search]:
    """x + r v, contracted or not, over all r in [0, 1] and all v and x up to a size."""
    r, v = numbers(format, least=0, most=1), numbers(format, least=0, most=most)
    x = numbers(format, least=-most, most=most)
    r, v, x = (grid.ravel() for grid in np.meshgrid(r, v, x))
    for rounding in MODES:
        claim = toy(format, rounding)
        found = Search("candidate x + r v", rounding)
        with precision(BITS):
            ops = Proven(claim)
            allowed = ops.add(known(x), ops.times(known(r), known(v)))
            for run in (
                lambda soft: soft.add(x, soft.multiply(r, v)),
                lambda soft: soft.multiply_add(r, v, x),
            ):
                _hold(found, claim, allowed, run, r=r, v=v, x=x)
        yield found


def casts(format: Format = EIGHT_BITS, seen: Format = SIX_BITS) -> Iterator[Search]:
    """States returned in fewer bits: from carried to returned ones, and back; and flushed operands."""
    for rounding in MODES:
        for flush in (False, True):
            kind = ", flushed" if flush else ""
            carried = numbers(format, most=2.0 ** (seen.largest - 1), least=-(2.0 ** (seen.largest - 1)))
            if flush:
                carried = carried[(carried == 0) | (np.abs(carried) >= float(format.smallest_normal))]
            claim = toy(format, rounding, flush=flush, seen=seen)
            down, back = Search(f"state as shown{kind}", rounding), Search(f"state as carried{kind}", rounding)
            with precision(BITS):
                ops = Proven(claim)
                allowed = ops.shown(known(carried))
                for mode in MODES[rounding]:
                    shown = Soft(seen, mode, flush).cast(carried)
                    down.add(_used(allowed, shown), carried=carried, shown=shown)
                    back.add(_used(ops.carried(shown), carried), carried=carried, shown=shown)
            yield down
            yield back


def slopes(format: Format = EIGHT_BITS) -> Iterator[Search]:
    """The effect of an error in the argument of sigma and tanh, from every number of a format to every other."""
    values = numbers(format, least=-8, most=8)
    a, b = (grid.ravel() for grid in np.meshgrid(values, values))
    for name, function, gate in (("sigma", sigma, Proven.sigma), ("tanh", tanh, Proven.tanh)):
        found = Search(f"argument of {name} off by any amount", "any")
        with precision(BITS):
            exact, other = known(a).exact, known(b).exact
            bound = gate(Proven(toy(format, "any")), Computed(exact, abs(other - exact))).inherited
            error = abs(function(other) - function(exact))
            # If the error is so large that the slope is unknown, the bound is not a number, and the step is refused.
            proves = np.isfinite(bound.astype(np.float64))
            found.refused = int(np.sum(~proves))
            found.add(
                share(error[proves].astype(np.float64), bound[proves].astype(np.float64)), a=a[proves], b=b[proves]
            )
        yield found


def _roomy(format: Format) -> Format:
    """A format with room for the product of any two numbers."""
    return format._replace(largest=2 * format.largest + 2)


def _operands(format: Format, *, flush: bool) -> np.ndarray:
    values = numbers(format)
    return values[(values == 0) | (np.abs(values) >= float(format.smallest_normal))] if flush else values


def _hold(
    found: Search, claim: Toy, allowed: Computed, run: Callable[[Soft], np.ndarray], **operands: np.ndarray
) -> None:
    for mode in MODES[claim.rounding]:
        found.add(_used(allowed, run(Soft(claim.format, mode, claim.flush))), **operands)


def _used(allowed: Computed, computed: np.ndarray) -> np.ndarray:
    """The used share of the bound. Exact values here have few bits, and their differences are exact too."""
    return share(computed - allowed.exact.astype(np.float64), allowed.error.astype(np.float64))

"""Every term of a bound is needed: honest arithmetic that uses at least half of each term alone.

Each row is a construction in which one term is the whole bound, or the difference between the bound with and without
it. The values are computed in software; the bounds come from the code under test.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rich.table import Table

from conformance.bounds import BITS, BLENDS, Computed, Proven
from conformance.bounds.elementwise import exactly
from conformance.bounds.proven import Gate, Matrix
from conformance.interface.arithmetic import FORMATS, Arithmetic
from conformance.truth.balls import precision
from studies.searches.activations import arguments
from studies.searches.blends import form_search
from studies.searches.toys import SEVEN_BITS, digits, known, share, toy
from studies.softfloat.activations import SIGMA, TANH, within
from studies.softfloat.formats import Soft

FLOAT32 = Arithmetic(dtype="float32", activation="4 ULP", source="emulated")
CLASSES = {
    "float16": replace(FLOAT32, dtype="float16"),
    "bfloat16": replace(FLOAT32, compute="bfloat16"),
    "float32": FLOAT32,
    "float64": replace(FLOAT32, dtype="float64"),
}
TERMS = 64


class Attained(NamedTuple):
    """A term, its class, the used part, and the construction."""

    term: str
    claim: str
    used: float
    by: str

    @property
    def holds(self) -> bool:
        """True if at least half of it and at most all of it is used."""
        return 0.5 <= self.used <= 1


def sums() -> Iterator[Attained]:
    """Sums of many terms, in the worst order; and the contribution of a bias."""
    for name, claim in CLASSES.items():
        # 1, then numbers that are each lost beside it, or that each cost a whole last place.
        for rounding, mode, small in (("nearest", "nearest", 1), ("any", "up", 2.0**-9)):
            claim = replace(claim, rounding=rounding)
            terms = np.full(TERMS, small * float(claim.sums.unit_roundoff))
            terms[0] = 1.0
            total = _in_order(Soft(claim.sums, mode), terms)
            bound = _sum_bound(claim, terms)
            by = f"1 + {TERMS - 1} times {'u' if small == 1 else 'u/512'}, rounded {mode}"
            error = (total - 1) - terms[1:].sum()  # both exactly
            yield _row("products' sum", f"{name}, {rounding}", error, bound, by)
        claim = replace(claim, rounding="nearest")
        u = float(claim.sums.unit_roundoff)
        alone = _sum_bound(claim, np.ones(1), np.array(u)) - _sum_bound(claim, np.ones(1))
        computed = Soft(claim.sums).add(1.0, u)
        yield _row(
            "bias", f"{name}, nearest", computed - (1 + u) if name != "float64" else u, alone, "1 times 1, and u"
        )


def operations() -> Iterator[Attained]:
    """Single operations: rounding, underflow, flushing."""
    u, smallest = (float(part) for part in (FLOAT32.format.unit_roundoff, FLOAT32.format.smallest_normal))
    for rounding, mode in (("nearest", "nearest"), ("any", "up")):
        claim = replace(FLOAT32, rounding=rounding)
        ops, soft = Proven(claim), Soft(claim.format, mode)
        small = u if rounding == "nearest" else u / 2**9
        sides = known(np.array([1.0])), known(np.array([small]))
        yield _of("the last addition", claim, soft.add(1.0, small), ops.add(*sides), f"1 + {small / u:g} u")
        a, b = _odd_factors(ops, soft)
        yield _of("the candidate's product", claim, soft.multiply(a, b), ops.times(known(a), known(b)), "r v")
        a = np.array([2.0**-75])
        b = a if rounding == "nearest" else a / 2**9
        yield _of("underflow of a product", claim, soft.multiply(a, b), ops.times(known(a), known(b)), "2^-75 squared")
    claim = replace(FLOAT32, flush=True)
    ops, soft = Proven(claim), Soft(claim.format, flush=True)
    a, b = np.array([smallest]), np.array([1 - u])
    yield _of("flushing of a result", claim, soft.multiply(a, b), ops.times(known(a), known(b)), "just below normal")
    operand = np.array([smallest * (1 - 2 * u)])
    yield _of("flushing of an operand", claim, soft.read(operand), ops.read(operand), "the largest subnormal number")


def activations(every: int = 1) -> Iterator[Attained]:
    """The claimed errors of activations, at every n-th number, and the effect of an error in their argument."""
    a = arguments("float16", every)
    for name in ("correctly rounded", "4 ULP", "8 ULP above 2u", "2^-10"):
        claim = replace(CLASSES["float16"], activation=name)
        ops = Proven(claim)
        for function, gate in ((SIGMA, ops.sigma), (TANH, ops.tanh)):
            allowed = gate(known(a))
            computed = within(claim.accuracy, function, a, claim.format, np.ones(a.shape))
            error = (exactly(computed) - allowed.exact).astype(np.float64)
            used = share(error, allowed.own.astype(np.float64))
            by = f"a = {a[used.argmax()]:g}"
            yield Attained(f"activation of {function}", str(claim), float(used.max()), by)
    off = 2.0**-20
    for name, gate in (("sigma", Proven.sigma), ("tanh", Proven.tanh)):
        ops = Proven(FLOAT32)
        moved = gate(ops, known(np.array([off]))).exact - gate(ops, known(np.array([0.0]))).exact
        bound = gate(ops, Computed(exactly(np.array([0.0])), exactly(np.array([off])))).inherited
        yield _row(f"error in the argument of {name}", str(FLOAT32), *_floats(moved, bound), "0, off by 2^-20")


def forms() -> Iterator[Attained]:
    """The roundings of each form."""
    for form in BLENDS:
        for rounding in ("nearest", "any"):
            found = form_search(toy(SEVEN_BITS, rounding), form, 2.0)
            yield Attained(f"blend {form}", f"seven bits, {rounding}", found.worst, found.at)


def errors() -> Iterator[Attained]:
    """The contribution of errors in z, n and h to the blend."""
    half, h, n, off = (np.array([value]) for value in (0.5, 1.0, -1.0, 2.0**-8))
    alone = _blend(half, n, h)
    for name, parts, moved in (
        ("z", {"e_z": off}, (half + off, n, h)),
        ("n", {"e_n": off}, (half, n + off, h)),
        ("h", {"e_h": off}, (half, n, h - off)),
    ):
        z, candidate, state = moved
        error = candidate + z * (state - candidate) - (n + half * (h - n))
        bound = _blend(half, n, h, **parts) - alone
        yield _row(f"error of {name} in the blend", str(FLOAT32), error, bound, "z = 1/2, h = 1, n = -1, off by 2^-8")


def casts() -> Iterator[Attained]:
    """Numbers, operands and states rounded to fewer bits."""
    for name in ("tf32", "bfloat16", "float16"):
        u = float(FORMATS[name].unit_roundoff)
        number = np.array([1 + u])
        rounded = Soft(FORMATS[name]).cast(number)
        yield _of(
            "operand's cast",
            claim := replace(FLOAT32, products=name),
            rounded,
            Proven(claim).operand(known(number)),
            "1 + u",
        )
        if name != "tf32":
            claim = replace(FLOAT32, output=name)
            yield _of("output's cast", claim, rounded, Proven(claim).shown(known(number)), "1 + u")
            allowed = Proven(claim).carried(rounded)
            yield _of("state behind the output", claim, number, allowed, "1, from 1 + u")
            claim = replace(FLOAT32, compute=name)
            yield _of("input's cast", claim, rounded, Proven(claim).read(number), "1 + u")


PARTS: dict[str, Callable[[], Iterator[Attained]]] = {
    "sums": sums,
    "operations": operations,
    "activations": activations,
    "forms": forms,
    "errors": errors,
    "casts": casts,
}


def attained() -> Iterator[Attained]:
    """Yield every term."""
    for part in PARTS.values():
        with precision(BITS):
            found = list(part())
        yield from found


def table(found: list[Attained]) -> Table:
    """A table with one line for each term."""
    rows = Table("term", "class", "used", "by", title="how much of each term honest arithmetic uses")
    for row in found:
        rows.add_row(row.term, row.claim, digits(row.used), row.by)
    return rows


def _in_order(soft: Soft, terms: np.ndarray) -> float:
    total = terms[0]
    for term in terms[1:]:
        total = soft.multiply_add(1.0, term, total)
    return float(total)


def _sum_bound(claim: Arithmetic, terms: np.ndarray, bias: np.ndarray | None = None) -> float:
    matrix = Matrix(known(np.ones((len(terms), 1))))
    matrix.units = np.array([-np.inf])  # as for weights of many bits
    addends = [] if bias is None else [known(bias.reshape(1, 1))]
    return float(Proven(claim).sum([(known(terms[None]), matrix)], addends).error[0, 0])


def _odd_factors(ops: Proven, soft: Soft) -> tuple[np.ndarray, np.ndarray]:
    """The two factors among many whose product uses the largest part of its bound."""
    rng = np.random.default_rng(0)
    a, b = (soft.cast(rng.uniform(1, 1.1, 2000)) for _ in range(2))
    allowed = ops.times(known(a), known(b))
    used = share(*_floats(exactly(soft.multiply(a, b)) - allowed.exact, allowed.error))
    return a[[used.argmax()]], b[[used.argmax()]]


def _blend(z: np.ndarray, n: np.ndarray, h: np.ndarray, **errors: np.ndarray) -> np.ndarray:
    zero = exactly(np.zeros(1))
    e_z, e_n, e_h = (exactly(errors.get(name, np.zeros(1))) for name in ("e_z", "e_n", "e_h"))
    gates = Gate(exactly(z), e_z, zero), Gate(exactly(1 - z), e_z, zero)
    bound = Proven(FLOAT32).blend(*gates, Computed(exactly(n), e_n), Computed(exactly(h), e_h))
    return bound.error.astype(np.float64)


def _of(term: str, claim: Arithmetic, computed: np.ndarray, allowed: Computed, by: str) -> Attained:
    error = exactly(computed) - allowed.exact
    return _row(term, str(claim), *_floats(error, allowed.error), by)


def _row(term: str, claim: str, error: np.ndarray | float, bound: np.ndarray | float, by: str) -> Attained:
    return Attained(term, claim, float(np.max(share(np.asarray(error), np.asarray(bound)))), by)


def _floats(*balls: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(part.astype(np.float64) for part in balls)

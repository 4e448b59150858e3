"""Activations at every argument of float16 and bfloat16: a claim's allowed error, compared with its bound.

A claim counts units in the last place, the bound is relative: k ULP are at most 2 k u of the value.
"""

from collections.abc import Iterator

import ml_dtypes
import numpy as np

from conformance.bounds import BITS, Proven
from conformance.bounds.elementwise import exactly
from conformance.bounds.proven import Gate
from conformance.interface.arithmetic import ACTIVATIONS, FORMATS
from conformance.truth.balls import precision
from studies.searches.operations import MODES
from studies.searches.toys import Search, known, share, toy
from studies.softfloat.activations import SIGMA, TANH, correctly_rounded, within
from studies.softfloat.formats import Soft

STORED = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def arguments(name: str, every: int = 1) -> np.ndarray:
    """Every finite number of a format of 16 bits, or every n-th of them."""
    with np.errstate(invalid="ignore"):
        values = np.arange(0, 2**16, every).astype(np.uint16).view(STORED[name]).astype(np.float64)
    return np.unique(values[np.isfinite(values)])


def accuracies(every: int = 1) -> Iterator[Search]:
    """Yield a search for each claim, function and format, with errors as large as the claim allows, on either side."""
    for name in STORED:
        a = arguments(name, every)
        for claimed in ACTIVATIONS:
            for rounding in MODES if claimed == "correctly rounded" else ("nearest",):
                for flush in (False, True):
                    yield search(name, a, claimed, rounding, flush=flush)


def search(name: str, a: np.ndarray, claimed: str, rounding: str = "nearest", *, flush: bool = False) -> Search:
    """Search one claim in one format, at these arguments."""
    format = FORMATS[name]
    claim = toy(format, rounding, activation=claimed, flush=flush)
    found = Search(f"{name} activation {claimed}{', flushed' * flush}", rounding)
    with precision(BITS):
        ops = Proven(claim)
        for function, gate in ((SIGMA, ops.sigma), (TANH, ops.tanh)):
            allowed = gate(known(a))
            if claimed == "correctly rounded":
                for mode in MODES[rounding]:
                    found.add(_used(allowed, correctly_rounded(function, a, Soft(format, mode, flush))), a=a)
                continue
            for skew in (-1.0, 1.0):
                computed = within(claim.accuracy, function, a, format, np.full(a.shape, skew), flush=flush)
                found.add(_used(allowed, computed), a=a)
    return found


def _used(allowed: Gate, computed: np.ndarray) -> np.ndarray:
    """The used share of the bound. Near 1, balls decide whether it exceeds 1."""
    error = abs(exactly(computed) - allowed.exact)
    used = share(error.astype(np.float64), allowed.own.astype(np.float64))
    return np.where(error > allowed.own, np.inf, np.minimum(used, 1))

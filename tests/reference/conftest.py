"""Every test here runs with floating-point errors and warnings raised, and with 128-bit balls."""

import warnings
from collections.abc import Iterator

import flint
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def strict_arithmetic() -> Iterator[None]:
    """Raise on everything that NumPy only reports; underflow alone is normal arithmetic."""
    with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(autouse=True)
def balls_of_128_bits() -> Iterator[None]:
    """Set the precision of balls, and cut power series after the slope."""
    before = flint.ctx.prec, flint.ctx.cap
    flint.ctx.prec, flint.ctx.cap = 128, 2
    yield
    flint.ctx.prec, flint.ctx.cap = before

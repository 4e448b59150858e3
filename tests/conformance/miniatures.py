"""Tiny subjects, each wrong as an adapter in one way, or right, for tests of the runner itself."""

import os
import time

import numpy as np

from conformance.interface.adapter import Adapter, Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated

CAPABILITIES = Capabilities(arithmetic={"float32": Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")})


def honest(case: Case) -> Outputs:
    """An adapter of an honest GRU."""
    return Emulated().run(case)


def _raises(case: Case) -> Outputs:
    raise RuntimeError("the kernel\nis not available")


def _raises_with_masks(case: Case) -> Outputs:
    if case.lengths is not None:
        raise RuntimeError("no lengths today")
    return honest(case)


def _dies(case: Case) -> Outputs:
    print("about to go", flush=True)
    os._exit(7)


def _dies_with_masks(case: Case) -> Outputs:
    if case.lengths is not None:
        os._exit(7)
    return honest(case)


def _leaves(case: Case) -> Outputs:
    raise SystemExit(0)


def _hangs(case: Case) -> Outputs:
    time.sleep(3600)
    return honest(case)


def _nan(case: Case) -> Outputs:
    outputs, final = honest(case)
    return Outputs(np.full_like(outputs, np.nan), final)


def _wrong_shape(case: Case) -> Outputs:
    outputs, final = honest(case)
    return Outputs(outputs.transpose(1, 0, 2), final)


def _wrong_dtype(case: Case) -> Outputs:
    return Outputs(*(part.astype(np.float64) for part in honest(case)))


def _sometimes(case: Case) -> Outputs:
    outputs, final = honest(case)
    _sometimes.calls = getattr(_sometimes, "calls", 0) + 1
    return Outputs(outputs + (_sometimes.calls % 3 == 0), final)


FORK_SECONDS = 120


def forks() -> Adapter:
    """A subject that starts a process which outlives it and holds its files."""
    if os.fork() == 0:
        time.sleep(FORK_SECONDS)
        os._exit(0)
    return right


right = Adapter(honest, CAPABILITIES)
raises = Adapter(_raises, CAPABILITIES)
dies = Adapter(_dies, CAPABILITIES)
leaves = Adapter(_leaves, CAPABILITIES)
hangs = Adapter(_hangs, CAPABILITIES)
returns_none = Adapter(lambda case: None, CAPABILITIES)
returns_lists = Adapter(lambda case: Outputs(*(part.tolist() for part in honest(case))), CAPABILITIES)
returns_one_array = Adapter(lambda case: honest(case).outputs, CAPABILITIES)
returns_nan = Adapter(_nan, CAPABILITIES)
wrong_shape = Adapter(_wrong_shape, CAPABILITIES)
wrong_dtype = Adapter(_wrong_dtype, CAPABILITIES)
zeros = Adapter(lambda case: Outputs(*(np.zeros_like(part) for part in honest(case))), CAPABILITIES)
flaky = Adapter(_sometimes, CAPABILITIES)
LENGTHS = Capabilities(arithmetic=CAPABILITIES.arithmetic, lengths=True)
raises_with_masks = Adapter(_raises_with_masks, LENGTHS)
dies_with_masks = Adapter(_dies_with_masks, LENGTHS)
claims_nothing = Adapter(honest, Capabilities(arithmetic={}))
no_capabilities = type("Bare", (), {"run": staticmethod(honest)})()
no_run = object()
gradients_missing = Adapter(honest, Capabilities(arithmetic=CAPABILITIES.arithmetic, gradients=True))


def makes_one() -> Adapter:
    """A function without arguments that returns an adapter."""
    return right


def needs_an_argument(path: str) -> Adapter:
    """A function that cannot be called without arguments."""
    return right


class Opaque:
    """An adapter whose attributes raise."""

    @property
    def capabilities(self):
        raise RuntimeError("not today")

    def run(self, case: Case) -> Outputs:
        return Emulated().run(case)


opaque = Opaque()

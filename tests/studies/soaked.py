"""Subjects for the soak with few capabilities, and a soak with few checks, so that a seed takes a second."""

from dataclasses import replace

import pytest

from conformance.checks.clauses import BY_CLAUSE
from conformance.interface.adapter import Capabilities
from conformance.mutants.emulated import Emulated
from studies.long_runs import soak
from tests.conformance.profiles import OWN


class honest(Emulated):
    """A right GRU in float32 only, forward and with reset after."""

    capabilities = Capabilities(arithmetic={"float32": Emulated.capabilities.arithmetic["float32"]})


class wrong_in_float64_too(Emulated):
    """Right in float32; in float64 it loses its state."""

    capabilities = replace(honest.capabilities, arithmetic=Emulated.capabilities.arithmetic)

    def step(self, x, h, p):
        return super().step(x, h * (x.dtype.name == "float32"), p)


def few(patch: pytest.MonkeyPatch) -> None:
    """Give the soak three checks on their own cases."""
    patch.setattr(soak, "profile", lambda seed: replace(OWN, seed=seed))
    patch.setattr(soak, "CHECKS", (BY_CLAUSE["step-after"], BY_CLAUSE["final-state"], BY_CLAUSE["masks"]))


def one(name: str, seed: int) -> soak.Outcome:
    """The outcome of one seed by few checks, in a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        few(patch)
        return soak.judged(name, seed)

"""Subjects for the soak with few capabilities, so that a seed takes a second."""

from dataclasses import replace

from conformance.interface.adapter import Capabilities
from conformance.mutants.emulated import Emulated


class honest(Emulated):
    """A right GRU in float32 only, forward and with reset after."""

    capabilities = Capabilities(arithmetic={"float32": Emulated.capabilities.arithmetic["float32"]})


class wrong_in_float64_too(Emulated):
    """Right in float32; in float64 it loses its state."""

    capabilities = replace(honest.capabilities, arithmetic=Emulated.capabilities.arithmetic)

    def step(self, x, h, p):
        return super().step(x, h * (x.dtype.name == "float32"), p)

"""Common parts of the diagnosis' tests: its explanations, computed once, and subjects with few capabilities."""

from dataclasses import replace
from functools import cache

from conformance.mutants.emulated import Emulated
from studies.long_runs.confusion import Study

IN_ONE_WAY = replace(
    Emulated.capabilities,
    arithmetic={"float64": Emulated.capabilities.arithmetic["float64"]},
    resets=("after",),
    merges=(),
)
"""Capabilities with one format, one position of the reset gate, and one direction."""


@cache
def study(reset: str = "after", dtype: str = "float64") -> Study:
    """The study of one position of the reset gate and one format."""
    return Study(reset, dtype)

"""What the tests of the diagnosis share: what it would say, made once, and subjects that can do little."""

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
"""In one format, with the reset gate in one place, and in one direction."""


@cache
def study(reset: str = "after", dtype: str = "float64") -> Study:
    """Of one place of the reset gate and one format."""
    return Study(reset, dtype)

"""The distance from the exact answer that a claimed arithmetic allows, as docs/error-analysis.md proves it.

Reading order: elementwise (balls in arrays), blends, proven (operations with their errors), step (the one-step bound);
then derivative (of a step), spread (errors of many steps), run (whole runs).
"""

from conformance.bounds.blends import BLENDS, Rounding, Sizes
from conformance.bounds.proven import Computed, OutsideDomain, Proven
from conformance.bounds.step import BITS, OneStep, StepSet, merged

__all__ = [
    "BITS",
    "BLENDS",
    "Computed",
    "OneStep",
    "OutsideDomain",
    "Proven",
    "Rounding",
    "Sizes",
    "StepSet",
    "merged",
]
